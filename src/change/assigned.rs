//! Who gets which variant of one experiment on one day: the buckets it owns then, and the ranges of its variants.

use std::ops::Range;

use serde_json::Value;

use super::Side;
use crate::bucket::{BucketSet, Grid};
use crate::decl::{Day, Stage};
use crate::lock::Lock;
use crate::model::{Claim, Ix};

/// The assignment of one experiment or rollout on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Assigned {
    /// What decides a unit's bucket, besides the salt: surface, unit and scheme.
    ground: [String; 3],
    /// The salt of the first hash; none where its ledger cannot be read.
    ground_salt: Option<String>,
    /// The attribute that is hashed; none where it cannot be read.
    attribute: Option<String>,
    /// Whether its buckets would have to be drawn again by another hash than that of its lock.
    anew: bool,
    flag: String,
    grid: u32,
    owned: BucketSet,
    /// The salt of the second hash.
    salt: String,
    /// The range of each variant on the grid of 10,000, and its value.
    variants: Vec<(String, Range<u32>, Value)>,
    /// What units get that it does not own.
    outside: Option<Value>,
}

impl Assigned {
    /// The assignment of a claim by a lock on a day; none where it owns nobody then.
    #[must_use]
    pub fn on(side: &Side<'_>, ix: Ix<Claim>, lock: &Lock, day: Day) -> Option<Self> {
        // A pause keeps the buckets and assigns nobody.
        let paused = side.catalogue.claims.at(ix).is_paused();
        Self::on_despite_pauses(side, ix, lock, day).filter(|_| !paused)
    }

    /// The same as if it were not paused.
    #[must_use]
    pub fn on_despite_pauses(side: &Side<'_>, ix: Ix<Claim>, lock: &Lock, day: Day) -> Option<Self> {
        let claim = side.catalogue.claims.at(ix);
        let serves = claim.stage == Some(Stage::Ship) && lock.window().contains(day);
        let owned = serves.then(|| lock.owned(day)).filter(|owned| !owned.is_empty())?;
        let flag = claim.flag.map(|flag| side.catalogue.flags.at(flag));
        let value = |id: &str| {
            let found = claim.variants.iter().find(|variant| variant.id == id);
            found.map_or(Value::Null, |variant| variant.value.clone())
        };
        Some(Self {
            ground: [lock.surface.clone(), lock.unit.clone(), lock.scheme.clone()],
            ground_salt: claim.surface.and_then(|surface| side.salt(surface)).map(str::to_owned),
            attribute: side.catalogue.unit_attribute(&lock.unit).map(str::to_owned),
            anew: false,
            flag: lock.flag.clone(),
            grid: lock.grid,
            owned,
            salt: lock.salt.clone(),
            variants: lock.variants.iter().map(|(id, range)| (id.clone(), range.clone(), value(id))).collect(),
            outside: flag.and_then(|flag| flag.written.default.as_ref()).map(|default| default.value.0.clone()),
        })
    }

    #[cfg(test)]
    pub(super) fn made(
        ground: [String; 3],
        owned: BucketSet,
        salt: &str,
        variants: Vec<(String, Range<u32>, Value)>,
    ) -> Self {
        let (flag, salt) = ("flag".to_owned(), salt.to_owned());
        let (ground_salt, attribute, anew, grid, outside) = (None, None, false, 10_000, None);
        Self { ground, ground_salt, attribute, anew, flag, grid, owned, salt, variants, outside }
    }

    #[cfg(test)]
    pub(super) fn on_flag(self, flag: &str) -> Self {
        Self { flag: flag.to_owned(), ..self }
    }

    #[cfg(test)]
    pub(super) fn owns(&self, bucket: u32) -> bool {
        self.owned.contains(bucket)
    }

    /// The same, as if the declaration's variants and weights held instead of those of the lock.
    #[must_use]
    pub fn with_ranges(mut self, claim: &Claim) -> Self {
        let weights: Vec<u64> = claim.variants.iter().map(|variant| u64::from(variant.weight)).collect();
        let ranges = crate::bucket::variant_ranges(&weights);
        self.variants = claim
            .variants
            .iter()
            .zip(ranges)
            .map(|(variant, range)| (variant.id.clone(), range, variant.value.clone()))
            .collect();
        self
    }

    /// The same, as if its buckets were drawn again by another hash.
    #[must_use]
    pub(super) fn drawn_anew(self) -> Self {
        Self { anew: true, ..self }
    }

    /// The same on the surface and the flag that the declaration names, instead of those of the lock.
    #[must_use]
    pub(super) fn elsewhere(mut self, side: &Side<'_>, ix: Ix<Claim>) -> Self {
        let claim = side.catalogue.claims.at(ix);
        if let (Some(surface), [place, ..]) = (claim.surface, &mut self.ground) {
            place.clone_from(&side.catalogue.surfaces.at(surface).id);
        }
        if let Some(flag) = claim.flag {
            self.flag.clone_from(&side.catalogue.flags.at(flag).id);
        }
        self
    }

    /// The same with so many buckets; which ones makes no difference to how many units come or leave.
    #[must_use]
    pub(super) fn resized(mut self, buckets: u32) -> Self {
        let missing = buckets.saturating_sub(self.owned.len());
        let free: Vec<u32> = self.owned.complement().iter().take(missing as usize).collect();
        for bucket in free {
            self.owned.insert(bucket);
        }
        self.shrunk(buckets)
    }

    /// The same with so many buckets only; which ones makes no difference to how many units leave.
    #[must_use]
    pub fn shrunk(mut self, buckets: u32) -> Self {
        let beyond: Vec<u32> = self.owned.iter().skip(buckets as usize).collect();
        for bucket in beyond {
            self.owned.remove(bucket);
        }
        self
    }

    /// The share of the surface's units that it owns.
    #[must_use]
    pub fn share(&self) -> f64 {
        part(self.owned.len(), self.owned.size())
    }

    /// Variants with their ranges and values.
    pub(super) fn variants(&self) -> &[(String, Range<u32>, Value)] {
        &self.variants
    }

    /// What units get that it does not own.
    pub(super) fn outside(&self) -> Option<&Value> {
        self.outside.as_ref()
    }

    /// Whether units are given values of the same flag.
    pub(super) fn same_flag(&self, other: &Self) -> bool {
        self.flag == other.flag && self.ground.first() == other.ground.first()
    }

    /// Whether the same hash picks the variant.
    pub(super) fn same_draw(&self, other: &Self) -> bool {
        self.salt == other.salt && self.same_hash(other)
    }

    /// Whether the same hash of the same attribute picks the bucket. A salt or an attribute that is not known is taken for the
    /// same: nothing says otherwise.
    fn same_hash(&self, other: &Self) -> bool {
        let same = |own: &Option<String>, others: &Option<String>| {
            own.as_ref().zip(others.as_ref()).is_none_or(|(own, others)| own == others)
        };
        self.ground == other.ground
            && self.grid == other.grid
            && self.anew == other.anew
            && same(&self.ground_salt, &other.ground_salt)
            && same(&self.attribute, &other.attribute)
    }

    /// The shares of the surface's units that both own, and that only the first and only the second owns.
    pub(super) fn shares_with(&self, other: &Self) -> (f64, f64, f64) {
        let (own, others) = (self.share(), other.share());
        let both = if !self.same_hash(other) {
            // Another hash: who is owned by the one says nothing of the other.
            own * others
        } else if self.owned.size() == other.owned.size() {
            part(self.owned.intersection_len(&other.owned), self.owned.size())
        } else {
            part(self.cells().intersection_len(&other.cells()), self.grid)
        };
        (both, own - both, others - both)
    }

    /// The share of the surface's units that these give the same variant with the same value; nothing where that cannot be
    /// told from the buckets alone.
    pub(super) fn share_kept_from(&self, [one, other]: [&Self; 2]) -> f64 {
        let alike = |earlier: &Self| {
            earlier.same_flag(self)
                && earlier.same_draw(self)
                && earlier.variants == self.variants
                && earlier.owned.size() == self.owned.size()
        };
        if !alike(one) || !alike(other) {
            return 0.0;
        }
        let kept = self.owned.iter().filter(|&bucket| one.owned.contains(bucket) && other.owned.contains(bucket));
        part(u32::try_from(kept.count()).unwrap_or(0), self.owned.size())
    }

    /// The cells of the hash that it owns.
    fn cells(&self) -> BucketSet {
        let mut cells = BucketSet::with_size(self.grid);
        if let Some(grid) = Grid::new(self.grid, self.owned.size()) {
            grid.cell_runs(&self.owned).for_each(|run| cells.insert_run(run));
        }
        cells
    }
}

/// A part of a whole; nothing of nothing.
pub(super) fn part(count: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(count) / f64::from(whole) }
}

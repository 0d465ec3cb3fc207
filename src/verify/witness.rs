//! Units that show a fault: synthetic ids, hashed until one lies where the fault is.

use crate::artifact::{Artifact, Payload};
use crate::bucket::{BucketSet, Grid, Hasher};
use std::collections::HashMap;

/// Looks for units by bucket. What it has hashed it remembers, so that many faults cost no more than the hardest.
pub(super) struct Witness {
    placement: Option<(Hasher, Grid)>,
    found: HashMap<u32, u32>,
    tried: u32,
    limit: u32,
}

impl Witness {
    /// Units by the buckets of a native artifact.
    pub(super) fn of(artifact: &Artifact) -> Self {
        let grid = Grid::new(artifact.scheme.grid(), artifact.buckets);
        Self::new(grid.map(|grid| (artifact.scheme.surface_hasher(&artifact.salt), grid)))
    }

    /// Units by the cells of an artifact's grid, as if each were a bucket of its own.
    pub(super) fn of_cells(artifact: &Artifact) -> Self {
        let grid = Grid::new(artifact.scheme.grid(), artifact.scheme.grid());
        Self::new(grid.map(|grid| (artifact.scheme.surface_hasher(&artifact.salt), grid)))
    }

    /// Units by the cells of a payload.
    pub(super) fn of_payload(payload: &Payload) -> Self {
        let scheme = payload.scheme;
        let salt = payload.served.first().map_or("", |served| served.surface_salt.as_str());
        Self::new(Grid::new(scheme.grid(), scheme.grid()).map(|grid| (scheme.surface_hasher(salt), grid)))
    }

    fn new(placement: Option<(Hasher, Grid)>) -> Self {
        // With thirty times as many units as buckets, one bucket in ten million millions is left without any.
        let limit = placement.as_ref().map_or(0, |(_, grid)| grid.buckets().saturating_mul(30));
        Self { placement, found: HashMap::new(), tried: 0, limit }
    }

    /// A unit in one of these buckets.
    pub(super) fn in_any(&mut self, buckets: &BucketSet) -> Option<String> {
        let known = || buckets.iter().find_map(|bucket| self.found.get(&bucket));
        if let Some(number) = known() {
            return Some(unit(*number));
        }
        let (hasher, grid) = self.placement.as_ref()?;
        while self.tried < self.limit && !buckets.is_empty() {
            let number = self.tried;
            self.tried = self.tried.saturating_add(1);
            let bucket = grid.bucket_of(hasher.cell(&unit(number)));
            self.found.entry(bucket).or_insert(number);
            if buckets.contains(bucket) {
                return Some(unit(number));
            }
        }
        None
    }
}

fn unit(number: u32) -> String {
    format!("unit-{number}")
}

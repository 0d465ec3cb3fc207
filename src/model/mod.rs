//! The catalogue as meant: declarations with their references bound.
//!
//! Every item keeps what was written (for places) beside what it means. A reference that leads nowhere is `None` here and
//! recorded in [`Catalogue::references`]; the rules of lint say what is wrong.

mod analysis;
mod arena;
mod audience;
mod bind;
mod claim;
mod ground;
mod intent;
mod measure;
mod reading;
mod reference;

pub use analysis::Analysis;
pub use arena::{Arena, Identified, Ix};
pub use audience::is_version;
pub use bind::bind;
pub use claim::{Claim, ClaimKind, Intent, Phase, Step, Variant, Window, Written};
pub use ground::{Flag, Segment, Surface, is_salt};
pub use intent::MAX_PHASE;
pub(crate) use measure::inside;
pub use measure::{Fact, Fault, Formula, Metric, Role, Tracked};
pub use reading::Readings;
pub use reference::{Reference, Target};

use std::collections::HashSet;

use crate::artifact::Condition;
use crate::decl;
use crate::source::{FileId, Span};

/// Everything that a catalogue declares.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// `allotment.toml`, if it could be read.
    pub root: Option<(FileId, decl::Root)>,
    pub surfaces: Arena<Surface>,
    pub flags: Arena<Flag>,
    pub segments: Arena<Segment>,
    pub facts: Arena<Fact>,
    pub metrics: Arena<Metric>,
    /// Experiments and rollouts: they share one name space.
    pub claims: Arena<Claim>,
    /// Baselines, by the id of their surface.
    pub baselines: Vec<(FileId, decl::Baseline)>,
    /// Every reference between declarations, found or not.
    pub references: Vec<Reference>,
    /// Files that could not be read at all, with their kinds.
    pub unread: Vec<(FileId, decl::Kind)>,
    /// Files that are not TOML: parts of them are missing without a trace.
    pub broken: HashSet<FileId>,
}

impl Catalogue {
    /// The declared type of an attribute.
    #[must_use]
    pub fn attribute(&self, id: &str) -> Option<decl::AttributeType> {
        let (_, root) = self.root.as_ref()?;
        let (_, attribute) = root.attributes.as_ref()?.get(id)?;
        attribute.r#type.as_ref().map(|at| at.value)
    }

    /// The engine that reads facts; the embedded one unless another is declared.
    #[must_use]
    pub fn engine(&self) -> decl::Engine {
        let warehouse = self.root.as_ref().and_then(|(_, root)| root.warehouse.as_ref());
        warehouse.and_then(|warehouse| warehouse.engine.as_ref()).map_or(decl::Engine::Embedded, |engine| engine.value)
    }

    /// Whether all that makes a claim's analysis plan could be read: what is left of it is not what was meant.
    #[must_use]
    pub fn reads_plan(&self, claim: &Claim) -> bool {
        let Some((file, root)) = &self.root else { return false };
        let general = root.analysis.as_ref().is_none_or(|analysis| analysis.unread.is_empty());
        let surface = claim.surface.map(|ix| self.surfaces.at(ix));
        let ground = surface.is_some_and(|surface| {
            let required = surface.written.required.as_ref();
            let whole = required.is_none_or(|required| required.reads(|metric| metric.unread.is_empty()));
            let unread = ["required", "north-star"].iter().any(|key| surface.written.unread.contains(key));
            whole && !unread && !self.broken.contains(&surface.file)
        });
        general && ground && !root.unread.contains(&"analysis") && !self.broken.contains(file) && claim.reads_plan()
    }

    /// Every test of a segment on its own, with its place; those that do not suit their attribute are left out.
    #[must_use]
    pub fn tests(&self, segment: &Segment) -> Vec<(Span, Condition)> {
        let clause = segment.written.r#where.as_ref();
        clause.map_or(Vec::new(), |clause| audience::tests(clause, &|id| self.attribute(id)))
    }

    /// The attribute that an SDK hashes for a unit.
    #[must_use]
    pub fn unit_attribute(&self, unit: &str) -> Option<&str> {
        let (_, root) = self.root.as_ref()?;
        let (_, declared) = root.units.as_ref()?.get(unit)?;
        declared.attribute.as_ref().map(|at| at.value.as_str())
    }

    /// The claims on a surface, in order of their files.
    pub fn claims_on(&self, surface: Ix<Surface>) -> impl Iterator<Item = (Ix<Claim>, &Claim)> {
        self.claims.iter().filter(move |(_, claim)| claim.surface == Some(surface))
    }
}

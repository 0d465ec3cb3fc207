//! The catalogue as meant: declarations with their references bound.
//!
//! Every item keeps what was written (for places) beside what it means. A reference that leads nowhere is `None` here and
//! recorded in [`Catalogue::references`]; the rules of lint say what is wrong.

mod arena;
mod audience;
mod bind;
mod claim;
mod ground;
mod intent;
mod measure;
mod reference;

pub use arena::{Arena, Identified, Ix};
pub use audience::{Check, Operand, Predicate, Typed};
pub use bind::bind;
pub use claim::{Claim, ClaimKind, Intent, Phase, Step, Variant, Window, Written};
pub use ground::{Flag, Segment, Surface};
pub use intent::MAX_PHASE;
pub(crate) use measure::inside;
pub use measure::{Fact, Fault, Formula, Metric, Role, Tracked};
pub use reference::{Reference, Target};

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
}

impl Catalogue {
    /// The declared type of an attribute.
    #[must_use]
    pub fn attribute(&self, id: &str) -> Option<decl::AttributeType> {
        let (_, root) = self.root.as_ref()?;
        let (_, attribute) = root.attributes.as_ref()?.get(id)?;
        attribute.r#type.as_ref().map(|at| at.value)
    }

    /// Every test of a segment on its own, with its place; those that do not suit their attribute are left out.
    #[must_use]
    pub fn tests(&self, segment: &Segment) -> Vec<(Span, Predicate)> {
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

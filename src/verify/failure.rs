//! What can be wrong with what is served.

use crate::artifact::InvalidCondition;
use crate::bucket::BucketSet;
use std::fmt;

/// Something wrong, and on which surface.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The surface's id; absent where the manifest itself is wrong.
    pub surface: Option<String>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong. The fields are named for what they hold: a path, a claim's key, a unit that shows it.
#[allow(missing_docs, reason = "said once for all fields")]
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The manifest cannot be read.
    Manifest { why: String },
    /// Not the manifest that was meant to be served: unsigned, signed otherwise, or older.
    Untrusted { why: String },
    /// The surface's id cannot be part of a path.
    SurfaceId,
    /// A format that cannot be verified.
    Format { format: String },
    /// A surface without a format that it is served in or proven by.
    Absent { format: String },
    /// A format that is neither the native one nor that of the surface's SDK.
    Stray { format: String, sdk: String },
    /// A path that does not follow from surface, format and digest.
    Path { path: String },
    /// A file that is not there.
    Missing { path: String },
    /// A compressed sibling that is not the file's own bytes.
    Sibling { path: String },
    /// A file of another length than the manifest states.
    Length { path: String, stated: u64, found: u64 },
    /// A file with another digest than the manifest states.
    Digest { path: String },
    /// A file that cannot be read.
    Unreadable { path: String, why: String },
    /// A file of another surface.
    OtherSurface { says: String },
    /// A file for another SDK than the manifest names, or an SDK that is not known.
    Sdk { says: String, manifest: String },
    /// Two flags or two claims with one id.
    Twice { id: String },
    /// A segment that cannot be evaluated.
    Segment { id: String, why: InvalidCondition },
    /// Variants that do not cover their grid exactly.
    Variants { claim: String, why: String },
    /// A ramp whose steps are missing, out of order or not nested, or whose buckets are another surface's.
    Steps { claim: String, why: &'static str },
    /// A claim that ends before it begins.
    Window { claim: String },
    /// A claim that does not claim the component of its own flag.
    Unclaimed { claim: String, component: String },
    /// A claim with buckets of the holdout.
    Holdout { claim: String, buckets: BucketSet, unit: Option<String> },
    /// Two claims that share a component and own the same buckets at the same time.
    Overlap(Box<Overlap>),
    /// A bundle that is not what its surfaces make together.
    Bundle { why: String },
    /// The payload says other than the native artifact.
    Disagreement { what: String, unit: Option<String> },
}

/// Two claims that must exclude each other and do not.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlap {
    /// The keys of the two.
    pub claims: [String; 2],
    /// A component that both claim; `*` where one of them claims all; absent where they share only their flag.
    pub component: Option<String>,
    /// The flag that both serve, if they do: then a unit is served by two rules of one flag.
    pub flag: Option<String>,
    /// The time both reserve the buckets, in Unix seconds; open where the end is absent.
    pub during: (i64, Option<i64>),
    /// The buckets that both reserve; cells, where a payload shows it.
    pub buckets: BucketSet,
    /// A unit that lies in one of them.
    pub unit: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(surface) = &self.surface {
            write!(f, "{surface}: ")?;
        }
        self.fault.fmt(f)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest { why } => write!(f, "unreadable manifest: {why}"),
            Self::Untrusted { why } => f.write_str(why),
            Self::SurfaceId => f.write_str("the id cannot be part of a path"),
            Self::Format { format } => write!(f, "format `{format}` cannot be verified"),
            Self::Absent { format } => write!(f, "it has no `{format}` file"),
            Self::Stray { format, sdk } => write!(f, "format `{format}` has no part in a surface of sdk `{sdk}`"),
            Self::Path { path } => write!(f, "`{path}` is not the path that follows from surface, format and digest"),
            Self::Missing { path } => write!(f, "`{path}` is missing"),
            Self::Sibling { path } => write!(f, "`{path}` does not unpack to the file that it is sent in the place of"),
            Self::Length { path, stated, found } => {
                write!(f, "`{path}` has {found} bytes where the manifest states {stated}")
            }
            Self::Digest { path } => write!(f, "`{path}` does not have the digest that the manifest states"),
            Self::Unreadable { path, why } => write!(f, "`{path}` cannot be read: {why}"),
            Self::OtherSurface { says } => write!(f, "the file is for surface `{says}`"),
            Self::Sdk { says, manifest } if says == manifest => write!(f, "unknown sdk `{says}`"),
            Self::Sdk { says, manifest } => write!(f, "the file is for sdk `{says}`, the manifest names `{manifest}`"),
            Self::Twice { id } => write!(f, "`{id}` is there twice"),
            Self::Segment { id, why } => write!(f, "segment `{id}`: {why}"),
            Self::Variants { claim, why } => write!(f, "`{claim}`: {why}"),
            Self::Steps { claim, why } => write!(f, "`{claim}`: {why}"),
            Self::Window { claim } => write!(f, "`{claim}` ends before it begins"),
            Self::Unclaimed { claim, component } => {
                write!(f, "`{claim}` does not claim `{component}`, the component of its flag")
            }
            Self::Holdout { claim, buckets, unit } => {
                write!(f, "`{claim}` owns holdout buckets {}", Shown(buckets))?;
                witness(f, unit.as_deref())
            }
            Self::Bundle { why } => write!(f, "bundle: {why}"),
            Self::Overlap(overlap) => overlap.fmt(f),
            Self::Disagreement { what, unit } => {
                write!(f, "the SDK's payload and the native artifact disagree: {what}")?;
                witness(f, unit.as_deref())
            }
        }
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = &self.claims;
        write!(f, "`{a}` and `{b}` ")?;
        match (&self.flag, &self.component) {
            (Some(flag), _) => write!(f, "both serve flag `{flag}`")?,
            (None, Some(component)) if component == "*" => {
                f.write_str("exclude each other, since one claims all,")?;
            }
            (None, component) => write!(f, "both claim `{}`", component.as_deref().unwrap_or_default())?,
        }
        write!(f, " and share buckets {}", Shown(&self.buckets))?;
        witness(f, self.unit.as_deref())
    }
}

fn witness(f: &mut fmt::Formatter<'_>, unit: Option<&str>) -> fmt::Result {
    unit.map_or(Ok(()), |unit| write!(f, "; unit `{unit}` shows it"))
}

/// The first runs of a set, and how many buckets there are.
struct Shown<'a>(&'a BucketSet);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const RUNS: usize = 8;
        let mut first = BucketSet::with_size(self.0.size());
        self.0.runs().take(RUNS).for_each(|run| first.insert_run(run));
        write!(f, "{first}")?;
        if first.len() < self.0.len() {
            write!(f, " … ({} in all)", self.0.len())?;
        }
        Ok(())
    }
}

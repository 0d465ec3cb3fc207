//! Hashes, grids and bucket sets: the arithmetic of assignment, frozen by vectors.
//!
//! A surface hashes a unit once into a *cell* of its scheme's grid; equal runs of cells are *buckets*; an experiment owns a
//! [`BucketSet`]. A second hash, with the experiment's own salt, gives a cell of the variant grid. Nothing here knows what an
//! experiment is: bytes and integers in, integers out.

mod coder;
mod draw;
mod grid;
mod hash;
mod set;
mod text;

pub use coder::DecodeError;
pub use draw::draw;
pub use grid::{Grid, variant_ranges};
pub use hash::{Fnv, Hasher, Md5, Murmur, Scheme, UnknownScheme, VARIANT_GRID};
pub use set::{BucketSet, MAX_BUCKETS};
pub use text::{ParseError, ParseErrorKind};

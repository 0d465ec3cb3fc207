//! From a catalogue and its locks to the artifacts that are served: a pure function, so that the same input gives the same bytes.

mod dist;
mod surface;

pub use dist::{Dist, Format, Inputs, bundles, compile, formats};
pub use surface::{Unsound, artifact};

//! From a catalogue and its locks to the artifacts that are served: a pure function, so that the same input gives the same bytes.

mod audience;
mod dist;
mod surface;

pub use audience::condition;
pub use dist::{Dist, Inputs, compile};
pub use surface::{Unsound, artifact};

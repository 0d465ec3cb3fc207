//! Allocation: what must hold however a catalogue is edited.

mod damage;
pub mod dice;
pub mod field;
mod redraw;
mod sequence;
mod statistics;

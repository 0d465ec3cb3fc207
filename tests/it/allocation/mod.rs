//! Allocation: what must hold however a catalogue is edited.

mod damage;
mod dice;
mod field;
mod redraw;
mod sequence;
mod statistics;

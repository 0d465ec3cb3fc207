//! Allocation: what must hold however a catalogue is edited.

mod damage;
mod dice;
mod field;
mod sequence;
mod statistics;

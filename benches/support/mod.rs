//! What the benchmarks share: generated catalogues, and the timing of whole processes.

pub mod generate;
pub mod process;

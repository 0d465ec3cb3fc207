//! Exposures and facts as record batches become sufficient statistics: the streaming join that the embedded engine is for.
//!
//! Exposures are split by a hash of the unit into a fixed number of shards, and kept as they come. When they end, each shard
//! is put in the order of the hashes, and of each unit and study the first exposure stays, with whether a second variant was
//! seen. Facts are ordered by shard as they come, wait until there are many, and are added into accumulators that lie beside
//! the exposure; in the end every unit's numbers are summed per arm. All that is added is added in the order of the batches,
//! shard by shard, so the result has the same bits whatever the number of threads, and also if only a part of the shards is
//! held at a time and the data are read several times.

mod ahead;
mod breakdown;
mod calendar;
mod column;
mod event;
mod fact;
mod finish;
mod formula;
mod hash;
mod intake;
mod keys;
mod labels;
mod noted;
mod plan;
mod probe;
mod quantile;
mod rows;
mod shard;
mod sums;
mod tail;
mod words;

pub use column::Wrong;
pub use rows::{Counting, SHARDS};

//! `baselines/SURFACE.toml`: what power needs to know of a surface.

use super::day::Day;
use super::leaf::Share;
use super::reader::{Entries, May, Must};
use super::table;

table! {
    /// Reach, segment shares and metric moments of a surface, as measured.
    pub struct Baseline {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// The surface.
        #[schemars(extend("x-refers-to" = "surface"))]
        pub surface: Must<String>,
        /// The day of the measurement.
        pub measured: Must<Day>,
        /// Distinct units seen after so many days.
        pub reach: May<Entries<u64>>,
        /// The share of those units in each segment.
        #[schemars(extend("x-refers-to" = "segment"))]
        pub segments: May<Entries<Share>>,
        /// The moments of each metric, per unit, in its window.
        #[schemars(extend("x-refers-to" = "metric"))]
        pub metrics: May<Entries<Moments>>,
    }
}

table! {
    /// The moments of one metric.
    pub struct Moments {
        /// Its mean.
        pub mean: Must<f64>,
        /// Its standard deviation; of the linearised ratio where it is one.
        pub standard_deviation: Must<f64>,
        /// Its correlation with its covariate.
        pub correlation: May<f64>,
    }
}

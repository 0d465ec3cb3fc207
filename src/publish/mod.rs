//! From a distribution and what is served to a plan of what to write: pure.

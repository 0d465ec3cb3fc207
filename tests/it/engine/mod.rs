//! The embedded engine from files to sufficient statistics.

mod alike;
mod baseline;
mod edge;
mod hostile;
mod lines;
mod oracle;
mod requests;

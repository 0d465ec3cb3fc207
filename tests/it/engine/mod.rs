//! The embedded engine from files to sufficient statistics.

mod edge;
mod hostile;
mod oracle;
mod requests;

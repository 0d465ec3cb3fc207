//! What users see: one renderer a file. Serialised shapes belong to the renderer and are versioned.

mod actions;
mod columns;
pub mod comment;
mod figures;
pub mod github;
pub mod history;
pub mod json;
pub mod markdown;
pub mod page;
pub mod plan;
pub mod power;
pub mod recorded;
pub mod results;
pub mod rules;
pub mod sarif;
mod schema;
pub mod text;
mod words;

pub use words::plain;

//! What users see: one renderer a file. Serialised shapes belong to the renderer and are versioned.

pub mod comment;
pub mod github;
pub mod json;
pub mod markdown;
pub mod page;
pub mod rules;
pub mod sarif;
mod schema;
pub mod text;
mod words;

pub use words::plain;

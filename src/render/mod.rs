//! What users see: one renderer a file. Serialised shapes belong to the renderer and are versioned.

pub mod text;

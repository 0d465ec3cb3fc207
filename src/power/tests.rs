//! Design questions on small catalogues.

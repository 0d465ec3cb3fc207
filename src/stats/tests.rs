//! Statistics as a whole.

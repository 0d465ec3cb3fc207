//! Asks memory for what is needed soon: it arrives while something else is computed.

use branches::prefetch_read_data;

/// Bytes of a line of the cache.
const LINE: usize = 64;

/// Asks for one thing.
#[inline]
pub(super) fn ask<T>(thing: &T) {
    prefetch_read_data::<_, 0>(thing);
}

/// Asks for all lines that a list lies in, up to a number of them and the last.
#[inline]
pub(super) fn ask_lines<T>(list: &[T], most: usize) {
    let step = (LINE / size_of::<T>().max(1)).max(1);
    list.iter().step_by(step).take(most).chain(list.last()).for_each(ask);
}

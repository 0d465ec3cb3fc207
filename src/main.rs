//! The command `allot`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// A catalogue is tens of thousands of small texts, read and dropped on all cores.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = allotment::cli::Cli::parse();
    if cli.is_bounded() {
        give_back_at_once();
    }
    match allotment::cli::run(&cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Nobody listening is no reason to panic.
            let _ = writeln!(std::io::stderr(), "{failure}");
            failure.code()
        }
    }
}

/// Keeps nothing that was given back for later: it costs time, and a bound on memory is kept.
#[allow(unsafe_code, reason = "the allocator has no other way to be told")]
fn give_back_at_once() {
    /// `mi_option_purge_delay` of `mimalloc.h`, in milliseconds.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: it stores a number, and may be called at any time.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 0) };
}

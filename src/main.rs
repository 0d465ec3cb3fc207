//! The command `allot`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// A catalogue is tens of thousands of small texts, read and dropped on all cores.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = allotment::cli::Cli::parse();
    match allotment::cli::run(&cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Nobody listening is no reason to panic.
            let _ = writeln!(std::io::stderr(), "{failure}");
            failure.code()
        }
    }
}

//! The command `allot`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

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

//! The command `allot`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = allotment::cli::Cli::parse();
    match allotment::cli::run(&cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("{failure}");
            failure.code()
        }
    }
}

//! `allot completions`: scripts that complete command lines in a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::output::data;
use super::{Cli, Exit, Failure};

/// Print a script that completes `allot` in a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot completions bash > ~/.local/share/bash-completion/completions/allot
  allot completions zsh > ~/.zfunc/_allot
  allot completions fish > ~/.config/fish/completions/allot.fish")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

pub fn run(verb: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(verb.shell, &mut Cli::command(), "allot", &mut script);
    data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}

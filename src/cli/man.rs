//! `allot man`: the manual page.

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;

use super::output::data;
use super::{Cli, Exit, Failure};

/// Print the manual page, of `allot` or of one command
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot man | man -l -              read it
  allot man lint > allot-lint.1     the page of one command")]
pub struct Man {
    /// A command
    #[arg(value_name = "COMMAND")]
    verb: Option<String>,
}

pub fn run(verb: &Man) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    if let Some(name) = &verb.verb {
        let known: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
        command = match command.find_subcommand(name) {
            // The page is named `allot-lint`, as `git-log` is.
            Some(verb) => verb.clone().name(format!("allot-{name}")),
            None => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                return Err(Failure::usage(format!("there is no command `{name}`")).meant(name, known));
            }
        };
    }
    let mut page = Vec::new();
    Page::new(command)
        .render(&mut page)
        .map_err(|cause| Failure::environment(format!("cannot lay out the page: {cause}")))?;
    data(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Clean)
}

//! Where to publish: an address, or an environment of `allotment.toml` by its name.

use std::path::{Path, PathBuf};

use crate::cli::workspace::Workspace;
use crate::cli::{Failure, Global};
use crate::io;
use crate::io::store::Store;

/// An opened place.
pub struct Target {
    pub store: Box<dyn Store>,
    /// The environment's name, or the address.
    pub name: String,
}

/// Opens what `--to` names; without it, the only environment, or else `production`.
///
/// # Errors
/// When there is no such environment, or its address cannot be published to.
pub fn target(global: &Global, to: Option<&str>) -> Result<Target, Failure> {
    if let Some(address) = to.filter(|to| to.contains("://")) {
        return at(address, &io::here()?, address);
    }
    let (root, environments) = environments(global)?;
    let names = || environments.iter().map(|(name, _)| name.as_str());
    let help = "write `[environments]` in `allotment.toml`, as in `production = \"s3://bucket/experiments\"`, or name an address with `--to`";
    let named = match (to, environments.as_slice()) {
        (Some(name), _) => environments.iter().find(|(own, _)| own == name),
        (None, [only]) => Some(only),
        (None, _) => environments.iter().find(|(own, _)| own == "production"),
    };
    let Some((name, address)) = named else {
        return Err(match to {
            Some(name) => Failure::usage(format!("there is no environment `{name}`")).meant(name, names()).help(help),
            None if environments.is_empty() => Failure::usage("there is no place to publish to").help(help),
            None => Failure::usage("there are several environments, and none is called `production`")
                .help(format!("name one with `--to`: {}", names().collect::<Vec<_>>().join(", "))),
        });
    };
    at(address, &root, name)
}

/// Opens what a name or an address stands for, if it is one or there is such an environment.
///
/// # Errors
/// When its address cannot be used.
pub fn named(global: &Global, name: &str) -> Result<Option<Target>, Failure> {
    if name.contains("://") { at(name, &io::here()?, name).map(Some) } else { environment(global, name) }
}

/// Opens an environment if there is one of that name.
///
/// # Errors
/// When its address cannot be used.
fn environment(global: &Global, name: &str) -> Result<Option<Target>, Failure> {
    let Ok((root, environments)) = environments(global) else { return Ok(None) };
    let found = environments.iter().find(|(own, _)| own == name);
    found.map(|(name, address)| at(address, &root, name)).transpose()
}

fn at(address: &str, base: &Path, name: &str) -> Result<Target, Failure> {
    // An address that is wrong stays wrong: that is no failure of the environment.
    let store = io::store::open(address, base).map_err(|wrong| {
        let failure = Failure::usage(wrong.to_string());
        match wrong.help {
            Some(help) => failure.help(help),
            None => failure,
        }
    })?;
    Ok(Target { store, name: name.to_owned() })
}

/// The environments of the catalogue with their addresses, and its root.
fn environments(global: &Global) -> Result<(PathBuf, Vec<(String, String)>), Failure> {
    let workspace = Workspace::open(global)?;
    let context = workspace.context();
    let declared = context.catalogue.root.as_ref().and_then(|(_, root)| root.environments.as_ref());
    let all = declared.into_iter().flat_map(|all| all.value.iter());
    Ok((workspace.root.clone(), all.map(|(name, url)| (name.value.clone(), url.value.clone())).collect()))
}

//! `allot drift`: is what is served what Git says.

use std::path::PathBuf;

use clap::Args;

use super::compile::compiled;
use super::output::data;
use super::publish::{Source, failed, newest_after, of_store, public, sealers, showing, siblings, strays, target};
use super::workspace::{Revisions, Workspace};
use super::{Exit, Failure, Global};
use crate::artifact::Artifact;
use crate::artifact::format::{NATIVE, has_windows};
use crate::artifact::manifest::{self, Manifest, Surface};
use crate::bucket::Scheme;
use crate::io::store::{Refused, Store, each};
use crate::io::{self, Instant};
use crate::publish::{Offer, Sealers, differences, is_gzip_of, pointers, sealed, sealed_pointers, withhold};
use crate::render::plain;

/// Compare what is served with what Git says
///
/// Everything that is served is read: the manifest, every file, every fixed name. It is proven as `allot verify` does, and
/// compared with the commit compiled at `--at`, less what was stopped. The exit code is 1 where anything differs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot drift --to file://public
  allot drift --to file://public --commit HEAD~1
  allot drift --to file://public --key signing.pub.pem")]
pub struct Drift {
    /// Where: an environment of `allotment.toml`, or an address; without it, the only environment, or `production`
    #[arg(long, value_name = "PLACE")]
    to: Option<String>,
    /// What it is compared with
    #[arg(long, value_name = "COMMIT", default_value = "HEAD")]
    commit: String,
    /// The public key that the manifest must be signed with
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub fn run(global: &Global, verb: &Drift) -> Result<Exit, Failure> {
    let target = target(global, verb.to.as_deref())?;
    let store = target.store.as_ref();
    let key = verb.key.as_deref().map(public).transpose()?;
    let Some(found) = store.get(manifest::PATH).map_err(failed)? else {
        data(&format!("nothing is published in {}\n", store.shown()))?;
        return Ok(Exit::Findings);
    };
    if let Err(why) = Manifest::parse(&found.bytes) {
        data(&format!("the manifest in {} cannot be read: {}\n", store.shown(), plain(&why)))?;
        return Ok(Exit::Findings);
    }
    let Source { offer, report } = of_store(store)?;
    let served = &offer.manifest;
    let mut lines: Vec<String> = Vec::new();
    if let Some(Err(why)) = key.map(|key| key.check(served)) {
        lines.push(why.to_string());
    }
    let newest = newest_after(store, served.serial)?;
    if newest > served.serial {
        if store.get(manifest::PATH).map_err(failed)?.is_none_or(|now| now.bytes != found.bytes) {
            return Err(Failure::environment(format!("{} was published to meanwhile", store.shown())).help("run again"));
        }
        lines.push(format!(
            "an older manifest is served: its serial is {}, and {newest} was served after it",
            served.serial
        ));
    }
    lines.extend(report.failures.iter().map(ToString::to_string));
    lines.extend(siblings(store, &offer, store.has_siblings())?.iter().map(ToString::to_string));
    lines.extend(fixed_names(store, &offer, &sealers(global, served)?)?);
    let stopped = |key: &str| served.stopped.iter().any(|record| record.covers(key));
    let former = strays(store, served)?;
    for (stray, keys) in showing(store, &former, &stopped)? {
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        lines.push(format!("{}: `{}` still shows {}", stray.surface, stray.path, keys.join(", ")));
    }
    for stray in &former {
        if store.get(&stray.path).map_err(failed)?.is_some() {
            global.say(&format!("{}: `{}` is still there, and nothing renews it", stray.surface, plain(&stray.path)));
        }
    }
    let workspace = Workspace::open_at(global, Revisions { base: None, head: Some(&verb.commit) })?;
    let source = workspace.origin.as_ref().and_then(|origin| origin.head.clone());
    let dist = compiled(&workspace, source, Some(served.clone()), offer.files.clone());
    let mut wanted = Offer { manifest: dist.manifest, files: dist.files };
    let withheld = withhold(&mut wanted, &served.stopped, &std::collections::BTreeMap::new(), false);
    for record in &withheld.against {
        lines.push(format!(
            "{}: `{}` is stopped ({}), and Git still has it live",
            record.surface, record.key, record.reason
        ));
    }
    let mut held: usize = 0;
    for (id, surface) in &wanted.manifest.surfaces {
        match (&surface.held, served.surfaces.get(id)) {
            (Some(why), _) => {
                held = held.saturating_add(1);
                global.say(&format!("{id}: held by {}, so that Git says nothing of it", plain(why)));
            }
            (None, None) => lines.push(format!("{id}: the surface is not served")),
            (None, Some(served)) => lines.extend(differ(id, (served, &offer), (surface, &wanted))),
        }
    }
    for id in served.surfaces.keys().filter(|id| !wanted.manifest.surfaces.contains_key(*id)) {
        lines.push(format!("{id}: the surface is served, and is not in Git"));
    }
    lines.extend(bundles(served, &wanted.manifest));
    for line in &lines {
        data(&format!("{}\n", plain(line)))?;
    }
    if lines.is_empty() {
        let compared = wanted.manifest.surfaces.len().saturating_sub(held);
        let rest = match held {
            0 => String::new(),
            1 => "; 1 is held, and was not compared".to_owned(),
            held => format!("; {held} are held, and were not compared"),
        };
        let verb = match compared {
            1 => format!("1 surface is served as `{}` says", verb.commit),
            compared => format!("{compared} surfaces are served as `{}` says", verb.commit),
        };
        global.say(&format!("{}: {verb}, with serial {}{rest}", target.name, served.serial));
        return Ok(Exit::Clean);
    }
    // What is stopped no publish changes.
    if lines.len() > withheld.against.len() {
        global.say("`allot publish` puts what Git says in the place of what is served");
    }
    for record in &withheld.against {
        global.say(&format!("`allot conclude {} --outcome stopped …` makes Git agree", plain(&record.experiment)));
    }
    Ok(Exit::Findings)
}

/// In which bundles what is served differs from what Git says. That each is what its surfaces make was verified before.
fn bundles(served: &Manifest, wanted: &Manifest) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, bundle) in &wanted.bundles {
        match served.bundles.get(id) {
            None => lines.push(format!("{id}: the bundle is not served")),
            Some(own) if own.surfaces != bundle.surfaces => {
                lines.push(format!("{id}: the bundle has other surfaces than in Git"));
            }
            Some(_) => {}
        }
    }
    let gone = served.bundles.keys().filter(|id| !wanted.bundles.contains_key(*id));
    lines.extend(gone.map(|id| format!("{id}: the bundle is served, and is not in Git")));
    lines
}

/// What the fixed names show, where that is not what the manifest names.
fn fixed_names(store: &dyn Store, offer: &Offer, sealers: &Sealers) -> Result<Vec<String>, Failure> {
    let mut pointers = pointers(&offer.manifest, store.has_siblings());
    pointers.extend(sealed_pointers(&offer.manifest, sealers));
    let told = each(&pointers, 16, |pointer| -> Result<Option<String>, Refused> {
        let Some(content) = offer.files.get(&pointer.file.path) else { return Ok(None) };
        let path = &pointer.path;
        let right = |bytes: &[u8]| match (pointer.compressed, pointer.sealed) {
            (true, _) => is_gzip_of(bytes, content),
            (false, true) => sealed(sealers, pointer, content).is_some_and(|due| bytes == due),
            (false, false) => bytes == content,
        };
        Ok(match store.get(path)? {
            Some(found) if right(&found.bytes) => None,
            Some(_) => Some(format!("{}: `{path}` shows something else than the manifest names", pointer.surface)),
            None => Some(format!("{}: `{path}` is missing", pointer.surface)),
        })
    });
    Ok(told.map_err(failed)?.into_iter().flatten().collect())
}

/// In what a surface differs from what Git says of it.
fn differ(id: &str, (served, offer): (&Surface, &Offer), (wanted, git): (&Surface, &Offer)) -> Vec<String> {
    let has_windows = served.sdk.parse::<Scheme>().is_ok_and(has_windows);
    let same = if has_windows {
        // With its times in it the file is right for as long as what it was made of is.
        served.formats.get(NATIVE) == wanted.formats.get(NATIVE)
    } else {
        served.formats == wanted.formats
    };
    if same && served.sdk == wanted.sdk {
        return Vec::new();
    }
    if served.formats.is_empty() {
        return vec![format!("{id}: nothing of it is served")];
    }
    let artifact = |surface: &Surface, offer: &Offer| {
        let file = surface.formats.get(NATIVE)?;
        Artifact::decode(offer.files.get(&file.path)?).ok()
    };
    let told = match (artifact(served, offer), artifact(wanted, git)) {
        (Some(served), Some(wanted)) => differences(&served, &wanted),
        (None, _) => vec!["what is served cannot be read".to_owned()],
        (_, None) => vec!["what Git says cannot be compiled".to_owned()],
    };
    let told = match (told.is_empty(), served.formats.get(NATIVE) == wanted.formats.get(NATIVE)) {
        (true, true) => vec![format!(
            "what is live has changed with the time: it is served as of {}",
            io::written_instant(Instant(served.at)).unwrap_or_else(|_| served.at.to_string())
        )],
        (true, false) => vec!["it was compiled by another version of allot: nobody gets anything else".to_owned()],
        (false, _) => told,
    };
    told.into_iter().map(|told| format!("{id}: {told}")).collect()
}

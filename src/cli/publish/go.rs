//! From an offer to what is served: what publishing, rolling back and stopping have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use super::deliver::{Delivery, Outcome};
use super::former::{Former, former};
use super::key::Signing;
use super::prune::{Keep, keep, list, prune};
use super::secrets::sealers;
use super::served::{Served, failed};
use super::source::{AT_ONCE, refusals};
use super::stray::{self, clean};
use super::target::Target;
use super::unsealed::{Unsealed, unsealed};
use crate::artifact::manifest::{Bundle, File, Manifest, Stopped};
use crate::artifact::put_bundles;
use crate::cli::findings::plural;
use crate::cli::output::{data, progress};
use crate::cli::{Exit, Failure, Global};
use crate::io;
use crate::io::store::{Store, each};
use crate::publish::{
    Action, Change, Kind, Listed, Next, Offer, SEALED, Sealers, Withheld, ended, is_pointer, next, withhold,
};
use crate::render::plain;
use crate::verify::verify;

/// How something is published.
#[derive(Debug, Clone, Args)]
pub struct How {
    #[command(flatten)]
    pub signing: Signing,
    /// For how long what is no longer named is kept: a number of days, or `all`
    #[arg(long, value_name = "DAYS", default_value = "30d", value_parser = keep)]
    pub keep: Keep,
    /// Write nothing; show what would be written
    #[arg(long)]
    pub dry_run: bool,
}

/// What is to be served, besides the offer itself.
#[derive(Debug, Default)]
pub struct Terms {
    /// Surfaces that must not go out, and why.
    pub refused: BTreeMap<String, String>,
    /// What is stopped with this very publish.
    pub stops: Vec<Stopped>,
    /// What has ended since, up to a phase of each.
    pub ended: Vec<(String, u32)>,
    /// Whether the offer is of an older state on purpose, so that it says nothing of what was stopped.
    pub old: bool,
    /// Surfaces of which something was stopped, now or before, so that whatever else shows them must be renewed.
    pub stopped_on: BTreeSet<String>,
}

/// What came of it.
#[derive(Debug)]
pub struct Went {
    pub exit: Exit,
    /// Whether nothing was done, so that the rest is what would be.
    pub dry_run: bool,
    /// What readers of sealed objects go on reading, although something else is served.
    pub unsealed: Vec<Unsealed>,
    /// Bundles that could not be made anew.
    pub kept: Vec<String>,
    /// Fixed names that no manifest has any more, and that show something that is stopped, each with the reason.
    pub shown: Vec<(String, String)>,
}

impl Went {
    /// How a run ends that has nothing to add.
    ///
    /// # Errors
    /// When sealed objects could not be renewed.
    pub fn ended(self) -> Result<Exit, Failure> {
        if self.dry_run {
            return Ok(self.exit);
        }
        let Some(first) = self.unsealed.first() else { return self.cleaned() };
        let all: Vec<String> = self.unsealed.iter().map(Unsealed::said).collect();
        let message = format!("{}, and providers go on reading it; the rest is served", all.join("; "));
        Err(Failure::environment(message).help(first.help()))
    }

    /// # Errors
    /// When something that is stopped is shown still.
    fn cleaned(self) -> Result<Exit, Failure> {
        if self.shown.is_empty() {
            return Ok(self.exit);
        }
        let all: Vec<String> = self.shown.iter().map(still_shown).collect();
        let message = format!("what is stopped is not so everywhere: {}; the rest is served", all.join("; "));
        Err(Failure::environment(message).help(STRAY_HELP))
    }
}

/// What can be done about a fixed name that could not be written.
pub const STRAY_HELP: &str = "run again, or remove it by hand: no manifest names it any more";

/// A fixed name that could not be written, for whoever publishes.
#[must_use]
pub fn still_shown((path, why): &(String, String)) -> String {
    format!("`{}` shows it still ({})", plain(path), plain(why))
}

/// Publishes an offer in the place of what is served.
///
/// # Errors
/// When the place fails, another publisher was faster, or something of the offer is wrong as a whole.
pub fn go(
    global: &Global,
    target: &Target,
    served: &Served,
    mut offer: Offer,
    terms: Terms,
    how: &How,
) -> Result<Went, Failure> {
    let store = target.store.as_ref();
    let Terms { mut refused, stops, ended: gone, old, stopped_on } = terms;
    let mut stopped = served.manifest.as_ref().map(|served| served.stopped.clone()).unwrap_or_default();
    stopped.retain(|old| !stops.iter().any(|new| (&old.surface, &old.key) == (&new.surface, &new.key)));
    stopped.extend(stops);
    let before = offer.files.clone();
    let mut withheld = withhold(&mut offer, &stopped, &refused, old);
    refused.extend(withheld.refused.clone());
    refused.extend(ended(&mut offer, &gone));
    if offer.files != before {
        // What was left out of it is proven again, like all that is published.
        let report = verify(offer.manifest.to_json().as_bytes(), |path| offer.files.get(path).cloned());
        refused.extend(refusals(&report).0);
    }
    // What is not served as it was offered has what was served here before.
    withheld.carried.retain(|record| !refused.contains_key(&record.surface));
    withheld.stopped.extend(withheld.carried.iter().cloned());
    let intact = served.intact && is_signed(served.manifest.as_ref(), how)?;
    let stays = std::mem::take(&mut withheld.stopped);
    let mut next = next(&offer.manifest, &refused, stays, served.manifest.as_ref(), served.past, intact);
    let kept = bundled(store, served, &mut next, &mut offer)?;
    let key = how.signing.key()?;
    let sealers = sealers(global, &next.manifest)?;
    let delivery = Delivery::prepare(store, served, next, &offer, key.as_ref(), &sealers)?;
    let exit = found(global, served, &delivery, &withheld)?;
    if how.dry_run {
        for action in &delivery.plan {
            data(&format!("would {action}\n"))?;
        }
        global.say(&format!("{}: {} would be written", target.name, plural(delivery.plan.len(), "object")));
        let cleaned = clean(store, &delivery.next.manifest, true)?;
        for path in &cleaned.written {
            data(&format!("would {}\n", Action { kind: Kind::Point, path: path.clone() }))?;
        }
        if !delivery.plan.is_empty() {
            let (listed, former) = looked(store, &delivery.next.manifest, &sealers, how.keep)?;
            former.iter().flat_map(|former| former.said(how.keep)).for_each(|line| global.say(&line));
            remaining(global, store, &listed, &delivery.next.manifest, served, how.keep)?;
        }
        let unsealed = left_sealed(store, &delivery.next, &sealers, &stopped_on)?;
        return Ok(Went { exit, dry_run: true, unsealed, kept, shown: cleaned.left });
    }
    let done = AtomicUsize::new(0);
    let all = delivery.plan.len();
    let show = |action: &Action| {
        let done = done.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if !global.quiet {
            progress(Some(&format!("{done} of {all}: {}", action.path)));
        }
    };
    let outcome = delivery.carry_out(AT_ONCE, &show);
    progress(None);
    let outcome = outcome?;
    let manifest = &delivery.next.manifest;
    let unsealed = left_sealed(store, &delivery.next, &sealers, &stopped_on)?;
    match outcome {
        Outcome::Superseded => {
            global.say(&format!(
                "{}: serial {} is published, and another publisher came after it",
                target.name, manifest.serial
            ));
            return Ok(Went { exit, dry_run: false, unsealed, kept, shown: clean(store, manifest, false)?.left });
        }
        Outcome::Done if all == 0 => {
            global.say(&format!("{}: nothing to write; serial {} is served", target.name, manifest.serial));
        }
        Outcome::Done => {
            let source =
                manifest.source.as_deref().map_or(String::new(), |source| format!(" of commit {}", plain(source)));
            global.say(&format!(
                "{}: serial {}{source} is served; {} written",
                target.name,
                manifest.serial,
                plural(all, "object")
            ));
        }
    }
    let cleaned = clean(store, manifest, false)?;
    for path in &cleaned.written {
        global.say(&format!("`{path}`, which no manifest names any more, is served without what is stopped"));
    }
    for record in &withheld.settled {
        global.say(&format!("`{}` is no longer live in Git: its stop is settled", plain(&record.key)));
    }
    if all > 0 {
        tidy(global, target, &delivery.next, served, &sealers, how.keep)?;
    }
    Ok(Went { exit, dry_run: false, unsealed, kept, shown: cleaned.left })
}

/// The sealed objects that go on showing something else than is served, and that are not meant to.
fn left_sealed(
    store: &dyn Store,
    next: &Next,
    sealers: &Sealers,
    stopped_on: &BTreeSet<String>,
) -> Result<Vec<Unsealed>, Failure> {
    let changed = |id: &str| next.surfaces.get(id) == Some(&Change::Changed) || stopped_on.contains(id);
    let mut unsealed = unsealed(store, &next.manifest, sealers, &changed)?;
    // That an earlier client is left behind is what taking its secret away means; but what was stopped must be so everywhere.
    unsealed.retain(|it| stopped_on.contains(&it.surface) || !it.is_former && it.path.is_some());
    Ok(unsealed)
}

/// Says what is known of a publish before it is carried out, and whether there are findings.
fn found(global: &Global, served: &Served, delivery: &Delivery<'_>, withheld: &Withheld) -> Result<Exit, Failure> {
    let mut exit = Exit::Clean;
    for line in said(&delivery.next, global.quiet) {
        data(&line)?;
    }
    let present = &delivery.next.manifest.bundles;
    let before = served.manifest.iter().flat_map(|served| served.bundles.keys());
    for id in before.filter(|id| !global.quiet && !present.contains_key(*id)) {
        data(&format!("{id}: the bundle is no longer in Git\n"))?;
    }
    if delivery.next.surfaces.values().any(|change| matches!(change, Change::Held(_))) {
        exit = Exit::Findings;
    }
    for record in &withheld.against {
        exit = Exit::Findings;
        data(&format!(
            "{}: `{}` stays stopped ({}); Git still has it live\n",
            record.surface,
            plain(&record.key),
            plain(&record.reason)
        ))?;
        global.say(&format!("`allot conclude {} --outcome stopped …` makes Git agree", plain(&record.experiment)));
    }
    for record in withheld.alike.iter().chain(&withheld.carried) {
        data(&format!(
            "{}: `{}` stays stopped ({}), as it is where this comes from\n",
            record.surface,
            plain(&record.key),
            plain(&record.reason)
        ))?;
    }
    for path in &delivery.damaged {
        exit = Exit::Findings;
        data(&format!("`{}` is damaged where it is served, and its bytes are not here\n", plain(path)))?;
    }
    for path in &delivery.rekeyed {
        global.say(&format!(
            "`{path}` was sealed with another key, or is damaged: whoever has that key can read it no longer"
        ));
        global.say("a new key goes with a new secret: then both are served while applications change over");
    }
    Ok(exit)
}

/// What is there, and what of it is of former secrets. Where nothing could go and nothing is sealed it is not asked for.
fn looked(
    store: &dyn Store,
    manifest: &Manifest,
    sealers: &Sealers,
    keep: Keep,
) -> Result<(Vec<Listed>, Vec<Former>), Failure> {
    if keep.0.is_none() && manifest.files().all(|(_, format, _)| format != SEALED) {
        return Ok((Vec::new(), Vec::new()));
    }
    let listed = list(store)?;
    let former = former(store, &listed, manifest, sealers)?;
    Ok((listed, former))
}

/// Says what stays of what former manifests named.
fn remaining(
    global: &Global,
    store: &dyn Store,
    listed: &[Listed],
    present: &Manifest,
    served: &Served,
    keep: Keep,
) -> Result<(), Failure> {
    let lines = stray::said(store, listed, present, served.manifest.as_ref(), keep, io::now().0)?;
    lines.iter().for_each(|line| global.say(line));
    if !lines.is_empty() {
        global.say("applications that read such a name get that state for as long as it is there: nothing renews it");
    }
    Ok(())
}

/// Says what stays of former secrets and former manifests, and removes what retention frees.
fn tidy(
    global: &Global,
    target: &Target,
    next: &Next,
    served: &Served,
    sealers: &Sealers,
    keep: Keep,
) -> Result<(), Failure> {
    let store = target.store.as_ref();
    let (listed, former) = looked(store, &next.manifest, sealers, keep)?;
    let since = keep.since(io::now().0).filter(|_| next.is_new);
    for former in former.iter().filter(|former| since.is_none_or(|since| !former.is_free(since))) {
        former.said(keep).iter().for_each(|line| global.say(line));
    }
    remaining(global, store, &listed, &next.manifest, served, keep)?;
    let freed = prune(store, &next.manifest, sealers, &listed, &former, since)?;
    for path in freed.iter().filter(|path| is_pointer(path) && !path.ends_with(".gz")) {
        global.say(&format!("`{}` is removed: applications that still read it get nothing", plain(path)));
    }
    if !freed.is_empty() {
        global.say(&format!("{}: {} removed that nothing named any more", target.name, plural(freed.len(), "object")));
    }
    Ok(())
}

/// Makes the bundles anew, of what each surface is to serve: one that is held keeps what is there. Where nothing else is new, one
/// that was left behind makes the manifest a new one. Says which could not be made.
fn bundled(store: &dyn Store, served: &Served, next: &mut Next, offer: &mut Offer) -> Result<Vec<String>, Failure> {
    let wanted: BTreeMap<String, Vec<String>> =
        offer.manifest.bundles.iter().map(|(id, bundle)| (id.clone(), bundle.surfaces.clone())).collect();
    let mut manifest = next.manifest.clone();
    let members = wanted.values().flatten().filter_map(|id| manifest.surfaces.get(id));
    let files = members.filter_map(|surface| Some(surface.formats.get(&surface.sdk)?.path.as_str()));
    let held: Vec<&str> = files.filter(|path| !offer.files.contains_key(*path)).collect();
    let read = each(&held, AT_ONCE, |path| store.get(path)).map_err(failed)?;
    let there: BTreeMap<String, Vec<u8>> =
        held.into_iter().zip(read).filter_map(|(path, found)| Some((path.to_owned(), found?.bytes))).collect();
    let right = |file: &File| {
        let found = offer.files.get(&file.path).or_else(|| there.get(&file.path));
        found.filter(|bytes| file.holds(bytes)).cloned()
    };
    let files = put_bundles(&mut manifest, &wanted, right);
    // One that cannot be made, since a file of it is damaged there, stays as it is.
    let before = served.manifest.iter().flat_map(|served| &served.bundles);
    let kept: BTreeMap<String, Bundle> = before
        .filter(|(id, _)| wanted.contains_key(*id) && !manifest.bundles.contains_key(*id))
        .map(|(id, bundle)| (id.clone(), bundle.clone()))
        .collect();
    manifest.bundles.extend(kept.clone());
    if !next.is_new && manifest.bundles != next.manifest.bundles {
        next.is_new = true;
        manifest.serial = manifest.serial.max(served.past).saturating_add(1);
        manifest.signature = None;
    }
    if next.is_new {
        next.manifest = manifest;
        offer.files.extend(files);
    }
    Ok(kept.into_keys().collect())
}

/// Whether what is served is signed as the next would be.
fn is_signed(served: Option<&Manifest>, how: &How) -> Result<bool, Failure> {
    let key = how.signing.key()?.map(|key| key.public());
    Ok(match (served, key) {
        (Some(served), Some(key)) => key.check(served).is_ok(),
        (Some(served), None) => served.signature.is_none(),
        (None, _) => true,
    })
}

/// A line for each surface of which there is something to say.
fn said(next: &Next, quiet: bool) -> Vec<String> {
    let has_files = |id: &String| next.manifest.surfaces.get(id).is_some_and(|surface| !surface.formats.is_empty());
    let line = |(id, change): (&String, &Change)| match change {
        Change::Same => None,
        Change::Held(why) if !has_files(id) => {
            Some(format!("{id}: held by {}; nothing was served before\n", plain(why)))
        }
        Change::Held(why) => Some(format!("{id}: held by {}; keeps what is served\n", plain(why))),
        _ if quiet => None,
        Change::New => Some(format!("{id}: new\n")),
        Change::Changed => Some(format!("{id}: changed\n")),
        Change::Gone => Some(format!("{id}: the surface is no longer in Git\n")),
    };
    next.surfaces.iter().filter_map(line).collect()
}

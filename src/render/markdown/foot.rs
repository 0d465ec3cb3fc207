//! The last line: from what, with what and when a report was made, and how to make it again.

use super::Links;
use super::inert::{address, code, is_plain_argument, web, words};
use crate::report::Source;

pub fn foot(source: &Source, links: &Links) -> String {
    let mut checked = "Checked".to_owned();
    if let Some(head) = &source.head {
        checked.push_str(&format!(" {}", commit(head, links)));
    }
    if source.dirty {
        checked.push_str(" with uncommitted changes");
    }
    checked.push_str(&format!(" with allot {}, as of {}", words(&source.tool), instant(&source.at)));
    let mut parts = vec![checked];
    if let Some(base) = &source.base {
        parts.push(format!("against {} ({})", code(&base.name), commit(&base.commit, links)));
    }
    if links.in_place {
        parts.push("this comment is updated in place".to_owned());
    }
    if let Some(run) = links.run.as_deref().and_then(web) {
        parts.push(format!("[run log]({run})"));
    }
    if let Some(command) = command(source, "check") {
        parts.push(format!("reproduce: `{command}`"));
    }
    format!("<sub>{}</sub>", parts.join(" · "))
}

/// The command that does the same at the same instant; none where a word of it is not plain, since it will be copied.
pub fn command(source: &Source, verb: &str) -> Option<String> {
    let mut command = format!("allot {verb}");
    if let Some(base) = &source.base {
        let name = [&base.name, &base.commit].into_iter().find(|name| is_plain_argument(name))?;
        command.push_str(&format!(" --base {name}"));
    }
    let root = source.folder.trim_end_matches('/');
    if !root.is_empty() {
        command.push_str(&format!(" --root {}", is_plain_argument(root).then_some(root)?));
    }
    if verb == "check" {
        command.push_str(&format!(" --at {}", is_plain_argument(&source.at).then_some(&source.at)?));
    }
    Some(command)
}

/// A commit by its first digits, with a link to its tree where links lead to one of the same repository.
pub fn commit(id: &str, links: &Links) -> String {
    let is_id = id.len() >= 7 && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(short) = is_id.then(|| id.get(..7)).flatten() else { return code(id) };
    let repository = links.files.as_deref().and_then(|files| files.split_once("/blob/"));
    match repository.and_then(|(repository, _)| address(&format!("{repository}/"), &format!("commit/{id}"))) {
        Some(address) => format!("[`{short}`]({address})"),
        None => format!("`{short}`"),
    }
}

/// "1 Feb 2027 00:00 UTC".
pub(super) fn instant(at: &str) -> String {
    let parsed = if at.len() <= 40 { at.parse::<jiff::Timestamp>().ok() } else { None };
    parsed.map_or_else(|| words(at), |at| at.strftime("%-d %b %Y %H:%M UTC").to_string())
}

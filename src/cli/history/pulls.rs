//! Which pull request a commit came by: as its message says, or as GitHub does.

use crate::cli::Failure;
use crate::io::Surroundings;
use crate::render::comment::is_commit;
use crate::report;

/// The most characters of a title.
const MAX_TITLE: usize = 300;

/// The repository on GitHub, as far as it is known.
pub struct Pulls {
    /// Its page, without a slash at its end.
    page: Option<String>,
    #[cfg(feature = "forge")]
    asked: Option<(Surroundings, crate::io::forge::Repository)>,
}

impl Pulls {
    /// Takes the repository as named, or else as the environment says it.
    ///
    /// # Errors
    /// When what is named is no repository.
    pub fn of(around: &Surroundings, named: Option<&str>) -> Result<Self, Failure> {
        let repository = match named {
            Some(text) if !is_repository(text) => {
                return Err(Failure::usage(format!("`{text}` is no repository")).help("write OWNER/NAME"));
            }
            named => named.or(around.repository.as_deref()).filter(|text| is_repository(text)).map(str::to_owned),
        };
        let page = repository.as_ref().map(|repository| format!("{}/{repository}", around.server));
        #[cfg(feature = "forge")]
        let asked =
            repository.and_then(|text| crate::io::forge::Repository::parse(&text)).map(|own| (around.clone(), own));
        Ok(Self {
            page,
            #[cfg(feature = "forge")]
            asked,
        })
    }

    /// The page of a commit.
    pub fn commit(&self, id: &str) -> Option<String> {
        self.page.as_ref().filter(|_| is_commit(id)).map(|page| format!("{page}/commit/{id}"))
    }

    /// The pull request that a commit's message names, as GitHub writes it on merging.
    pub fn of_message(&self, message: &str) -> Option<report::Pull> {
        let (number, title) = named(message)?;
        let url = self.page.as_ref().map(|page| format!("{page}/pull/{number}"));
        let title = title.map(|title| title.chars().take(MAX_TITLE).collect());
        Some(report::Pull { number, title, url, from: "message" })
    }
}

/// Whether a text is `OWNER/NAME`, with nothing in it that means something else in an address.
fn is_repository(text: &str) -> bool {
    let plain = |part: &str| {
        let letters = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        letters && !part.is_empty() && part.len() <= 100 && part != "." && part != ".."
    };
    text.split_once('/').is_some_and(|(owner, name)| plain(owner) && plain(name))
}

/// The number and the title of the pull request in a message: `Merge pull request #12 from …` with the title below, or
/// `Title (#12)` of a squash.
fn named(message: &str) -> Option<(u64, Option<String>)> {
    let mut lines = message.trim_start().lines().map(str::trim);
    let subject = lines.next()?;
    if let Some(rest) = subject.strip_prefix("Merge pull request #") {
        let (number, _) = rest.split_once(' ')?;
        let title = lines.find(|line| !line.is_empty()).map(str::to_owned);
        return Some((numeral(number)?, title));
    }
    let (title, number) = subject.strip_suffix(')')?.rsplit_once("(#")?;
    Some((numeral(number)?, Some(title.trim_end().to_owned()).filter(|title| !title.is_empty())))
}

/// A number as GitHub writes one.
fn numeral(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&number| plain && number > 0)
}

#[cfg(feature = "forge")]
impl Pulls {
    /// Asks GitHub about every commit. What it does not say stays as the messages have it.
    ///
    /// # Errors
    /// When there is no repository to ask about.
    pub fn ask(
        &self,
        global: &crate::cli::Global,
        entries: &mut [report::Entry],
        second: std::time::Duration,
    ) -> Result<(), Failure> {
        let Some((around, repository)) = &self.asked else {
            let help = "name it with `--repo OWNER/NAME`, or set `GITHUB_REPOSITORY`";
            return Err(Failure::usage("there is no repository to ask GitHub about").help(help));
        };
        let warn = |wrong: crate::io::IoError| {
            let failure = Failure::from(wrong).help("where a commit's message names a pull request, that is told");
            global.say(&failure.to_string().replacen("error:", "warning:", 1));
        };
        let forge = match crate::io::forge::Forge::open(around, repository.clone(), second) {
            Ok(forge) => forge,
            Err(wrong) => {
                warn(wrong);
                return Ok(());
            }
        };
        // A commit that GitHub does not have is no reason to stop asking; several in a row are not worth the time.
        let mut failed = 0;
        for entry in entries {
            let Some(commit) = &entry.commit else { continue };
            match forge.pulls_of(&commit.id) {
                Ok(mut pulls) => {
                    failed = 0;
                    let claimed = entry.pull.as_ref().map(|pull| pull.number);
                    // Of several, the one that was merged; of those, the one that the message names.
                    pulls.sort_by_key(|pull| (!pull.merged, Some(pull.number) != claimed, pull.number));
                    // Of a commit that is not in the default branch GitHub knows no merged one: then the message is all there is.
                    let told = pulls.into_iter().next().map(|pull| report::Pull {
                        number: pull.number,
                        url: self.page.as_ref().map(|page| format!("{page}/pull/{}", pull.number)),
                        title: pull.title.map(|title| title.chars().take(MAX_TITLE).collect()),
                        from: "forge",
                    });
                    entry.pull = told.or_else(|| entry.pull.take());
                }
                Err(fault) => {
                    failed += 1;
                    if failed == 1 || failed == 3 {
                        warn(fault.error);
                    }
                    if failed == 3 {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{is_repository, named};

    #[test]
    fn messages_name_pull_requests_as_github_writes_them() {
        let of = |message: &str| named(message).map(|(number, title)| (number, title.unwrap_or_default()));
        let some = |number, title: &str| Some((number, title.to_owned()));
        assert_eq!(of("Merge pull request #12 from acme/branch\n\nGrow it\n\nWords"), some(12, "Grow it"));
        assert_eq!(of("Grow it (#7)\n\n* one\n* two (#9)"), some(7, "Grow it"));
        assert_eq!(of("Revert \"Grow it (#7)\" (#8)"), some(8, "Revert \"Grow it (#7)\""));
        for none in [
            "",
            "Grow it",
            "Grow it (#x)",
            "Grow it (#0)",
            "Grow it (#99999999999)",
            "Grow it (#+7)",
            "Revert \"Grow it (#7)\"",
            "Merge pull request #12",
            "Merge pull request #1/../2 from x",
            "Words\n\nTitle (#12)",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        assert!(is_repository("acme/shop.js"));
        for bad in ["acme", "acme/", "acme/..", "a/b/c", "a/b?c", "a b/c", ""] {
            assert!(!is_repository(bad), "{bad}");
        }
    }
}

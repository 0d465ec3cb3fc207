//! What a run on GitHub finds in its environment.

use std::path::PathBuf;

/// What the environment says about GitHub and the run; what is set to nothing counts as not set.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// `GITHUB_TOKEN`, or `GH_TOKEN`.
    pub token: Option<Secret>,
    /// Whether this is a job of GitHub Actions.
    pub actions: bool,
    /// The address of the API: `GITHUB_API_URL`, with the path that GitHub Enterprise has in it.
    pub api: String,
    /// The address of the pages: `GITHUB_SERVER_URL`.
    pub server: String,
    /// `GITHUB_REPOSITORY`.
    pub repository: Option<String>,
    /// `GITHUB_RUN_ID`.
    pub run: Option<String>,
    /// `GITHUB_EVENT_PATH`: the event that began the run, as JSON.
    pub event: Option<PathBuf>,
    /// `GITHUB_STEP_SUMMARY`: Markdown in this file is shown with the run.
    pub summary: Option<PathBuf>,
}

impl Surroundings {
    /// Reads the environment.
    #[must_use]
    pub fn read() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let address = |name: &str, otherwise: &str| {
            var(name).map_or(otherwise.to_owned(), |value| value.trim_end_matches('/').to_owned())
        };
        Self {
            token: var("GITHUB_TOKEN").or_else(|| var("GH_TOKEN")).map(Secret),
            actions: var("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            api: address("GITHUB_API_URL", "https://api.github.com"),
            server: address("GITHUB_SERVER_URL", "https://github.com"),
            repository: var("GITHUB_REPOSITORY"),
            run: var("GITHUB_RUN_ID"),
            event: var("GITHUB_EVENT_PATH").map(PathBuf::from),
            summary: var("GITHUB_STEP_SUMMARY").map(PathBuf::from),
        }
    }
}

/// A token, which is never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The token itself, to be sent.
    #[cfg(feature = "forge")]
    pub(super) fn bare(&self) -> &str {
        &self.0
    }

    /// Whether it is that of an app's installation, as the one of a job of GitHub Actions is. Such tokens cannot ask who they are.
    #[must_use]
    pub fn is_of_installation(&self) -> bool {
        self.0.starts_with("ghs_")
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_token_does_not_show() {
        assert_eq!(format!("{:?}", Secret("ghs_abc".to_owned())), "Secret(…)");
        assert!(
            Secret("ghs_abc".to_owned()).is_of_installation() && !Secret("ghp_abc".to_owned()).is_of_installation()
        );
    }
}

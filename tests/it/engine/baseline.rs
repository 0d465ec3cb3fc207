//! `allot baseline` on data: segments of versions are told as each SDK orders them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A catalogue with one surface and visits in a file.
fn lay(root: &Path, sdk: &str, visits: &str) {
    let files = [
        (
            "allotment.toml",
            "version = 1\norganisation = \"T\"\n[teams]\nt = { name = \"T\" }\n[units]\nuser = { attribute = \"id\" }\n\
             [attributes]\napp-version = { type = \"version\" }\n[warehouse]\nengine = \"embedded\"\n\
             tables = { lake = \"{table}.csv\" }\n"
                .to_owned(),
        ),
        (
            "surfaces/s.toml",
            format!(
                "version = 1\nname = \"S\"\nowners = [\"t\"]\nunit = \"user\"\nsdk = \"{sdk}\"\nvisits = \"visits\"\n\
                 [components]\nc = \"C\"\n"
            ),
        ),
        (
            "metrics/m.toml",
            "version = 1\nowner = \"t\"\n[facts.visits]\ntable = \"lake.visits\"\nunit = { user = \"user\" }\n\
             timestamp = \"at\"\n[metrics.visits-made]\nmean = \"count(visits)\"\nwindow = \"1d\"\ngoal = \"increase\"\n"
                .to_owned(),
        ),
        (
            "segments/new-enough.toml",
            "version = 1\ndescription = \"New\"\nowner = \"t\"\n[where]\napp-version = { at-least = \"9.10.0\" }\n".to_owned(),
        ),
        (
            "segments/one-of.toml",
            "version = 1\ndescription = \"One\"\nowner = \"t\"\n[where]\napp-version = [\"9.4.0\", \"9.10.0\"]\n".to_owned(),
        ),
        ("visits.csv", visits.to_owned()),
    ];
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
}

/// What it prints, and what it says.
fn baseline(root: &Path) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
    command.current_dir(root).env_clear();
    let output = command.args(["baseline", "--dry-run", "--at", "2027-01-20T00:00:00Z"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    (String::from_utf8(output.stdout).expect("text"), said)
}

fn visits(versions: &[&str]) -> String {
    let rows = versions.iter().enumerate();
    let rows = rows.map(|(user, version)| format!("u{user},2027-01-1{}T10:00:00Z,{version}\n", user % 9));
    format!("user,at,app_version\n{}", rows.collect::<String>())
}

#[test]
fn versions_are_ordered_as_the_sdk_of_the_surface_does() {
    let versions = ["9.4.0", "9.9.9", "9.10.0", "9.10.0+build", "9.10.0-rc.1", "10.0.0", "v9.10.1", ""];
    for (sdk, enough, either) in [
        // 9.10.0, the same with a build, 10.0.0, v9.10.1.
        ("growthbook", "50%", "37.5%"),
        // No `v`, and no build.
        ("eppo", "25%", "25%"),
        // No `v`, no build, and pre-releases do not count.
        ("confidence", "37.5%", "37.5%"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        lay(folder.path(), sdk, &visits(&versions));
        let (text, said) = baseline(folder.path());
        assert!(!said.contains("is not measured"), "{sdk}: {said}");
        assert!(text.contains(&format!("new-enough = \"{enough}\"")), "{sdk}: {text}");
        assert!(text.contains(&format!("one-of = \"{either}\"")), "{sdk}: {text}");
    }
}

#[test]
fn versions_that_are_numbers_are_not_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    lay(folder.path(), "growthbook", &visits(&["9.4", "9.10"]));
    let (text, said) = baseline(folder.path());
    assert!(said.contains("segment `new-enough` is not measured: the column `app_version` has numbers"), "{said}");
    assert!(!text.contains("new-enough"), "{text}");
}

#[test]
fn a_window_that_has_not_passed_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    lay(folder.path(), "growthbook", &visits(&["9.4.0"; 8]));
    let path = folder.path().join("metrics/m.toml");
    let text = fs::read_to_string(&path).expect("a text").replace("window = \"1d\"", "window = \"30d\"");
    fs::write(&path, text).expect("written");
    let path = folder.path().join("surfaces/s.toml");
    let text = fs::read_to_string(&path).expect("a text") + "[required]\nvisits-made = {}\n";
    fs::write(&path, text).expect("written");
    let (_, said) = baseline(folder.path());
    let why = "metric `visits-made` is not measured: the window of none of its 8 units has passed yet";
    assert!(said.contains(why), "{said}");
}

//! Whole commands, with the real binary, in folders of their own and without the environment of whoever runs the tests.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::world::World;

const AT: &str = "2027-02-01T00:00:00Z";

/// A folder in which commands are run.
struct Place {
    folder: TempDir,
}

impl Place {
    fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// With a catalogue made by `allot init`.
    fn initialised() -> Self {
        let place = Self::empty();
        place.ok(&["init"]);
        place
    }

    /// With the catalogue that examples speak of, allotted and committed, as it is at `origin/main`.
    fn of_examples() -> Self {
        let place = Self::empty();
        for (path, text) in World::base().files {
            place.write(&path, text);
        }
        place.ok(&["allocate"]);
        let repository = git2::Repository::init(place.folder.path()).expect("a repository");
        let mut index = repository.index().expect("an index");
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).expect("added");
        index.write().expect("an index");
        let tree = repository.find_tree(index.write_tree().expect("written")).expect("a tree");
        let someone = git2::Signature::now("Someone", "someone@example.com").expect("a signature");
        let first = repository.commit(Some("HEAD"), &someone, &someone, "Begin", &tree, &[]).expect("a commit");
        let first = repository.find_commit(first).expect("a commit");
        let commit = repository.commit(Some("HEAD"), &someone, &someone, "Go on", &tree, &[&first]).expect("a commit");
        repository.reference("refs/remotes/origin/main", commit, true, "").expect("a reference");
        place
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_else(|wrong| panic!("{below}: {wrong}"))
    }

    fn write(&self, below: &str, text: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    /// Puts one text for another in a file.
    fn edit(&self, below: &str, from: &str, to: &str) {
        let text = self.read(below);
        assert!(text.contains(from), "{below} has no {from:?}");
        self.write(below, text.replacen(from, to, 1));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null()).args(arguments);
        if !arguments.contains(&"--at") {
            command.args(["--at", AT]);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// What a run that must succeed prints.
    fn ok(&self, arguments: &[&str]) -> String {
        self.ends(0, arguments).0
    }

    /// What a run that must end with a code prints, on standard output and on standard error.
    fn ends(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}{err}");
        (out, err)
    }

    /// Every file, but for those of Git.
    fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, below: &str, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).expect("a folder") {
                let entry = entry.expect("an entry");
                let name = format!("{below}{}", entry.file_name().to_string_lossy());
                match entry.file_type().expect("a type").is_dir() {
                    true => walk(&entry.path(), &format!("{name}/"), found),
                    false => found.push(name),
                }
            }
        }
        let mut found = Vec::new();
        walk(self.folder.path(), "", &mut found);
        found.retain(|path| !path.starts_with(".git/"));
        found.sort();
        found
    }
}

#[test]
fn without_a_catalogue_there_is_a_hint() {
    let (out, err) = Place::empty().ends(2, &["lint"]);
    assert_eq!(out, "");
    assert!(err.contains("there is no catalogue here") && err.contains("allot init"), "{err}");
    let (_, err) = Place::empty().ends(2, &["check", "--root", "nowhere"]);
    assert!(err.contains("`nowhere`"), "{err}");
}

#[test]
fn a_new_catalogue_passes_at_once_and_is_made_once() {
    let place = Place::initialised();
    let out = place.ok(&["check"]);
    assert!(out.contains("experiments: 1 live") && out.ends_with("ready: nothing is wrong in 9 files\n"), "{out}");
    assert_eq!(place.ends(0, &["allocate", "--check"]).0, "");
    assert!(place.read(".gitattributes").contains("*.lock text eol=lf"));
    assert!(place.read(".github/CODEOWNERS").contains("/surfaces/shop.* @example/shop"));
    assert!(place.read(".github/workflows/allotment.yml").contains("allot check --root . --format github"));
    assert!(place.read("schema/experiment.json").contains("\"shop-headline\""));
    assert!(place.read("schema/.gitignore").ends_with("\n*.json\n"), "every branch changes them");
    let before = place.files();
    let (_, err) = place.ends(2, &["init"]);
    assert!(err.contains("there is a catalogue already"), "{err}");
    let (_, err) = place.ends(2, &["init", "data"]);
    assert!(err.contains("there is a catalogue already"), "{err}");
    assert_eq!(place.files(), before);
}

#[test]
fn a_new_catalogue_is_the_same_for_the_same_day() {
    let (a, b) = (Place::initialised(), Place::initialised());
    assert_eq!(a.files(), b.files());
    for file in a.files() {
        assert_eq!(a.read(&file), b.read(&file), "{file}");
    }
}

#[test]
fn the_sample_data_agrees_with_what_is_assigned() {
    let place = Place::initialised();
    for line in place.read("data/exposures.csv").lines().skip(1).step_by(97) {
        let [unit, experiment, variant, _] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let assigned = place.ok(&["assign", "--unit", unit, "--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&assigned).expect("an object a line");
        assert_eq!(
            (json["experiment"].as_str(), json["variant"].as_str()),
            (Some(experiment), Some(variant)),
            "{line}"
        );
    }
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_behind() {
    let place = Place::empty();
    place.write("flags/shop-headline.toml", "mine");
    let (_, err) = place.ends(2, &["init"]);
    assert!(err.contains("shop-headline.toml` is already there"), "{err}");
    assert_eq!(place.files(), ["flags/shop-headline.toml"]);

    let place = Place::empty();
    place.write("schema", "a file where a folder should be");
    place.ends(3, &["init"]);
    assert_eq!(place.files(), ["schema"]);
    assert!(!place.path("flags").exists(), "folders are taken back too");

    let place = Place::empty();
    place.write(".gitattributes", "mine");
    let (_, err) = place.ends(0, &["init"]);
    assert!(err.contains("left as it is: `.gitattributes`") && err.contains("*.lock text eol=lf"), "{err}");
    assert_eq!(place.read(".gitattributes"), "mine");
    place.ok(&["check"]);
}

#[test]
fn below_the_top_of_a_repository_what_belongs_there_goes_there() {
    let place = Place::empty();
    git2::Repository::init(place.folder.path()).expect("a repository");
    place.ok(&["init", "experiments/home"]);
    assert!(place.read(".github/CODEOWNERS").contains("\n/experiments/home/allotment.toml "));
    assert!(place.read(".github/workflows/allotment.yml").contains("--root experiments/home "));
    assert!(place.read(".taplo.toml").contains("\"experiments/home/flags/**/*.toml\""));
    place.edit("experiments/home/flags/shop-headline.toml", "owner = \"shop\"", "owner = \"shopp\"");
    let path = "experiments/home/flags/shop-headline.toml";
    let (out, _) = place.ends(1, &["lint", "--root", "experiments/home", "--format", "github"]);
    assert!(out.starts_with(&format!("::error file={path},line=4,")), "{out}");
    let (out, _) = place.ends(1, &["lint", "--root", "experiments/home"]);
    assert!(out.contains(&format!("{path}:4:9")), "{out}");
    let (out, _) = place.ends(1, &["lint", "--root", "experiments/home", "--format", "json"]);
    assert!(out.contains("\"path\":\"flags/shop-headline.toml\""), "{out}");
}

#[test]
fn a_file_of_each_kind_can_be_begun() {
    let place = Place::initialised();
    for (kind, id, path) in [
        ("surface", "account", "surfaces/account.toml"),
        ("flag", "list-order", "flags/list-order.toml"),
        ("segment", "commuters", "segments/commuters.toml"),
        ("metrics", "app", "metrics/app.toml"),
        ("experiment", "newest-first", "experiments/shop/newest-first.toml"),
        ("rollout", "list-rollout", "rollouts/shop/list-rollout.toml"),
        ("baseline", "account", "baselines/account.toml"),
    ] {
        let arguments = ["new", kind, id, "--surface", "shop"];
        assert_eq!(place.ok(&arguments), format!("{path}\n"));
        let text = place.read(path);
        assert!(text.starts_with('#') && text.contains("\nversion = 1\n") && !text.contains("{{"), "{text}");
        let (_, err) = place.ends(2, &arguments);
        assert!(err.contains(path), "{err}");
    }
    let (out, _) = place.ends(1, &["lint"]);
    assert!(!out.contains("error[syntax]") && !out.contains("error[unknown-key]"), "{out}");
    assert!(out.contains("there is no flag `TODO`") && out.contains("`list-order`"), "{out}");
    assert!(place.read("schema/experiment.json").contains("\"list-order\""), "schemas know what was added");
    assert!(!place.path("schema/output").exists(), "nobody asked for these");
    fs::remove_file(place.path("schema/flag.json")).expect("it is there");
    place.ok(&["new", "segment", "tourists"]);
    assert!(!place.path("schema/flag.json").exists() && place.read("schema/experiment.json").contains("\"tourists\""));
}

#[test]
fn what_cannot_be_begun_says_why() {
    let place = Place::initialised();
    let (_, err) = place.ends(2, &["new", "experimnt", "x"]);
    assert!(err.contains("'experiment'"), "{err}");
    let (_, err) = place.ends(2, &["new", "flag", "Bad_Id"]);
    assert!(err.contains("`Bad_Id` is no id"), "{err}");
    let (_, err) = place.ends(2, &["new", "flag", "../../x"]);
    assert!(err.contains("is no id"), "{err}");
    let (_, err) = place.ends(2, &["new", "rollout", "warm-headline"]);
    assert!(err.contains("experiments/shop/warm-headline.toml"), "{err}");
    let (_, err) = place.ends(2, &["new", "flag", "x", "--surface", "shpo"]);
    assert!(err.contains("did you mean `shop`?"), "{err}");
}

#[test]
fn fixes_are_applied_until_nothing_is_left_to_fix() {
    let place = Place::initialised();
    let flag = "flags/shop-headline.toml";
    let before = place.read(flag);
    place.edit(flag, "owner = \"shop\"", "owner = \"shpo\"");
    place.edit(flag, "segment = \"employees\"", "segment = \"employes\"");
    let (out, err) = place.ends(0, &["lint", "--fix"]);
    assert_eq!(out, "");
    assert!(err.contains(&format!("fixed {flag}:4:9: write `shop` (unknown-reference)")), "{err}");
    assert!(err.contains("2 fixes applied in 1 file"), "{err}");
    assert_eq!(place.read(flag), before);
    let (_, err) = place.ends(0, &["lint", "--fix"]);
    assert!(err.contains("nothing can be fixed"), "{err}");
}

#[test]
fn only_what_is_found_at_a_path_is_reported_and_fixed() {
    let place = Place::initialised();
    place.edit("flags/shop-headline.toml", "owner = \"shop\"", "owner = \"shpo\"");
    place.edit("metrics/shop.toml", "owner = \"shop\"", "owner = \"shpo\"");
    let (out, err) = place.ends(1, &["lint", "flags"]);
    assert!(out.contains("flags/shop-headline.toml") && !out.contains("metrics/"), "{out}");
    assert!(err.contains("1 error in 1 file"), "{err}");
    place.ends(0, &["lint", "segments", "experiments/shop/warm-headline.toml"]);
    place.ends(0, &["lint", "--fix", "flags"]);
    assert!(place.read("metrics/shop.toml").contains("shpo"));
    let (_, err) = place.ends(2, &["lint", "nowhere.toml"]);
    assert!(err.contains("there is nothing at `nowhere.toml`"), "{err}");
    let (_, err) = place.ends(2, &["lint", "/"]);
    assert!(err.contains("is not in the catalogue"), "{err}");
}

#[test]
fn words_are_not_said_when_they_are_not_wanted() {
    let place = Place::initialised();
    assert_eq!(place.ends(0, &["lint", "-q"]), (String::new(), String::new()));
    let (out, err) = place.ends(0, &["check", "-q", "--format", "json"]);
    assert!(out.starts_with("{\"version\":1,\"summary\":{\"errors\":0,\"warnings\":0,\"files\":9}") && err.is_empty());
}

#[test]
fn what_is_waived_is_said_when_it_is_asked_for() {
    let place = Place::initialised();
    let experiment = "experiments/shop/warm-headline.toml";
    place.edit(experiment, "[success]", "[success]\nordered = {}");
    let (out, _) = place.ends(1, &["lint"]);
    assert!(out.contains("error[missing-mde]"), "{out}");
    let waiver = "\n[[waive]]\nrule = \"missing-mde\"\nreason = \"it is being discussed\"\nuntil = 2027-03-01\n";
    let text = place.read(experiment);
    place.write(experiment, format!("{text}{waiver}"));
    place.ok(&["allocate"]);
    let (out, err) = place.ends(0, &["lint", "-v"]);
    assert!(!out.contains("missing-mde"), "{out}");
    assert!(err.contains("; 1 waived") && err.contains(&format!("waived {experiment}:")), "{err}");
}

#[test]
fn colour_is_only_where_it_is_asked_for() {
    let place = Place::initialised();
    place.edit("flags/shop-headline.toml", "owner = \"shop\"", "owner = \"nobody\"");
    let (out, _) = place.ends(1, &["lint"]);
    assert!(!out.contains('\u{1b}'), "{out}");
    let (out, _) = place.ends(1, &["lint", "--color", "always"]);
    assert!(out.contains("\u{1b}["), "{out}");
}

#[test]
fn an_instant_that_cannot_be_read_is_wrong_usage() {
    let place = Place::initialised();
    let (_, err) = place.ends(2, &["lint", "--at", "tomorrow"]);
    assert!(err.contains("`tomorrow` is no instant"), "{err}");
    place.ends(0, &["lint", "--at", "2027-02-01"]);
}

#[test]
fn rules_are_listed_and_explained() {
    let place = Place::empty();
    let list = place.ok(&["rule"]);
    assert!(list.contains("● syntax") && list.contains("over-capacity"), "{list}");
    let group = place.ok(&["rule", "correctness"]);
    assert!(group.contains("syntax") && !group.contains("over-capacity"), "{group}");
    let page = place.ok(&["rule", "syntax"]);
    assert!(page.starts_with("# syntax\n") && page.contains("\n## Fails\n"), "{page}");
    let (_, err) = place.ends(2, &["rule", "syntx"]);
    assert!(err.contains("did you mean `syntax`?"), "{err}");
    let json = place.ok(&["rule", "syntax", "--format", "json"]);
    assert!(json.starts_with("{\"version\":1,\"rules\":[{\"name\":\"syntax\","), "{json}");
}

#[test]
fn schemas_are_printed_and_written() {
    let place = Place::initialised();
    place.ok(&["schema", "-o", "elsewhere"]);
    assert!(place.read("elsewhere/output/lint.json").contains("diagnostics"));
    assert!(place.ok(&["schema", "flag"]).contains("\"headline\""));
    let (_, err) = place.ends(2, &["schema", "flga"]);
    assert!(err.contains("did you mean `flag`?"), "{err}");
    assert!(!Place::empty().ok(&["schema", "flag"]).contains("\"headline\""));
}

#[test]
fn a_broken_pipe_is_no_failure() {
    let place = Place::initialised();
    let mut child = place.command(&["rule"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    // The reader goes away after a line, or before one.
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn files_that_cannot_be_read_as_text_are_findings() {
    let place = Place::initialised();
    place.write("flags/latin.toml", b"version = 1 # \xe9\n");
    place.write("flags/large.toml", format!("version = 1 # {}\n", "x".repeat(1 << 20)));
    place.write("flags/marked.toml", "\u{feff}version = 1\n");
    let (out, _) = place.ends(1, &["lint", "flags"]);
    for words in ["this file is not UTF-8", "this file is larger than 1 MiB", "byte order mark"] {
        assert!(out.contains(words), "{words} in\n{out}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let (place, outside) = (Place::initialised(), Place::empty());
    outside.write("flags/secret.toml", "secret = 1\n");
    std::os::unix::fs::symlink(outside.path("flags/secret.toml"), place.path("flags/link.toml")).expect("a link");
    std::os::unix::fs::symlink(outside.path("flags"), place.path("experiments/folder")).expect("a link");
    let (out, _) = place.ends(1, &["lint"]);
    assert!(out.contains("flags/link.toml") && out.contains("links are not followed"), "{out}");
    assert!(!out.contains("secret"), "{out}");

    fs::remove_dir_all(place.path("segments")).expect("removed");
    std::os::unix::fs::symlink(outside.path("flags"), place.path("segments")).expect("a link");
    let (_, err) = place.ends(2, &["new", "segment", "commuters"]);
    assert!(err.contains("is outside the catalogue"), "{err}");
    assert_eq!(outside.files(), ["flags/secret.toml"]);
}

#[cfg(unix)]
#[test]
fn what_the_environment_refuses_has_a_code_of_its_own() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::initialised();
    let file = place.path("flags/shop-headline.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("permissions");
    if fs::read(&file).is_ok() {
        // Whoever may read everything, such as root, cannot try this.
        return;
    }
    let (_, err) = place.ends(3, &["lint"]);
    assert!(err.contains("cannot read"), "{err}");
}

#[test]
fn a_folder_that_cannot_be_written_has_a_code_of_its_own() {
    let place = Place::initialised();
    place.write("file", "no folder");
    let (_, err) = place.ends(3, &["schema", "-o", "file/below"]);
    assert!(err.contains("cannot write"), "{err}");
}

#[test]
fn check_says_what_to_do_next() {
    let place = Place::initialised();
    fs::remove_file(place.path("experiments/shop/warm-headline.lock")).expect("removed");
    let (out, _) = place.ends(1, &["check"]);
    assert!(out.contains("surface `shop` is held back by"), "{out}");
    assert!(out.trim_end().ends_with("run `allot allocate` and commit what it writes"), "{out}");
    place.ok(&["allocate"]);
    place.ok(&["check"]);
    place.edit("metrics/shop.toml", "owner = \"shop\"", "owner = \"shpo\"");
    let (out, _) = place.ends(1, &["check"]);
    assert!(out.trim_end().ends_with("run `allot lint --fix`, then mend what is left"), "{out}");
    assert!(!out.contains("held back"), "{out}");
}

/// The commands, as the tool lists them.
fn verbs(place: &Place) -> Vec<String> {
    let help = place.ok(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.strip_prefix("  ")?.split_once(' ').map(|(name, _)| name.to_owned()));
    names.filter(|name| !name.is_empty() && name != "help").collect()
}

#[test]
fn every_command_has_examples_and_they_run() {
    let listed = Place::empty();
    for verb in verbs(&listed) {
        let help = listed.ok(&[&verb, "--help"]);
        let examples: Vec<&str> = help
            .lines()
            .skip_while(|line| *line != "Examples:")
            .filter_map(|line| line.strip_prefix("  allot "))
            .collect();
        assert!(!examples.is_empty(), "`allot {verb} --help` ends with no examples");
        for example in examples {
            // Behind two spaces are words; behind a pipe or an arrow is what the shell does.
            let command = example.split("  ").next().unwrap_or(example).split(['|', '>']).next().unwrap_or(example);
            let place = if verb == "init" { Place::empty() } else { Place::of_examples() };
            for command in command.split("&&") {
                let reads = ["analyze", "baseline"].iter().any(|verb| command.trim().starts_with(verb));
                if reads && !command.contains("--aggregates") && cfg!(not(feature = "embedded")) {
                    continue;
                }
                // What stands in quotes is one argument.
                let parts = command.trim().trim_start_matches("allot ").split('"').enumerate();
                let arguments: Vec<&str> = parts
                    .flat_map(|(at, part)| if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() })
                    .collect();
                prepare(&place, &arguments);
                let output = place.run(&arguments);
                let (code, said) = (output.status.code(), String::from_utf8_lossy(&output.stderr));
                assert!(matches!(code, Some(0 | 1)), "{arguments:?}: {code:?}\n{said}");
            }
        }
    }
}

/// Lays out what an example speaks of and a new catalogue does not have.
fn prepare(place: &Place, arguments: &[&str]) {
    if arguments.contains(&"dist") && arguments.first() != Some(&"compile") {
        place.ok(&["compile", "-o", "dist"]);
    }
    if ["rollback", "drift", "stop"].iter().any(|verb| arguments.first() == Some(verb))
        || arguments.contains(&"file://public") && arguments.first() == Some(&"verify")
    {
        place.ok(&["compile", "-o", "dist"]);
        place.ok(&["publish", "dist", "--to", "file://public"]);
    }
    if arguments.contains(&"production") {
        place.edit("allotment.toml", "s3://tonar-cdn-staging/allotment", "file://staging");
        place.edit("allotment.toml", "s3://tonar-cdn/allotment", "file://production");
        place.ok(&["compile", "-o", "dist"]);
        place.ok(&["publish", "dist", "--to", "staging"]);
    }
    if arguments.iter().any(|argument| argument.starts_with("signing.")) {
        place.ok(&["publish", "--new-key", "."]);
    }
    if arguments.contains(&"report.json") {
        place.write("report.json", include_str!("comment/report.json"));
    }
    if arguments.contains(&"results.json") {
        place.write("results.json", include_str!("results/wait.json"));
    }
    if arguments.contains(&"sums.csv") {
        let rows = ["control", "fresh-first"].map(|variant| format!("fresh-first,{variant},returned,900,0.4,0.24\n"));
        place.write("sums.csv", format!("experiment,variant,metric,n,mean,variance\n{}", rows.concat()));
    }
    if matches!(arguments.first(), Some(&"analyze" | &"baseline")) {
        place.edit("allotment.toml", "s3://tonar-lake/{table}/**/*.parquet", "data/{table}/*.csv");
        place.edit("surfaces/home.toml", "north-star", "visits = \"sessions\"\nnorth-star");
        let exposures =
            ["control", "fresh-first"].map(|variant| format!("{variant},fresh-first,{variant},2027-01-20\n"));
        let header = "user_id,experiment_id,variant_id,exposed_at\n";
        place.write("data/exposures/1.csv", format!("{header}{}", exposures.concat()));
        place.write("data/sessions/1.csv", "user_id,started_at,home_load_ms,crashed\ncontrol,2027-01-21,800,false\n");
        place.write("data/streams/1.csv", "user_id,started_at,ms_played,skipped\ncontrol,2027-01-21,60000,true\n");
    }
    if arguments.contains(&"units.jsonl") {
        place.write("units.jsonl", "user-1\n{\"user-id\": \"user-2\"}\n");
    }
}

#[test]
fn completions_and_the_manual_are_printed() {
    let place = Place::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(place.ok(&["completions", shell]).contains("allot"), "{shell}");
    }
    assert!(place.ok(&["man"]).contains(".TH allot 1"));
    assert!(place.ok(&["man", "lint"]).contains(".TH allot-lint 1"));
    let (_, err) = place.ends(2, &["man", "lnt"]);
    assert!(err.contains("did you mean `lint`?"), "{err}");
}

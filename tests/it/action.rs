//! The GitHub Action and every workflow: linted, and their steps run on real repositories with the runner's own files.
//!
//! Linters and payloads come from their registries, so what needs them runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|wrong| panic!("{path}: {wrong}"))
}

/// The action and all workflows that are kept here, by their paths.
fn workflows() -> Vec<String> {
    let mut found = vec!["action.yml".to_owned(), "src/cli/init/files/workflow.yml".to_owned()];
    for folder in [".github/workflows", "examples/workflows"] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder is there") {
            let name = entry.expect("an entry").file_name();
            found.push(format!("{folder}/{}", name.to_str().expect("UTF-8")));
        }
    }
    found.sort();
    assert!(found.len() >= 9 && found.iter().all(|path| path.ends_with(".yml")), "{found:?}");
    found
}

/// The keys of a table at the top of action.yml.
fn keys(table: &str) -> Vec<String> {
    let text = read("action.yml");
    let lines = text.lines().skip_while(|line| *line != format!("{table}:")).skip(1);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with(' '));
    let keys = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':'));
    keys.map(|line| line.trim().trim_end_matches(':').to_owned()).collect()
}

/// Runs the peers; none where they are not asked for.
fn peers(arguments: &[&Path], why: &str) -> Option<Output> {
    if std::env::var_os("ALLOTMENT_PEERS").is_none() {
        eprintln!("skipped: set ALLOTMENT_PEERS=1 to {why} (needs git, node, python3, npm, pip, curl, jq)");
        return None;
    }
    let script = root().join("tests/action/run.sh");
    Some(Command::new("sh").arg(script).args(arguments).output().expect("it runs"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The workflow that `allot init` writes into a folder.
fn initialised(folder: &Path) -> PathBuf {
    let init = Command::new(env!("CARGO_BIN_EXE_allot")).args(["init", "-q"]).current_dir(folder).output();
    let init = init.expect("it runs");
    assert!(init.status.success(), "{}", said(&init));
    folder.join(".github/workflows/allotment.yml")
}

#[test]
fn every_action_is_pinned_and_pinned_once() {
    let mut pins: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in workflows() {
        for line in read(&path).lines() {
            let Some(used) = line.trim_start().trim_start_matches("- ").strip_prefix("uses: ") else { continue };
            if used.starts_with("./") {
                continue;
            }
            let (pin, comment) = used.split_once(" # ").unwrap_or_else(|| panic!("{path}: no version: {used}"));
            let (name, commit) = pin.split_once('@').expect("a pin");
            let hex = commit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            assert!(commit.len() == 40 && hex, "{path}: a commit pins it: {used}");
            pins.entry(name.to_owned()).or_default().insert(format!("{commit} {comment}"));
        }
    }
    assert!(pins.len() >= 5, "{pins:?}");
    for (name, pins) in pins {
        assert_eq!(pins.len(), 1, "{name} is pinned in two ways: {pins:?}");
    }
}

#[test]
fn workflows_begin_with_no_permission_and_say_what_each_is_for() {
    for path in workflows().into_iter().filter(|path| path != "action.yml") {
        let text = read(&path);
        assert!(text.contains("\npermissions: {}\n"), "{path}: it begins with none");
        let granted = text.lines().filter(|line| line.starts_with("      ") && line.contains(": write"));
        for line in granted {
            assert!(line.contains(" # "), "{path}: what is it for? {line}");
        }
    }
}

#[test]
fn inputs_reach_scripts_through_the_environment_alone_and_are_documented() {
    let text = read("action.yml");
    let page = read("docs/github.md");
    let (inputs, outputs) = (keys("inputs"), keys("outputs"));
    assert!(inputs.len() >= 8 && outputs.len() == 6, "{inputs:?} {outputs:?}");
    for line in text.lines().filter(|line| line.trim_start().starts_with("run:")) {
        let script = line.split("action/").nth(1).and_then(|rest| rest.strip_suffix(".sh\""));
        let script = script.unwrap_or_else(|| panic!("a script in `action/`, and nothing else: {line}"));
        assert!(root().join(format!("action/{script}.sh")).is_file(), "{line}");
    }
    for input in &inputs {
        let read = text.contains(&format!(": ${{{{ inputs.{input} }}}}")) || input == "check";
        assert!(read, "`{input}` reaches no script");
    }
    for name in inputs.iter().chain(&outputs) {
        assert!(page.contains(&format!("| `{name}` |")), "docs/github.md does not say what `{name}` is");
    }
}

#[test]
fn checksums_are_those_of_one_release_for_every_machine() {
    let action = read("action.yml");
    let version = action.split("  version:\n").nth(1).and_then(|rest| rest.split("default: ").nth(1));
    let version = version.and_then(|rest| rest.lines().next()).expect("the action pins a version");
    let release = read(".github/workflows/release.yml");
    let built = release.lines().filter_map(|line| line.trim_start().strip_prefix("- { os: ")?.split_once("target: "));
    let targets: BTreeSet<&str> = built.map(|(_, target)| target.trim_end_matches(" }")).collect();
    assert_eq!(targets.len(), 5, "{targets:?}");
    let installer = read("action/install.sh");
    for target in &targets {
        assert!(installer.contains(&format!("echo {target} ;;")), "action/install.sh does not know {target}");
    }
    let sums = read("action/checksums.txt");
    let lines: Vec<&str> = sums.lines().filter(|line| !line.starts_with('#')).collect();
    let mut named = BTreeSet::new();
    for line in &lines {
        let (sum, archive) = line.split_once("  ").unwrap_or_else(|| panic!("no line of a checksum: {line}"));
        let hex = sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        assert!(sum.len() == 64 && hex, "{line}");
        let target = archive.strip_prefix(&format!("allot-{version}-")).and_then(|rest| rest.strip_suffix(".tar.gz"));
        named.insert(target.unwrap_or_else(|| panic!("not of version {version}: {line}")));
    }
    assert!(lines.is_empty() || named == targets, "every machine, or none before the first release: {named:?}");
}

#[test]
fn init_writes_the_workflow_that_is_kept_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = fs::read_to_string(initialised(folder.path())).expect("the workflow");
    let kept = read("src/cli/init/files/workflow.yml");
    let kept = kept.replace("{{root}}", ".").replace("{{version}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(written, kept);
    let gate = read("examples/workflows/gate.yml");
    let permissions = |text: &str| {
        let of_job = text.split("    permissions:\n").nth(1).expect("permissions of the job").to_owned();
        of_job.lines().take_while(|line| line.starts_with("      ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(permissions(&written), permissions(&gate), "the gate and what `allot init` writes may do the same");
}

#[test]
fn linters_find_nothing_in_the_action_its_scripts_and_the_workflows() {
    let folder = tempfile::tempdir().expect("a folder");
    let workflow = initialised(folder.path());
    let kept = workflows().into_iter().filter(|path| !path.starts_with("src/")).map(|path| root().join(path));
    let files: Vec<PathBuf> = kept.chain([workflow.clone()]).collect();
    let lint = |files: &[PathBuf]| {
        let files = files.iter().map(PathBuf::as_path);
        let arguments: Vec<&Path> = [Path::new("--lint")].into_iter().chain(files).collect();
        peers(&arguments, "lint the action and the workflows")
    };
    let Some(output) = lint(&files) else { return };
    assert!(output.status.success(), "{}", said(&output));
    // They are looked at: what each of the four would find is found.
    let faults = [
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("runs-on: ubuntu-latest", "runs-on: ubuntu-latest\n    cancel: 7", "cancel"),
        ("steps.check.outputs.report }}", "steps.czech.outputs.report }}", "czech"),
        ("exit \"$code\"", "exit $undefined", "SC2154"),
    ];
    let mut text = fs::read_to_string(&workflow).expect("the workflow");
    for (old, new, _) in faults {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    fs::write(&workflow, text).expect("it is written");
    let output = lint(&[workflow]).expect("peers");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for (_, new, wanted) in faults {
        assert!(said(&output).contains(wanted), "{new}: {}", said(&output));
    }
}

#[test]
fn the_steps_of_the_action_do_what_they_say() {
    let program = Path::new(env!("CARGO_BIN_EXE_allot"));
    let Some(output) = peers(&[Path::new("--steps"), program], "run the action's steps") else { return };
    assert!(output.status.success(), "{}", said(&output));
    let passed = said(&output).lines().filter(|line| line.starts_with("ok ")).count();
    assert!(passed >= 12, "{}", said(&output));
}

//! Recorded gates as Markdown: what reviewers read, whatever the records hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use allotment::render::markdown::{Links, report};
use allotment::report::{Held, Report, Verdict};
use serde_json::Value;

/// The most characters of a comment, with room for the mark that it is known by.
const COMMENT: usize = 65_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reports")
}

/// All example records with their names.
pub fn examples() -> Vec<(String, Report)> {
    let mut found: Vec<(String, Report)> = fs::read_dir(folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, Report::read(&fs::read(&path).expect("it is read")).expect("a record"))
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

pub fn links() -> Links {
    Links {
        files: Some("https://github.com/acme/shop/blob/4f1c2ab90d3e5f60718293a4b5c6d7e8f9012345/".to_owned()),
        run: Some("https://github.com/acme/shop/actions/runs/1".to_owned()),
        in_place: true,
    }
}

#[test]
fn examples_read_well() {
    for (name, record) in examples() {
        insta::assert_snapshot!(format!("comment_{name}"), report(&record, &links()).fit(COMMENT));
    }
}

#[test]
fn the_first_line_says_whether_and_after_what() {
    let of = |name: &str| examples().into_iter().find(|(known, _)| known == name).expect("it is there").1;
    let title = |record: &Report| report(record, &links()).title.replace('\u{a0}', " ");
    let (launch, blocked, several) = (of("launch"), of("blocked"), of("several"));
    assert_eq!(title(&launch), "### 🟢 `fresh-first` can launch · **20 %** of `home` for 28 days");
    assert_eq!(title(&blocked), "### 🟡 `fresh-first` can launch after 1 fix · **20 %** of `home` for 10 days");
    let (powered, small) = (of("powered"), of("underpowered"));
    let launch_of = "### 🟢 `quiet-hero` can launch · 14 days detect an effect of **";
    assert!(title(&powered).starts_with(launch_of) && title(&powered).ends_with("** on `home-play-rate`"));
    assert!(
        title(&small)
            .starts_with("### 🟡 `quiet-hero` can launch after 1 fix · 14 days detect an effect of **3.63 %**")
    );
    assert_eq!(title(&several), "### 🟢 2 changes can go in: 1 stop and 1 ramp");
    assert_eq!(title(&of("nothing")), "### 🟢 Nothing changes for users: 1 edit");

    let mut stale = launch.clone();
    stale.verdict = Verdict::NotReady;
    stale.stale.push("surfaces/home.lock".to_owned());
    let expected = "### 🟡 `fresh-first` can launch after `allot allocate` · **20 %** of `home` for 28 days";
    assert_eq!(title(&stale), expected);
    let mut held = blocked.clone();
    held.held.push(Held { surface: "home".to_owned(), rules: vec!["missing-allocation".to_owned()] });
    assert!(title(&held).starts_with("### 🟡"), "one command mends that");
    held.held[0].rules.push("over-capacity".to_owned());
    assert!(title(&held).starts_with("### 🔴 `fresh-first` can launch after 1 fix"));

    let mut definitions = several.clone();
    let plan = definitions.plan.as_mut().expect("a plan");
    plan.changes.clear();
    assert_eq!(title(&definitions), "### 🟢 Nothing changes for users: 2 definitions change, with live tests on them");
    definitions.plan.as_mut().expect("a plan").definitions[0].kind = "flag".to_owned();
    assert_eq!(title(&definitions), "### 🟢 2 definitions can change, with live tests on them");
    definitions.plan.as_mut().expect("a plan").definitions.clear();
    assert_eq!(title(&definitions), "### 🟢 Nothing changes for users");

    let (mut first, mut wrong) = (launch, blocked);
    (first.plan, wrong.plan) = (None, None);
    assert_eq!(title(&first), "### 🟢 Ready: 157 files checked, no errors");
    assert_eq!(title(&wrong), "### 🟡 Ready after 1 fix: 157 files checked");
}

/// What somebody would write who wants a comment to do more than say it.
const HOSTILE: &[&str] = &[
    "@acme/all",
    "@me",
    "#1",
    "acme/shop#2",
    "GH-3",
    "gh-4",
    "4f1c2ab90d3e5f60718293a4b5c6d7e8f9012345",
    "deadbee",
    "http://evil.example/x",
    "https://evil.example",
    "www.evil.example",
    "ftp://evil.example",
    "a@evil.example",
    "mailto:a@evil.example",
    "javascript:alert(1)",
    "![i](http://evil.example/i.png)",
    "[l](http://evil.example)",
    "[l]: http://evil.example",
    "<http://evil.example>",
    "<img src=x onerror=alert(1)>",
    "<!-- allotment:v1 report=launch -->",
    "<!--",
    "-->",
    "<script>",
    "</summary>",
    "</details>",
    "</sub>",
    "</td>",
    "<![CDATA[",
    "<?x",
    "**b**",
    "__b__",
    "_e_",
    "*e*",
    "~~s~~",
    "~s~",
    "`c`",
    "``",
    "```",
    "~~~~",
    "```js\nx",
    "\n\n# head\n\n",
    "\n- item",
    "\n1. item",
    "1. x",
    "- x",
    "+ x",
    "- [ ] x",
    "\n> quote",
    "> [!NOTE]",
    "\n---\n",
    "\n===\n",
    "    code",
    "\t",
    "|",
    "\\|",
    "\\",
    "\\\\|",
    "| a | b |\n|--|--|\n",
    "$x^2$",
    "$$x$$",
    "$`x`$",
    "[^1]",
    "[^1]: note",
    ":tada:",
    ":+1:",
    "&lt;b&gt;",
    "&#64;me",
    "&",
    ";",
    ":",
    "%%",
    "%%{init: {}}%%",
    "click t1 href \"x\"",
    "section x",
    "title",
    "gantt",
    "x : done, 2027-01-01, 1d",
    "2027-01-01",
    "\u{202e}",
    "\u{200b}",
    "\u{2066}",
    "\u{feff}",
    "\u{7}",
    "\u{1b}[31m",
    "\r\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "\0",
    "é",
    "日本",
    "🏳️‍🌈",
    "e\u{301}",
    "..",
    "../../x",
    "/",
    " ",
    "",
    "CVE-2027-1234",
    "GHSA-aaaa-bbbb-cccc",
    "a,b",
    "'",
    "\"",
    "{}",
    "^",
    "!",
];

/// Every text of a record that is no day, no word of the format and no version, put otherwise; equal ones stay equal.
fn rewritten(record: &Report, word: &mut dyn FnMut() -> String) -> Report {
    reworded(record, |key, _| matches!(key, "severity" | "verdict" | "actions"), word)
}

/// Every text of a record that is no day and not fixed by its key and itself, put otherwise; equal ones stay equal.
pub fn reworded<T: serde::Serialize + serde::de::DeserializeOwned>(
    record: &T,
    fixed: fn(&str, &str) -> bool,
    word: &mut dyn FnMut() -> String,
) -> T {
    type Known = BTreeMap<String, String>;
    fn walk(
        value: &mut Value,
        key: &str,
        fixed: fn(&str, &str) -> bool,
        known: &mut Known,
        word: &mut dyn FnMut() -> String,
    ) {
        match value {
            Value::String(text) if !fixed(key, text) && !text.starts_with("202") => {
                // A number keeps different texts different.
                let number = known.len();
                text.clone_from(known.entry(text.clone()).or_insert_with(|| format!("{}{number}", word())));
            }
            Value::Array(values) => values.iter_mut().for_each(|value| walk(value, key, fixed, known, word)),
            Value::Object(values) => values.iter_mut().for_each(|(key, value)| walk(value, key, fixed, known, word)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(record).expect("JSON");
    walk(&mut value, "", fixed, &mut BTreeMap::new(), word);
    serde_json::from_value(value).expect("a record still")
}

/// Hostile texts, each time others.
pub fn hostile(seed: u64) -> impl FnMut() -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    move || {
        let parts = 1 + next() % 3;
        let glue = ["", " ", "`", "x"][next() % 4];
        (0..parts).map(|_| HOSTILE[next() % HOSTILE.len()]).collect::<Vec<_>>().join(glue)
    }
}

/// Records small enough that their sections are the same whatever their words are.
fn small() -> impl Iterator<Item = (String, Report)> {
    examples().into_iter().filter(|(name, _)| matches!(name.as_str(), "launch" | "blocked" | "several" | "nothing"))
}

#[test]
fn a_comment_is_whole_whatever_its_size() {
    for (name, record) in examples() {
        let document = report(&record, &links());
        let whole = document.fit(usize::MAX);
        let length = whole.chars().count();
        for limit in (0..200).map(|part| length * part / 199).chain([1, 50, 300, 1_000, COMMENT]) {
            let text = document.fit(limit);
            assert!(text.chars().count() <= limit.max(1), "{name} at {limit}");
            let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
            assert_eq!(lines("<details>"), lines("</details>"), "{name} at {limit}");
            assert!(limit < 5_000 || text.contains("<sub>"), "{name} at {limit}");
            assert!(limit < 12_000 || document.sections.is_empty() || text.len() > 400, "{name} at {limit}");
        }
        assert!(document.title.chars().count() < 2_000 && document.foot.chars().count() < 3_000, "{name}");
        assert!(document.sections.iter().all(|section| section.text.chars().count() < 20_000), "{name}");
    }
}

#[test]
fn what_is_far_too_large_is_still_shown_in_part() {
    let (_, mut record) = examples().into_iter().find(|(name, _)| name == "forty").expect("it is there");
    let plan = record.plan.as_mut().expect("a plan");
    let long = "x`|@acme ".repeat(20_000);
    for change in plan.changes.clone() {
        plan.changes.extend(std::iter::repeat_n(change, 60));
    }
    plan.changes[0].hypothesis = Some(long.clone());
    plan.changes[0].id.clone_from(&long);
    plan.definitions[0].live = vec![long.clone(); 500];
    plan.definitions[0].edits[0].after = Some(long.replace(' ', "\n"));
    let finding = record.diagnostics[0].clone();
    record.diagnostics.extend(std::iter::repeat_n(finding, 3_000));
    record.diagnostics[0].message.clone_from(&long);
    record.source.tool = long;
    let document = report(&record, &links());
    assert!(document.sections.iter().all(|section| section.text.chars().count() < 20_000));
    let text = document.fit(COMMENT);
    assert!(text.chars().count() <= COMMENT && text.chars().count() > COMMENT / 2);
    assert!(text.contains("\n_Left out, because it would be too long: "), "{text}");
    assert!(document.fit_bytes(1 << 20).len() <= 1 << 20);
}

#[test]
fn no_words_of_users_are_markup_to_github() {
    if std::env::var_os("ALLOTMENT_PEERS").is_none() {
        eprintln!(
            "skipped: set ALLOTMENT_PEERS=1 to render with GitHub's parser and Mermaid (needs node, python3, npm, pip)"
        );
        return;
    }
    let scratch = tempfile::tempdir().expect("a folder");
    let write = |name: String, record: &Report| {
        fs::write(scratch.path().join(name), report(record, &links()).fit(COMMENT)).expect("it is written");
    };
    for (name, record) in examples() {
        write(format!("{name}.md"), &record);
    }
    for (name, record) in small() {
        for seed in 0..100 {
            write(format!("{name}-{seed}.md"), &rewritten(&record, &mut hostile(seed)));
            write(format!("{name}-{seed}.tame"), &rewritten(&record, &mut || "tame words ".to_owned()));
        }
    }
    let status = Command::new("bash")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/markdown/run.sh"))
        .arg(scratch.path())
        .status()
        .expect("it runs");
    assert!(status.success(), "see above what came out of users' words");
}

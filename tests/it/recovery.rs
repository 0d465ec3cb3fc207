//! One fault never hides another, and no text, however hostile, makes reading slow or panic.

use std::time::{Duration, Instant};

use allotment::diag::Concern;
use allotment::lint::{Context, Levels, held, lint};
use allotment::lock::Verdict;
use allotment::source::Sources;

use crate::world::{TODAY, World};

const ROOT: &str = "allotment.toml";
const SURFACE: &str = "surfaces/home.toml";
const RANKER: &str = "flags/home-ranker.toml";
const FRESH: &str = "experiments/home/fresh-first.toml";
const ROLLOUT: &str = "rollouts/home-cards.toml";
const NORDIC: &str = "segments/nordic-premium.toml";
const LISTENING: &str = "metrics/listening.toml";

/// How long lint may take for one hostile file, in a build without optimisation, beside other tests.
const LIMIT: Duration = Duration::from_secs(20);

/// The small catalogue with its locks.
fn allotted() -> World {
    let mut world = World::base();
    world.allocate();
    world
}

fn rules(world: &World) -> Vec<String> {
    let (sources, report) = world.lint();
    // A definition that nothing names any more is not what these tests are about.
    let named = report.findings.iter().filter(|finding| finding.rule != "unused-definition");
    named.map(|finding| format!("{}: {}", sources.path(finding.span.file), finding.rule)).collect()
}

#[test]
fn a_bad_key_hides_no_other() {
    let mut world = allotted();
    world
        .edit(FRESH, "owner = \"home\"", "ownr = \"home\"")
        .edit(FRESH, "start = 2027-01-11", "start = \"soon\"")
        .edit(FRESH, "traffic = \"20%\"", "traffic = 20")
        .edit(FRESH, "segment = \"nordic-premium\"", "segment = \"nordics\"")
        .edit(FRESH, "control = \"v7\"", "control = 7")
        .edit(FRESH, "returned = {", "returns = {")
        .edit(FRESH, "margin = \"2%\"", "margn = \"2%\"");
    let expected = [
        "unknown-key",
        "wrong-type",
        "wrong-type",
        "unknown-reference",
        "variant-type-mismatch",
        "unknown-reference",
        "unknown-key",
    ];
    assert_eq!(rules(&world), expected.map(|rule| format!("{FRESH}: {rule}")));
}

#[test]
fn errors_of_syntax_hide_no_other() {
    let mut world = allotted();
    world
        .edit(FRESH, "owner = \"home\"", "owner = \"home")
        .edit(FRESH, "ramp = [{ days = 1, traffic = \"2%\" }]", "ramp = [{ days = 1, traffic = \"2%\" }")
        .edit(FRESH, "segment = \"nordic-premium\"", "segment = \"nordics\"")
        .edit(FRESH, "control = \"v7\"", "control = 7")
        .edit(FRESH, "margin = \"2%\"", "margn = \"2%\"");
    let expected = ["syntax", "syntax", "unknown-reference", "variant-type-mismatch", "unknown-key"];
    assert_eq!(rules(&world), expected.map(|rule| format!("{FRESH}: {rule}")));
}

#[test]
fn a_bad_file_hides_no_other_and_is_one_finding() {
    let mut world = World::base();
    world
        .edit(ROOT, "version = 1", "version = 2")
        .edit(SURFACE, "holdout = \"2%\"", "holdout = 2")
        .edit(RANKER, "type = \"string\"", "type = string")
        .edit(ROLLOUT, "holdback = \"5%\"", "holdback = \"5 percent\"")
        .edit(NORDIC, "version = 1", "version = 9")
        .edit(LISTENING, "lag = \"6h\"", "lag = \"6\"");
    assert_eq!(
        rules(&world),
        [
            format!("{ROOT}: unsupported-version"),
            format!("{RANKER}: syntax"),
            format!("{LISTENING}: wrong-type"),
            format!("{ROLLOUT}: wrong-type"),
            format!("{NORDIC}: unsupported-version"),
            format!("{SURFACE}: wrong-type"),
        ]
    );
}

#[test]
fn every_file_alone_can_be_nonsense() {
    for path in World::base().files.keys() {
        for text in
            ["", "\u{feff}version = 1\n", "[[[[", "not toml at all", "\u{0}\u{1}\u{7f}", "version = 1\n", "= = ="]
        {
            let mut world = World::base();
            world.put(path, text);
            let (sources, report) = world.lint();
            let nonsense = |finding: &&allotment::diag::Diagnostic| sources.path(finding.span.file) == path;
            assert!(report.findings.iter().any(|finding| nonsense(&finding)), "{path}: {text:?}");
        }
    }
}

/// What holds a surface back, after an edit.
fn holds(path: &str, from: &str, to: &str) -> bool {
    let mut world = allotted();
    world.edit(path, from, to);
    let sources = world.sources();
    let context = Context::new(&sources, TODAY);
    let report = lint(&context, &Levels::default());
    assert!(!report.findings.is_empty(), "{path}: {to}");
    held(&context, &report).contains_key("home")
}

#[test]
fn only_what_is_served_holds_a_surface_back() {
    for (path, from, to) in [
        (FRESH, "owner = \"home\"", "owner = \"nobody\""),
        (FRESH, "hypothesis", "hypotesis"),
        (ROOT, "organisation = \"Tonar\"\n", ""),
        (ROOT, "power = \"80%\"", "power = 80"),
        (LISTENING, "window = \"7d..14d\"", "window = \"7\""),
        (LISTENING, "[metrics.skip-rate]", "[metrics.Skip]"),
        (LISTENING, "version = 1", "version = "),
        (SURFACE, "north-star = \"minutes-listened\"", "north-star = \"minutes\""),
        (SURFACE, "first-day = \"5%\"", "first-day = 5"),
        (FRESH, "", "\n[[waive]]\nrule = \"x\"\nreason = \"y\"\nuntil = 2027-03-01\n"),
    ] {
        assert!(!holds(path, from, to), "{path}: {to} holds the surface back");
    }
    for (path, from, to) in [
        (FRESH, "traffic = \"20%\"", "traffic = 20"),
        (FRESH, "control = \"v7\"", "control = 7"),
        (FRESH, "segment = \"nordic-premium\"", "segment = \"nordics\""),
        (NORDIC, "plan = \"premium\"", "plan = 1"),
        (RANKER, "default = \"v7\"", "default = \"v6\""),
        (SURFACE, "holdout = \"2%\"", "holdout = 2"),
        (ROOT, "app-version = { type", "app-version = { typ"),
    ] {
        assert!(holds(path, from, to), "{path}: {to} does not hold the surface back");
    }
}

#[test]
fn an_analysis_that_cannot_be_read_leaves_its_locks_alone() {
    for (path, from, to) in [
        (ROOT, "power = \"80%\"", "power = 80"),
        (FRESH, "returned = { mde", "returned = { mdee"),
        (FRESH, "skip-rate = {", "skip-rate = 5 #"),
        (SURFACE, "app-crashes = { margin = \"5%\" }", "app-crashes = { margin = 5 }"),
    ] {
        let mut world = allotted();
        world.edit(path, from, to);
        assert_eq!(rules(&world).len(), 1, "{path}: {to}: {:?}", rules(&world));
        assert_eq!(world.allocate(), Vec::<String>::new(), "{path}: {to}");
    }
}

#[test]
fn a_file_that_is_no_text_is_one_finding_and_moves_no_lock() {
    for path in [ROOT, SURFACE, RANKER, FRESH, ROLLOUT, NORDIC, LISTENING] {
        let world = allotted();
        let others = world.files.clone().into_iter().filter(|(other, _)| other != path);
        let sources = Sources::new(others).with_faults([(path, "this file is not UTF-8")]);
        let context = Context::new(&sources, TODAY);
        let locks = context.plan.claims.iter().filter(|(_, verdict)| *verdict != Verdict::Kept);
        assert_eq!(locks.count(), 0, "{path}");
        let report = lint(&context, &Levels::default());
        let rules: Vec<_> =
            report.findings.iter().map(|finding| finding.rule).filter(|rule| *rule != "unused-definition").collect();
        assert_eq!(rules, ["syntax"], "{path}");
    }
}

#[test]
fn a_thought_and_a_record_concern_nothing_served() {
    let mut world = World::base();
    world.put(
        "experiments/home/short-header.toml",
        "version = 1\nstage = \"think\"\nowner = \"home\"\nsurface = \"hom\"\nflag = 5\nunknown = 1\n",
    );
    world.allocate();
    let (_, report) = world.lint();
    assert!(report.findings.len() >= 4, "{:?}", report.findings);
    assert!(report.findings.iter().all(|finding| finding.concern == Concern::Planning), "{:?}", report.findings);
}

#[test]
fn hostile_texts_are_read_quickly() {
    let many = |line: &dyn Fn(usize) -> String, count: usize| (0..count).map(line).collect::<String>();
    let long = "x".repeat(100_000);
    let texts = [
        ("open lists", "[".repeat(1 << 20)),
        ("a deep list", format!("version = 1\nowners = {}", "[".repeat(1 << 19))),
        ("deep inline tables", format!("version = 1\nvalue = {}", "{ a = ".repeat(100_000))),
        ("deep and closed", format!("version = 1\nvalue = {}1{}", "{ a = ".repeat(70), " }".repeat(70))),
        ("a deep key", format!("{} = 1\n", vec!["a"; 200_000].join("."))),
        ("NUL bytes", "\0".repeat(1 << 20)),
        ("one key again and again", "version = 1\n".repeat(80_000)),
        ("one table again and again", "[variants]\n".repeat(80_000)),
        ("a large integer", format!("version = {}\n", "9".repeat(1 << 20))),
        ("large integers", format!("version = 1\ndays = {}\nphase = -{}\n", "9".repeat(9_999), "8".repeat(9_999))),
        ("far dates", "version = 1\nstart = 9999-12-31\nmeasured = 0000-01-01\nx = 10000-01-01\n".to_owned()),
        ("odd numbers", "version = 1\ndays = inf\nphase = nan\ndefault = 1e999\nvalue = -0.0\n".to_owned()),
        ("unknown keys", many(&|at| format!("trafic{at} = {at}\n"), 10_000)),
        ("unknown tables", many(&|at| format!("[varants{at}]\nx = 1\n"), 10_000)),
        ("unknown ids", format!("version = 1\n[success]\n{}", many(&|at| format!("returnd{at} = {{}}\n"), 10_000))),
        ("variants", format!("[variants]\n{}", many(&|at| format!("v{at} = \"v{at}\"\n"), 20_000))),
        ("weights", format!("[variants]\ncontrol = 1\n[weights]\n{}", many(&|at| format!("v{at} = \"1%\"\n"), 20_000))),
        (
            "long ids",
            format!(
                "version = 1\nowner = \"{long}\"\nflag = \"{long}\"\n{long} = 1\n[variants]\n{long} = \"{long}\"\n"
            ),
        ),
        ("many tests", format!("[where]\n{}", many(&|at| format!("country{at} = \"SE\"\n"), 20_000))),
        ("nested tests", format!("[where]\n{}", "not.".repeat(60) + "country = \"SE\"\n")),
        ("curly quotes", "a = \u{201c}x\u{201d}\n".repeat(50_000)),
        ("wrong escapes", format!("a = \"{}\"\n", "\\q".repeat(300_000))),
        ("conflicts", "<<<<<<< a\n=======\n>>>>>>> b\n".repeat(30_000)),
        ("only newlines and signs", "\n=".repeat(300_000)),
        ("escapes for terminals", "version = 1\nowner = \"\\u001b[31m\\u0007\"\n\"\\u001b[2J\" = 1\n".to_owned()),
    ];
    for (name, text) in &texts {
        for path in [FRESH, NORDIC] {
            let mut world = World::base();
            world.put(path, text);
            let start = Instant::now();
            let (sources, report) = world.lint();
            let took = start.elapsed();
            assert!(took < LIMIT, "{name} as {path}: {took:?}");
            assert!(report.findings.iter().any(|f| sources.path(f.span.file) == path), "{name} as {path}");
            for finding in &report.findings {
                let words = [Some(&finding.message), finding.help.as_ref()];
                for words in words.into_iter().flatten() {
                    assert!(words.len() < 2_000, "{name} as {path}: {} bytes of words", words.len());
                    assert!(!words.contains(|letter: char| letter.is_control()), "{name} as {path}: {words:?}");
                }
            }
        }
    }
}

#[test]
fn a_hostile_schema_costs_little() {
    let object = |schema: &str, default: &str| {
        let base = "version = 1\nowner = \"home\"\nsurface = \"home\"\ncomponent = \"ranker\"\ntype = \"object\"\n";
        format!("{base}default = {default}\n\n[schema]\n{schema}")
    };
    let doubled: String = (0..30)
        .map(|at| format!("[schema.\"$defs\".a{at}]\nallOf = [{{ \"$ref\" = \"#/$defs/a{0}\" }}, {{ \"$ref\" = \"#/$defs/a{0}\" }}]\n", at + 1))
        .collect();
    let letters = format!("{{ a = \"{}\" }}", "a".repeat(50_000));
    for (name, schema) in [
        ("doubling references", format!("\"$ref\" = \"#/$defs/a0\"\n{doubled}[schema.\"$defs\".a30]\n")),
        ("itself", "\"$ref\" = \"#\"\n".to_owned()),
        ("elsewhere", "\"$ref\" = \"https://example.com/a.json\"\n".to_owned()),
        ("a file", "\"$ref\" = \"file:///etc/hostname\"\n".to_owned()),
        (
            "many patterns",
            format!("properties = {{ a = {{ allOf = [{}] }} }}\n", "{ pattern = '(a{500}){500}' }, ".repeat(1_500)),
        ),
        ("a bad pattern", "properties = { a = { pattern = \"(\" } }\n".to_owned()),
        ("look-ahead", "properties = { a = { pattern = '^(?=(a+))+$' } }\n".to_owned()),
    ] {
        let mut world = World::base();
        world.put(RANKER, &object(&schema, &letters));
        world.files.remove(FRESH);
        let start = Instant::now();
        let (_, report) = world.lint();
        assert!(start.elapsed() < LIMIT, "{name}: {:?}", start.elapsed());
        assert!(report.findings.iter().any(|finding| finding.rule == "variant-type-mismatch"), "{name}");
    }
    let mut world = World::base();
    world.files.remove(FRESH);
    world.put(RANKER, &object("properties = { a = { pattern = '^(a+)+$' } }\n", &letters));
    world.allocate();
    let start = Instant::now();
    assert_eq!(rules(&world), Vec::<String>::new(), "a pattern that is slow elsewhere");
    assert!(start.elapsed() < LIMIT);
}

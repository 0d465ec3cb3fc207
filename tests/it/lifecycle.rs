//! What the gate says of changes under live tests: one finding for each thing that was done, at the place where it was done.

use allotment::change::{Action, Side, between};
use allotment::lint::{Context, Levels, Report, lint};

use crate::world::{CARDS, FRESH, LARGE_CARDS, LISTENING, ROLLOUT, SURFACE, TODAY, World};

const LOCK: &str = "experiments/home/fresh-first.lock";
const RANKER: &str = "flags/home-ranker.toml";
const NORDIC: &str = "segments/nordic-premium.toml";
const DECISION: &str = r#"
[decision]
outcome = "shipped"
variant = "fresh-first"
on = 2027-02-01
reason = "It is better."
learned = "New releases first."
evidence = "https://example.org/results"
"#;

fn allotted() -> World {
    let mut world = World::base();
    world.allocate();
    world
}

/// The small catalogue with five live tests in one segment.
fn crowded() -> World {
    let mut world = World::base();
    world.files.remove(ROLLOUT);
    for (at, flag) in ["home-cards", "home-ranker", "home-cards", "home-ranker"].into_iter().enumerate() {
        let mut text = CARDS.replace("home-cards", flag).replace("2027-02-02", "2027-01-20");
        text = text.replace("days = 10", "days = 30\nsegment = \"nordic-premium\"");
        if flag == "home-ranker" {
            text = text.replace("\"small\"", "\"v7\"").replace("large = \"large\"", "large = \"v8-fresh\"");
        }
        world.put(&format!("experiments/home/test-{at}.toml"), &text);
    }
    world.allocate();
    world
}

/// The errors of a change: rules and paths, in order.
fn errors(base: &World, head: &World) -> Vec<String> {
    let (sources, report) = head.lint_against(base);
    let errors = report.findings.iter().filter(|found| found.severity == allotment::diag::Severity::Error);
    errors.map(|found| format!("{} {}", found.rule, sources.path(found.span.file))).collect()
}

/// The message of the one finding of a rule.
fn message(base: &World, head: &World, rule: &str) -> String {
    let (_, report) = head.lint_against(base);
    let found: Vec<_> = report.findings.iter().filter(|found| found.rule == rule).collect();
    assert_eq!(found.len(), 1, "{:?}", report.findings);
    found[0].message.clone()
}

#[test]
fn each_deed_is_one_finding() {
    let edits: [(&str, &str, &str, &[&str]); 15] = [
        (FRESH, "mde = \"2.5%\"", "mde = \"5%\"", &["changed-analysis-plan experiments/home/fresh-first.toml"]),
        (
            FRESH,
            "control = \"v7\"",
            "control = \"v8-fresh\"",
            &["changed-live-value experiments/home/fresh-first.toml"],
        ),
        (RANKER, "default = \"v7\"", "default = \"v8-fresh\"", &["changed-live-default flags/home-ranker.toml"]),
        (
            RANKER,
            "component = \"ranker\"",
            "component = \"header\"",
            &["stale-allocation experiments/home/fresh-first.toml"],
        ),
        (NORDIC, "\"DK\", ", "", &["changed-live-segment segments/nordic-premium.toml"]),
        (SURFACE, "unit = \"user\"", "unit = \"user\"\nbuckets = 2000", &["moved-units surfaces/home.toml"]),
        (SURFACE, "unit = \"user\"", "unit = \"user\"\nsalt = \"x\"", &["moved-units surfaces/home.toml"]),
        (
            SURFACE,
            "app-crashes = { margin = \"5%\" }",
            "app-crashes = { margin = \"9%\" }",
            &["changed-analysis-plan surfaces/home.toml"],
        ),
        (SURFACE, "home-load-time = { margin = \"2%\" }\n", "", &["changed-analysis-plan surfaces/home.toml"]),
        (
            SURFACE,
            "north-star = \"minutes-listened\"",
            "north-star = \"returned\"",
            &["changed-analysis-plan surfaces/home.toml"],
        ),
        // Nothing of what is allotted says it, and everybody gets what another hash says.
        (
            "allotment.toml",
            "user = { attribute = \"user-id\" }",
            "user = { attribute = \"device-id\" }",
            &["moved-units allotment.toml"],
        ),
        ("allotment.toml", "confidence = \"95%\"", "confidence = \"90%\"", &["changed-analysis-plan allotment.toml"]),
        (LISTENING, "lag = \"6h\"", "lag = \"9h\"", &["changed-live-metric metrics/listening.toml"]),
        (
            LISTENING,
            "count(streams where skipped)",
            "count(streams where  skipped)",
            &["changed-live-metric metrics/listening.toml"],
        ),
        (LISTENING, "\"count(streams) > 0\"", "'count(streams) > 0'", &[]),
    ];
    for (base, live) in [(allotted(), 1), (crowded(), 5)] {
        for (path, from, to, expected) in &edits {
            let mut head = base.clone();
            let text = head.files[*path].replacen(from, to, 1);
            assert_ne!(text, head.files[*path], "`{from}` in `{path}`");
            head.put(path, &text);
            let expected: Vec<&str> = match (*path, live) {
                (RANKER, 5) if to.contains("header") => continue,
                _ => expected.to_vec(),
            };
            assert_eq!(errors(&base, &head), expected, "{path}: {from} -> {to}, under {live}");
        }
    }
}

#[test]
fn another_attribute_that_is_hashed_moves_everybody_on_its_unit() {
    let base = crowded();
    let mut head = base.clone();
    head.edit("allotment.toml", "attribute = \"user-id\"", "attribute = \"device-id\"");
    let said = message(&base, &head, "moved-units");
    assert!(
        said.contains("the attribute of `user` changed from `user-id` to `device-id` under 5 live experiments"),
        "{said}"
    );
    let (head, base) = head.beside(&base, "main");
    let context = Context::with_base(&head, &base, "main", TODAY);
    let base = &context.base.as_ref().expect("a base").context;
    let before = Side::as_it_is(base.sources, &base.catalogue, &base.locks);
    let after = Side::once_allotted(context.sources, &context.catalogue, &context.locks, &context.plan);
    let changes = between(&before, &after, TODAY);
    let touched: Vec<_> = changes.definitions.iter().map(|found| (found.id.as_str(), found.live.len())).collect();
    assert_eq!(touched, [("allotment", 5)]);
    // Whoever hashes elsewhere now is as likely in it as anyone: most of those who were in it leave.
    let moved: Vec<&str> = changes.claims.iter().map(|change| change.id.as_str()).collect();
    assert_eq!(moved, ["fresh-first", "test-0", "test-1", "test-2", "test-3"]);
    assert!(changes.claims.iter().all(|change| change.actions == [Action::Assignment] && change.moved() > 0.01));
    // With a new phase of each they are kept apart.
    let live = allotted();
    let mut head = live.clone();
    head.edit("allotment.toml", "attribute = \"user-id\"", "attribute = \"device-id\"");
    assert!(message(&live, &head, "moved-units").contains("under 1 live experiment, `fresh-first`: "));
    head.edit(FRESH, "start = 2027-01-11\ndays = 28", "start = 2027-02-02\ndays = 28\nphase = 2");
    head.allocate();
    assert_eq!(errors(&live, &head), Vec::<String>::new());
}

#[test]
fn what_is_over_and_not_decided_is_guarded_as_what_is_live() {
    let mut base = allotted();
    base.edit(FRESH, "days = 28", "days = 20");
    base.allocate();
    let longer = |head: &mut World| {
        head.edit(FRESH, "days = 20", "days = 35");
    };
    let mut head = base.clone();
    longer(&mut head);
    head.allocate();
    assert_eq!(errors(&base, &head), Vec::<String>::new(), "it may be extended as it was");
    // Extended with another value, it would serve two treatments under one name.
    let other = |head: &mut World| {
        head.edit(FRESH, "fresh-first = \"v8-fresh\"", "fresh-first = \"v7\"");
    };
    let mut head = base.clone();
    longer(&mut head);
    other(&mut head);
    head.allocate();
    let said = message(&base, &head, "changed-live-value");
    assert!(
        said.starts_with(
            "`fresh-first` awaits its decision and `fresh-first` changed from \"v8-fresh\" to \"v7\": 10% of"
        ),
        "{said}"
    );
    // Not extended, its record would say that it had tried something else.
    let mut head = base.clone();
    other(&mut head);
    assert!(message(&base, &head, "changed-live-value").ends_with("is written, and is decided about"));
    // With all else that would move who was in it.
    for (path, from, to, rule) in [
        ("allotment.toml", "attribute = \"user-id\"", "attribute = \"device-id\"", "moved-units"),
        (SURFACE, "unit = \"user\"", "unit = \"user\"\nsalt = \"x\"", "moved-units"),
        (FRESH, "start = 2027-01-11", "start = 2027-01-12", "moved-units"),
        (FRESH, "[success]", "[weights]\ncontrol = \"20%\"\nfresh-first = \"80%\"\n\n[success]", "changed-weights"),
        (FRESH, "traffic = \"20%\"", "traffic = \"10%\"", "decreased-traffic"),
        (NORDIC, "\"DK\", ", "", "changed-live-segment"),
        (RANKER, "default = \"v7\"", "default = \"v8-fresh\"", "changed-live-default"),
    ] {
        let mut head = base.clone();
        longer(&mut head);
        head.edit(path, from, to);
        let said = message(&base, &head, rule);
        assert!(said.contains("awaits its decision") || said.contains("not decided yet"), "{rule}: {said}");
    }
    // A lock that is drawn again has others in it.
    let mut head = base.clone();
    longer(&mut head);
    head.files.remove(LOCK);
    head.files.remove("surfaces/home.lock");
    head.edit(SURFACE, "unit = \"user\"", "unit = \"user\"\nsalt = \"x\"");
    head.allocate();
    assert!(errors(&base, &head).iter().any(|error| error.starts_with("moved-units")));
}

#[test]
fn the_plan_holds_until_the_decision() {
    // Its days are over and nobody has decided: this is when results tempt.
    let mut base = allotted();
    base.edit(FRESH, "days = 28", "days = 20");
    base.allocate();
    let mut head = base.clone();
    head.edit(FRESH, "mde = \"2.5%\"", "mde = \"5%\"");
    head.allocate();
    let said = message(&base, &head, "changed-analysis-plan");
    assert!(said.contains("awaits its decision") && said.contains("from 2.5% to 5%"), "{said}");
    let mut head = base.clone();
    head.edit(LISTENING, "count(streams where skipped)", "count(streams where listened)");
    let said = message(&base, &head, "changed-live-metric");
    assert!(said.contains("under 1 experiment not decided yet, `fresh-first`"), "{said}");
    // Nor with the decision itself, which would be told by what is left.
    let base = allotted();
    let mut head = base.clone();
    head.edit(FRESH, "stage = \"ship\"", "stage = \"tweak\"").edit(FRESH, "returned = { mde = \"2%\" }\n", "");
    head.edit(FRESH, "", DECISION);
    head.allocate();
    assert_eq!(errors(&base, &head), [format!("changed-analysis-plan {FRESH}")]);
    // What was decided is a record, and may be tidied.
    let mut base = head.clone();
    base.edit(FRESH, "[guardrails]", "returned = { mde = \"2%\" }\n\n[guardrails]");
    assert_eq!(errors(&base, &head), Vec::<String>::new());
}

#[test]
fn a_pause_does_not_hide_what_changes_under_it() {
    let mut base = allotted();
    base.edit(FRESH, "traffic = \"20%\"", "traffic = \"0%\"");
    base.allocate();
    let weights = |world: &mut World| {
        world.edit(FRESH, "[success]", "[weights]\ncontrol = \"25%\"\nfresh-first = \"75%\"\n\n[success]");
    };
    let mut head = base.clone();
    weights(&mut head);
    let said = message(&base, &head, "changed-weights");
    assert!(said.contains("is paused and its weights changed: 5% of the units"), "{said}");
    let live = allotted();
    assert_eq!(message(&live, &head, "changed-weights").replace("is live", "is paused"), said);
}

#[test]
fn nobody_is_told_of_a_phase_for_what_is_ahead() {
    let base = allotted();
    let mut head = base.clone();
    head.edit(ROLLOUT, "holdback = \"5%\"", "holdback = \"10%\"");
    let (_, report) = head.lint_against(&base);
    let [found] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
    assert_eq!(found.rule, "stale-allocation");
    assert!(found.help.as_deref().is_some_and(|help| help.contains("--redraw home-cards")), "{:?}", found.help);
}

#[test]
fn a_phase_never_goes_back() {
    let before = allotted();
    let mut base = before.clone();
    base.edit(FRESH, "days = 28", "days = 28\nphase = 2");
    base.allocate();
    // The declaration of phase 1 with its lock, as a revert would bring them back.
    assert_eq!(errors(&base, &before), [format!("moved-units {FRESH}")]);
}

#[test]
fn locks_that_are_made_by_hand_are_seen() {
    let base = allotted();
    let mut head = base.clone();
    head.edit(ROLLOUT, "start = 2027-02-15", "start = 2027-01-31");
    head.allocate();
    let base = head.clone();
    // A bucket of the first step and one of the second, which has begun as well on no day before the last, change places.
    let sources = head.sources();
    let context = Context::new(&sources, TODAY);
    let file = sources.find(ROLLOUT).expect("the rollout");
    let mut lock = context.locks.of(file).expect("its lock").lock.clone();
    let first = lock.steps[0].adds.iter().next().unwrap();
    let later = lock.steps[3].adds.iter().next().unwrap();
    for (step, from, to) in [(0, first, later), (3, later, first)] {
        lock.steps[step].adds.remove(from);
        lock.steps[step].adds.insert(to);
    }
    head.put("rollouts/home-cards.lock", &allotment::lock::lock_text(&lock).0);
    head.allocate();
    assert_eq!(errors(&base, &head), ["moved-units rollouts/home-cards.lock"]);
}

#[test]
fn a_lock_of_another_is_no_new_salt_of_the_surface() {
    let base = crowded();
    let mut head = base.clone();
    for end in ["toml", "lock"] {
        let [one, other] = [0, 1].map(|at| format!("experiments/home/test-{at}.{end}"));
        let (a, b) = (head.files[&one].clone(), head.files[&other].clone());
        head.put(&one, &b).put(&other, &a);
    }
    let expected: Vec<String> =
        [0, 1].iter().map(|at| format!("moved-units experiments/home/test-{at}.lock")).collect();
    assert_eq!(errors(&base, &head), expected);
}

#[test]
fn another_order_is_told_as_what_it_is() {
    let base = allotted();
    let mut head = base.clone();
    head.edit(NORDIC, "\"DK\", \"FI\"", "\"FI\", \"DK\"");
    assert!(message(&base, &head, "changed-live-segment").contains("stands in another order"));
    let mut head = base.clone();
    head.edit(FRESH, "control = \"v7\"\nfresh-first = \"v8-fresh\"", "fresh-first = \"v8-fresh\"\ncontrol = \"v7\"");
    assert!(message(&base, &head, "changed-weights").contains("stand in another order"));
}

#[test]
fn a_warning_covers_no_error() {
    let base = allotted();
    let mut base = base;
    base.edit("allotment.toml", "", "\n[lint]\nlifecycle = \"warn\"\n");
    let mut head = base.clone();
    head.edit(FRESH, "traffic = \"20%\"", "traffic = \"15%\"");
    assert_eq!(errors(&base, &head), [format!("stale-allocation {FRESH}")]);
}

#[test]
fn removed_locks_are_told_once() {
    let base = allotted();
    let mut head = base.clone();
    head.files.remove(LOCK);
    let (_, report) = head.lint_against(&base);
    let rules: Vec<&str> = report.findings.iter().map(|found| found.rule).collect();
    assert_eq!(rules, ["removed-allotted-file"]);
}

#[test]
fn a_finding_of_the_base_alone_has_no_lifecycle() {
    let world = allotted();
    let (sources, same) = world.beside(&world, "main");
    let report: Report = lint(&Context::with_base(&sources, &same, "main", TODAY), &Levels::default());
    assert!(report.findings.is_empty() && !world.files.contains_key(LARGE_CARDS));
}

//! Levels and waivers: what they can do, and that what guards serving is beyond them.

use allotment::decl::Day;
use allotment::diag::{Concern, Severity};
use allotment::lint::{Report, rules};
use rayon::ThreadPoolBuilder;

use crate::world::{CARDS, LARGE_CARDS, TODAY, World};

/// An experiment that takes more on its first day than the surface allows.
fn greedy() -> String {
    CARDS.replace("\"4%\"", "\"20%\"")
}

/// The small catalogue with the greedy experiment, some more lines in it, and levels.
fn world(more: &str, levels: &str) -> World {
    let mut world = World::base();
    world.put(LARGE_CARDS, &format!("{}{more}", greedy()));
    let root = format!("{}\n[lint]\n{levels}", world.files["allotment.toml"]);
    world.put("allotment.toml", &root);
    world.allocate();
    world
}

fn waive(rule: &str, until: &str) -> String {
    format!("\n[[waive]]\nrule = \"{rule}\"\nreason = \"Agreed with the surface's owners.\"\nuntil = {until}\n")
}

/// The rules and severities of findings.
fn found(report: &Report) -> Vec<(&'static str, Severity)> {
    report.findings.iter().map(|finding| (finding.rule, finding.severity)).collect()
}

#[test]
fn a_rule_has_the_level_of_its_group_unless_it_has_its_own() {
    let levels = |levels: &str| found(&world("", levels).lint().1);
    assert_eq!(levels(""), [("exposure-limit", Severity::Error)]);
    assert_eq!(levels("exposure-limit = \"warn\""), [("exposure-limit", Severity::Warning)]);
    assert_eq!(levels("exposure-limit = \"allow\""), []);
    assert_eq!(levels("coordination = \"warn\""), [("exposure-limit", Severity::Warning)]);
    assert_eq!(levels("coordination = \"allow\""), []);
    for order in
        ["coordination = \"allow\"\nexposure-limit = \"warn\"", "exposure-limit = \"warn\"\ncoordination = \"allow\""]
    {
        assert_eq!(levels(order), [("exposure-limit", Severity::Warning)], "the rule's own level wins: {order}");
    }
    assert_eq!(levels("hygiene = \"allow\"\npower = \"warn\""), [("exposure-limit", Severity::Error)]);
}

#[test]
fn a_group_raises_warnings_too() {
    let mut world = world("", "exposure-limit = \"allow\"\nhygiene = \"error\"");
    world.put("segments/elsewhere.toml", "version = 1\ndescription = \"Elsewhere\"\n[where]\ncountry = \"JP\"\n");
    assert_eq!(found(&world.lint().1), [("unused-definition", Severity::Error)]);
}

#[test]
fn what_guards_serving_can_be_neither_lowered_nor_waived() {
    for levels in ["coordination = \"allow\"", "missing-allocation = \"allow\"\ncoordination = \"warn\""] {
        let mut world = world(&waive("missing-allocation", "2027-12-31"), levels);
        world.files.remove(&LARGE_CARDS.replace(".toml", ".lock"));
        let (_, report) = world.lint();
        let missing: Vec<_> = report.findings.iter().filter(|finding| finding.rule == "missing-allocation").collect();
        assert_eq!(missing.len(), 1, "{levels}");
        assert_eq!((missing[0].severity, missing[0].concern), (Severity::Error, Concern::Serving));
        assert!(report.waived.is_empty());
    }
}

#[test]
fn a_waiver_works_until_its_day() {
    let world = world(&waive("exposure-limit", "2027-02-02"), "");
    let before = world.lint_on(TODAY).1;
    assert_eq!(found(&before), []);
    assert_eq!(before.waived.iter().map(|finding| finding.rule).collect::<Vec<_>>(), ["exposure-limit"]);
    let after = world.lint_on(Day(TODAY.0 + 1)).1;
    assert_eq!(found(&after), [("exposure-limit", Severity::Error), ("expired-waiver", Severity::Error)]);
    assert!(after.waived.is_empty());
}

#[test]
fn an_expired_waiver_is_an_error_though_hygiene_only_warns() {
    let world = world(&waive("exposure-limit", "2027-02-01"), "");
    let (_, report) = world.lint();
    assert_eq!(found(&report), [("exposure-limit", Severity::Error), ("expired-waiver", Severity::Error)]);
}

#[test]
fn a_waiver_is_for_one_rule_and_its_own_file() {
    // Of another rule.
    let other = world(&waive("shared-metric", "2027-12-31"), "");
    assert_eq!(found(&other.lint().1), [("exposure-limit", Severity::Error)]);
    // In another file.
    let mut world = world("", "");
    let fresh = "experiments/home/fresh-first.toml";
    let text = format!("{}{}", world.files[fresh], waive("exposure-limit", "2027-12-31"));
    world.put(fresh, &text);
    assert_eq!(found(&world.lint().1), [("exposure-limit", Severity::Error)]);
}

#[test]
fn a_waiver_without_a_reason_accepts_nothing() {
    let more = waive("exposure-limit", "2027-12-31").replace("Agreed with the surface's owners.", " ");
    let (_, report) = world(&more, "").lint();
    assert_eq!(found(&report), [("exposure-limit", Severity::Error), ("expired-waiver", Severity::Error)]);
}

#[test]
fn findings_come_in_the_same_order_however_many_threads_look_for_them() {
    let mut world = World::base();
    for n in 0..60 {
        let text = greedy()
            .replace("large = ", "\"a b\" = 3\nlarge = ")
            .replace("skip-rate", if n % 2 == 0 { "returned" } else { "retuned" });
        world.put(&format!("experiments/home/cards-{n}.toml"), &text);
        world.put(&format!("segments/segment-{n}.toml"), "version = 1\n[where]\ncounty = \"JP\"\n");
    }
    let on = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| world.lint().1)
    };
    let (one, eight) = (on(1), on(8));
    assert!(one.findings.len() > 200, "{}", one.findings.len());
    assert_eq!(one.findings, eight.findings);
    assert_eq!(one.waived, eight.waived);
    assert!(one.findings.is_sorted_by(|a, b| a.order(b).is_le()));
}

#[test]
fn what_is_never_waived_is_marked_so() {
    // A waiver can name any rule that does not guard serving, and every group has a level.
    for rule in rules::ALL {
        assert!(!rule.serving || rule.level.is_none(), "{}: what guards serving is always an error", rule.name);
        assert!(!rule.serving || rule.default_level() == Severity::Error, "{}", rule.name);
    }
}

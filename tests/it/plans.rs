//! Plans as a terminal shows them: compact, within the width of a page, and without a way to steer the terminal.

use allotment::render::plan::text;
use allotment::render::text::Style;

use crate::markdown::examples;

#[test]
fn plans_read_well() {
    for name in ["launch", "several", "nothing", "powered", "underpowered"] {
        let plan = examples().into_iter().find(|(known, _)| known == name).and_then(|(_, record)| record.plan);
        insta::assert_snapshot!(format!("plan_{name}"), text(&plan.expect("a plan"), Style::Plain));
    }
}

#[test]
fn plans_stay_on_the_page_and_steer_nothing() {
    for (name, record) in examples() {
        let plan = record.plan.expect("a plan");
        let shown = text(&plan, Style::Plain);
        assert!(shown.ends_with('\n') && !shown.contains("\n\n\n"), "{name}:\n{shown}");
        if !name.starts_with("hostile") {
            let long: Vec<&str> = shown.lines().filter(|line| line.chars().count() > 100).collect();
            assert!(long.is_empty(), "{name}: {long:?}");
        }
        let hidden = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
        assert!(!shown.contains(hidden), "{name}:\n{shown}");
        assert!(text(&plan, Style::Rich).contains("\u{1b}["), "{name}");
    }
}

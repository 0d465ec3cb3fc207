//! Recorded results for people: text, Markdown and the page, whatever the records hold.

use std::fs;
use std::path::Path;
use std::process::Command;

use allotment::render::results::{html, markdown, text};
use allotment::render::text::Style;
use allotment::results::Results;

use crate::markdown::{hostile, links};
use crate::results::examples;

/// The most characters of a comment, with room for the mark that it is known by.
const COMMENT: usize = 60_000;

fn example(name: &str) -> Results {
    examples().into_iter().find(|(known, _)| known == name).expect("it is there").1
}

#[test]
fn examples_read_well() {
    for (name, results) in examples() {
        insta::assert_snapshot!(format!("results_text_{name}"), text(&results, Style::Plain, 100));
        insta::assert_snapshot!(format!("results_comment_{name}"), markdown(&results, &links()).fit(COMMENT));
    }
    insta::assert_snapshot!("results_text_narrow", text(&example("wait"), Style::Plain, 60));
    // The page is looked at by a browser, in another test; here it is kept where a person can open it.
    if let Some(folder) = std::env::var_os("ALLOTMENT_PAGES") {
        for (name, results) in examples() {
            fs::write(Path::new(&folder).join(format!("{name}.html")), html(&[results])).expect("it is written");
        }
        let all: Vec<Results> = examples().into_iter().map(|(_, results)| results).collect();
        fs::write(Path::new(&folder).join("all.html"), html(&all)).expect("it is written");
    }
}

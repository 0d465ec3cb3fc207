//! The README: its pictures are what the tool says, and its experiment is one that the tool accepts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use allotment::render::text::{Style, findings};

use crate::repositories::Repository;
use crate::world::World;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// The first block of TOML, which is a whole file; its first line names it.
fn experiment(readme: &str) -> &str {
    let start = readme.find("```toml\n").expect("a block") + 8;
    let end = readme[start..].find("```").expect("its end");
    &readme[start..start + end]
}

#[test]
fn the_picture_is_what_the_tool_says() {
    let readme = fs::read_to_string(path()).expect("a README");
    let mut world = World::base();
    world.put("experiments/home/fresh-first.toml", experiment(&readme));
    world.allocate();
    let (_, report) = world.lint();
    let planning = report.findings.iter().all(|finding| finding.rule == "unused-definition");
    assert!(planning, "the README's experiment is clean: {:?}", report.findings);
    let faulty = experiment(&readme)
        .replace("hypothesis", "hypotesis")
        .replace("traffic = \"20%\"\nramp", "traffic = 20\nramp")
        .replace("nordic-premium", "nordics-premium");
    world.put("experiments/home/fresh-first.toml", &faulty);
    let (sources, report) = world.lint();
    let shown = report.findings.iter().filter(|finding| sources.path(finding.span.file).starts_with("experiments/"));
    let shown: Vec<_> = shown.filter(|finding| finding.fix.is_some()).cloned().collect();
    assert_eq!(shown.len(), 3, "{shown:?}");
    let picture = format!("```text\n{}\n```\n", findings(&sources, &shown, Style::Plain, 100).trim_end());
    hold("picture", &picture);
}

#[test]
fn the_plan_is_what_the_tool_says() {
    let repository = Repository::new("");
    repository.edit(
        "experiments/home/fresh-first.toml",
        "[success]",
        "[weights]\ncontrol = \"25%\"\nfresh-first = \"75%\"\n\n[success]",
    );
    let (_, shown, _) = repository.allot(&["check", "--base", "HEAD"]);
    hold("plan", &format!("```text\n{}\n```\n", shown.trim_matches('\n')));
}

/// Holds a part of the README, between its two marks, to what it should be.
fn hold(name: &str, picture: &str) {
    // Two tests may renew their parts at once.
    static RENEWING: Mutex<()> = Mutex::new(());
    let _guard = RENEWING.lock();
    let readme = fs::read_to_string(path()).expect("a README");
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let from = readme.find(&begin).expect("the picture's beginning") + begin.len();
    let to = readme.find(&end).expect("the picture's end");
    if readme[from..to] != *picture {
        assert!(
            std::env::var_os("RENEW").is_some(),
            "the README shows another picture; RENEW=1 rewrites it:\n{picture}"
        );
        fs::write(path(), format!("{}{picture}{}", &readme[..from], &readme[to..])).expect("the README is written");
    }
}

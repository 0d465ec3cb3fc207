//! Tests of the marker and of the decision.

use super::{Decision, MAX_COMMENT, Marker, Posted, Reason, Wanted, Writer, count, decide, is_key, links};
use crate::render::markdown::{Document, Section};
use crate::report::Source;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const BOT: Writer<'_> = Writer { login: "github-actions[bot]", assumed: true };

fn wanted(commit: &str, at: i64, text: &str) -> Wanted {
    let document = Document { title: text.to_owned(), ..Document::default() };
    Wanted::new(&document, "check", Some(commit), at)
}

fn posted<'a>(id: u64, author: &'a str, body: &'a str) -> Posted<'a> {
    Posted { id, author: Some(author), by_app: author.ends_with("[bot]"), body }
}

#[test]
fn a_marker_is_read_as_it_was_written() {
    for commit in [Some(A), None] {
        let marker = Marker::of("check", commit, 1_801_440_000, "text");
        assert_eq!(Marker::read(&format!("{}\r\ntext", marker.write())), Some(marker.clone()));
        assert_eq!(Marker::read(&marker.write()), Some(marker));
    }
    let results = Marker::of("results", Some(A), 1_801_440_000, "text").about(Some("fresh-first"));
    assert!(results.write().starts_with("<!-- allotment:v1 report=results key=fresh-first commit=aaaa"));
    assert_eq!(Marker::read(&results.write()), Some(results));
    let written = Marker::of("check", Some(A), 1_801_440_000, "text").write();
    assert_eq!(
        written,
        format!("<!-- allotment:v1 report=check commit={A} at=2027-02-01T00:00:00Z digest=982d9e3eb996f559 -->")
    );
}

#[test]
fn what_is_only_like_a_marker_is_none() {
    let good = Marker::of("check", Some(A), 1_801_440_000, "text").write();
    for (from, to) in [
        ("<!-- ", " <!-- "),
        ("<!-- ", "> <!-- "),
        (":v1", ":v2"),
        ("report=check", "report=Check"),
        ("report=check", "report="),
        ("report=check", "report=check  "),
        ("report=check", "report=check key="),
        ("report=check", "report=check key=-->"),
        ("report=check", "report=check x=y"),
        ("commit=a", "commit=x"),
        ("commit=", "commit=a"),
        ("commit=", "commit=\u{202e}"),
        ("2027-02-01T00:00:00Z", "2027-02-01T01:00:00+01:00"),
        ("2027-02-01T00:00:00Z", "now"),
        ("digest=", "digest=0"),
        (" -->", "-->"),
        (" -->", " --> "),
        (" -->", " x=1 -->"),
    ] {
        assert_eq!(Marker::read(&good.replacen(from, to, 1)), None, "{from} → {to}");
    }
    assert_eq!(Marker::read(""), None);
    assert_eq!(Marker::read("<!-- allotment:v1  -->"), None);
}

#[test]
fn the_first_run_creates_and_the_next_updates() {
    let first = wanted(A, 100, "one");
    assert_eq!(decide(&[], BOT, &first), Decision::Create);
    let body = first.body();
    let there = [posted(7, "github-actions[bot]", &body)];
    assert_eq!(decide(&there, BOT, &first), Decision::Nothing);
    assert_eq!(decide(&there, BOT, &wanted(A, 200, "one")), Decision::Nothing, "the same again, of the same commit");
    assert_eq!(decide(&there, BOT, &wanted(A, 200, "two")), Decision::Update(7));
    assert_eq!(
        decide(&there, BOT, &wanted(B, 200, "one")),
        Decision::Update(7),
        "so that an older run is known as one"
    );
    assert_eq!(decide(&there, Writer { login: "GitHub-Actions[bot]", assumed: false }, &first), Decision::Nothing);
}

#[test]
fn white_space_that_the_api_changes_is_no_change() {
    let one = wanted(A, 100, "one");
    let body = one.body().trim_end().replace('\n', "\r\n");
    assert_eq!(decide(&[posted(7, BOT.login, &body)], BOT, &one), Decision::Nothing);
    let edited = one.body().replace("one", "nothing to see here");
    assert_eq!(decide(&[posted(7, BOT.login, &edited)], BOT, &one), Decision::Update(7), "an edited comment is mended");
}

#[test]
fn an_older_run_leaves_what_a_newer_one_wrote() {
    let newer = wanted(B, 200, "two");
    let body = newer.body();
    let there = [posted(7, BOT.login, &body)];
    assert_eq!(decide(&there, BOT, &wanted(A, 100, "one")), Decision::Leave(Reason::Later(newer.marker.clone())));
    assert_eq!(
        decide(&there, BOT, &wanted(A, 200, "one")),
        Decision::Update(7),
        "at one instant the last one is right"
    );
}

#[test]
fn planted_markers_are_ignored() {
    let body = wanted(A, i64::from(u32::MAX), "all is well").body();
    let one = wanted(A, 100, "one");
    let planted = posted(3, "mallory", &body);
    assert_eq!(decide(&[planted], BOT, &one), Decision::Create);
    assert_eq!(decide(&[Posted { author: None, ..planted }], BOT, &one), Decision::Create);
    let own = wanted(A, 50, "zero").body();
    assert_eq!(decide(&[planted, posted(7, BOT.login, &own)], BOT, &one), Decision::Update(7));
    let quoted = format!("see:\n{own}");
    assert_eq!(decide(&[posted(7, BOT.login, &quoted)], BOT, &one), Decision::Create, "only at the very beginning");
}

#[test]
fn another_app_is_asked_about_where_the_writer_is_a_guess() {
    let body = wanted(A, 50, "zero").body();
    let one = wanted(A, 100, "one");
    let there = [posted(7, "my-app[bot]", &body)];
    assert_eq!(decide(&there, BOT, &one), Decision::Leave(Reason::Whose("my-app[bot]".to_owned())));
    assert_eq!(decide(&there, Writer { assumed: false, ..BOT }, &one), Decision::Create);
    assert_eq!(decide(&there, Writer { login: "my-app[bot]", assumed: false }, &one), Decision::Update(7));
}

#[test]
fn comments_of_other_names_are_other_comments() {
    let body = Wanted::new(&Document::default(), "mobile", None, 50).body();
    assert_eq!(decide(&[posted(7, BOT.login, &body)], BOT, &wanted(A, 100, "one")), Decision::Create);
}

#[test]
fn of_two_the_first_is_kept_and_both_are_counted() {
    let body = wanted(A, 50, "zero").body();
    let there = [posted(7, BOT.login, &body), posted(9, BOT.login, &body), posted(10, "mallory", &body)];
    assert_eq!(decide(&there, BOT, &wanted(A, 100, "one")), Decision::Update(7));
    assert_eq!(count(&there, BOT, &wanted(A, 100, "new")), 2);
}

#[test]
fn a_body_is_never_too_long() {
    let section = Section { holds: ("section", "sections"), text: "§".repeat(900) };
    let sections = vec![section; 100];
    let document = Document { title: "t".to_owned(), sections, foot: "f".to_owned() };
    let body = Wanted::new(&document, &"k".repeat(64), Some(A), i64::MAX).body();
    assert!(
        body.chars().count() <= MAX_COMMENT && body.chars().count() > MAX_COMMENT - 2000,
        "{}",
        body.chars().count()
    );
    assert!(body.ends_with("f\n") && Marker::read(&body).is_some());
}

#[test]
fn names_tell_comments_apart() {
    assert!(is_key("check") && is_key("shop-2"));
    for bad in ["", "-", "a-", "-a", "a--b", "A", "a b", "a=b", "ü", &"a".repeat(65)] {
        assert!(!is_key(bad), "{bad:?}");
    }
}

#[test]
fn links_lead_to_what_was_judged() {
    let source = |head: &str, dirty| Source {
        tool: "0.1.0".to_owned(),
        at: "2027-02-01T00:00:00Z".to_owned(),
        folder: String::new(),
        head: Some(head.to_owned()),
        dirty,
        base: None,
    };
    let to = |repository, run, source| links("https://github.com", repository, run, &source);
    let both = to(Some("acme/shop"), Some("42"), source(A, false));
    assert_eq!(both.files.as_deref(), Some(format!("https://github.com/acme/shop/blob/{A}/").as_str()));
    assert_eq!(both.run.as_deref(), Some("https://github.com/acme/shop/actions/runs/42"));
    assert_eq!(to(Some("acme/shop"), None, source(A, true)).files, None);
    assert_eq!(to(Some("acme/shop"), Some("4)2"), source("x](y", false)).run, None);
    assert_eq!(to(Some("acme/shop"), None, source("x](y", false)).files, None);
    assert_eq!(to(None, Some("42"), source(A, false)).run, None);
}

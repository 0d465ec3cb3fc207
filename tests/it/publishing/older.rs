//! What was compiled before what is served goes out on purpose only, and nothing that has ended since.

use super::commands::{FRESH, Shop};
use crate::merges::{allot, commit};

#[track_caller]
fn ends(code: i32, shop: &Shop, at: &str, arguments: &[&str]) -> String {
    let (ended, said) = allot(shop.root(), &[arguments, &["--at", at]].concat());
    assert_eq!(ended, Some(code), "{arguments:?}\n{said}");
    said
}

const FIRST: &str = "2027-02-01T00:00:00Z";
const SECOND: &str = "2027-02-02T12:00:00Z";

#[test]
fn an_older_state_is_published_on_purpose_only() {
    let shop = Shop::open();
    let (old, new) = (shop.path("dist/old"), shop.path("dist/new"));
    let (old, new) = (old.to_str().expect("UTF-8"), new.to_str().expect("UTF-8"));
    ends(0, &shop, FIRST, &["compile", "-o", old]);
    ends(0, &shop, FIRST, &["publish", old]);
    // The same again is nothing else, whenever it was compiled.
    ends(0, &shop, "2027-01-31", &["compile", "-o", new]);
    shop.edit(FRESH, "traffic = \"20%\"", "traffic = \"0%\"");
    shop.edit(FRESH, "ramp = [{ days = 1, traffic = \"2%\" }]", "");
    ends(0, &shop, SECOND, &["allocate"]);
    commit(shop.root(), "Paused");
    ends(0, &shop, SECOND, &["compile", "-o", new]);
    ends(0, &shop, SECOND, &["publish", new]);
    assert!(!shop.serves_fresh());
    let serial = shop.manifest()["serial"].clone();
    for more in [&[][..], &["--dry-run"]] {
        let said = ends(1, &shop, SECOND, &[&["publish", old], more].concat());
        assert!(said.contains("is older than what production serves") && said.contains("`--older`"), "{said}");
        for what in [FIRST, SECOND, "`allot rollback COMMIT`"] {
            assert!(said.contains(what), "{what}: {said}");
        }
        assert!(!shop.serves_fresh() && shop.manifest()["serial"] == serial);
    }
    ends(0, &shop, SECOND, &["publish", old, "--older"]);
    assert!(shop.serves_fresh());
    let said = ends(0, &shop, SECOND, &["publish", old]);
    assert!(said.contains("nothing to write"), "{said}");
    ends(0, &shop, SECOND, &["publish", new]);
    assert!(!shop.serves_fresh());
    // A rollback is of now, and what was compiled before it would undo it.
    ends(0, &shop, "2027-02-03", &["rollback", "HEAD~1"]);
    ends(1, &shop, "2027-02-03", &["publish", new]);
    ends(0, &shop, "2027-02-03", &["compile", "-o", new]);
    ends(0, &shop, "2027-02-03", &["publish", new]);
}

#[test]
fn a_promotion_says_how_old_it_is_and_revives_nothing_that_has_ended() {
    let shop = Shop::open();
    let dist = shop.path("dist");
    let dist = dist.to_str().expect("UTF-8");
    ends(0, &shop, FIRST, &["compile", "-o", dist]);
    ends(0, &shop, FIRST, &["publish", dist, "--to", "staging"]);
    let promote = ["publish", "staging", "--to", "production"];
    let said = ends(0, &shop, "2027-02-01T05:30:00Z", &promote);
    assert!(said.contains("staging: serial 1, compiled of commit ") && said.contains(", 5 hours ago"), "{said}");
    assert!(shop.serves_fresh());
    let late = "2027-02-09T00:00:00Z";
    let said = ends(0, &shop, late, &promote);
    assert!(
        said.contains("home: `fresh-first` ended on 2027-02-08T00:00:00Z") && said.contains("8 days ago"),
        "{said}"
    );
    assert!(!shop.serves_fresh());
    let said = ends(0, &shop, late, &promote);
    assert!(said.contains("nothing to write") && !shop.serves_fresh(), "{said}");
    // What is compiled of Git says the same.
    ends(0, &shop, late, &["compile", "-o", dist]);
    ends(0, &shop, late, &["publish", dist]);
    assert!(!shop.serves_fresh());
}

#[test]
fn a_place_is_not_published_to_itself() {
    let shop = Shop::open();
    let dist = shop.path("dist");
    let dist = dist.to_str().expect("UTF-8");
    ends(0, &shop, FIRST, &["compile", "-o", dist]);
    let before = shop.read("dist/manifest.json");
    for to in [format!("file://{dist}"), format!("file://{dist}/home/..")] {
        let said = ends(2, &shop, FIRST, &["publish", dist, "--to", &to]);
        assert!(said.contains("the very place") && shop.read("dist/manifest.json") == before, "{said}");
    }
    ends(0, &shop, FIRST, &["publish", dist, "--to", "staging"]);
    ends(2, &shop, FIRST, &["publish", "staging", "--to", "staging"]);
}

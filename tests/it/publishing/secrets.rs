//! Changing the secret and the key of Confidence's clients: nobody is cut off at once, and nothing of others is removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use allotment::artifact::Artifact;
use allotment::artifact::manifest::{Manifest, sha256};
use allotment::publish::Key;

const SECRETS: [&str; 3] = ["the first secret", "the second secret", "the third secret"];
const KEYS: [&str; 2] = [
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100",
];

/// A catalogue with a surface for Confidence's providers, and where it is published.
struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn open() -> Self {
        let mut world = super::world();
        world.edit("surfaces/search.toml", "unit = \"user\"", "unit = \"user\"\nsdk = \"confidence\"");
        let shop = Self { folder: tempfile::tempdir().expect("a folder") };
        for (path, text) in &world.files {
            // The surface is drawn anew, since the hash is another.
            if path.contains("lock") && path.contains("search") {
                continue;
            }
            let path = shop.root().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        }
        assert_eq!(shop.allot(&["allocate", "-q"], &[]).0, Some(0));
        shop
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn allot(&self, arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_allot"))
            .current_dir(self.root())
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (format!("ALLOTMENT_CONFIDENCE_{name}_SEARCH"), value)))
            .args(arguments)
            .args(["--at", "2027-02-01"])
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        for hidden in SECRETS.iter().chain(&KEYS) {
            assert!(!said.contains(hidden), "{said}");
        }
        (output.status.code(), said)
    }

    #[track_caller]
    fn publish(&self, environment: &[(&str, &str)], more: &[&str]) -> String {
        self.publish_ending(0, environment, more)
    }

    #[track_caller]
    fn publish_ending(&self, expected: i32, environment: &[(&str, &str)], more: &[&str]) -> String {
        let (code, said) = self.allot(&["compile", "-q", "-o", "dist"], &[]);
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = self.allot(&[&["publish", "dist", "--to", "file://public"], more].concat(), environment);
        assert_eq!(code, Some(expected), "{said}");
        said
    }

    /// Stops what `ranked` put on the surface.
    #[track_caller]
    fn stop(&self, expected: i32, environment: &[(&str, &str)], more: &[&str]) -> String {
        let stop = ["stop", "ranked", "--reason", "Harm.", "--to", "file://public", "--no-pull-request"];
        let (code, said) = self.allot(&[&stop[..], more].concat(), environment);
        assert_eq!(code, Some(expected), "{said}");
        said
    }

    /// Puts an experiment on the surface.
    fn ranked(&self) {
        let text = "version = 1\nstage = \"ship\"\nowner = \"home\"\nsurface = \"search\"\nflag = \"search-ranking\"\n\
                    hypothesis = \"Ranked is found faster\"\nstart = 2027-02-01\ndays = 28\ntraffic = \"20%\"\n\n\
                    [variants]\ncontrol = false\nranked = true\n\n[success]\nminutes-listened = { mde = \"2.5%\" }\n";
        let folder = self.root().join("experiments/search");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("ranked.toml"), text).expect("written");
        assert_eq!(self.allot(&["allocate", "-q"], &[]).0, Some(0));
    }

    /// Whether the native file that is served has the experiment.
    fn serves_ranked(&self) -> bool {
        let manifest = fs::read(self.root().join("public/manifest.json")).expect("a manifest");
        let manifest = Manifest::parse(&manifest).expect("a manifest");
        let native = fs::read(self.root().join("public").join(&manifest.surfaces["search"].formats["native"].path));
        let artifact = Artifact::decode(&native.expect("a file")).expect("an artifact");
        artifact.claims().any(|(_, claim)| claim.id == "ranked")
    }

    /// Changes what is served of the surface.
    fn change(&self) {
        let path = self.root().join("flags/search-ranking.toml");
        let text = fs::read_to_string(&path).expect("a flag");
        let (from, to) = if text.contains("default = true") { ("true", "false") } else { ("false", "true") };
        fs::write(path, text.replace(&format!("default = {from}"), &format!("default = {to}"))).expect("written");
    }

    fn sealed(&self, secret: &str) -> PathBuf {
        self.root().join("public").join(path(secret))
    }

    fn read(&self, secret: &str) -> Option<Vec<u8>> {
        fs::read(self.sealed(secret)).ok()
    }

    /// Lets everything that is published be older by some days.
    fn age(&self, days: u64) {
        let mut folders = vec![self.root().join("public")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let file = fs::File::options().append(true).open(path).expect("a file");
                    let then = SystemTime::now() - Duration::from_secs(days * 86_400);
                    file.set_modified(then).expect("a time");
                }
            }
        }
    }
}

fn path(secret: &str) -> String {
    format!("search/{}.enc", sha256(secret.as_bytes()))
}

fn opens(key: &str, secret: &str, object: &[u8]) -> bool {
    key.parse::<Key>().expect("a key").has_sealed(&path(secret), object)
}

#[test]
fn what_is_of_a_former_secret_is_kept_up_to_date_on_demand_and_goes_after_the_window() {
    let [one, two, _] = SECRETS;
    let key = ("KEY", KEYS[0]);
    let shop = Shop::open();
    shop.publish(&[("SECRET", one), key], &[]);
    let first = shop.read(one).expect("it is sealed");
    assert!(opens(KEYS[0], one, &first));
    // Another secret alone: what is of the old one stays as it is, and it is said for how long.
    shop.change();
    let said = shop.publish(&[("SECRET", two), key], &["--dry-run"]);
    assert!(said.contains(&format!("`{}` is of an earlier secret", path(one))) && shop.read(two).is_none(), "{said}");
    let said = shop.publish(&[("SECRET", two), key], &[]);
    assert!(said.contains(&format!("search: `{}` is of an earlier secret", path(one))), "{said}");
    assert!(said.contains("give `ALLOTMENT_CONFIDENCE_OLD_SECRET_SEARCH` to keep it up to date"), "{said}");
    assert_eq!(shop.read(one).as_ref(), Some(&first));
    assert!(opens(KEYS[0], two, &shop.read(two).expect("it is sealed")));
    // With both, both are up to date, and there is nothing to say and nothing to write.
    let both = [("SECRET", two), ("OLD_SECRET", one), key];
    let said = shop.publish(&both, &[]);
    assert!(!said.contains("earlier secret"), "{said}");
    let second = shop.read(one).expect("it is sealed");
    assert!(second != first && opens(KEYS[0], one, &second));
    assert!(shop.publish(&both, &[]).contains("nothing to write"));
    let twice = [("SECRET", two), ("OLD_SECRET", two), key];
    assert!(shop.publish(&twice, &[]).contains("nothing to write"));
    // Once it was not kept up to date for the window, it goes; nothing that somebody else put there ever does.
    let foreign = shop.sealed("of somebody else");
    fs::write(&foreign, &second).expect("written");
    shop.age(20);
    shop.change();
    let said = shop.publish(&[("SECRET", two), key], &[]);
    assert!(shop.read(one).is_some() && said.contains("earlier secret"), "{said}");
    shop.age(11);
    shop.change();
    let said = shop.publish(&[("SECRET", two), key], &["--keep", "all"]);
    assert!(shop.read(one).is_some() && said.contains(", and is kept"), "{said}");
    shop.age(31);
    shop.change();
    let said = shop.publish(&[("SECRET", two), key], &[]);
    assert!(shop.read(one).is_none() && !said.contains("earlier secret"), "{said}");
    assert!(said.contains("removed") && said.contains("opens with no key that is here"), "{said}");
    assert_eq!(fs::read(&foreign).expect("it is there"), second);
    assert!(shop.read(two).is_some());
}

#[test]
fn what_was_sealed_with_another_key_goes_only_where_that_key_is_given() {
    let [one, two, three] = SECRETS;
    let shop = Shop::open();
    shop.publish(&[("SECRET", one), ("KEY", KEYS[0])], &[]);
    // Both change at once, and both are served while applications change over.
    let changed = [("SECRET", two), ("KEY", KEYS[1])];
    let over = [&changed[..], &[("OLD_SECRET", one), ("OLD_KEY", KEYS[0])]].concat();
    shop.change();
    shop.publish(&over, &[]);
    assert!(
        opens(KEYS[1], two, &shop.read(two).expect("sealed")) && opens(KEYS[0], one, &shop.read(one).expect("sealed"))
    );
    shop.age(40);
    shop.change();
    let said = shop.publish(&changed, &[]);
    assert!(said.contains("opens with no key that is here") && shop.read(one).is_some(), "{said}");
    shop.age(40);
    shop.change();
    shop.publish(&[&changed[..], &[("OLD_KEY", KEYS[0])]].concat(), &[]);
    assert!(shop.read(one).is_none() && shop.read(two).is_some());
    // A key that changes alone cuts off whoever has the old one.
    let said = shop.publish(&[("SECRET", two), ("KEY", KEYS[0])], &["--dry-run"]);
    assert!(said.contains(&format!("`{}` was sealed with another key", path(two))), "{said}");
    // Without secrets nothing is known of what is there, and providers go on reading it.
    shop.age(40);
    shop.change();
    let said = shop.publish_ending(3, &[], &[]);
    assert!(
        said.contains("not sealed for Confidence's providers") && said.contains("opens with no key that is here"),
        "{said}"
    );
    assert!(shop.read(two).is_some());
    let dist = ["publish", "dist", "--to", "file://public"];
    for wrong in [
        &[("OLD_SECRET", one)][..],
        &[("SECRET", three), ("KEY", KEYS[0]), ("OLD_KEY", "00")],
        &[("SECRET", three)],
        &[("KEY", KEYS[0])],
    ] {
        assert_eq!(shop.allot(&dist, wrong).0, Some(2), "{wrong:?}");
    }
}

#[test]
fn a_stop_that_providers_do_not_see_is_not_complete() {
    let [one, two, _] = SECRETS;
    let (now, next) = ([("SECRET", one), ("KEY", KEYS[0])], [("SECRET", two), ("KEY", KEYS[0])]);
    let shop = Shop::open();
    shop.ranked();
    shop.publish(&now, &[]);
    let before = shop.read(one).expect("it is sealed");
    let said = shop.stop(3, &[], &["--dry-run"]);
    assert!(said.contains(&path(one)) && shop.serves_ranked(), "{said}");
    // The rest goes out all the same, and the last that is said is what is missing.
    for again in [false, true] {
        let said = shop.stop(3, &[], &[]);
        assert!(!shop.serves_ranked() && shop.read(one).as_ref() == Some(&before), "{again}: {said}");
        let last = said.split("error: ").nth(1).unwrap_or_else(|| panic!("{said}"));
        assert!(last.contains(&path(one)) && last.contains("is not complete"), "{said}");
        assert!(last.contains("`ALLOTMENT_CONFIDENCE_SECRET_SEARCH`"), "{said}");
    }
    let said = shop.stop(0, &now, &[]);
    assert!(said.contains("is stopped already") && shop.read(one).as_ref() != Some(&before), "{said}");
    assert!(opens(KEYS[0], one, &shop.read(one).expect("it is sealed")));
    // Applications that have an earlier secret are told of too.
    let shop = Shop::open();
    shop.ranked();
    shop.publish(&now, &[]);
    shop.publish(&next, &[]);
    let said = shop.stop(3, &next, &[]);
    assert!(said.contains(&path(one)) && said.contains("`ALLOTMENT_CONFIDENCE_OLD_SECRET_SEARCH`"), "{said}");
    shop.stop(0, &[&next[..], &[("OLD_SECRET", one)]].concat(), &[]);
}

#[test]
fn a_publish_that_providers_do_not_see_is_not_clean() {
    let now = [("SECRET", SECRETS[0]), ("KEY", KEYS[0])];
    let shop = Shop::open();
    // Nobody has sealed anything here.
    shop.publish(&[], &[]);
    shop.publish(&now, &[]);
    let before = shop.read(SECRETS[0]).expect("it is sealed");
    shop.publish(&[], &[]);
    shop.age(1);
    shop.change();
    for _ in 0..2 {
        let said = shop.publish_ending(3, &[], &[]);
        assert!(said.contains(&path(SECRETS[0])) && said.contains("the rest is served"), "{said}");
        assert_eq!(shop.read(SECRETS[0]).as_ref(), Some(&before));
    }
    shop.publish(&now, &[]);
    assert_ne!(shop.read(SECRETS[0]).as_ref(), Some(&before));
    shop.publish(&[], &[]);
}

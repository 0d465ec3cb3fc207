//! Real processes on a real folder: killed at any moment, and several at once.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use allotment::io::store::Folder;
use allotment::publish::Offer;

use super::{settled, third, two, whole};

pub fn lay(offer: &Offer, folder: &Path) {
    for (path, bytes) in &offer.files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("written");
    }
    fs::write(folder.join("manifest.json"), offer.manifest.to_json()).expect("written");
}

fn publisher(root: &Path, dist: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_allot"))
        .current_dir(root)
        .env_clear()
        .args(["publish", dist, "--older", "--to", "file://public"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs")
}

#[test]
fn a_publisher_killed_at_any_moment_leaves_a_whole_state() {
    let (first, second) = two();
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    lay(&first, &root.join("first"));
    lay(&second, &root.join("second"));
    let store = Folder::at(&root.join("public"));
    let (mut cut, mut seen) = (0, None);
    for round in 0..40_u64 {
        let dist = if round % 2 == 0 { "first" } else { "second" };
        let mut publisher = publisher(root, dist);
        std::thread::sleep(Duration::from_micros(round * 1_500));
        publisher.kill().expect("it can be killed");
        let status = publisher.wait().expect("it ends");
        cut += usize::from(!status.success());
        let found = whole(&store, &[&first, &second]);
        assert!(found.is_some() || seen.is_none(), "what was served is gone");
        seen = found.or(seen);
    }
    assert!(cut > 5, "{cut} of 40 were cut short");
    let done = publisher(root, "second").wait_with_output().expect("it ends");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    settled(&store, &second);
}

#[test]
fn of_two_publishers_at_once_each_wins_or_says_who_did() {
    let (first, second) = two();
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    lay(&first, &root.join("first"));
    lay(&second, &root.join("second"));
    lay(&third(), &root.join("third"));
    let store = Folder::at(&root.join("public"));
    let mut lost = 0;
    for _ in 0..8 {
        // What is served is neither's, so that both have to exchange it.
        assert!(publisher(root, "third").wait_with_output().expect("it ends").status.success());
        let both = [publisher(root, "first"), publisher(root, "second")];
        let ended = both.map(|publisher| publisher.wait_with_output().expect("it ends"));
        assert!(ended.iter().any(|ended| ended.status.success()), "{ended:?}");
        for ended in &ended {
            let said = String::from_utf8_lossy(&ended.stderr);
            match ended.status.code() {
                Some(0) => {}
                Some(3) => {
                    lost += 1;
                    assert!(said.contains("ours is ") && said.contains("aaaa") && said.contains("bbbb"), "{said}");
                }
                other => panic!("{other:?}: {said}"),
            }
        }
        let served = whole(&store, &[&first, &second]).expect("something is served");
        settled(&store, if served.source == first.manifest.source { &first } else { &second });
    }
    println!("a folder: {lost} of 8 times somebody lost");
}

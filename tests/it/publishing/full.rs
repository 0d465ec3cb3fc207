//! A disk that is really full: a small one is mounted, in a namespace of this test's own, and left ever less room.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use allotment::io::store::Folder;

use super::processes::lay;
use super::{settled, two, whole};

/// Set where the test runs within its namespace: the folder that is the disk.
const DISK: &str = "ALLOTMENT_TEST_DISK";
const PAGE: usize = 4_096;

#[test]
fn a_full_disk_keeps_what_is_served_whole_and_the_next_publish_completes() {
    if let Some(disk) = std::env::var_os(DISK) {
        return on(Path::new(&disk));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path();
    let within = |program: &Path, arguments: &[&str]| {
        let mount = "mount -t tmpfs -o size=256k tmpfs \"$0\" && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["-r", "-m", "sh", "-c", mount]).arg(disk).arg(program).args(arguments);
        command.env(DISK, disk).stdin(Stdio::null()).output()
    };
    if !within(Path::new("true"), &[]).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this machine lets nobody mount a small disk, so that none is full");
        return;
    }
    let own = std::env::current_exe().expect("this program");
    let name = concat!(module_path!(), "::a_full_disk_keeps_what_is_served_whole_and_the_next_publish_completes");
    let name = name.split_once("::").expect("the crate's name").1;
    let output = within(&own, &["--exact", name, "--nocapture"]).expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    println!("{}", said.lines().find(|line| line.starts_with("a full disk: ")).unwrap_or_default());
}

/// Leaves a publish one page more room each time, until it fits.
fn on(disk: &Path) {
    let (first, second) = two();
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    lay(&first, &root.join("first"));
    lay(&second, &root.join("second"));
    let public = disk.join("public");
    let store = Folder::at(&public);
    let publish = |dist: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
        command.current_dir(root).env_clear().args(["publish", dist, "--to"]);
        let output = command.arg(format!("file://{}", public.display())).stdin(Stdio::null()).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), said)
    };
    let (code, said) = publish("first");
    assert_eq!(code, Some(0), "{said}");
    let mut refused = 0;
    for room in 0.. {
        // All that is left, less the room.
        let mut filled = Vec::new();
        while fs::write(disk.join("page"), vec![1; PAGE]).is_ok() {
            let page = disk.join(format!("ballast-{}", filled.len()));
            fs::rename(disk.join("page"), &page).expect("renamed");
            filled.push(page);
        }
        let _ = fs::remove_file(disk.join("page"));
        assert!(filled.len() >= room, "the disk holds all of it");
        filled.iter().take(room).for_each(|page| fs::remove_file(page).expect("removed"));
        let (code, said) = publish("second");
        let served = whole(&store, &[&first, &second]).expect("what was served is there");
        filled.iter().skip(room).for_each(|page| fs::remove_file(page).expect("removed"));
        if code == Some(0) {
            assert_eq!(served.source, second.manifest.source);
            break;
        }
        assert!(
            code == Some(3) && said.contains("cannot write `") && said.contains("space"),
            "{room}: {code:?}\n{said}"
        );
        refused += 1;
        // With space the next publish mends whatever was left, and the one after goes back to the beginning.
        if room % 4 == 3 {
            let (code, said) = publish("second");
            assert_eq!(code, Some(0), "{said}");
            settled(&store, &second);
        }
        fs::remove_dir_all(&public).expect("removed");
        assert_eq!(publish("first").0, Some(0));
    }
    settled(&store, &second);
    assert!(refused > 5, "{refused}");
    println!("a full disk: {refused} publishes had no room, and readers found a whole state after each");
}

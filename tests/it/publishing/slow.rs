//! Servers that never answer, or take for ever: the command ends and says what it waited for, and what is served stays whole.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use allotment::artifact::manifest::Manifest;
use allotment::verify::verify;

use super::processes::lay;
use super::two;
use super::web::{Manner, Objects, serve_over};

/// Publishes by one protocol or the other to the same objects, waiting a second for each call.
fn publish(root: &Path, dist: &str, scheme: &str, port: u16) -> (Option<i32>, String, Duration) {
    let here = format!("http://127.0.0.1:{port}");
    let to = if scheme == "s3" { "s3://cdn".to_owned() } else { format!("{here}/cdn") };
    let begun = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .current_dir(root)
        .env_clear()
        .envs([("AWS_ENDPOINT_URL", here.as_str()), ("AWS_ALLOW_HTTP", "true"), ("AWS_REGION", "us-east-1")])
        .envs([("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "hunter2"), ("ALLOTMENT_STORE_TIMEOUT", "1")])
        .args(["publish", dist, "--to", &to])
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said, begun.elapsed())
}

/// What a reader finds: a proven state, by its serial.
fn found(objects: &Objects) -> u64 {
    let objects = objects.lock().unwrap();
    let bytes = &objects["/cdn/manifest.json"];
    let report = verify(bytes, |path| objects.get(&format!("/cdn/{path}")).cloned());
    assert!(report.is_sound(), "{report}");
    Manifest::parse(bytes).expect("a manifest").serial
}

fn tried(scheme: &str, manners: &[(Manner, &str)]) {
    let (first, second) = two();
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    lay(&first, &root.join("first"));
    lay(&second, &root.join("second"));
    let objects = Objects::default();
    let honest = serve_over(Manner::Honest, &objects);
    let (code, said, _) = publish(root, "first", scheme, honest);
    assert_eq!(code, Some(0), "{said}");
    for (manner, words) in manners {
        let (code, said, took) = publish(root, "second", scheme, serve_over(*manner, &objects));
        assert!(code == Some(3) && said.contains(words), "{scheme}, {manner:?}: {code:?}\n{said}");
        assert!(said.contains("`ALLOTMENT_STORE_TIMEOUT` is"), "{said}");
        // A call is given four times its time at most, and the first that fails ends it; the rest is for a busy machine.
        assert!(took < Duration::from_secs(20), "{scheme}, {manner:?}: {took:?}");
        assert_eq!(found(&objects), 1, "{scheme}, {manner:?}");
        println!(
            "{scheme}, {manner:?}: {took:.1?}: {}",
            said.lines().find(|line| line.starts_with("error")).unwrap_or_default()
        );
    }
    let (code, said, _) = publish(root, "second", scheme, honest);
    assert_eq!((code, found(&objects)), (Some(0), 2), "{said}");
}

#[test]
fn a_web_server_that_is_too_slow_ends_the_command_and_harms_nobody() {
    tried(
        "http",
        &[
            (Manner::Silent, "cannot read `manifest.json`"),
            (Manner::Trickles, "cannot read `manifest.json`"),
            (Manner::SilentAbout("/native-"), "cannot write `"),
            (Manner::SilentAbout("/manifest.json"), "cannot write `manifest.json`"),
        ],
    );
}

#[test]
fn a_bucket_that_is_too_slow_ends_the_command_and_harms_nobody() {
    tried(
        "s3",
        &[
            (Manner::Silent, "cannot read `manifest.json`"),
            (Manner::Trickles, "cannot read `manifest.json`"),
            (Manner::SilentAbout("/native-"), "cannot write `"),
            (Manner::SilentAbout("/manifest.json"), "cannot write `manifest.json`"),
        ],
    );
}

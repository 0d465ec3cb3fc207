//! Publishing to real servers of object storage, S3's and Azure's, and readers of what nginx serves while publishing goes on.
//!
//! Needs nginx and a registry, so it runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use allotment::artifact::manifest::{Manifest, sha256};
use allotment::publish::{Offer, pointers};
use allotment::results::Results;
use allotment::verify::verify;

use super::processes::lay;
use super::{third, two, world};
use crate::analysis::store::{csv, place, write};
use crate::merges::{commit, repository};

const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=key/20270101/us-east-1/s3/aws4_request, SignedHeaders=host, \
                      Signature=0\r\n";

/// The account and the key of Azure's emulator, which are given to it.
const AZURE: [&str; 2] = ["allot", "aHVudGVyMg=="];

/// A server that ends with the test.
struct Server {
    child: Child,
    port: u16,
    /// What publishers are told of it.
    environment: Vec<(&'static str, String)>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server; none where peers are not asked for.
fn server(kind: &str, further: &[&Path]) -> Option<Server> {
    if std::env::var_os("ALLOTMENT_PEERS").is_none() {
        eprintln!("skipped: set ALLOTMENT_PEERS=1 to publish to real servers (needs python3, pip, nginx)");
        return None;
    }
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/run.sh");
    let mut command = Command::new("sh");
    command.arg(script).arg(kind).arg(port.to_string()).args(further).stdin(Stdio::null()).stdout(Stdio::null());
    command.env("AZURITE_ACCOUNTS", AZURE.join(":"));
    let address = format!("http://127.0.0.1:{port}");
    let environment = match kind {
        "azure" => vec![
            ("AZURE_STORAGE_ENDPOINT", format!("{address}/{}", AZURE[0])),
            ("AZURE_ALLOW_HTTP", "true".to_owned()),
            ("AZURE_STORAGE_ACCOUNT_NAME", AZURE[0].to_owned()),
            ("AZURE_STORAGE_ACCOUNT_KEY", AZURE[1].to_owned()),
        ],
        _ => vec![
            ("AWS_ENDPOINT_URL", address),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "hunter2".to_owned()),
        ],
    };
    let mut server = Server { child: command.spawn().expect("it runs"), port, environment };
    for _ in 0..1_800 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(server);
        }
        if let Some(status) = server.child.try_wait().expect("its state") {
            panic!("the server ended: {status}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the server does not listen");
}

impl Server {
    /// One request: the status, the headers in lower case, the body.
    fn ask(&self, method: &str, path: &str, header: &str) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        // moto asks for a signature and does not look at it.
        let signed = if path.starts_with("/bucket") { SIGNED } else { "" };
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}{signed}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("headers");
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, head, answer[end + 4..].to_vec())
    }

    fn get(&self, path: &str) -> Option<Vec<u8>> {
        match self.ask("GET", path, "") {
            (200, _, body) => Some(body),
            (404, ..) => None,
            (status, head, _) => panic!("{path}: {status}\n{head}"),
        }
    }

    fn publisher(&self, root: &Path, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_allot"))
            .current_dir(root)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs")
    }

    fn run(&self, root: &Path, arguments: &[&str]) -> Output {
        self.publisher(root, arguments).wait_with_output().expect("it ends")
    }

    #[track_caller]
    fn ends(&self, code: i32, root: &Path, arguments: &[&str]) -> String {
        let output = self.run(root, arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
        assert!(!said.contains("hunter2") && !said.contains(AZURE[1]), "{said}");
        said
    }
}

/// What a reader over HTTP finds below an address: a proven state that is one of the offers'.
fn found(server: &Server, below: &str, offers: &[&Offer]) -> Option<Manifest> {
    let bytes = server.get(&format!("{below}manifest.json"))?;
    let manifest = Manifest::parse(&bytes).expect("a manifest");
    let report = verify(&bytes, |path| server.get(&format!("{below}{path}")));
    assert!(report.is_sound(), "{report}");
    let formats = |manifest: &Manifest| -> BTreeMap<String, _> {
        manifest.surfaces.iter().map(|(id, surface)| (id.clone(), surface.formats.clone())).collect()
    };
    assert!(offers.iter().any(|offer| formats(&offer.manifest) == formats(&manifest)), "a mixture");
    for pointer in offers.iter().flat_map(|offer| pointers(&offer.manifest, false)) {
        if let Some(bytes) = server.get(&format!("{below}{}", pointer.path)) {
            assert!(offers.iter().any(|offer| offer.files.values().any(|file| *file == bytes)), "{}", pointer.path);
        }
    }
    Some(manifest)
}

fn laid() -> (tempfile::TempDir, Offer, Offer) {
    let (first, second) = two();
    let folder = tempfile::tempdir().expect("a folder");
    lay(&first, &folder.path().join("first"));
    lay(&second, &folder.path().join("second"));
    (folder, first, second)
}

#[test]
fn an_s3_server_keeps_whole_states_whoever_is_killed_or_comes_second() {
    let Some(server) = server("s3", &[]) else { return };
    assert_eq!(server.ask("PUT", "/bucket", "Content-Length: 0\r\n").0, 200);
    keeps_whole_states(&server, "s3", "/bucket/some/where/", 24);
}

#[test]
fn azures_server_keeps_whole_states_whoever_is_killed_or_comes_second() {
    let Some(server) = server("azure", &[]) else { return };
    // It listens a moment before its container is made.
    for _ in 0..300 {
        if server.ask("GET", "/allot/bucket?restype=container&comp=list", "").0 == 200 {
            return keeps_whole_states(&server, "az", "/allot/bucket/some/where/", 12);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the container is not made");
}

/// Publishes `below` in a bucket, and kills so many publishers.
fn keeps_whole_states(server: &Server, scheme: &str, below: &str, killed: u32) {
    let (folder, first, second) = laid();
    let root = folder.path();
    let address = format!("{scheme}://bucket/some/where");
    let to = ["--to", &*address];
    let publish = |dist: &'static str| [&["publish", dist, "--older"], &to[..]].concat();
    let said = server.ends(0, root, &publish("first"));
    assert!(said.contains("serial 1 of commit aaaa is served"), "{said}");
    assert_eq!(found(server, below, &[&first]).expect("it is served").serial, 1);
    let file = first.manifest.files().find(|(_, format, _)| *format == "growthbook").expect("a file").2.path.clone();
    let (_, head, _) = server.ask("HEAD", &format!("{below}{file}"), "");
    assert!(head.contains("immutable") && head.contains("content-type: application/json"), "{head}");
    let (_, head, _) = server.ask("HEAD", &format!("{below}manifest.json"), "");
    assert!(head.contains("max-age=60") && head.contains("content-type: application/json"), "{head}");
    let said = server.ends(0, root, &publish("first"));
    assert!(said.contains("nothing to write; serial 1 is served"), "{said}");
    // Killed at many moments, from its first to its last.
    let mut cut = 0_u32;
    let begun = Instant::now();
    server.ends(0, root, &publish("second"));
    let whole = begun.elapsed();
    server.ends(0, root, &publish("first"));
    for round in 0..killed {
        let mut publisher = server.publisher(root, &publish(if round % 2 == 0 { "second" } else { "first" }));
        std::thread::sleep(whole * round / (killed - 2));
        publisher.kill().expect("it can be killed");
        cut += u32::from(!publisher.wait().expect("it ends").success());
        found(server, below, &[&first, &second]).expect("what was served is there");
    }
    assert!(cut > killed / 5, "{cut} were cut short");
    // Two at once.
    let (mut lost, mut won) = (0, 0);
    lay(&third(), &root.join("third"));
    for _ in 0..6 {
        // What is served is neither's, so that both have to exchange it.
        server.ends(0, root, &publish("third"));
        let both = ["first", "second"].map(|dist| server.publisher(root, &publish(dist)));
        for ended in both.map(|publisher| publisher.wait_with_output().expect("it ends")) {
            let said = String::from_utf8_lossy(&ended.stderr);
            match ended.status.code() {
                Some(0) => won += 1,
                Some(3) => {
                    lost += 1;
                    assert!(said.contains("ours is ") && said.contains("aaaa") && said.contains("bbbb"), "{said}");
                }
                other => panic!("{other:?}: {said}"),
            }
        }
        found(server, below, &[&first, &second]).expect("something is served");
    }
    assert!(lost > 0, "nobody lost");
    println!("{scheme}: {cut} of {killed} publishers killed, {won} of 12 won and {lost} lost at once");
    server.ends(0, root, &publish("second"));
    let manifest = found(server, below, &[&second]).expect("it is served");
    for pointer in pointers(&manifest, false) {
        assert_eq!(server.get(&format!("{below}{}", pointer.path)).as_ref(), second.files.get(&pointer.file.path));
    }
    let said = server.ends(0, root, &["verify", to[1]]);
    assert!(said.contains("proven: 2 surfaces"), "{said}");
    let said = server.ends(3, root, &["publish", "first", "--to", &format!("{scheme}://no-such-bucket/x")]);
    assert!(said.contains("error: cannot "), "{said}");
    // Retention can list and remove here.
    let said = server.ends(0, root, &[&publish("first")[..], &["--keep", "1d"]].concat());
    assert!(!said.contains("removed"), "nothing is old: {said}");
    rolls_back(server, &format!("{scheme}://bucket/rolled"), &below.replace("some/where", "rolled"));
}

/// Publishes two commits of a repository and goes back to the first.
fn rolls_back(server: &Server, to: &str, below: &str) {
    let repository = repository();
    let root = repository.path();
    let publish = || {
        server.ends(0, root, &["compile", "-q", "-o", "dist", "--at", "2027-02-01"]);
        server.ends(0, root, &["publish", "dist", "--to", to]);
        let bytes = server.get(&format!("{below}manifest.json")).expect("it is served");
        Manifest::parse(&bytes).expect("a manifest")
    };
    for (path, text) in world().files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }
    std::fs::write(root.join(".gitignore"), "dist/\n").expect("written");
    commit(root, "One");
    let first = publish();
    let flag = root.join("flags/search-ranking.toml");
    let text = std::fs::read_to_string(&flag).expect("a flag").replace("default = false", "default = true");
    std::fs::write(&flag, text).expect("written");
    commit(root, "Two");
    let second = publish();
    assert!(first.surfaces != second.surfaces && first.source != second.source);
    server.ends(0, root, &["rollback", "--to", to, "--at", "2027-02-01"]);
    let bytes = server.get(&format!("{below}manifest.json")).expect("it is served");
    let third = Manifest::parse(&bytes).expect("a manifest");
    assert_eq!((&third.source, third.serial), (&first.source, 3));
    assert!(third.surfaces.iter().all(|(id, surface)| surface.formats == first.surfaces[id].formats));
    assert!(verify(&bytes, |path| server.get(&format!("{below}{path}"))).is_sound());
}

#[test]
fn readers_of_nginx_never_see_a_broken_or_mixed_state_while_publishing_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let public: PathBuf = folder.path().join("public");
    let Some(server) = server("nginx", &[&public]) else { return };
    let (laid, first, second) = laid();
    let root = laid.path();
    let to = format!("file://{}", public.display());
    server.ends(0, root, &["publish", "first", "--to", &to]);
    let (stop, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    let seen: BTreeSet<u64> = std::thread::scope(|scope| {
        let reader = || {
            let mut seen = BTreeSet::new();
            while !stop.load(Ordering::Relaxed) {
                seen.insert(found(&server, "/", &[&first, &second]).expect("it is served").serial);
                reads.fetch_add(1, Ordering::Relaxed);
            }
            seen
        };
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(reader)).collect();
        let publishing = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for round in 0..60 {
                let dist = if round % 2 == 0 { "second" } else { "first" };
                let said = server.ends(0, root, &["publish", dist, "--older", "--to", &to]);
                assert!(said.contains(&format!("serial {}", round + 2)), "{said}");
            }
        }));
        stop.store(true, Ordering::Relaxed);
        let seen = readers.into_iter().flat_map(|reader| reader.join().expect("every read was whole")).collect();
        publishing.expect("every publish went well");
        seen
    });
    let reads = reads.load(Ordering::Relaxed);
    println!("nginx: {reads} whole reads of 4 readers during 60 publishes, {} serials seen", seen.len());
    assert!(reads > 20 && seen.len() > 5, "{reads} reads of {} serials", seen.len());
    // The compressed sibling is what is sent to those that accept it.
    let (status, head, body) = server.ask("GET", "/home/api/features/home", "Accept-Encoding: gzip\r\n");
    let file = &first.manifest.surfaces["home"].formats["growthbook"];
    assert!(status == 200 && head.contains("content-encoding: gzip"), "{head}");
    assert!(allotment::publish::is_gzip_of(&body, &first.files[&file.path]) && sha256(&body) != file.sha256);
    // What is kept in between is kept for those alone who asked in the same way, and for as long as its name says.
    for encoding in ["gzip", "identity"] {
        let of = |path: &str| {
            let (status, head, _) = server.ask("GET", path, &format!("Accept-Encoding: {encoding}\r\n"));
            assert_eq!(status, 200, "{path}");
            head
        };
        let head = of("/home/api/features/home");
        assert!(
            head.contains("vary: accept-encoding") && head.contains("max-age=60, stale-while-revalidate"),
            "{head}"
        );
        let head = of(&format!("/{}", file.path));
        assert!(head.contains("vary: accept-encoding") && head.contains("immutable"), "{head}");
        let head = of("/manifests/0000000001.json");
        assert!(head.contains("application/json") && head.contains("immutable"), "{head}");
        assert!(!of("/manifest.json").contains("immutable"));
    }
    for (name, is_immutable) in [("confidence-0123456789abcdef.pb", true), ("0123.enc", false)] {
        std::fs::write(public.join("home").join(name), "x").expect("written");
        let (_, head, _) = server.ask("GET", &format!("/home/{name}"), "");
        assert!(head.contains("application/octet-stream") && head.contains("immutable") == is_immutable, "{head}");
    }
    // It takes PUT and ignores conditions, so that nothing is published to it that way.
    let address = format!("http://127.0.0.1:{}/dav", server.port);
    let said = server.ends(3, root, &["publish", "first", "--to", &address]);
    assert!(said.contains("the server ignores `If-Match`") || said.contains("the server answers"), "{said}");
}

/// Looks that machines share through a bucket: the second run knows the first's, and of two at once neither is lost.
#[test]
fn looks_are_recorded_in_a_bucket() {
    let Some(server) = server("s3", &[]) else { return };
    assert_eq!(server.ask("PUT", "/bucket", "Content-Length: 0\r\n").0, 200, "a bucket");
    let folder = place();
    let root = folder.path();
    let place = "s3://bucket/experiments/results";
    let (first, second) = ("2027-01-25T06:00:00Z", "2027-02-08T06:00:00Z");
    let base = ["analyze", "--aggregates", "sums.csv", "--results", place, "--format", "json"];
    let arguments = |at: &'static str| [&base[..], &["--at", at]].concat();
    write(root, &csv(first, 20_000, 3.0));
    let said = server.ends(0, root, &arguments(first));
    assert!(said.contains("1 look recorded in `s3://bucket/experiments/results`"), "{said}");
    let path = "/bucket/experiments/results/fresh-first/1-20270125T060000Z.json";
    let bytes = server.get(path).expect("the record");
    assert_eq!(Results::read(&bytes).expect("a record").at, first);
    let (_, head, _) = server.ask("GET", path, "");
    assert!(head.contains("cache-control: private") && head.contains("content-type: application/json"), "{head}");
    assert!(!server.ends(0, root, &arguments(first)).contains("recorded"), "the same look is the same");
    // Other data for it are refused, and what is there stays.
    write(root, &csv(first, 20_000, 4.0));
    let said = server.ends(2, root, &arguments(first));
    assert!(said.contains("records another result of the same look"), "{said}");
    assert_eq!(server.get(path).as_ref(), Some(&bytes));
    // Of several runs with other data at once exactly one records the look; the others say so, or see it before they begin.
    let folders: Vec<_> = (0..6).map(|_| crate::analysis::store::place()).collect();
    let running: Vec<Child> = folders
        .iter()
        .enumerate()
        .map(|(at, folder)| {
            write(folder.path(), &csv(second, 60_000, 3.0 + at as f64 / 10.0));
            server.publisher(folder.path(), &arguments(second))
        })
        .collect();
    let mut codes: Vec<i32> = running
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let code = output.status.code().expect("a code");
            let named = said.contains("meanwhile") || said.contains("records another result of the same look");
            assert!(code == 0 || named, "{code}: {said}");
            code
        })
        .collect();
    codes.sort_unstable();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    let second_path = "/bucket/experiments/results/fresh-first/1-20270208T060000Z.json";
    let recorded = Results::read(&server.get(second_path).expect("the record")).expect("a record");
    assert_eq!((recorded.look.number, recorded.look.earlier), (2, vec![first.to_owned()]));
    assert!(
        !server
            .ends(3, root, &["analyze", "--aggregates", "sums.csv", "--at", second, "--results", "s3://gone/x"])
            .is_empty()
    );
}

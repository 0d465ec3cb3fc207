//! Publishing to a web server: only one that keeps conditions, and says so with strong tags, is published to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::processes::lay;
use super::{third, two};

/// How a server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Honest,
    IgnoresIfMatch,
    IgnoresIfNoneMatch,
    NoTag,
    WeakTag,
    /// It acknowledges what it does not keep, below the prefix of files.
    Loses,
    /// It gives other bytes than it took.
    Garbles,
    /// It takes nothing any more: no space.
    Full,
    /// It asks for credentials.
    Guarded,
    /// It takes every request and answers none.
    Silent,
    /// It answers all but writes of paths with this in them.
    SilentAbout(&'static str),
    /// It removes nothing.
    Keeps,
    /// It takes no writes of paths with this in them.
    RefusesAbout(&'static str),
    /// It sends a byte a second.
    Trickles,
}

pub type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A server on a port of its own, as long as the tests run.
fn serve(manner: Manner) -> (u16, Objects) {
    let objects = Objects::default();
    (serve_over(manner, &objects), objects)
}

/// A server of the same objects as others.
pub fn serve_over(manner: Manner, objects: &Objects) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let shared = Arc::clone(objects);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let objects = Arc::clone(&shared);
            std::thread::spawn(move || {
                // A client that goes away is no failure of the server.
                let _ = converse(stream, manner, &objects);
            });
        }
    });
    port
}

fn converse(stream: TcpStream, manner: Manner, objects: &Objects) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let is_silent = match manner {
            Manner::Silent => true,
            Manner::SilentAbout(part) => method == "PUT" && path.contains(part),
            _ => false,
        };
        if is_silent {
            std::thread::sleep(Duration::from_mins(10));
            return Ok(());
        }
        let (status, tag, body) = answer(manner, objects, &method, &path, &headers, body);
        let tag = tag.map_or(String::new(), |tag| format!("ETag: {tag}\r\n"));
        let at = "Last-Modified: Fri, 01 Jan 2027 00:00:00 GMT";
        write!(out, "HTTP/1.1 {status} X\r\n{tag}{at}\r\nContent-Length: {}\r\n\r\n", body.len())?;
        if manner == Manner::Trickles {
            for byte in body {
                out.write_all(&[byte])?;
                std::thread::sleep(Duration::from_secs(1));
            }
        } else {
            out.write_all(&body)?;
        }
    }
}

fn answer(
    manner: Manner,
    objects: &Objects,
    method: &str,
    path: &str,
    headers: &BTreeMap<String, String>,
    body: Vec<u8>,
) -> (u16, Option<String>, Vec<u8>) {
    let mut objects = objects.lock().unwrap();
    let tag = |bytes: &[u8]| match manner {
        Manner::NoTag => None,
        Manner::WeakTag => Some(format!("W/\"{}\"", allotment::artifact::manifest::sha256(bytes))),
        _ => Some(format!("\"{}\"", allotment::artifact::manifest::sha256(bytes))),
    };
    if manner == Manner::Guarded && headers.get("authorization").map(String::as_str) != Some("Bearer hunter2") {
        return (401, None, Vec::new());
    }
    let is_probe = path.contains("allot-probe");
    match method {
        "GET" => match objects.get(path) {
            Some(bytes) if manner == Manner::Garbles && !is_probe => {
                (200, tag(bytes), [bytes.as_slice(), b"!"].concat())
            }
            Some(bytes) => (200, tag(bytes), bytes.clone()),
            None => (404, None, Vec::new()),
        },
        "PUT" => {
            let there = objects.get(path).and_then(|bytes| tag(bytes));
            let wrong = headers.get("if-match").is_some_and(|wanted| Some(wanted) != there.as_ref());
            if wrong && manner != Manner::IgnoresIfMatch {
                return (412, None, Vec::new());
            }
            if headers.contains_key("if-none-match")
                && objects.contains_key(path)
                && manner != Manner::IgnoresIfNoneMatch
            {
                return (412, None, Vec::new());
            }
            match manner {
                Manner::RefusesAbout(part) if path.contains(part) => return (403, None, Vec::new()),
                Manner::Full if !is_probe => return (507, None, Vec::new()),
                Manner::Loses if !is_probe => {}
                _ => drop(objects.insert(path.to_owned(), body)),
            }
            (201, objects.get(path).and_then(|bytes| tag(bytes)), Vec::new())
        }
        "DELETE" => {
            if manner != Manner::Keeps {
                objects.remove(path);
            }
            (204, None, Vec::new())
        }
        _ => (405, None, Vec::new()),
    }
}

fn publish(root: &Path, dist: &str, port: u16, authorization: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .current_dir(root)
        .env_clear()
        .env("ALLOTMENT_HTTP_AUTHORIZATION", authorization)
        .args(["publish", dist, "--to", &format!("http://127.0.0.1:{port}/cdn")])
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("hunter2"), "{said}");
    (output.status.code(), said)
}

#[test]
fn a_web_server_that_keeps_conditions_is_published_to_and_no_other() {
    let (first, second) = two();
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    for (name, offer) in [("first", &first), ("second", &second), ("third", &third())] {
        lay(offer, &root.join(name));
    }
    for (manner, code, words) in [
        (Manner::Honest, 0, "serial 1 of commit aaaa is served"),
        (Manner::IgnoresIfMatch, 3, "the server ignores `If-Match`"),
        (Manner::IgnoresIfNoneMatch, 3, "the server ignores `If-None-Match`"),
        (Manner::NoTag, 3, "the server gives no ETag"),
        (Manner::WeakTag, 3, "the server gives no ETag"),
        (Manner::Loses, 3, "and is not there"),
        (Manner::Garbles, 3, "is read back otherwise"),
        (Manner::Full, 3, "the server answers 507"),
        (Manner::Guarded, 3, "the server answers 401"),
    ] {
        let (port, objects) = serve(manner);
        let (ended, said) = publish(root, "first", port, "");
        assert!(ended == Some(code) && said.contains(words), "{manner:?}: {ended:?}\n{said}");
        let served = objects.lock().unwrap().contains_key("/cdn/manifest.json");
        assert_eq!(served, code == 0, "{manner:?}");
        assert!(!objects.lock().unwrap().keys().any(|path| path.contains("allot-probe")), "{manner:?}");
    }
    let (port, objects) = serve(Manner::Guarded);
    assert_eq!(publish(root, "first", port, "Bearer hunter2").0, Some(0));
    let kept = objects.lock().unwrap().clone();
    let (code, said) = publish(root, "first", port, "Bearer hunter2");
    assert!(code == Some(0) && said.contains("nothing to write"), "{said}");
    assert_eq!(*objects.lock().unwrap(), kept);
    for (dist, serial) in [("second", 2), ("third", 3)] {
        let (code, said) = publish(root, dist, port, "Bearer hunter2");
        assert!(code == Some(0) && said.contains(&format!("serial {serial} ")), "{said}");
    }
    let payload = &third().manifest.surfaces["home"].formats["growthbook"].path;
    let objects = objects.lock().unwrap();
    assert_eq!(objects["/cdn/home/api/features/home"], objects[&format!("/cdn/{payload}")]);
}

#[test]
fn every_publisher_proves_with_an_object_of_its_own() {
    let (first, _) = two();
    let folder = tempfile::tempdir().expect("a folder");
    lay(&first, &folder.path().join("first"));
    let probe = || {
        let (port, objects) = serve(Manner::Keeps);
        assert_eq!(publish(folder.path(), "first", port, "").0, Some(0));
        let objects = objects.lock().unwrap();
        objects.keys().find(|path| path.contains("allot-probe")).expect("it was left over").clone()
    };
    assert_ne!(probe(), probe());
}

//! A server of a published folder, with tags, that can break and hang.

use crate::published::Published;
use allotment::artifact::manifest::sha256;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// It serves until the test ends.
pub struct Server {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    folder: PathBuf,
    breaks: AtomicBool,
    hangs: AtomicBool,
    unchanged: AtomicUsize,
    /// The paths of which bytes were sent.
    sent: Mutex<Vec<String>>,
}

impl Server {
    pub fn of(published: &Published) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State { folder: published.folder().to_owned(), ..State::default() });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || state.answer(stream));
            }
        });
        Self { url, state }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers everything with 500, or no longer.
    pub fn breaks(&self, breaks: bool) {
        self.state.breaks.store(breaks, Ordering::SeqCst);
    }

    /// Takes connections, and says nothing.
    pub fn hangs(&self) {
        self.state.hangs.store(true, Ordering::SeqCst);
    }

    /// How often nothing had changed.
    pub fn unchanged(&self) -> usize {
        self.state.unchanged.load(Ordering::SeqCst)
    }

    /// How often bytes were sent of paths that begin so.
    pub fn sent(&self, prefix: &str) -> usize {
        self.state.sent.lock().expect("a lock").iter().filter(|path| path.starts_with(prefix)).count()
    }
}

impl State {
    fn answer(&self, mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
        loop {
            let mut head = Vec::new();
            while let Some(Ok(line)) = lines.next() {
                if line.is_empty() {
                    break;
                }
                head.push(line);
            }
            let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { return };
            let path = path.trim_start_matches('/').to_owned();
            if self.hangs.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_secs(30));
                return;
            }
            let lower = head.iter().map(|line| line.to_ascii_lowercase());
            let tag = lower.into_iter().find_map(|line| Some(line.strip_prefix("if-none-match:")?.trim().to_owned()));
            let answer = self.of(&path, tag.as_deref());
            if stream.write_all(&answer).is_err() {
                return;
            }
        }
    }

    fn of(&self, path: &str, tag: Option<&str>) -> Vec<u8> {
        let empty = |status: &str| format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").into_bytes();
        if self.breaks.load(Ordering::SeqCst) {
            return empty("500 Internal Server Error");
        }
        let Ok(bytes) = fs::read(self.folder.join(path)) else { return empty("404 Not Found") };
        let own = format!("\"{}\"", sha256(&bytes));
        if tag == Some(&own) {
            self.unchanged.fetch_add(1, Ordering::SeqCst);
            return empty("304 Not Modified");
        }
        self.sent.lock().expect("a lock").push(path.to_owned());
        let head = format!("HTTP/1.1 200 OK\r\netag: {own}\r\ncontent-length: {}\r\n\r\n", bytes.len());
        [head.into_bytes(), bytes].concat()
    }
}

//! A small server with comments, that fails as it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::git_data;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Act {
    /// It is done and answered.
    Serve,
    /// It is not done, and answered with a status, headers and a body.
    Answer(u16, &'static str, String),
    /// It is done, and answered all the same with a status.
    DoAnd(u16),
    /// The connection ends before it is done.
    DropBefore,
    /// The connection ends after it is done.
    DropAfter,
    /// It is done, but only half of the answer comes.
    Half,
    /// Nothing comes, and the connection stays.
    Silence,
}

/// What came in.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub token: Option<String>,
    pub body: String,
}

#[derive(Default)]
struct State {
    comments: Vec<Value>,
    script: BTreeMap<String, VecDeque<Act>>,
    seen: Vec<Seen>,
    pulls: Value,
    /// The bare repository behind it, and the pull requests into it.
    hosted: Option<PathBuf>,
    proposed: Value,
    endless: bool,
}

pub struct Server {
    address: String,
    state: Arc<Mutex<State>>,
}

/// Who the token belongs to.
pub const ME: &str = "release-bot";

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { pulls: json!([]), proposed: json!([]), ..State::default() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || drop(handle(&shared, &stream)));
            }
        });
        Self { address, state }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test failed in it")
    }

    /// The next requests of a method, or to a path that ends so, go like this; those after them are served.
    pub fn script(&self, method: &str, acts: impl IntoIterator<Item = Act>) {
        self.state().script.insert(method.to_owned(), acts.into_iter().collect());
    }

    /// Every page of comments has a next one.
    pub fn never_end(&self) {
        self.state().endless = true;
    }

    /// What a commit's pull requests are.
    pub fn pulls(&self, pulls: Value) {
        self.state().pulls = pulls;
    }

    /// A bare repository that it serves.
    pub fn host(&self, folder: PathBuf) {
        self.state().hosted = Some(folder);
    }

    /// The pull requests that were opened.
    pub fn proposed(&self) -> Value {
        self.state().proposed.clone()
    }

    pub fn post(&self, author: &str, body: &str) {
        post(&mut self.state(), author, body);
    }

    /// Bodies of the comments by an author.
    pub fn bodies(&self, author: &str) -> Vec<String> {
        let state = self.state();
        let own = state.comments.iter().filter(|comment| comment["user"]["login"] == author);
        own.map(|comment| comment["body"].as_str().expect("a text").to_owned()).collect()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// How many requests of a method came.
    pub fn count(&self, method: &str) -> usize {
        self.state().seen.iter().filter(|seen| seen.method == method).count()
    }
}

fn post(state: &mut State, author: &str, body: &str) -> Value {
    let id = state.comments.len() + 1;
    let kind = if author.ends_with("[bot]") { "Bot" } else { "User" };
    let url = format!("https://github.example/acme/shop/pull/7#issuecomment-{id}");
    let comment = json!({ "id": id, "user": { "login": author, "type": kind }, "body": body, "html_url": url });
    state.comments.push(comment.clone());
    comment
}

fn handle(shared: &Mutex<State>, mut stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
    let (mut length, mut token) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().expect("a length"),
            "authorization" => token = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let seen =
        Seen { method: method.to_owned(), path: path.to_owned(), token, body: String::from_utf8(body).expect("UTF-8") };
    let (act, answer) = {
        let mut state = shared.lock().expect("no test failed in it");
        state.seen.push(seen.clone());
        let key = if state.script.contains_key(path) { path } else { method };
        let act = state.script.get_mut(key).and_then(VecDeque::pop_front).unwrap_or(Act::Serve);
        let done = matches!(act, Act::Serve | Act::DoAnd(_) | Act::DropAfter | Act::Half);
        (act, if done { serve(&mut state, &seen) } else { (0, String::new(), Value::Null) })
    };
    let whole = |status: u16, headers: &str, body: &str| {
        format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
    };
    match act {
        Act::Serve => stream.write_all(whole(answer.0, &answer.1, &answer.2.to_string()).as_bytes()),
        Act::Answer(status, headers, body) => stream.write_all(whole(status, headers, &body).as_bytes()),
        Act::DoAnd(status) => stream.write_all(whole(status, "", "<html>Bad Gateway</html>").as_bytes()),
        Act::Half => {
            let text = whole(answer.0, "", &answer.2.to_string());
            stream.write_all(&text.as_bytes()[..text.len() - 20])
        }
        Act::DropBefore | Act::DropAfter => Ok(()),
        Act::Silence => {
            thread::sleep(Duration::from_mins(1));
            Ok(())
        }
    }
}

/// Does what a request asks for: a status, headers and the body of the answer.
fn serve(state: &mut State, seen: &Seen) -> (u16, String, Value) {
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    let path = path.strip_prefix("/api/v3").unwrap_or(path);
    let of_query = |name: &str| {
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.map(|value| value.parse::<usize>().expect("a number"))
    };
    let body = || serde_json::from_str::<Value>(&seen.body).expect("JSON")["body"].as_str().expect("a text").to_owned();
    if let Some(folder) = &state.hosted
        && let Some((status, body)) =
            git_data::answer(folder, &mut state.proposed, &seen.method, path, query, &seen.body)
    {
        return (status, String::new(), body);
    }
    match (seen.method.as_str(), path) {
        ("GET", "/user") => (200, String::new(), json!({ "login": ME, "type": "User" })),
        ("GET", "/repos/acme/shop/issues/7/comments") => {
            let (page, size) = (of_query("page").unwrap_or(1), of_query("per_page").unwrap_or(30));
            let on_page: Vec<_> = state.comments.iter().skip((page - 1) * size).take(size).cloned().collect();
            let more = state.endless || state.comments.len() > page * size;
            let next = page + 1;
            let link = format!("Link: <https://elsewhere.example/x?per_page={size}&page={next}>; rel=\"next\"\r\n");
            (200, if more { link } else { String::new() }, json!(on_page))
        }
        ("POST", "/repos/acme/shop/issues/7/comments") => (201, String::new(), post(state, ME, &body())),
        ("PATCH", path) => {
            let id: usize =
                path.strip_prefix("/repos/acme/shop/issues/comments/").expect("a comment").parse().expect("an id");
            state.comments[id - 1]["body"] = json!(body());
            (200, String::new(), state.comments[id - 1].clone())
        }
        ("GET", path) if path.starts_with("/repos/acme/shop/commits/") => (200, String::new(), state.pulls.clone()),
        _ => (404, String::new(), json!({ "message": "Not Found" })),
    }
}

//! What GitHub does with trees, commits, branches and pull requests, done by the real `git` in a bare repository.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

fn git(folder: &Path, arguments: &[&str], input: &str) -> Option<String> {
    let index = folder.join("index-of-a-call");
    let mut child = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_INDEX_FILE", &index)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("git runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    output.status.success().then(|| String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned())
}

/// Answers a call about the repository's Git data and its pull requests, or nothing if it is about something else.
pub fn answer(
    folder: &Path,
    pulls: &mut Value,
    method: &str,
    path: &str,
    query: &str,
    body: &str,
) -> Option<(u16, Value)> {
    let rest = path.strip_prefix("/repos/acme/shop")?;
    let asked = || serde_json::from_str::<Value>(body).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let missing = || (404, json!({ "message": "Not Found" }));
    let refused = |why: &str| (422, json!({ "message": why }));
    Some(match (method, rest) {
        ("GET", "") => (200, json!({ "default_branch": "main" })),
        ("GET", rest) if rest.starts_with("/git/commits/") => {
            let commit = &rest["/git/commits/".len()..];
            match git(folder, &["rev-parse", &format!("{commit}^{{tree}}")], "") {
                Some(tree) => (200, json!({ "sha": commit, "tree": { "sha": tree } })),
                None => missing(),
            }
        }
        ("POST", "/git/trees") => {
            let asked = asked();
            git(folder, &["read-tree", asked["base_tree"].as_str()?], "").expect("the base tree");
            for entry in asked["tree"].as_array().expect("entries") {
                assert_eq!((&entry["mode"], &entry["type"]), (&json!("100644"), &json!("blob")));
                let blob = git(folder, &["hash-object", "-w", "--stdin"], entry["content"].as_str()?).expect("a blob");
                let line = format!("100644 {blob}\t{}\n", entry["path"].as_str()?);
                git(folder, &["update-index", "--index-info"], &line).expect("an entry");
            }
            (201, json!({ "sha": git(folder, &["write-tree"], "").expect("a tree") }))
        }
        ("POST", "/git/commits") => {
            let asked = asked();
            let (tree, parent) = (text(&asked["tree"]), text(&asked["parents"][0]));
            let made = git(folder, &["commit-tree", &tree, "-p", &parent, "-m", asked["message"].as_str()?], "");
            (201, json!({ "sha": made.expect("a commit") }))
        }
        ("POST", "/git/refs") => {
            let (name, sha) = (text(&asked()["ref"]), text(&asked()["sha"]));
            match git(folder, &["rev-parse", "--verify", "-q", &name], "") {
                Some(_) => refused("Reference already exists"),
                None => {
                    git(folder, &["update-ref", &name, &sha], "").expect("a branch");
                    (201, json!({ "ref": name, "object": { "sha": sha } }))
                }
            }
        }
        ("GET", rest) if rest.starts_with("/git/ref/heads/") => {
            let name = rest.replacen("/git/ref/", "refs/", 1);
            match git(folder, &["rev-parse", "--verify", "-q", &name], "") {
                Some(sha) => (200, json!({ "ref": name, "object": { "sha": sha } })),
                None => missing(),
            }
        }
        ("GET", "/pulls") => {
            let head = query.split('&').find_map(|pair| pair.strip_prefix("head=acme:")).expect("a head");
            let open = pulls.as_array().expect("pulls").iter().filter(|pull| pull["head"]["ref"] == head);
            (200, open.cloned().collect())
        }
        ("POST", "/pulls") => {
            let asked = asked();
            let all = pulls.as_array_mut().expect("pulls");
            if all.iter().any(|pull| pull["head"]["ref"] == asked["head"]) {
                return Some(refused("A pull request already exists"));
            }
            let number = all.len() + 8;
            let pull = json!({
                "number": number, "html_url": format!("https://github.example/acme/shop/pull/{number}"),
                "title": asked["title"], "body": asked["body"], "head": { "ref": asked["head"] },
                "base": { "ref": asked["base"] },
            });
            all.push(pull.clone());
            (201, pull)
        }
        _ => return None,
    })
}

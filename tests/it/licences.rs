//! Every dependency's licence is one that `deny.toml` allows.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Whether an SPDX expression can be met with allowed licences: `AND` binds closer than `OR`; `/` is an old `OR`.
fn allowed(expression: &str, allow: &[String]) -> bool {
    let expression = expression.trim();
    let split = |word: &str| -> Vec<String> {
        let (mut parts, mut depth, mut current) = (Vec::new(), 0_i32, Vec::new());
        for token in expression.replace('(', " ( ").replace(')', " ) ").split_whitespace() {
            match token {
                "(" => depth += 1,
                ")" => depth -= 1,
                token if token == word && depth == 0 => {
                    parts.push(current.join(" "));
                    current.clear();
                    continue;
                }
                _ => {}
            }
            current.push(token.to_owned());
        }
        parts.push(current.join(" "));
        parts
    };
    let (either, all) = (split("OR"), split("AND"));
    if either.len() > 1 {
        return either.iter().any(|part| allowed(part, allow));
    }
    if all.len() > 1 {
        return all.iter().all(|part| allowed(part, allow));
    }
    if let Some(inner) = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return allowed(inner, allow);
    }
    if expression.contains('/') {
        return expression.split('/').any(|part| allowed(part, allow));
    }
    allow.iter().any(|licence| licence == expression)
}

/// What cargo prints about this package.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The platform that is built for; what others would need may not even be downloaded.
fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned()
}

#[test]
fn every_licence_is_allowed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let deny: toml::Table = fs::read_to_string(root.join("deny.toml")).expect("deny.toml").parse().expect("TOML");
    let allow: Vec<String> = deny["licenses"]["allow"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|licence| licence.as_str().expect("a text").to_owned())
        .collect();
    let metadata = cargo(&["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", &host()]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 50);
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(|licence| allowed(licence, &allow)))
        .map(|package| format!("{} ({})", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "not allowed by deny.toml: {}", refused.join(", "));
}

/// What is built with some features.
fn built(features: &str) -> Vec<String> {
    // Not from the metadata: those list what the lock file knows, also where no feature that is on asks for it.
    let tree =
        ["tree", "--offline", "--locked", "--edges", "normal,build", "--prefix", "none", "--no-default-features"];
    let tree = cargo(&[&tree[..], &["--features", features]].concat());
    let built: Vec<String> = tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(built.iter().any(|name| name == "allotment"));
    built
}

#[test]
fn there_is_one_provider_of_cryptography_for_connections() {
    for other in ["ring", "openssl-sys", "native-tls"] {
        assert!(!built("cli,forge").iter().any(|name| name == other), "`{other}` is built beside aws-lc-rs");
    }
    // Object storage, in the version that DataFusion has, signs with ring and offers no other; it brings what it needs alone.
    let embedded = built("cli,embedded");
    assert!(embedded.iter().any(|name| name == "ring"), "object storage does without ring: hold it to aws-lc-rs");
    for other in ["aws-lc-rs", "openssl-sys", "native-tls"] {
        assert!(!embedded.iter().any(|name| name == other), "`{other}` is built beside ring");
    }
}

#[test]
fn expressions_are_understood() {
    let allow = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
    for good in ["MIT", "Apache-2.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "MIT/Apache-2.0"] {
        assert!(allowed(good, &allow), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR Apache-2.0) AND MIT", ""] {
        assert!(!allowed(bad, &allow), "{bad}");
    }
}

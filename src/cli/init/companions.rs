//! What surrounds a catalogue in its repository: reviewers, a workflow, line ends, and the editor's map of schemas.

use std::path::{Path, PathBuf};

use crate::decl::Kind;
use crate::io;

/// Schemas hold every id of the catalogue: any two branches that add one each would conflict in them, and not in what they
/// mean. Nothing that Git has built in merges JSON, so they are not committed; whoever clones writes them.
const UNCOMMITTED: &str =
    "# Written by `allot schema -o schema`, for this machine: they hold ids that branches add.\n*.json\n";

/// A file that is made where there is none.
pub struct Companion {
    pub path: PathBuf,
    pub text: String,
    /// What a file that is there already should hold.
    pub essence: String,
}

/// The companions of a catalogue in a folder. What GitHub and editors look for at the top of a repository goes there.
pub fn all(folder: &Path) -> Vec<Companion> {
    let top = io::top_of_repository(existing(folder)).filter(|top| folder.starts_with(top));
    let top = top.as_deref().unwrap_or(folder);
    let way = io::way(top, folder);
    let whole = |path: PathBuf, text: String| Companion { path, essence: indented(&text), text };
    let attributes = "*.lock text eol=lf\n".to_owned();
    let taplo = taplo(&way);
    let agents = include_str!("files/AGENTS.md").to_owned();
    vec![
        Companion { path: folder.join("AGENTS.md"), text: agents, essence: "  a word on this catalogue".to_owned() },
        whole(folder.join(".gitattributes"), attributes),
        whole(folder.join("schema/.gitignore"), UNCOMMITTED.to_owned()),
        whole(top.join(".github/CODEOWNERS"), codeowners(&way)),
        whole(top.join(".github/workflows/allotment.yml"), workflow(&way)),
        whole(top.join(".taplo.toml"), taplo),
        whole(
            top.join(".vscode/extensions.json"),
            "{\n  \"recommendations\": [\"tamasfe.even-better-toml\"]\n}\n".to_owned(),
        ),
    ]
}

/// The nearest folder at or above that is there.
fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| io::is_there(folder)).unwrap_or(folder)
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.trim_end().lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

/// Whose review each part needs: a surface's owners that of all on it.
fn codeowners(way: &str) -> String {
    let owned = |path: &str| format!("/{way}{path} @example/shop\n");
    let paths = ["allotment.toml", "surfaces/shop.*", "flags/shop-*", "metrics/shop.toml", "segments/"];
    let paths = paths.iter().chain(&["experiments/shop/", "rollouts/shop/", "baselines/shop.toml"]);
    format!(
        "# Who must approve what, from `owners` of the surfaces.\n{}",
        paths.map(|path| owned(path)).collect::<String>()
    )
}

fn workflow(way: &str) -> String {
    let root = if way.is_empty() { "." } else { way.trim_end_matches('/') };
    include_str!("files/workflow.yml").replace("{{root}}", root).replace("{{version}}", env!("CARGO_PKG_VERSION"))
}

/// Which schema is for which file, for Taplo and the editors that it is in.
fn taplo(way: &str) -> String {
    let mut text = "# Which schema is for which file; `allot schema -o schema` writes them.\n".to_owned();
    for kind in Kind::ALL {
        let files = match kind.folder() {
            Some(folder) => format!("{folder}/**/*.toml"),
            None => "allotment.toml".to_owned(),
        };
        let name = kind.word();
        text.push_str(&format!(
            "\n[[rule]]\ninclude = [\"{way}{files}\"]\n[rule.schema]\npath = \"{way}schema/{name}.json\"\n"
        ));
    }
    text
}

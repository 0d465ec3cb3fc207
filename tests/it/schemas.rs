//! The schemas that editors read accept every file that the tool accepts, and refuse what it would refuse by itself.

use std::fs;
use std::path::{Path, PathBuf};

use allotment::decl::{Ids, Kind, schemas};
use jsonschema::Validator;
use serde_json::Value;

/// A TOML text as JSON, dates as strings, which is how editors hand it to a schema.
fn json(text: &str) -> Value {
    fn value(item: &toml::Value) -> Value {
        match item {
            toml::Value::String(text) => text.as_str().into(),
            toml::Value::Integer(number) => (*number).into(),
            toml::Value::Float(number) => (*number).into(),
            toml::Value::Boolean(truth) => (*truth).into(),
            toml::Value::Datetime(date) => date.to_string().into(),
            toml::Value::Array(items) => items.iter().map(value).collect(),
            toml::Value::Table(table) => table.iter().map(|(key, item)| (key.clone(), value(item))).collect(),
        }
    }
    value(&toml::Value::Table(toml::from_str(text).expect("TOML")))
}

fn validator(kind: Kind, ids: &Ids) -> Validator {
    let (_, schema) = schemas(ids).into_iter().find(|(own, _)| *own == kind).expect("every kind has one");
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

/// The declarations below a catalogue's root.
fn declarations(root: &Path) -> Vec<(PathBuf, Kind)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let below = path.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(kind) = Kind::of(&below) {
                found.push((path, kind));
            }
        }
    }
    found
}

#[test]
fn every_declaration_meets_its_schema() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut roots = vec![here.join("tests/it/catalogue")];
    roots
        .extend(fs::read_dir(here.join("examples")).into_iter().flatten().map(|entry| entry.expect("an entry").path()));
    let validators: Vec<(Kind, Validator)> =
        Kind::ALL.into_iter().map(|kind| (kind, validator(kind, &Ids::new()))).collect();
    let mut files = 0;
    for root in roots.iter().filter(|root| root.join("allotment.toml").is_file()) {
        for (path, kind) in declarations(root) {
            let (_, validator) = validators.iter().find(|(own, _)| *own == kind).expect("every kind");
            let text = fs::read_to_string(&path).expect("a text");
            let wrong: Vec<String> = validator
                .iter_errors(&json(&text))
                .map(|wrong| format!("{}: {wrong}", wrong.instance_path()))
                .collect();
            assert!(wrong.is_empty(), "{}:\n{}", path.display(), wrong.join("\n"));
            files += 1;
        }
    }
    assert!(files > 10, "{files} files");
}

#[test]
fn an_unknown_key_is_refused_at_the_key() {
    let validator = validator(Kind::Experiment, &Ids::new());
    let text = "version = 1\nstage = \"ship\"\nowner = \"home\"\nsurface = \"home\"\ntrafic = \"20%\"\n";
    let json = json(text);
    let places: Vec<String> = validator.iter_errors(&json).map(|wrong| wrong.instance_path().to_string()).collect();
    assert!(!places.is_empty() && places.iter().all(|place| place == "/trafic"), "{places:?}");
}

#[test]
fn what_a_schema_alone_can_tell_is_refused() {
    let base = "version = 1\nstage = \"ship\"\nowner = \"home\"\nsurface = \"home\"\n";
    let validator = validator(Kind::Experiment, &Ids::new());
    assert!(validator.is_valid(&json(base)));
    for wrong in [
        "version = 2\nstage = \"ship\"\nowner = \"home\"\nsurface = \"home\"\n",
        "stage = \"ship\"\nowner = \"home\"\nsurface = \"home\"\n",
        &format!("{base}traffic = 20\n"),
        &format!("{base}traffic = \"20\"\n"),
        &format!("{base}start = \"soon\"\n"),
        &format!("{base}days = \"28\"\n"),
        &format!("{base}[decision]\noutcome = \"won\"\non = 2027-01-01\n"),
        &format!("{base}[success]\nx = {{ mdee = \"2%\" }}\n"),
    ] {
        assert!(!validator.is_valid(&json(wrong)), "{wrong}");
    }
}

#[test]
fn known_ids_are_the_only_ones_allowed() {
    let one = |id: &str| [(id.to_owned(), "in words".to_owned())].into();
    let ids = Ids::from([
        ("surface", one("home")),
        ("metric", one("skip-rate")),
        ("team", one("home")),
        ("component-or-all", [("*".to_owned(), String::new())].into()),
    ]);
    let validator = validator(Kind::Experiment, &ids);
    let text = |surface: &str, metric: &str, touched: &str| {
        json(&format!(
            "version = 1\nstage = \"ship\"\nowner = \"home\"\nsurface = \"{surface}\"\nalso-touches = [\"{touched}\"]\n[success]\n{metric} = {{}}\n"
        ))
    };
    assert!(validator.is_valid(&text("home", "skip-rate", "*")));
    assert!(!validator.is_valid(&text("hoem", "skip-rate", "*")));
    assert!(!validator.is_valid(&text("home", "skip-rat", "*")));
    assert!(!validator.is_valid(&text("home", "skip-rate", "cards")));
}

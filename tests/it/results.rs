//! Recorded results: they are read strictly, written as they were read, and meet the schema that is printed for them.

use std::fs;
use std::path::Path;

use allotment::results::Results;
use serde_json::Value;

/// Every example by its name.
pub fn examples() -> Vec<(String, Results)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/results");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: &Path| {
        let name = path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
        let results = Results::read(&fs::read(path).expect("bytes")).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        (name, results)
    };
    paths.iter().map(|path| read(path)).collect()
}

#[test]
fn examples_are_read_and_written_alike_and_meet_the_schema() {
    let schema = allotment::render::json::results_schema();
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    let examples = examples();
    assert!(examples.len() >= 3);
    for (name, results) in examples {
        let text = results.write();
        assert_eq!(Results::read(text.as_bytes()).as_ref(), Ok(&results), "{name}");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let wrong: Vec<String> =
            validator.iter_errors(&value).map(|wrong| format!("{}: {wrong}", wrong.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn what_is_unknown_or_of_another_version_is_refused() {
    let (_, results) = examples().remove(0);
    let mut value: Value = serde_json::from_str(&results.write()).expect("JSON");
    let read = |value: &Value| Results::read(value.to_string().as_bytes());
    assert!(read(&value).is_ok());
    value["extra"] = 1.into();
    assert!(read(&value).expect_err("an unknown key").contains("extra"));
    value["version"] = 2.into();
    assert!(read(&value).expect_err("another version").contains("version 2"));
    assert!(Results::read(b"{}").is_err());
    assert!(Results::read(b"\xff").is_err());
}

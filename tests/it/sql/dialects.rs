//! What is written in each dialect: it parses there, and nothing that a catalogue says escapes from its place.

use std::ops::ControlFlow;

use allotment::decl::Engine;
use allotment::query::{Dialect, statements};
use sqlparser::ast::{SetExpr, Statement, Visit, Visitor};
use sqlparser::parser::Parser;

use super::random::World;
use crate::stats_peers::Random;

const ENGINES: [Engine; 5] = [Engine::Embedded, Engine::Duckdb, Engine::Postgres, Engine::Bigquery, Engine::Snowflake];

/// Counts relations that are tables of the catalogue, and queries.
#[derive(Default)]
struct Seen {
    tables: Vec<String>,
}

impl Visitor for Seen {
    type Break = ();
    fn pre_visit_relation(&mut self, name: &sqlparser::ast::ObjectName) -> ControlFlow<()> {
        self.tables.push(name.to_string());
        ControlFlow::Continue(())
    }
}

/// Parses one SELECT of a dialect and says which tables it reads besides its own parts.
fn tables(text: &str, engine: Engine) -> Vec<String> {
    let parsed = Parser::parse_sql(Dialect::of(engine).parser().as_ref(), text)
        .unwrap_or_else(|wrong| panic!("{}: {wrong}\n{text}", engine.word()));
    let [Statement::Query(query)] = parsed.as_slice() else { panic!("one query: {text}") };
    assert!(matches!(query.body.as_ref(), SetExpr::Select(_)), "{text}");
    let own: Vec<String> =
        query.with.iter().flat_map(|with| &with.cte_tables).map(|part| part.alias.name.to_string()).collect();
    let mut seen = Seen::default();
    let _ = query.visit(&mut seen);
    seen.tables.retain(|name| !own.contains(name));
    seen.tables.sort();
    seen.tables.dedup();
    seen.tables
}

#[test]
fn every_statement_parses_in_its_dialect() {
    let mut random = Random(7);
    for _ in 0..20 {
        let world = World::draw(&mut random);
        for engine in ENGINES {
            for statement in statements(&world.request, Dialect::of(engine)).expect("harmless") {
                let read = tables(&statement.text, engine);
                assert!(read.iter().all(|name| name.contains("lake")), "{read:?}");
                let reads = statement.text.matches("exposures AS").count();
                assert_eq!(reads, 1, "exposures are read once: {}", statement.text);
            }
        }
    }
}

#[test]
fn the_command_prints_what_would_run() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/streaming");
    let allot = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_allot"));
        command.arg("--root").arg(&root).args(["--at", "2027-02-01", "query"]).args(arguments);
        let output = command.output().expect("it runs");
        let said = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), said(output.stdout), said(output.stderr))
    };
    let schema = serde_json::from_str(include_str!("../../../schema/output/query.json")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let holds = |json: &str| {
        let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
        let wrong: Vec<String> = schema.iter_errors(&json).map(|wrong| format!("{wrong}")).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{json:#}");
        json
    };
    for engine in ENGINES {
        let (code, text, _) = allot(&["gestures", "lyrics-first", "--dialect", engine.word()]);
        assert_eq!(code, Some(0));
        let statements: Vec<&str> = text.split(";\n").filter(|text| !text.trim().is_empty()).collect();
        assert!(statements.len() > 1, "exposures and facts");
        for statement in statements {
            assert_eq!(tables(statement, engine).len(), if statement.contains("_fact_") { 2 } else { 1 });
        }
        let (code, json, _) = allot(&["gestures", "--dialect", engine.word(), "--format", "json"]);
        let json = holds(&json);
        assert_eq!((code, &json["version"], &json["dialect"]), (Some(0), &1.into(), &engine.word().into()));
        let statement = &json["surfaces"][0]["statements"][1];
        assert_eq!((&statement["about"], statement["columns"][0].as_str()), (&"facts".into(), Some("study")));
    }
    let (code, text, said) = allot(&["gesture"]);
    assert_eq!((code, text.as_str()), (Some(2), ""));
    assert!(said.contains("did you mean `gestures`?"), "{said}");
    let (code, _, said) = allot(&["sleep-timer"]);
    assert!(code == Some(1) && said.contains("`sleep-timer` is left out"), "{said}");
    let (_, json, _) = allot(&["sleep-timer", "gestures", "--format", "json"]);
    assert_eq!(holds(&json)["left_out"][0]["experiment"], "sleep-timer");
}

#[test]
fn names_and_texts_do_not_escape() {
    let mut random = Random(8);
    let hostile = [
        "x' OR 1=1; DROP TABLE t; --",
        "x\\' OR 1=1; DROP TABLE t; --",
        "x\"; DROP TABLE t; --",
        "x`; DROP TABLE t; --",
        "x\\`; DROP TABLE t; --",
        "x\n; DROP TABLE t; --",
        "x\r; DROP TABLE t; /*",
        "x\u{2028}; DROP TABLE t",
        "*/; DROP TABLE t; --",
        "select",
        "",
    ];
    for text in hostile {
        let mut world = World::draw(&mut random);
        let request = &mut world.request;
        text.clone_into(&mut request.studies[0].key);
        text.clone_into(&mut request.studies[1].variants[1]);
        text.clone_into(&mut request.surface);
        text.clone_into(&mut request.exposures.unit);
        text.clone_into(&mut request.exposures.variant);
        text.clone_into(&mut request.sources[0].fact);
        text.clone_into(&mut request.sources[0].unit);
        text.clone_into(&mut request.sources[0].timestamp);
        request.sources[0].inputs[0].column = Some(text.to_owned());
        request.measures.iter_mut().for_each(|measure| text.clone_into(&mut measure.id));
        for engine in ENGINES {
            for statement in statements(request, Dialect::of(engine)).expect("harmless") {
                let read = tables(&statement.text, engine);
                assert!(read.iter().all(|name| name.contains("lake")), "{read:?}");
            }
        }
    }
}

//! The provider as an application sees it, over HTTP: what it serves, what it refuses, and what it falls back on.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail loudly, and serve folders of their own"
)]

mod published;
mod server;

use allotment::artifact::signature::{SigningKey, new_pair};
use allotment::eval::{AttributeValue, Evaluator};
use allotment::provider::{Exposure, Exposures, Options, Provider};
use open_feature::provider::{FeatureProvider, ProviderStatus};
use open_feature::{EvaluationContext, EvaluationErrorCode, EvaluationReason, FlagMetadataValue, OpenFeature};
use published::{Published, surface};
use server::Server;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Short enough for a test, and long enough for a busy machine.
fn options(server: &Server) -> Options {
    Provider::at(server.url()).every(Duration::from_millis(20)).patience(Duration::from_secs(5))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(future)
}

/// A provider that has made its first attempt.
fn started(options: Options) -> Provider {
    let mut provider = options.start().expect("a provider");
    run(provider.initialize(&EvaluationContext::default()));
    provider
}

fn unit(n: u32) -> EvaluationContext {
    EvaluationContext::default().with_targeting_key(format!("unit-{n}")).with_custom_field("plan", "premium")
}

fn text(provider: &Provider, flag: &str, n: u32) -> Result<String, EvaluationErrorCode> {
    run(provider.resolve_string_value(flag, &unit(n))).map(|details| details.value).map_err(|error| error.code)
}

/// Waits until something holds, for as long as a very busy machine may need.
fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(1), "never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn serves_what_the_evaluator_does_and_tells_of_exposures() {
    let published = Published::of(&[surface("home", "one"), surface("search", "one")]);
    let server = Server::of(&published);
    let provider = options(&server).surface("home").surface("search").start().expect("a provider");
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let mut logged = Vec::new();
    run(async {
        let mut api = OpenFeature::default();
        api.set_provider(provider).await;
        let client = api.create_client();
        let client = client.with_hook(Exposures::to(move |exposure| listener.lock().unwrap().push(exposure)));
        for id in ["home", "search"] {
            let evaluator = Evaluator::new(surface(id, "one"));
            let flag = format!("{id}-ranker");
            for n in 0..500 {
                let attributes = [("plan", AttributeValue::Text("premium"))];
                let id_of_unit = format!("unit-{n}");
                let ours = evaluator.evaluate(&flag, &id_of_unit, &attributes, 1_900_000_000);
                let theirs = client.get_string_details(&flag, Some(&unit(n)), None).await.expect("a value");
                assert_eq!(ours.value, &theirs.value, "{flag} {n}");
                assert_eq!(ours.variant, theirs.variant.as_deref());
                assert_eq!(ours.reason.id(), theirs.reason.clone().unwrap_or_default().to_string());
                let bucket = theirs.flag_metadata.values.get("bucket");
                assert_eq!(bucket, Some(&FlagMetadataValue::Int(ours.bucket.expect("a bucket").into())));
                if let (Some(experiment), Some(variant)) = (ours.experiment, ours.variant) {
                    logged.push(Exposure {
                        unit: id_of_unit.clone(),
                        surface: id.to_owned(),
                        flag: flag.clone(),
                        experiment: experiment.to_owned(),
                        variant: variant.to_owned(),
                    });
                }
            }
        }
    });
    assert!(logged.len() > 300, "{}", logged.len());
    assert_eq!(*told.lock().unwrap(), logged);
}

#[test]
fn every_type_has_its_method_and_a_wrong_one_is_said() {
    let published = Published::of(&[surface("home", "one")]);
    let provider = started(options(&Server::of(&published)).surface("home"));
    run(async {
        let context = unit(1);
        assert!(provider.resolve_bool_value("home-new", &context).await.unwrap().value);
        assert_eq!(provider.resolve_int_value("home-rows", &context).await.unwrap().value, 3);
        assert!((provider.resolve_float_value("home-rows", &context).await.unwrap().value - 3.0).abs() < f64::EPSILON);
        let object = provider.resolve_struct_value("home-layout", &context).await.unwrap();
        assert_eq!(object.value.fields["columns"], open_feature::Value::Int(2));
        assert_eq!(object.reason, Some(EvaluationReason::Static));
        let wrong = provider.resolve_int_value("home-new", &context).await.unwrap_err();
        assert_eq!(wrong.code, EvaluationErrorCode::TypeMismatch);
        assert_eq!(wrong.message.as_deref(), Some("`home-new` is a boolean"));
        let unknown = provider.resolve_bool_value("nothing", &context).await.unwrap_err();
        assert_eq!(unknown.code, EvaluationErrorCode::FlagNotFound);
        // Without a unit there is the flag's default, not the caller's.
        let nobody = provider.resolve_string_value("home-ranker", &EvaluationContext::default()).await.unwrap();
        assert_eq!((nobody.value.as_str(), nobody.reason), ("v7", Some(EvaluationReason::Error)));
        // The attribute that the surface hashes comes before the targeting key.
        let two = unit(1).with_custom_field("user-id", "unit-2");
        let metadata = provider.resolve_string_value("home-ranker", &two).await.unwrap().flag_metadata.unwrap();
        assert_eq!(metadata.values["unit"], FlagMetadataValue::String("unit-2".into()));
    });
}

#[test]
fn follows_what_is_published_and_asks_with_the_tag() {
    let published = Published::of(&[surface("home", "one")]);
    let server = Server::of(&published);
    let provider = started(options(&server).surface("home"));
    assert_eq!(provider.status(), ProviderStatus::Ready);
    assert_eq!(text(&provider, "home-title", 1).unwrap(), "one");
    until("answers without a body", || server.unchanged() > 2);
    let before = server.sent("home/");
    assert_eq!(before, 1, "an artifact that is there is not read again");
    published.put(&surface("home", "two"));
    until("the new value", || text(&provider, "home-title", 1).unwrap() == "two");
    assert_eq!(server.sent("home/"), 2);
}

#[test]
fn what_does_not_prove_itself_is_refused_and_the_last_good_stays() {
    let published = Published::of(&[surface("home", "one"), surface("search", "one")]);
    let server = Server::of(&published);
    let provider = started(options(&server).surface("home").surface("search"));
    let says = |what: &str| provider.problem().is_some_and(|problem| problem.contains(what));
    // A flipped bit in one surface: the other goes on.
    published.put(&surface("home", "two"));
    published.put(&surface("search", "two"));
    published.flip("home");
    until("the other surface", || text(&provider, "search-title", 1).unwrap() == "two");
    until("a refusal", || says("surface `home` is refused: home/native-"));
    assert_eq!((text(&provider, "home-title", 1).unwrap().as_str(), provider.status()), ("one", ProviderStatus::STALE));
    // The artifact of another surface under its name.
    published.swap("home", "search");
    until("a refusal", || says("it is the artifact of `search`"));
    // A manifest that is cut, one that is none, one of a surface that is gone.
    published.manifest_is(|manifest| manifest.truncate(manifest.len() / 2));
    until("a refusal", || says("the manifest is refused"));
    published.withdraw("home");
    until("a refusal", || says("surface `home` is not published"));
    server.breaks(true);
    until("a refusal", || says("manifest.json: the server answered 500"));
    assert_eq!(text(&provider, "home-title", 1).unwrap(), "one");
    server.breaks(false);
    published.put(&surface("home", "three"));
    published.put(&surface("search", "two"));
    until("the new value", || text(&provider, "home-title", 1).unwrap() == "three");
    until("no problem", || provider.problem().is_none());
    assert_eq!(provider.status(), ProviderStatus::Ready);
}

#[test]
fn an_older_manifest_is_refused_also_after_a_start() {
    let shelf = tempfile::tempdir().expect("a folder");
    let published = Published::of(&[surface("home", "one")]);
    published.sign(7, None);
    let server = Server::of(&published);
    let again = || started(options(&server).surface("home").shelf(shelf.path()));
    let first = again();
    assert_eq!((text(&first, "home-title", 1).unwrap().as_str(), first.problem()), ("one", None));
    drop(first);
    published.put(&surface("home", "old"));
    published.sign(6, None);
    let second = again();
    until("a refusal", || second.problem().is_some_and(|problem| problem.contains("its serial is 6, and 7 was taken")));
    assert_eq!(text(&second, "home-title", 1).unwrap(), "one");
    published.sign(8, None);
    until("the new value", || text(&second, "home-title", 1).unwrap() == "old");
}

#[test]
fn with_a_key_only_what_it_signed_is_taken() {
    let pair = |seed: u8| new_pair(&[seed; 32]).expect("a pair");
    let (private, public) = pair(1);
    let (key, other) =
        (SigningKey::from_pem(&private).expect("a key"), SigningKey::from_pem(&pair(2).0).expect("a key"));
    let published = Published::of(&[surface("home", "one")]);
    published.sign(1, Some(&key));
    let server = Server::of(&published);
    let provider = started(options(&server).surface("home").key(&public).expect("a key"));
    assert_eq!(text(&provider, "home-title", 1).unwrap(), "one");
    let refused = |what: &str| {
        until("a refusal", || provider.problem().is_some_and(|problem| problem.contains(what)));
        assert_eq!(text(&provider, "home-title", 1).unwrap(), "one");
    };
    published.put(&surface("home", "two"));
    refused("the manifest is not what was signed");
    published.sign(2, None);
    refused("the manifest is not signed");
    published.sign(3, Some(&other));
    refused("the manifest is signed by key");
    published.sign(4, Some(&key));
    until("the new value", || text(&provider, "home-title", 1).unwrap() == "two");
    assert!(options(&server).surface("home").key("no key").is_err());
}

#[test]
fn starts_from_the_shelf_while_nothing_can_be_reached() {
    let shelf = tempfile::tempdir().expect("a folder");
    let published = Published::of(&[surface("home", "one")]);
    let server = Server::of(&published);
    let first = started(options(&server).surface("home").shelf(shelf.path().join("deep")));
    assert_eq!(text(&first, "home-title", 1).unwrap(), "one");
    drop(first);
    server.breaks(true);
    let again = || started(options(&server).surface("home").shelf(shelf.path().join("deep")));
    let second = again();
    assert_eq!(text(&second, "home-title", 1).unwrap(), "one");
    until("the problem", || second.status() == ProviderStatus::STALE);
    drop(second);
    // What is on the shelf proves itself too.
    let kept = shelf.path().join("deep/home.bin");
    let mut bytes = std::fs::read(&kept).expect("the artifact");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&kept, bytes).expect("it is written");
    let third = again();
    assert_eq!(text(&third, "home-title", 1), Err(EvaluationErrorCode::ProviderNotReady));
    assert_eq!(third.status(), ProviderStatus::Error);
}

#[test]
fn a_server_that_never_answers_holds_up_nobody_for_long() {
    let published = Published::of(&[surface("home", "one")]);
    let server = Server::of(&published);
    server.hangs();
    let begun = Instant::now();
    let provider = started(options(&server).patience(Duration::from_millis(200)).surface("home"));
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(text(&provider, "home-title", 1), Err(EvaluationErrorCode::ProviderNotReady));
    assert!(provider.problem().is_some_and(|problem| problem.contains("timeout")), "{:?}", provider.problem());
}

#[test]
fn a_server_that_speaks_no_tls_is_no_server() {
    let published = Published::of(&[surface("home", "one")]);
    let server = Server::of(&published);
    let url = server.url().replace("http://", "https://");
    let provider = started(Provider::at(url).patience(Duration::from_secs(5)).surface("home"));
    assert!(provider.problem().is_some_and(|problem| problem.starts_with("manifest.json: ")));
    assert_eq!(text(&provider, "home-title", 1), Err(EvaluationErrorCode::ProviderNotReady));
}

#[test]
fn a_folder_will_do_and_other_addresses_are_refused() {
    let published = Published::of(&[surface("home", "one")]);
    let url = format!("file://{}", published.folder().display());
    let provider = started(Provider::at(url).surface("home"));
    assert_eq!(text(&provider, "home-title", 1).unwrap(), "one");
    let refused = |options: Options| options.start().unwrap_err();
    assert!(refused(Provider::at("ftp://example.com").surface("home")).contains("is no address"));
    assert!(refused(Provider::at("https://example.com")).contains("at least one surface"));
}

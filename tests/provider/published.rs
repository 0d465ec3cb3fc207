//! A published folder, and ways to tamper with it.

use allotment::artifact::manifest::{self, File, Manifest, NATIVE, Surface};
use allotment::artifact::signature::SigningKey;
use allotment::artifact::{
    Artifact, AttributeType, Claim, ClaimKind, Condition, Flag, FlagKind, Operand, Predicate, Rule, Segment, Step,
    Test, Variant,
};
use allotment::bucket::{BucketSet, Scheme};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder as it is published.
pub struct Published(TempDir);

/// A surface with a flag of each type; its title says which edition it is.
pub fn surface(id: &str, edition: &str) -> Artifact {
    let flag = |name: &str, kind: FlagKind, default: Value| Flag {
        id: format!("{id}-{name}"),
        component: name.to_owned(),
        kind,
        default,
        previews: vec![],
        claims: vec![],
        rules: vec![],
    };
    let variant = |id: &str, range, value: &str| Variant { id: id.to_owned(), range, value: json!(value) };
    let mut owned = BucketSet::with_size(100);
    owned.insert_run(10..80);
    let mut ranker = flag("ranker", FlagKind::String, json!("v7"));
    ranker.claims.push(Claim {
        key: format!("{id}-fresh.2"),
        id: format!("{id}-fresh"),
        phase: 2,
        kind: ClaimKind::Experiment,
        components: vec!["ranker".to_owned()],
        salt: format!("{id}.fresh"),
        segment: None,
        start: 0,
        end: None,
        steps: vec![Step { from: 0, buckets: owned }],
        variants: vec![variant("control", 0..5_000, "v7"), variant("fresh", 5_000..10_000, "v8")],
    });
    ranker.rules.push(Rule { segment: 0, value: json!("v9") });
    let premium = Condition::Is(Test {
        attribute: "plan".to_owned(),
        kind: AttributeType::String,
        predicate: Predicate::Equals(Operand::Text("premium".to_owned())),
    });
    Artifact {
        surface: id.to_owned(),
        scheme: Scheme::GrowthBook,
        salt: format!("{id}.salt"),
        buckets: 100,
        unit: "user-id".to_owned(),
        components: ["ranker", "title", "new", "rows", "layout"].map(str::to_owned).to_vec(),
        holdout: BucketSet::with_size(100),
        segments: vec![Segment { id: "premium".to_owned(), condition: premium }],
        flags: vec![
            flag("layout", FlagKind::Object, json!({ "columns": 2, "none": null })),
            flag("new", FlagKind::Boolean, json!(true)),
            ranker,
            flag("rows", FlagKind::Number, json!(3)),
            flag("title", FlagKind::String, json!(edition)),
        ],
    }
}

impl Published {
    pub fn of(surfaces: &[Artifact]) -> Self {
        let published = Self(tempfile::tempdir().expect("a folder"));
        surfaces.iter().for_each(|artifact| published.put(artifact));
        published
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Publishes a surface: its file, and then the manifest.
    pub fn put(&self, artifact: &Artifact) {
        let bytes = artifact.encode();
        let file = File::of(&artifact.surface, NATIVE, "bin", &bytes);
        let path = self.folder().join(&file.path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, bytes).expect("it is written");
        let mut manifest = self.manifest();
        let formats = [(NATIVE.to_owned(), file)].into();
        let entry = Surface { sdk: artifact.scheme.to_string(), at: 0, held: None, formats };
        manifest.surfaces.insert(artifact.surface.clone(), entry);
        self.publish(&manifest);
    }

    /// Flips a bit in a surface's file.
    pub fn flip(&self, surface: &str) {
        let path = self.path(surface);
        let mut bytes = fs::read(&path).expect("the file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(path, bytes).expect("it is written");
    }

    /// Names the file of another surface as this one's, digest and all.
    pub fn swap(&self, surface: &str, other: &str) {
        let mut manifest = self.manifest();
        let formats = manifest.surfaces[other].formats.clone();
        manifest.surfaces.get_mut(surface).expect("the surface").formats = formats;
        self.publish(&manifest);
    }

    /// Takes a surface out of the manifest.
    pub fn withdraw(&self, surface: &str) {
        let mut manifest = self.manifest();
        manifest.surfaces.remove(surface);
        self.publish(&manifest);
    }

    /// Alters the manifest's bytes.
    pub fn manifest_is(&self, alter: impl FnOnce(&mut Vec<u8>)) {
        let path = self.folder().join(manifest::PATH);
        let mut bytes = fs::read(&path).expect("the manifest");
        alter(&mut bytes);
        fs::write(path, bytes).expect("it is written");
    }

    /// Publishes the manifest again, with a serial and a signature.
    pub fn sign(&self, serial: u64, key: Option<&SigningKey>) {
        let mut manifest = Manifest { serial, signature: None, ..self.manifest() };
        if let Some(key) = key {
            key.sign(&mut manifest);
        }
        self.publish(&manifest);
    }

    fn path(&self, surface: &str) -> std::path::PathBuf {
        self.folder().join(&self.manifest().surfaces[surface].formats[NATIVE].path)
    }

    /// The manifest that is there, or an empty one.
    fn manifest(&self) -> Manifest {
        let bytes = fs::read(self.folder().join(manifest::PATH)).unwrap_or_default();
        Manifest::parse(&bytes).unwrap_or(Manifest { version: manifest::VERSION, ..Manifest::default() })
    }

    /// Moved into its place, as a publisher does.
    fn publish(&self, manifest: &Manifest) {
        let beside = self.folder().join("next");
        fs::write(&beside, manifest.to_json()).expect("it is written");
        fs::rename(beside, self.folder().join(manifest::PATH)).expect("it is moved");
    }
}

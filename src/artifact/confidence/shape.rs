//! The messages of a resolver's state, as they are written and as they are read back.
//!
//! Names and numbers of fields are those of `confidence/flags/admin/v1`, `confidence/flags/types/v1` and
//! `confidence/iam/v1` in <https://github.com/spotify/confidence-resolver>; what is never written is left out.

use std::collections::BTreeMap;

/// `ResolverState`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct State {
    #[prost(message, repeated, tag = "1")]
    pub flags: Vec<Flag>,
    #[prost(message, repeated, tag = "2")]
    pub segments: Vec<Segment>,
    #[prost(message, repeated, tag = "5")]
    pub bitsets: Vec<PackedBitset>,
    #[prost(message, repeated, tag = "6")]
    pub clients: Vec<Client>,
    /// What resolvers do not need, and verification does. They skip it: the number lies in the range that Protocol Buffers
    /// leave to organisations.
    #[prost(message, optional, tag = "50000")]
    pub allotment: Option<Origin>,
}

/// Where a state comes from.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Origin {
    #[prost(uint32, tag = "1")]
    pub version: u32,
    #[prost(string, tag = "2")]
    pub surface: String,
    #[prost(string, tag = "3")]
    pub unit: String,
    /// The id of the account, which is the surface's salt.
    #[prost(string, tag = "4")]
    pub account: String,
    /// The components of each claim, by its key.
    #[prost(btree_map = "string, message", tag = "5")]
    pub claims: BTreeMap<String, Components>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Components {
    #[prost(string, repeated, tag = "1")]
    pub ids: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Client {
    #[prost(string, tag = "1")]
    pub name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Flag {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub schema: Option<StructSchema>,
    #[prost(message, repeated, tag = "3")]
    pub variants: Vec<Variant>,
    /// [`ACTIVE`].
    #[prost(int32, tag = "4")]
    pub state: i32,
    #[prost(message, repeated, tag = "5")]
    pub rules: Vec<Rule>,
    #[prost(string, repeated, tag = "12")]
    pub clients: Vec<String>,
}

/// The state of a flag that resolves.
pub(super) const ACTIVE: i32 = 1;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Variant {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<Struct>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Rule {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub segment: String,
    #[prost(string, tag = "5")]
    pub targeting_key_selector: String,
    #[prost(bool, tag = "11")]
    pub enabled: bool,
    #[prost(message, optional, tag = "12")]
    pub assignment_spec: Option<AssignmentSpec>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AssignmentSpec {
    #[prost(int32, tag = "1")]
    pub bucket_count: i32,
    #[prost(message, repeated, tag = "2")]
    pub assignments: Vec<Assignment>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Assignment {
    #[prost(string, tag = "1")]
    pub id: String,
    /// The one of three kinds of assignment that is written.
    #[prost(message, optional, tag = "2")]
    pub variant: Option<VariantAssignment>,
    #[prost(message, repeated, tag = "5")]
    pub bucket_ranges: Vec<BucketRange>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VariantAssignment {
    #[prost(string, tag = "1")]
    pub variant: String,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct BucketRange {
    #[prost(int32, tag = "1")]
    pub lower: i32,
    #[prost(int32, tag = "2")]
    pub upper: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Segment {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub targeting: Option<Targeting>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PackedBitset {
    #[prost(string, tag = "1")]
    pub segment: String,
    #[prost(bytes = "vec", tag = "2")]
    pub gzipped_bitset: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Targeting {
    #[prost(btree_map = "string, message", tag = "1")]
    pub criteria: BTreeMap<String, Criterion>,
    #[prost(message, optional, tag = "2")]
    pub expression: Option<Expression>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Criterion {
    #[prost(oneof = "AnyCriterion", tags = "1, 2")]
    pub criterion: Option<AnyCriterion>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum AnyCriterion {
    #[prost(message, tag = "1")]
    Attribute(AttributeCriterion),
    #[prost(message, tag = "2")]
    Segment(SegmentCriterion),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SegmentCriterion {
    #[prost(string, tag = "1")]
    pub segment: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AttributeCriterion {
    #[prost(string, tag = "1")]
    pub attribute_name: String,
    #[prost(oneof = "AnyRule", tags = "3, 4, 7")]
    pub rule: Option<AnyRule>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum AnyRule {
    #[prost(message, tag = "3")]
    Set(SetRule),
    #[prost(message, tag = "4")]
    Range(RangeRule),
    #[prost(message, tag = "7")]
    StartsWith(StartsWithRule),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SetRule {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<Constant>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RangeRule {
    #[prost(message, optional, tag = "1")]
    pub start_inclusive: Option<Constant>,
    #[prost(message, optional, tag = "2")]
    pub start_exclusive: Option<Constant>,
    #[prost(message, optional, tag = "3")]
    pub end_inclusive: Option<Constant>,
    #[prost(message, optional, tag = "4")]
    pub end_exclusive: Option<Constant>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StartsWithRule {
    #[prost(string, tag = "1")]
    pub value: String,
}

/// `Targeting.Value`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Constant {
    #[prost(oneof = "AnyConstant", tags = "1, 4, 6, 7")]
    pub value: Option<AnyConstant>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum AnyConstant {
    #[prost(bool, tag = "1")]
    Boolean(bool),
    #[prost(string, tag = "4")]
    Text(String),
    #[prost(message, tag = "6")]
    Version(SemanticVersion),
    #[prost(double, tag = "7")]
    Number(f64),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SemanticVersion {
    #[prost(string, tag = "1")]
    pub version: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Expression {
    #[prost(oneof = "AnyExpression", tags = "1, 2, 3, 4")]
    pub expression: Option<AnyExpression>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum AnyExpression {
    /// The name of a criterion.
    #[prost(string, tag = "1")]
    Ref(String),
    #[prost(message, boxed, tag = "2")]
    Not(Box<Expression>),
    #[prost(message, tag = "3")]
    And(Operands),
    #[prost(message, tag = "4")]
    Or(Operands),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Operands {
    #[prost(message, repeated, tag = "1")]
    pub operands: Vec<Expression>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StructSchema {
    #[prost(btree_map = "string, message", tag = "1")]
    pub schema: BTreeMap<String, FlagSchema>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FlagSchema {
    #[prost(oneof = "AnySchema", tags = "1, 2, 3, 4, 5, 6")]
    pub schema_type: Option<AnySchema>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum AnySchema {
    #[prost(message, tag = "1")]
    Struct(StructSchema),
    #[prost(message, boxed, tag = "2")]
    List(Box<ListSchema>),
    #[prost(message, tag = "3")]
    Int(()),
    #[prost(message, tag = "4")]
    Double(()),
    #[prost(message, tag = "5")]
    Text(()),
    #[prost(message, tag = "6")]
    Boolean(()),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListSchema {
    #[prost(message, optional, boxed, tag = "1")]
    pub element_schema: Option<Box<FlagSchema>>,
}

/// `google.protobuf.Struct`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Struct {
    #[prost(btree_map = "string, message", tag = "1")]
    pub fields: BTreeMap<String, Value>,
}

/// `google.protobuf.Value`, without null.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Value {
    #[prost(oneof = "Kind", tags = "2, 3, 4, 5, 6")]
    pub kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Kind {
    #[prost(double, tag = "2")]
    Number(f64),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bool, tag = "4")]
    Boolean(bool),
    #[prost(message, tag = "5")]
    Struct(Struct),
    #[prost(message, tag = "6")]
    List(ListValue),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListValue {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<Value>,
}

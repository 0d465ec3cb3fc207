//! Confidence's resolver, asked below its service, so that neither its logs nor its tokens are paid for.

use crate::ours::{NOW, place, surface};
use crate::{attributes, units};
use allotment::artifact::format;
use allotment::bucket::Scheme;
use bytes::Bytes;
use confidence_resolver::proto::confidence::flags::admin::v1::ResolverState as State;
use confidence_resolver::proto::google::{Struct, Value, value::Kind};
use confidence_resolver::proto::confidence::flags::resolver::v1::{ResolvedFlag, Sdk};
use confidence_resolver::proto::confidence::iam::v1::client_credential::{ClientSecret, Credential};
use confidence_resolver::proto::confidence::iam::v1::ClientCredential;
use confidence_resolver::{
    AccountResolver, Client, FlagToApply, Host, MaterializationContext, ResolvedValue, ResolverState,
};
use prost::Message as _;
use std::collections::BTreeMap;

pub struct Confidence {
    state: &'static ResolverState,
    resolvers: Vec<AccountResolver<'static, Silent>>,
}

/// Logs nothing.
struct Silent;

impl Host for Silent {
    fn log_resolve(_: &str, _: &Struct, _: &[ResolvedValue<'_>], _: &Client) {}

    fn log_assign(_: &str, _: &[FlagToApply<'_>], _: &Client, _: &Option<Sdk>) {}
}

impl Confidence {
    pub fn new() -> Self {
        let artifact = surface(Scheme::Confidence);
        let bytes = format::encode(&artifact, NOW).expect("a state");
        let mut state = State::decode(bytes.as_slice()).expect("their message");
        state.client_credentials.push(ClientCredential {
            name: "clients/home/credentials/app".to_owned(),
            credential: Some(Credential::ClientSecret(ClientSecret { secret: "secret".to_owned() })),
            ..ClientCredential::default()
        });
        let state: &'static _ =
            Box::leak(Box::new(ResolverState::from_proto(state, &artifact.salt, None).expect("a state")));
        let resolvers = units().into_iter().map(|(unit, inside)| {
            let text = |text: &str| Value { kind: Some(Kind::StringValue(text.to_owned())) };
            let mut fields = BTreeMap::from([("targeting_key".to_owned(), text(&unit))]);
            fields.extend(attributes(inside).map(|(name, value)| (name.to_owned(), text(value))));
            state.get_resolver("secret", Struct { fields }, &Bytes::new()).expect("a resolver")
        });
        Self { state, resolvers: resolvers.collect() }
    }
}

impl Confidence {
    fn resolve(&self, unit: usize) -> ResolvedValue<'_> {
        let flag = &self.state.flags["flags/ranker"];
        self.resolvers[unit].resolve_flag(flag, &mut MaterializationContext::unsupported()).expect("no error")
    }
}

impl crate::Evaluator for Confidence {
    /// Without what it takes to read it.
    fn call(&self, unit: usize) {
        std::hint::black_box(self.resolve(unit));
    }

    fn variant(&self, unit: usize) -> Option<usize> {
        let resolved = ResolvedFlag::try_from(&self.resolve(unit)).expect("a flag");
        let (experiment, variant) = resolved.variant.strip_prefix("flags/ranker/variants/")?.split_once(':')?;
        (experiment == "fresh-first").then(|| place(variant)).flatten()
    }
}

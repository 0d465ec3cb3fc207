//! An `OpenFeature` provider: what a unit gets of a flag, from artifacts that are polled from a URL.
//!
//! ```no_run
//! # async fn example() -> Result<(), String> {
//! use allotment::provider::{Exposures, Provider};
//! use open_feature::{EvaluationContext, OpenFeature};
//!
//! let provider = Provider::at("https://cdn.example.com/allotment").surface("home").shelf("/var/cache/home").start()?;
//! OpenFeature::singleton_mut().await.set_provider(provider).await;
//! let mut client = OpenFeature::singleton().await.create_client();
//! client = client.with_hook(Exposures::to(|exposure| println!("{exposure:?}")));
//!
//! let context = EvaluationContext::default().with_targeting_key("user-1").with_custom_field("country", "SE");
//! let ranker = client.get_string_value("home-ranker", Some(&context), None).await;
//! # Ok(())
//! # }
//! ```
//!
//! Evaluating reads memory only. A thread asks for the manifest now and then; what it names is taken if it proves itself,
//! surface by surface, and else the last good artifact stays. A value that an application passes as its own default is
//! never served but where the flag is unknown or of another type, or nothing has been read yet.

mod exposures;
mod options;
mod poll;
mod state;
mod values;

pub use exposures::{Exposure, Exposures};
pub use options::Options;

use open_feature::provider::{FeatureProvider, ProviderMetadata, ProviderStatus, ResolutionDetails};
use open_feature::{EvaluationContext, EvaluationError, EvaluationErrorCode, EvaluationResult, StructValue};
use poll::Poll;
use serde_json::Value;

/// Serves the flags of one or more surfaces. Dropping it ends its thread.
#[derive(Debug)]
pub struct Provider {
    metadata: ProviderMetadata,
    poll: Poll,
}

impl Provider {
    /// Where artifacts were published: `https://…`, or `file://…` for a folder.
    pub fn at(url: impl Into<String>) -> Options {
        Options::at(url.into())
    }

    /// Why the last attempt to read something new failed, or what it brought was refused; nothing, where all is well.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.poll.shared().problem()
    }

    fn new(poll: Poll) -> Self {
        Self { metadata: ProviderMetadata::new("allotment"), poll }
    }

    fn resolve<T>(
        &self,
        flag: &str,
        context: &EvaluationContext,
        read: fn(&Value) -> Option<T>,
    ) -> EvaluationResult<ResolutionDetails<T>> {
        let served = self.poll.shared().served();
        let failed = |code: EvaluationErrorCode, message: String| {
            Err(EvaluationError::builder().code(code).message(message).build())
        };
        let Some((evaluator, found)) = served.find(flag) else {
            return if served.is_complete() {
                failed(EvaluationErrorCode::FlagNotFound, format!("no surface has a flag `{flag}`"))
            } else {
                let why = self.problem().unwrap_or_else(|| "nothing has been read yet".to_owned());
                failed(EvaluationErrorCode::ProviderNotReady, why)
            };
        };
        let attributes = values::Context(context);
        let unit = attributes.unit(&evaluator.artifact().unit);
        let assignment = evaluator.evaluate_flag(found, unit, &attributes, crate::feed::now());
        match read(assignment.value) {
            Some(value) => Ok(ResolutionDetails {
                value,
                variant: assignment.variant.map(str::to_owned),
                reason: Some(values::reason(assignment.reason)),
                flag_metadata: Some(values::metadata(evaluator.artifact(), unit, &assignment)),
            }),
            None => {
                failed(EvaluationErrorCode::TypeMismatch, format!("`{flag}` is {}", values::kind(assignment.value)))
            }
        }
    }
}

#[async_trait::async_trait]
impl FeatureProvider for Provider {
    /// Returns when something can be served, or the first attempt has failed.
    async fn initialize(&mut self, _: &EvaluationContext) {
        self.poll.attempted().await;
    }

    fn status(&self) -> ProviderStatus {
        let shared = self.poll.shared();
        match (shared.served().is_complete(), shared.problem()) {
            (true, None) => ProviderStatus::Ready,
            (true, Some(_)) => ProviderStatus::STALE,
            (false, None) => ProviderStatus::NotReady,
            (false, Some(_)) => ProviderStatus::Error,
        }
    }

    fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    async fn resolve_bool_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<bool>> {
        self.resolve(flag_key, evaluation_context, Value::as_bool)
    }

    async fn resolve_int_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<i64>> {
        self.resolve(flag_key, evaluation_context, values::whole)
    }

    async fn resolve_float_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<f64>> {
        self.resolve(flag_key, evaluation_context, Value::as_f64)
    }

    async fn resolve_string_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<String>> {
        self.resolve(flag_key, evaluation_context, |value| value.as_str().map(str::to_owned))
    }

    async fn resolve_struct_value(
        &self,
        flag_key: &str,
        evaluation_context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<StructValue>> {
        self.resolve(flag_key, evaluation_context, values::structure)
    }
}

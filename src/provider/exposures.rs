//! A hook that tells of exposures: whom an experiment or a rollout has given a value.

use open_feature::{
    EvaluationContext, EvaluationDetails, EvaluationError, FlagMetadata, FlagMetadataValue, Hook, HookContext,
    HookHints, Value,
};

/// A row of the exposures table, but for its time, which is when it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The unit's id: the targeting key.
    pub unit: String,
    /// The surface.
    pub surface: String,
    /// The flag that was asked for.
    pub flag: String,
    /// The experiment's or rollout's key, `id` in its first phase and `id.phase` after it.
    pub experiment: String,
    /// The variant's id.
    pub variant: String,
}

/// Tells of each exposure. Previews, rules and defaults are none, and are not told of.
pub struct Exposures {
    tell: Box<dyn Fn(Exposure) + Send + Sync>,
}

impl Exposures {
    /// Calls this with each exposure, on the thread that evaluates: hand it on, and return.
    #[must_use]
    pub fn to(tell: impl Fn(Exposure) + Send + Sync + 'static) -> Self {
        Self { tell: Box::new(tell) }
    }
}

#[async_trait::async_trait]
impl Hook for Exposures {
    async fn before<'a>(
        &self,
        _: &HookContext<'a>,
        _: Option<&'a HookHints>,
    ) -> Result<Option<EvaluationContext>, EvaluationError> {
        Ok(None)
    }

    async fn after<'a>(
        &self,
        context: &HookContext<'a>,
        details: &EvaluationDetails<Value>,
        _: Option<&'a HookHints>,
    ) -> Result<(), EvaluationError> {
        let experiment = text(&details.flag_metadata, "experiment");
        if let (Some(experiment), Some(variant)) = (experiment, &details.variant) {
            (self.tell)(Exposure {
                unit: text(&details.flag_metadata, "unit")
                    .or_else(|| context.evaluation_context.targeting_key.clone())
                    .unwrap_or_default(),
                surface: text(&details.flag_metadata, "surface").unwrap_or_default(),
                flag: context.flag_key.to_owned(),
                experiment,
                variant: variant.clone(),
            });
        }
        Ok(())
    }

    async fn error<'a>(&self, _: &HookContext<'a>, _: &EvaluationError, _: Option<&'a HookHints>) {}

    async fn finally<'a>(&self, _: &HookContext<'a>, _: &EvaluationDetails<Value>, _: Option<&'a HookHints>) {}
}

fn text(metadata: &FlagMetadata, name: &str) -> Option<String> {
    match metadata.values.get(name)? {
        FlagMetadataValue::String(text) => Some(text.clone()),
        _ => None,
    }
}

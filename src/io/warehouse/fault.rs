//! What goes wrong with tables, in words for users, and whether the data or the environment is to blame.

use std::fmt;

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;

use super::packed::Wrong as Packed;

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The data are not as declared: reading again gives the same.
    Data { message: String, help: Option<String> },
    /// Storage, network or credentials: reading again may succeed.
    Environment { message: String, help: Option<String> },
    /// A name that is not there, beside those that are.
    Unknown { what: &'static str, name: String, place: String, known: Vec<String> },
}

impl Fault {
    pub(super) fn data(message: impl Into<String>) -> Self {
        Self::Data { message: message.into(), help: None }
    }

    pub(super) fn environment(doing: &str, wrong: impl fmt::Display) -> Self {
        Self::Environment { message: format!("{doing}: {}", first_line(&wrong.to_string())), help: None }
    }

    pub(super) fn unknown(what: &'static str, name: &str, place: &str, known: Vec<String>) -> Self {
        Self::Unknown { what, name: name.to_owned(), place: place.to_owned(), known }
    }

    pub(super) fn help(self, text: impl Into<String>) -> Self {
        let help = Some(text.into());
        match self {
            Self::Data { message, .. } => Self::Data { message, help },
            Self::Environment { message, .. } => Self::Environment { message, help },
            Self::Unknown { .. } => self,
        }
    }

    /// What storage said of a path.
    pub(super) fn storage(place: &str, wrong: &object_store::Error) -> Self {
        use object_store::Error;
        match wrong {
            Error::NotFound { .. } => Self::Environment { message: format!("{place}: it is not there"), help: None },
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                Self::Environment { message: format!("{place}: access is denied"), help: Some(CREDENTIALS.to_owned()) }
            }
            // A packed file that is broken stays so.
            Error::Generic { source, .. } => match source.downcast_ref::<Packed>() {
                Some(wrong) => Self::data(format!("{place}: {wrong}"))
                    .help("it may have been cut off, or still be written: replace it, then run again"),
                None => Self::environment(place, innermost(source.as_ref())),
            },
            other => Self::environment(place, other),
        }
    }

    /// What `DataFusion` said of something.
    pub(super) fn of(what: &str, wrong: &DataFusionError) -> Self {
        match wrong {
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => Self::of(what, inner),
            DataFusionError::Shared(inner) => Self::of(what, inner),
            DataFusionError::Collection(all) => match all.first() {
                Some(first) => Self::of(what, first),
                None => Self::data(what),
            },
            DataFusionError::ObjectStore(wrong) => Self::storage(what, wrong),
            DataFusionError::IoError(wrong) => Self::environment(what, wrong),
            DataFusionError::ExecutionJoin(wrong) => Self::environment(what, wrong),
            DataFusionError::ResourcesExhausted(_) => Self::Environment {
                message: format!("{what}: its SQL needs more memory than it may use"),
                help: Some(
                    "allow more with `--memory`, or let a job write a table that needs no join or sort".to_owned(),
                ),
            },
            DataFusionError::SchemaError(wrong, _) => match wrong.as_ref() {
                SchemaError::FieldNotFound { field, valid_fields } => {
                    let known = valid_fields.iter().map(|field| field.name.clone()).collect();
                    Self::unknown("column", &field.name, what, known)
                }
                other => Self::data(format!("{what}: {}", first_line(&other.to_string()))),
            },
            DataFusionError::ParquetError(wrong) => match wrong.as_ref() {
                ParquetError::External(inner) => Self::inside(what, inner.as_ref(), false),
                wrong => Self::broken(what, wrong),
            },
            DataFusionError::ArrowError(wrong, _) => match wrong.as_ref() {
                ArrowError::ExternalError(inner) => Self::inside(what, inner.as_ref(), true),
                ArrowError::IoError(_, wrong) => Self::environment(what, wrong),
                ArrowError::ParquetError(text) => Self::broken(what, text),
                wrong => Self::data(format!("{what}: {}", first_line(&wrong.to_string()))),
            },
            DataFusionError::External(inner) => Self::inside(what, inner.as_ref(), true),
            other => Self::data(format!("{what}: {}", first_line(&other.strip_backtrace()))),
        }
    }

    /// What another library's error wraps.
    fn inside(what: &str, inner: &(dyn std::error::Error + Send + Sync + 'static), data: bool) -> Self {
        if let Some(wrong) = inner.downcast_ref::<DataFusionError>() {
            return Self::of(what, wrong);
        }
        if let Some(wrong) = inner.downcast_ref::<object_store::Error>() {
            return Self::storage(what, wrong);
        }
        if let Some(wrong) = inner.downcast_ref::<ParquetError>() {
            return Self::broken(what, wrong);
        }
        if data {
            Self::data(format!("{what}: {}", first_line(&inner.to_string())))
        } else {
            Self::environment(what, inner)
        }
    }

    fn broken(what: &str, wrong: impl fmt::Display) -> Self {
        Self::Data {
            message: format!("{what} is not a whole Parquet file: {}", first_line(&wrong.to_string())),
            help: Some("it may have been cut off, or still be written: replace it, then run again".to_owned()),
        }
    }
}

/// What helps where access is denied.
const CREDENTIALS: &str = "set the storage's usual environment variables, such as `AWS_ACCESS_KEY_ID`, \
                           `GOOGLE_SERVICE_ACCOUNT` or `AZURE_STORAGE_ACCOUNT_NAME`";

/// What libraries say after the first line is for those who write them.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("").trim_end()
}

/// The cause behind all others.
fn innermost<'a>(wrong: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut wrong = wrong;
    while let Some(inner) = wrong.source() {
        wrong = inner;
    }
    wrong
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { message, .. } | Self::Environment { message, .. } => f.write_str(message),
            Self::Unknown { what, name, place, .. } => write!(f, "{place} has no {what} `{name}`"),
        }
    }
}

impl std::error::Error for Fault {}

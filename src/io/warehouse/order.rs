//! Functions of SQL that order two texts as somebody else does.

use std::cmp::Ordering;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, Int8Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

/// An order of texts.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The function's name.
    pub name: &'static str,
    /// None where one of them is nothing that has a place in it.
    pub compare: fn(&str, &str) -> Option<Ordering>,
}

impl Order {
    /// The function: −1, 0 or 1, and null where a text is missing or has no place.
    pub(super) fn function(self) -> ScalarUDF {
        let compare = self.compare;
        let signs = move |given: &[ColumnarValue]| {
            let texts = ColumnarValue::values_to_arrays(given)?;
            let [one, other] = texts.as_slice() else {
                return Err(datafusion::error::DataFusionError::Execution("two texts are compared".to_owned()));
            };
            let pairs = one.as_string::<i32>().iter().zip(other.as_string::<i32>());
            let signs: Int8Array = pairs.map(|(one, other)| compare(one?, other?).map(|order| order as i8)).collect();
            Ok(ColumnarValue::Array(Arc::new(signs)))
        };
        let texts = vec![DataType::Utf8, DataType::Utf8];
        create_udf(self.name, texts, DataType::Int8, Volatility::Immutable, Arc::new(signs))
    }
}

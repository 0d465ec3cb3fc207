//! Values of flags in messages.

use std::borrow::Cow;

use crate::diag::shortened;

/// A value as it may stand in a message: as it is written in TOML where it is a plain one, and short.
pub fn brief(value: &serde_json::Value) -> Cow<'static, str> {
    let text = value.to_string();
    match shortened(&text, 60) {
        Cow::Borrowed(_) => text.into(),
        Cow::Owned(short) => short.into(),
    }
}

/// A path into a value, as people write it: `cards[2].size`.
pub fn dotted(path: &[String]) -> String {
    let mut text = String::new();
    for part in path {
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push_str(&format!("[{part}]"));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(part);
        }
    }
    shortened(&text, 80).into_owned()
}

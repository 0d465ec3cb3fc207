//! Texts as regular expressions that the engines of all languages read alike.

use super::Unsupported;

/// A text as a pattern that finds just that text.
///
/// # Errors
/// [`Unsupported::Text`] where the text is empty or has control characters.
pub(super) fn escaped(text: &str) -> Result<String, Unsupported> {
    if text.is_empty() || text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(Unsupported::Text);
    }
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\^$.|?*+()[]{}".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    Ok(pattern)
}

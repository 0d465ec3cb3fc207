//! Compressed siblings: gzip, which every client accepts that accepts anything.

use std::io::{Read as _, Write as _};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

/// The same bytes for the same content: no name, no time.
#[must_use]
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    // Memory does not fail.
    let written = encoder.write_all(content).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

/// Whether these are a compressed form of the content, whoever compressed it. Not more is unpacked than that takes. Clients unpack
/// one member after another, so nothing else may follow the first.
#[must_use]
pub fn is_gzip_of(bytes: &[u8], content: &[u8]) -> bool {
    let mut unpacked = Vec::with_capacity(content.len());
    let limit = (content.len() as u64).saturating_add(1);
    MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut unpacked).is_ok() && unpacked == content
}

/// What clients unpack; none where they cannot, or where it is longer than `limit`.
#[must_use]
pub fn gunzip(bytes: &[u8], limit: u64) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(limit.saturating_add(1)).read_to_end(&mut unpacked).ok()?;
    (read as u64 <= limit).then_some(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_and_nothing_else_does() {
        let content = b"{\"features\":{}}".repeat(50);
        let packed = gzip(&content);
        assert!(packed.len() < content.len() && packed == gzip(&content));
        assert!(is_gzip_of(&packed, &content) && !is_gzip_of(&packed, b"{}") && !is_gzip_of(&content, &content));
        assert!(!is_gzip_of(&packed[..packed.len() - 9], &content));
        let with = |tail: &[u8]| [packed.as_slice(), tail].concat();
        for tail in [gzip(b"more").as_slice(), b"more", &packed] {
            assert!(!is_gzip_of(&with(tail), &content), "{tail:?}");
        }
        let bomb = gzip(&vec![0; 50 << 20]);
        assert!(!is_gzip_of(&bomb, b"\0\0"));
        assert_eq!(gunzip(&packed, content.len() as u64).as_deref(), Some(content.as_slice()));
        assert_eq!((gunzip(&packed, 10), gunzip(&bomb, 1 << 20), gunzip(&content, 1 << 20)), (None, None, None));
    }
}

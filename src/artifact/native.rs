//! The native file: a deflated JSON header, and bucket sets at their information bound.
//!
//! ```text
//! 0   8  magic "ALLOTMNT"
//! 8   4  version, little-endian, as all numbers here
//! 12  4  length of the header, deflated
//! 16  4  length of the header
//! 20 16  the first half of the SHA-256 of everything else
//! 36     the header, deflated; then each set: three bytes of length, its code
//! ```

use super::disk::{Header, Sets, split};
use super::{Artifact, InvalidCondition};
use crate::bucket::{self, BucketSet};
use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec_with_limit};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The version of the native file that this crate writes and reads.
pub const VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"ALLOTMNT";
const PREFIX: usize = 36;
/// A header of ten thousand experiments takes about four megabytes.
const MAX_HEADER: usize = 64 << 20;
/// What all bucket sets together may take in memory; ten thousand experiments with four steps on the 10,000 grid take 50 MB.
const MAX_SETS: usize = 64 << 20;
const LEVEL: u8 = 9;

/// Why bytes are not an artifact that this version can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes do not begin as a native artifact does.
    NotAnArtifact,
    /// A newer version of the format.
    UnsupportedVersion(u32),
    /// Bytes are missing or left over.
    Length,
    /// The bytes are not those that were written.
    Digest,
    /// The header or the bucket sets would take more memory than an artifact may.
    TooLarge,
    /// The header cannot be read; the text says why.
    Header(String),
    /// A bucket set cannot be read.
    Buckets(bucket::DecodeError),
    /// A segment's condition cannot be served.
    Condition(InvalidCondition),
    /// The header contradicts itself.
    Invalid(&'static str),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnArtifact => f.write_str("not a native artifact"),
            Self::UnsupportedVersion(version) => {
                write!(f, "version {version} of the native format; this is made for version {VERSION}")
            }
            Self::Length => f.write_str("artifact with bytes missing or left over"),
            Self::Digest => f.write_str("artifact whose digest does not match its bytes"),
            Self::TooLarge => f.write_str("artifact that takes too much memory"),
            Self::Header(why) => write!(f, "unreadable header: {why}"),
            Self::Buckets(why) => why.fmt(f),
            Self::Condition(why) => why.fmt(f),
            Self::Invalid(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for DecodeError {}

impl Artifact {
    /// The native file. Equal artifacts give equal bytes; bucket sets should have the size `buckets`, or they will not come
    /// back.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (header, sets) = split(self);
        // Serialising plain data with text keys to memory has no way to fail.
        let header = serde_json::to_vec(&header).unwrap_or_default();
        let deflated = compress_to_vec(&header, LEVEL);
        let mut body = Vec::with_capacity(deflated.len());
        body.extend_from_slice(&deflated);
        for set in sets {
            let coded = set.encode();
            let [a, b, c, ..] = coded.len().to_le_bytes();
            body.extend_from_slice(&[a, b, c]);
            body.extend_from_slice(&coded);
        }
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut file = Vec::with_capacity(PREFIX.saturating_add(body.len()));
        file.extend_from_slice(&MAGIC);
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&length(deflated.len()));
        file.extend_from_slice(&length(header.len()));
        let digest = digest(&file, &body);
        file.extend_from_slice(&digest);
        file.extend_from_slice(&body);
        file
    }

    /// Reads a native file. Whatever the bytes, it returns in bounded time and memory.
    ///
    /// # Errors
    /// The first thing that is not as [`Artifact::encode`] writes it. What decodes is well-formed, not yet right: that
    /// variants cover their grid and that claims exclude each other is for verification to say.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = bytes;
        let magic: [u8; 8] = take(&mut rest).ok_or(DecodeError::NotAnArtifact)?;
        if magic != MAGIC {
            return Err(DecodeError::NotAnArtifact);
        }
        let mut number = || take(&mut rest).map(u32::from_le_bytes).ok_or(DecodeError::Length);
        let version = number()?;
        if version != VERSION {
            return Err(DecodeError::UnsupportedVersion(version));
        }
        let (deflated, inflated) = (number()? as usize, number()? as usize);
        let stated: [u8; 16] = take(&mut rest).ok_or(DecodeError::Length)?;
        let described = bytes.get(..PREFIX.saturating_sub(stated.len())).unwrap_or_default();
        if digest(described, rest) != stated {
            return Err(DecodeError::Digest);
        }
        if inflated > MAX_HEADER {
            return Err(DecodeError::TooLarge);
        }
        let (deflated, sets) = rest.split_at_checked(deflated).ok_or(DecodeError::Length)?;
        let header =
            decompress_to_vec_with_limit(deflated, inflated).map_err(|error| DecodeError::Header(error.to_string()))?;
        if header.len() != inflated {
            return Err(DecodeError::Length);
        }
        let header: Header = serde_json::from_slice(&header).map_err(|error| DecodeError::Header(error.to_string()))?;
        let mut sets = CodedSets { rest: sets, memory: MAX_SETS };
        let artifact = header.fill(&mut sets)?;
        if sets.rest.is_empty() { Ok(artifact) } else { Err(DecodeError::Length) }
    }
}

/// Sets that are decoded as they are asked for.
struct CodedSets<'a> {
    rest: &'a [u8],
    memory: usize,
}

impl Sets for CodedSets<'_> {
    fn next(&mut self, buckets: u32) -> Result<BucketSet, DecodeError> {
        let size = (buckets as usize).div_ceil(8);
        self.memory = self.memory.checked_sub(size).ok_or(DecodeError::TooLarge)?;
        let [a, b, c] = take(&mut self.rest).ok_or(DecodeError::Length)?;
        let length = u32::from_le_bytes([a, b, c, 0]);
        let (coded, rest) = self.rest.split_at_checked(length as usize).ok_or(DecodeError::Length)?;
        self.rest = rest;
        BucketSet::decode(coded, buckets).map_err(DecodeError::Buckets)
    }
}

/// The first half of the digest of a file without its digest.
fn digest(described: &[u8], body: &[u8]) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(described);
    hash.update(body);
    let whole: [u8; 32] = hash.finalize().into();
    whole.first_chunk().copied().unwrap_or_default()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::sample;
    use crate::bucket::Scheme;

    /// The file with a new digest, so that what is altered is read and not only noticed.
    fn sealed(mut file: Vec<u8>) -> Vec<u8> {
        if file.len() >= PREFIX {
            let digest = digest(&file[..20], &file[PREFIX..]);
            file[20..PREFIX].copy_from_slice(&digest);
        }
        file
    }

    #[test]
    fn comes_back_the_same_and_is_written_the_same() {
        let artifact = sample::home();
        let file = artifact.encode();
        assert_eq!(Artifact::decode(&file), Ok(artifact.clone()));
        assert_eq!(Artifact::decode(&file).unwrap().encode(), file);
    }

    #[test]
    fn a_cut_file_is_refused_wherever_it_is_cut() {
        let file = sample::home().encode();
        for end in 0..file.len() {
            assert!(Artifact::decode(&file[..end]).is_err(), "cut at {end}");
            assert!(Artifact::decode(&sealed(file[..end].to_vec())).is_err(), "cut at {end}");
        }
        let longer = [file.as_slice(), &[0]].concat();
        assert_eq!(Artifact::decode(&longer), Err(DecodeError::Digest));
        assert_eq!(Artifact::decode(&sealed(longer)), Err(DecodeError::Length));
    }

    #[test]
    fn a_flipped_bit_is_noticed_and_never_panics() {
        let file = sample::home().encode();
        for bit in 0..file.len() * 8 {
            let mut altered = file.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(Artifact::decode(&altered).is_err(), "bit {bit}");
            // With the digest made to match, the bytes reach every reader; some stand for another artifact.
            if let Ok(other) = Artifact::decode(&sealed(altered)) {
                assert_eq!(Artifact::decode(&other.encode()), Ok(other));
            }
        }
    }

    #[test]
    fn a_header_of_any_bytes_never_panics() {
        let header = |json: &[u8]| {
            let deflated = compress_to_vec(json, 1);
            let mut file = [MAGIC.as_slice(), &VERSION.to_le_bytes()].concat();
            file.extend_from_slice(&u32::try_from(deflated.len()).unwrap().to_le_bytes());
            file.extend_from_slice(&u32::try_from(json.len()).unwrap().to_le_bytes());
            file.extend_from_slice(&[0; 16]);
            file.extend_from_slice(&deflated);
            sealed(file)
        };
        for json in ["", "{}", "[]", "null", r#"{"surface":"a"}"#, &"[".repeat(100_000)] {
            let error = Artifact::decode(&header(json.as_bytes())).unwrap_err();
            assert!(matches!(error, DecodeError::Header(_)), "{error}");
        }
        let (good, _) = split(&sample::home());
        let good = serde_json::to_string(&good).unwrap();
        for (from, to, error) in [
            (r#""scheme":"growthbook""#, r#""scheme":"md5""#, "unknown scheme"),
            (r#""buckets":100"#, r#""buckets":0"#, "number of buckets that does not divide the grid"),
            (r#""buckets":100"#, r#""buckets":3"#, "number of buckets that does not divide the grid"),
            (r#""buckets":100"#, r#""buckets":4294967295"#, "number of buckets that does not divide the grid"),
        ] {
            assert!(good.contains(from), "{good}");
            let bad = header(good.replace(from, to).as_bytes());
            assert_eq!(Artifact::decode(&bad), Err(DecodeError::Invalid(error)));
        }
        let unknown = good.replace(r#""surface":"#, r#""colour":1,"surface":"#);
        assert!(matches!(Artifact::decode(&header(unknown.as_bytes())), Err(DecodeError::Header(_))));
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = vec![b' '; 10 << 20];
        let deflated = compress_to_vec(&zeros, 9);
        assert!(deflated.len() < 20_000);
        for stated in [10_u32, 1 << 20, u32::MAX] {
            let mut file = [MAGIC.as_slice(), &VERSION.to_le_bytes()].concat();
            file.extend_from_slice(&u32::try_from(deflated.len()).unwrap().to_le_bytes());
            file.extend_from_slice(&stated.to_le_bytes());
            file.extend_from_slice(&[0; 16]);
            file.extend_from_slice(&deflated);
            assert!(Artifact::decode(&sealed(file)).is_err());
        }
        // A short file with a great many empty sets of a million buckets each.
        let mut artifact = sample::home();
        artifact.scheme = Scheme::Confidence;
        artifact.buckets = 1_000_000;
        artifact.holdout = BucketSet::with_size(1_000_000);
        for step in &mut artifact.flags[0].claims[0].steps {
            step.buckets = BucketSet::with_size(1_000_000);
        }
        let step = artifact.flags[0].claims[0].steps[0].clone();
        artifact.flags[0].claims.truncate(1);
        artifact.flags[1].claims.clear();
        artifact.flags[0].claims[0].steps =
            (0..600).map(|from| crate::artifact::Step { from, ..step.clone() }).collect();
        assert_eq!(Artifact::decode(&artifact.encode()), Err(DecodeError::TooLarge));
    }

    #[test]
    fn fifty_experiments_come_close_to_the_information_bound() {
        let artifact = sample::crowded(50, 10_000, 1_000);
        let file = artifact.encode();
        // log2 C(10000, 1000), in bytes.
        let set: f64 = (0..1_000).map(|i| (f64::from(10_000 - i) / f64::from(1_000 - i)).log2()).sum::<f64>() / 8.0;
        let bound = 50.0 * set;
        let ratio = file.len() as f64 / bound;
        println!(
            "50 experiments, 10 % of 10,000 buckets each: {} bytes, bound {bound:.0}, ratio {ratio:.3}",
            file.len()
        );
        assert!(ratio < 1.10, "{ratio}");
        assert_eq!(Artifact::decode(&file), Ok(artifact));
    }

    proptest::proptest! {
        #[test]
        fn numbers_come_back_to_the_last_bit(number in -1e300_f64..1e300, small in 0.0_f64..1.0) {
            let mut artifact = sample::home();
            artifact.flags[0].default = serde_json::json!([number, small]);
            assert_eq!(Artifact::decode(&artifact.encode()), Ok(artifact));
        }

        #[test]
        fn any_header_and_sets_never_panic(altered in proptest::collection::vec((0_usize..4_000, 0_u8..=255), 1..6)) {
            // Letters of the header's JSON replaced, with lengths and digest made to match.
            let (header, sets) = split(&sample::home());
            let mut json = serde_json::to_vec(&header).unwrap();
            for (at, byte) in altered {
                let at = at % json.len();
                json[at] = byte;
            }
            let deflated = compress_to_vec(&json, 1);
            let mut file = [MAGIC.as_slice(), &VERSION.to_le_bytes()].concat();
            file.extend_from_slice(&u32::try_from(deflated.len()).unwrap().to_le_bytes());
            file.extend_from_slice(&u32::try_from(json.len()).unwrap().to_le_bytes());
            file.extend_from_slice(&[0; 16]);
            file.extend_from_slice(&deflated);
            for set in sets {
                let coded = set.encode();
                file.extend_from_slice(&coded.len().to_le_bytes()[..3]);
                file.extend_from_slice(&coded);
            }
            if let Ok(other) = Artifact::decode(&sealed(file)) {
                assert_eq!(Artifact::decode(&other.encode()), Ok(other));
            }
        }
    }
}

//! The draw: which of the free buckets an experiment is given.

use super::BucketSet;
use sha2::{Digest, Sha256};

/// The `count` free buckets with the smallest keyed hash, or all of them where there are fewer.
///
/// The seed is a list of texts, each hashed with its length, so that no two lists are alike. With a key nobody tuned, the
/// hashes order the buckets like a random permutation: a uniform draw without replacement. It depends on nothing but its
/// arguments, and is nested: a larger count adds buckets and takes none away.
#[must_use]
pub fn draw(free: &BucketSet, count: u32, seed: &[&str]) -> BucketSet {
    if count >= free.len() {
        return free.clone();
    }
    let mut drawn = BucketSet::with_size(free.size());
    let key = key(seed);
    // Ties, one in 2^64, go to the lower bucket.
    let mut ranked: Vec<(u64, u32)> = free.iter().map(|bucket| (siphash(key, bucket.into()), bucket)).collect();
    let (first, _, _) = ranked.select_nth_unstable(count as usize);
    for &mut (_, bucket) in first {
        drawn.insert(bucket);
    }
    drawn
}

/// A 128-bit key from the seed.
fn key(seed: &[&str]) -> (u64, u64) {
    let mut digest = Sha256::new();
    digest.update(b"allotment draw 1");
    for part in seed {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    let digest: [u8; 32] = digest.finalize().into();
    let [first, second, _, _] = words(digest);
    (first, second)
}

fn words(digest: [u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(digest.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// SipHash-2-4 of one number of eight bytes.
///
/// Chosen over an unkeyed mixer because it is a pseudo-random function with exactly this key and input, made for short
/// inputs, with published vectors: draws for two experiments are independent however alike their seeds are.
fn siphash((k0, k1): (u64, u64), message: u64) -> u64 {
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    // The last block holds the length of the message in its top byte.
    for block in [message, 8 << 56] {
        v[3] ^= block;
        v = round(round(v));
        v[0] ^= block;
    }
    v[2] ^= 0xff;
    round(round(round(round(v)))).into_iter().fold(0, |hash, word| hash ^ word)
}

const fn round([mut a, mut b, mut c, mut d]: [u64; 4]) -> [u64; 4] {
    a = a.wrapping_add(b);
    c = c.wrapping_add(d);
    b = b.rotate_left(13) ^ a;
    d = d.rotate_left(16) ^ c;
    a = a.rotate_left(32).wrapping_add(d);
    c = c.wrapping_add(b);
    d = d.rotate_left(21) ^ a;
    b = b.rotate_left(17) ^ c;
    [a, b, c.rotate_left(32), d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siphash_is_the_published_function() {
        // From the reference implementation's `vectors_sip64`: key 00..0f, message 00..07.
        let key = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let expected = u64::from_le_bytes([0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93]);
        assert_eq!(siphash(key, 0x0706_0504_0302_0100), expected);
    }

    #[test]
    fn draws_are_frozen() {
        let drawn = draw(&BucketSet::full(100), 10, &["home.salt", "fresh-first", "1"]);
        assert_eq!(drawn.to_string(), "6 20 30 51 58 63 68 82 91 99");
    }

    #[test]
    fn draws_are_nested_and_stay_inside_what_is_free() {
        let free = BucketSet::parse("3-40 60 70-99", 100).unwrap();
        let mut before = BucketSet::with_size(100);
        for count in 0..=free.len() + 3 {
            let drawn = draw(&free, count, &["s"]);
            assert_eq!(drawn.len(), count.min(free.len()));
            assert!(drawn.is_subset(&free) && before.is_subset(&drawn));
            before = drawn;
        }
    }

    #[test]
    fn seeds_do_not_run_together() {
        let all = BucketSet::full(1_000);
        let seeds: [&[&str]; 5] = [&["ab", "c"], &["a", "bc"], &["abc"], &["abc", ""], &[]];
        for (i, a) in seeds.iter().enumerate() {
            for b in &seeds[..i] {
                assert_ne!(draw(&all, 100, a), draw(&all, 100, b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn each_bucket_is_as_likely_as_any_other() {
        // 4,000 draws of 25 of 100: each bucket is expected 1,000 times, standard deviation sqrt(4000 · ¼ · ¾) = 27.4.
        let mut seen = [0_u32; 100];
        let mut together = 0_u32;
        for n in 0..4_000 {
            let drawn = draw(&BucketSet::full(100), 25, &["salt", &n.to_string()]);
            drawn.iter().for_each(|bucket| seen[bucket as usize] += 1);
            together += u32::from(drawn.contains(41) && drawn.contains(42));
        }
        assert!(seen.iter().all(|times| (870..=1_130).contains(times)), "{seen:?}");
        let chi: f64 = seen.iter().map(|&n| (f64::from(n) - 1_000.0).powi(2) / 750.0).sum();
        assert!((60.0..150.0).contains(&chi), "{chi}");
        // Neighbours are in one draw 4000 · 25/100 · 24/99 = 242 times.
        assert!((190..=295).contains(&together), "{together}");
    }
}

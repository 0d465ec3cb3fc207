//! What an exposure's names stand for: the study, and the variant of it.

use super::hash;
use crate::query::Request;

/// Studies by what exposures carry.
#[derive(Debug)]
pub(super) struct Keys {
    /// Hash, study; a power of two of places, at most half of them taken.
    places: Vec<Option<(u64, u16)>>,
}

impl Keys {
    /// The first `own` studies: exposures carry nothing else.
    pub fn of(request: &Request, own: usize) -> Self {
        let mut keys = Self { places: vec![None; (own * 2).next_power_of_two().max(2)] };
        for (study, place) in request.studies.iter().take(own).zip(0_u16..) {
            let hash = hash::bytes(study.key.as_bytes());
            let mut at = keys.home(hash);
            while keys.places.get(at).is_some_and(Option::is_some) {
                at = (at + 1) & (keys.places.len() - 1);
            }
            keys.places.get_mut(at).into_iter().for_each(|free| *free = Some((hash, place)));
        }
        keys
    }

    #[allow(clippy::cast_possible_truncation, reason = "only low bits count")]
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.places.len() - 1)
    }

    /// The study of an exposure.
    pub fn find(&self, request: &Request, key: &str) -> Option<u16> {
        let hash = hash::bytes(key.as_bytes());
        let mut at = self.home(hash);
        loop {
            let (own, study) = (*self.places.get(at)?)?;
            if own == hash && request.studies.get(usize::from(study)).is_some_and(|study| study.key == key) {
                return Some(study);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }
}

/// What the two names of a row stand for: a study, and where the row names a variant the place of it, if the study has it.
pub(super) type Named = Option<(u16, Option<Option<u8>>)>;

/// What names of one batch stand for, so that each pair is looked up once: told apart by where they lie, not by what they are.
#[derive(Debug)]
pub(super) struct Known(Vec<Option<([u128; 2], Named)>>);

/// How many pairs of names are remembered: far more than most data have, so that few share a place.
const PAIRS: usize = 1 << PAIR_BITS;
const PAIR_BITS: u32 = 10;

impl Default for Known {
    fn default() -> Self {
        Self(vec![None; PAIRS])
    }
}

impl Known {
    /// What two names stand for, by their keys, if they have some.
    #[inline]
    pub fn of(&mut self, one: Option<u128>, other: Option<u128>, find: impl FnOnce() -> Named) -> Named {
        let (Some(one), Some(other)) = (one, other) else { return find() };
        // The parts of a key that differ are its length and first letters, and where it lies or its last letters.
        #[allow(clippy::cast_possible_truncation, reason = "the two halves")]
        let mix = |key: u128| (key as u64 ^ (key >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        #[allow(clippy::cast_possible_truncation, reason = "few bits")]
        let place =
            (mix(one).rotate_left(5) ^ mix(other)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - PAIR_BITS);
        let Some(slot) = self.0.get_mut(place as usize) else { return find() };
        match slot {
            Some((keys, named)) if *keys == [one, other] => *named,
            _ => {
                let named = find();
                *slot = Some(([one, other], named));
                named
            }
        }
    }
}

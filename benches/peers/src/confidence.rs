//! Confidence's resolver, asked below its service, so that neither its logs nor its tokens are paid for.

use crate::ours::{NOW, place, surface};
use crate::{attributes, units};
use allotment::artifact::format;
use allotment::bucket::Scheme;

pub struct Confidence;

impl Confidence {
    pub fn new() -> Self {
        Self
    }
}

impl crate::Evaluator for Confidence {
    fn variant(&self, _unit: usize) -> Option<usize> {
        None
    }
}

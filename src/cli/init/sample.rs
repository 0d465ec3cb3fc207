//! Sample data: who was exposed to what, by the artifact itself, and what they ordered.

use std::fmt::Write;

use crate::compile::artifact;
use crate::decl::Day;
use crate::eval::{AttributeValue, Evaluator};
use crate::lint::Context;

/// How many users there are in the sample.
const USERS: u32 = 3_000;
/// How long before the experiment orders are known, for the covariate.
const DAYS_BEFORE: u32 = 14;

/// The tables, as CSV, by their paths below the root; none if the catalogue cannot be compiled.
pub fn data(context: &Context<'_>, start: Day, today: Day) -> Option<Vec<(String, String)>> {
    let surface = context.catalogue.surfaces.find("shop")?;
    let evaluator = Evaluator::new(artifact(&context.catalogue, &context.locks, surface, today.seconds()).ok()?);
    let days = today.since(start);
    let mut exposures = "user_id,experiment_id,variant_id,exposed_at\n".to_owned();
    let mut orders = "user_id,ordered_at,amount\n".to_owned();
    for user in 0..USERS {
        let mut chance = Chance(u64::from(user) + 1);
        let id = format!("user-{user:04}");
        // How much a user buys, before and during the experiment, has much to do with who they are. It comes to what the
        // sample's baseline says.
        let taste = 0.05 + 2.2 * chance.unit() * chance.unit();
        let first = start.plus(chance.below(days));
        let attributes = [("employee", AttributeValue::Boolean(chance.unit() < 0.01))];
        let seen = first.seconds() + i64::from(chance.below(86_400));
        let assigned = evaluator.evaluate("shop-headline", &id, &attributes, seen);
        let mut lift = 1.0;
        if let (Some(experiment), Some(variant)) = (assigned.experiment, assigned.variant) {
            // Writing to a string cannot fail.
            let _ = writeln!(exposures, "{id},{experiment},{variant},{}", instant(seen)?);
            lift = if variant == "warm" { 1.25 } else { 1.0 };
        }
        for day in 0..DAYS_BEFORE + days {
            let day = Day(start.0.saturating_sub_unsigned(DAYS_BEFORE)).plus(day);
            let likely = 0.45 * taste * if day >= first { lift } else { 1.0 };
            if chance.unit() < likely {
                let at = day.seconds() + i64::from(chance.below(86_400));
                let amount = 10.0 + 30.0 * chance.unit() * chance.unit();
                let _ = writeln!(orders, "{id},{},{amount:.2}", instant(at)?);
            }
        }
    }
    Some(vec![("data/exposures.csv".to_owned(), exposures), ("data/orders.csv".to_owned(), orders)])
}

/// An instant as RFC 3339.
fn instant(seconds: i64) -> Option<String> {
    Some(jiff::Timestamp::from_second(seconds).ok()?.to_string())
}

/// SplitMix64: the same sample for everybody (Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    /// A number from 0 up to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The upper 53 bits are what a double holds exactly.
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below a limit.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 up to the limit")]
    fn below(&mut self, limit: u32) -> u32 {
        (self.unit() * f64::from(limit)) as u32
    }
}

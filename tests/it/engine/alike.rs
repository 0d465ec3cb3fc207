//! Arms whose units all have the same: nobody buys any more, or everybody does.

use allotment::cli::gather::Options;
use allotment::decl::Function;
use allotment::query::Calculation;
use allotment::stats::{Comparison, Estimate, Moments};

use super::requests::{count, input, measure, number, request, source, study};
use crate::stats_peers::Random;

/// What a unit of an arm orders.
type Orders = fn(&mut Random) -> Option<f64>;

const SOME: Orders = |random| (random.below(3) == 0).then(|| (random.share() * 1e4).round() / 100.0);

#[test]
fn an_arm_in_which_all_are_alike_is_compared_all_the_same() {
    let alike: [Orders; 4] = [|_| None, |_| Some(1.0), |_| Some(10.37), |_| Some(1e6 + 0.1)];
    for (seed, other) in (1..).zip(alike.iter().cycle().take(24)) {
        let folder = tempfile::tempdir().unwrap();
        let mut random = Random(seed);
        let mut exposures = "unit_id,experiment,variant,timestamp\n".to_owned();
        let mut orders = "unit_id,timestamp,value\n".to_owned();
        let units = 200 + random.below(3_000);
        for unit in 0..units {
            let arms = if seed % 2 == 0 { [SOME, *other] } else { [*other, SOME] };
            let arm = random.below(2) as usize;
            let variant = ["control", "bold"][arm];
            exposures.push_str(&format!("u{unit},a,{variant},2026-03-02T00:00:00Z\n"));
            if let Some(value) = arms[arm](&mut random) {
                orders.push_str(&format!("u{unit},2026-03-03T00:00:00Z,{value}\n"));
            }
        }
        std::fs::write(folder.path().join("exposures.csv"), exposures).unwrap();
        std::fs::write(folder.path().join("events.csv"), orders).unwrap();
        let events = source("lake.events", &[input(Function::Sum, Some("value"), None)]);
        let measures = vec![measure("value", Calculation::Mean(number(0, 0)))];
        let asked = request(vec![study("a", &["control", "bold"], &[0])], vec![events], measures);
        let tallies = count(folder.path(), "{table}.csv", &asked, Options::default()).unwrap();
        let estimates = tallies[0].metrics[0].arms.iter().map(|arm| {
            let own = Moments::from_sums(arm.sums.n, &arm.sums.shifts, &arm.sums.sums, &arm.sums.products).unwrap();
            Estimate::of_mean(&own, 0).unwrap()
        });
        let estimates: Vec<Estimate> = estimates.collect();
        let constant = usize::from(seed % 2 == 0);
        assert_eq!(estimates[constant].se(), Ok(0.0), "seed {seed}");
        assert!(estimates[1 - constant].se().unwrap() > 0.0);
        let compared = Comparison::new(&estimates[0], &estimates[1]).against(1.0).unwrap();
        assert!(compared.value.abs() > 4.0 * compared.se(), "seed {seed}");
    }
}

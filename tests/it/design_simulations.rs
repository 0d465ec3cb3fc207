//! Error rates and coverage by a small simulation; `benches/simulations.rs` is the large one, `docs/simulations.md` what it found.

#[path = "../../benches/support/trials/mod.rs"]
mod trials;

use allotment::stats::SampleRatio;
use trials::{Cell, HARM_DAYS, INTERVALS, Metric, SHAPES, Shape, Told, cover, error};

#[test]
fn error_rates_are_as_promised() {
    let mut rates: Vec<_> =
        Metric::ALL.iter().zip(1..).flat_map(|(metric, seed)| trials::daily(*metric, 8, 40, 250, seed)).collect();
    rates.push(trials::sample_ratio(&[1, 1], 8, 400, SampleRatio::ALARM, 250, 3));
    rates.push(trials::sample_ratio(&[1, 1, 2], 8, 400, 0.05, 250, 4));
    for success in [0, 1, 5] {
        for guardrails in [0, 1, 5] {
            rates.extend(trials::wrongs(success, guardrails, 2_000).into_iter().map(|(_, rate)| rate));
        }
    }
    for rate in rates {
        println!("{}: {:.4} of {}, promised {}", rate.what, rate.share(), rate.trials, rate.limit);
        assert!(rate.holds(), "{}: {:.4}, more than {:.4}", rate.what, rate.share(), rate.allowed());
    }
}

/// Spending evenly tells large harms earlier, at the same rate of false alarms, and loses little power at the end.
#[test]
fn harms_are_told_early() {
    for harm in trials::HARMS {
        let [late, early]: [Told; 2] = trials::harm(harm, 4_000, 9);
        println!("{harm}: {:.1} and {:.1} days, {:?} and {:?}", late.days(), early.days(), late.by, early.by);
        for rate in [late.rate(), early.rate()].into_iter().flatten() {
            assert!(rate.holds(), "{}: {:.4}, more than {:.4}", rate.what, rate.share(), rate.allowed());
        }
        assert!(harm < 2.0 || early.days() < late.days() - 2.0, "{harm}");
        assert!(harm < 4.0 || 2.0 * early.days() < late.days(), "{harm}: less than half the days");
        let by_the_end = HARM_DAYS.len() - 1;
        assert!(early.by[by_the_end] + 4_000 * 15 / 100 > late.by[by_the_end], "{harm}: it is found all the same");
    }
}

/// Where values are normal all intervals cover what they promise; the page says where skew makes them fail.
#[test]
fn intervals_cover_what_is_true() {
    let cell: Cell = cover(SHAPES[0], 100, 500, 1);
    assert_eq!((cell.shape, cell.units), (SHAPES[0], 100));
    for (at, name) in INTERVALS.iter().enumerate() {
        let (missed, defined) = (cell.missed(at), cell.defined(at));
        println!("{name}: {missed:.3} missed, {defined} defined");
        assert!(missed <= 0.05 + 4.0 * error(0.05, defined) && defined > 450, "{name}: {missed}");
    }
}

/// The page was written by this benchmark as it is: it has each interval and each metric.
#[test]
fn the_page_has_all_that_is_simulated() {
    let page = include_str!("../../docs/simulations.md");
    for name in INTERVALS.into_iter().chain(Metric::ALL.map(Metric::name)) {
        assert!(page.contains(&format!("| {name} |")), "`{name}` is not in docs/simulations.md");
    }
    for name in SHAPES.map(Shape::name) {
        assert!(page.contains(&name), "{name}");
    }
}

//! Error rates by a small simulation; `benches/simulations.rs` is the large one.

#[path = "../../benches/support/trials.rs"]
mod trials;

#[test]
fn error_rates_are_as_promised() {
    for rate in trials::all(250, 8, 8, 40, &[0, 1, 5]) {
        println!("{}: {:.4} of {}, promised {}", rate.what, rate.share(), rate.trials, rate.limit);
        assert!(rate.holds(), "{}: {:.4}, more than {:.4}", rate.what, rate.share(), rate.allowed());
    }
}

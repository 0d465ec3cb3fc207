//! `--redraw`: a claim that is still ahead is drawn again, in its phase; one that has begun never is.

use allotment::decl::Day;
use allotment::lint::Context;
use allotment::lock::{Lock, Refusal, Verdict, Wishes, plan};

use super::field::{Field, Plot};
use crate::world::TODAY;

/// What becomes of a plot when it is asked to be drawn again on a day.
fn redrawn(field: &Field, plot: &Plot, today: Option<Day>) -> Verdict {
    let sources = field.world.sources();
    let context = Context::new(&sources, TODAY);
    let wishes = Wishes { redraw: [plot.id.clone()].into(), today };
    let plan = plan(&context.catalogue, &context.locks, &wishes);
    let ix = context.catalogue.claims.find(&plot.id).expect("it is planted");
    plan.of(ix).expect("it is on the surface").clone()
}

fn lock(verdict: Verdict) -> Lock {
    match verdict {
        Verdict::New(lock) | Verdict::Changed(lock) => *lock,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_that_is_ahead_takes_what_is_free_now_and_what_it_now_asks_for() {
    let mut field = Field::new(1_000, 2);
    let first = Plot::new("first", "ranker", TODAY, 10, 60);
    let mut second = Plot::new("second", "ranker", TODAY.plus(1), 28, 30);
    field.plant(&first).plant(&second).allocate();
    // The first is decided, and the second asks for less, in other parts: it has not begun, so nobody moves.
    field.plant(&Plot { decided: Some(TODAY), ..first }).allocate();
    let before = field.locks().0["second"].clone();
    (second.traffic, second.control) = (20, 80);
    field.plant(&second);
    let after = lock(redrawn(&field, &second, Some(TODAY)));
    assert_eq!((after.phase, after.size(), &after.salt), (1, 200, &before.salt));
    assert_eq!(after.variants[0], ("control".to_owned(), 0..8_000));
    assert!(!after.held().is_subset(&before.held()), "it draws from all that is free by now");
}

#[test]
fn one_that_has_begun_is_refused_and_keeps_its_lock() {
    let mut field = Field::new(1_000, 2);
    let plot = Plot::new("first", "ranker", TODAY.plus(1), 28, 60);
    field.plant(&plot).allocate();
    assert!(matches!(redrawn(&field, &plot, Some(TODAY)), Verdict::Changed(_)));
    assert_eq!(redrawn(&field, &plot, Some(TODAY.plus(1))), Verdict::Refused(Refusal::Started));
    // Putting off the start does not help one that has begun by its lock.
    let later = Plot { start: TODAY.plus(9), ..plot.clone() };
    field.plant(&later);
    assert_eq!(redrawn(&field, &later, Some(TODAY.plus(1))), Verdict::Refused(Refusal::Started));
}

#[test]
fn a_pause_has_nothing_to_draw_again() {
    let mut field = Field::new(1_000, 2);
    let plot = Plot::new("first", "ranker", TODAY.plus(1), 28, 60);
    field.plant(&plot).allocate();
    let paused = Plot { traffic: 0, ..plot };
    field.plant(&paused);
    assert_eq!(redrawn(&field, &paused, Some(TODAY)), Verdict::Kept);
}

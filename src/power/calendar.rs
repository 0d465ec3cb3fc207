//! The capacity of a surface over time: what runs when, how full each component is, and what could still start.

use super::Why;
use crate::decl::{Day, Share};
use crate::lock::{Occupancy, Occupant};
use crate::model::{Catalogue, ClaimKind, Surface, Window};

/// The calendar of a surface from a day up to, not including, another.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// The surface's id.
    pub surface: String,
    /// The first day.
    pub from: Day,
    /// The day after the last.
    pub until: Day,
    /// The surface's buckets, and those of them that the holdout has.
    pub buckets: u32,
    /// Buckets that nothing reaches.
    pub holdout: u32,
    /// Each component, by id.
    pub lanes: Vec<Lane>,
}

/// A component over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// The component's id.
    pub component: String,
    /// What is on it, by first day and id.
    pub bookings: Vec<Booking>,
    /// How full it is: stretches of days on which nothing changes, without gaps, from the calendar's first day to its last.
    pub levels: Vec<Level>,
}

/// An experiment or a rollout in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its id.
    pub id: String,
    /// What it is; none where its declaration is gone.
    pub kind: Option<ClaimKind>,
    /// Its first day.
    pub from: Day,
    /// The day after its last; none lasts until a decision.
    pub until: Option<Day>,
    /// The buckets that it holds for all of its window, whatever its ramp uses so far.
    pub buckets: u32,
    /// Whether it claims every component.
    pub everywhere: bool,
    /// Whether it is allotted already, rather than to be allotted next.
    pub allotted: bool,
}

/// A stretch of days on which a component is equally full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The first day.
    pub from: Day,
    /// The day after the last.
    pub until: Day,
    /// Buckets that somebody holds, without the holdout.
    pub taken: u32,
    /// Buckets that nobody holds, without the holdout.
    pub free: u32,
}

/// What could start on a component.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// The first day.
    pub start: Day,
    /// How many days it would run.
    pub days: u32,
    /// The share that is free on all of these days, at most what the surface gives a single experiment.
    pub share: Share,
    /// What an experiment with two equal arms would find with all of it: the smallest relative effect on the metric.
    pub mde: Result<f64, Why>,
    /// Units that would be complete, over both arms.
    pub units: Option<f64>,
    /// Whether units beyond the baseline's reach were extrapolated.
    pub extrapolated: bool,
}

/// The calendar of a surface from a day on, for so many days.
pub(super) fn calendar(
    catalogue: &Catalogue,
    surface: &Surface,
    occupancy: &Occupancy<'_>,
    from: Day,
    days: u32,
) -> Calendar {
    let whole = Window { start: from, end: Some(from.plus(days)) };
    let lane = |component: &String| {
        let occupants: Vec<&Occupant<'_>> = on(occupancy, component).filter(|it| overlaps(it, whole)).collect();
        let mut bookings: Vec<Booking> = occupants.iter().map(|occupant| booking(catalogue, occupant)).collect();
        bookings.sort_by(|a, b| (a.from, &a.id).cmp(&(b.from, &b.id)));
        Lane { component: component.clone(), bookings, levels: levels(occupancy, component, &occupants, whole) }
    };
    Calendar {
        surface: surface.id.clone(),
        from,
        until: from.plus(days),
        buckets: surface.buckets,
        holdout: occupancy.holdout(),
        lanes: surface.components.iter().map(lane).collect(),
    }
}

fn on<'a>(occupancy: &'a Occupancy<'a>, component: &'a str) -> impl Iterator<Item = &'a Occupant<'a>> {
    occupancy.occupants.iter().filter(move |occupant| occupant.lock.claims(component))
}

fn overlaps(occupant: &Occupant<'_>, window: Window) -> bool {
    occupant.lock.window().overlaps(window)
}

fn booking(catalogue: &Catalogue, occupant: &Occupant<'_>) -> Booking {
    let lock = occupant.lock;
    Booking {
        id: lock.id.clone(),
        kind: occupant.claim.map(|ix| catalogue.claims.at(ix).kind),
        from: lock.start,
        until: lock.window().end,
        buckets: lock.size(),
        everywhere: lock.components.iter().any(|component| component == "*"),
        allotted: occupant.allotted,
    }
}

/// How full a component is between the days on which something begins or ends there.
fn levels(occupancy: &Occupancy<'_>, component: &str, occupants: &[&Occupant<'_>], whole: Window) -> Vec<Level> {
    let Some(until) = whole.end else { return Vec::new() };
    let inside = |day: &Day| *day > whole.start && *day < until;
    let turns = occupants.iter().flat_map(|occupant| {
        let window = occupant.lock.window();
        std::iter::once(window.start).chain(window.end)
    });
    let mut days: Vec<Day> = turns.filter(inside).collect();
    days.extend([whole.start, until]);
    days.sort_unstable();
    days.dedup();
    let components = [component.to_owned()];
    let mut levels: Vec<Level> = Vec::with_capacity(days.len());
    for (&from, &until) in days.iter().zip(days.iter().skip(1)) {
        let free = occupancy.free(&components, Window { start: from, end: Some(until) }, None);
        let taken = occupancy.size().saturating_sub(occupancy.holdout()).saturating_sub(free);
        match levels.last_mut().filter(|last| last.taken == taken) {
            Some(last) => last.until = until,
            None => levels.push(Level { from, until, taken, free }),
        }
    }
    levels
}

/// The first days, from one on, on which more of a component is free for so many days than on each day before, with how many
/// buckets that are: room appears only where somebody's window ends.
pub(super) fn starts(occupancy: &Occupancy<'_>, component: &str, from: Day, days: u32) -> Vec<(Day, u32)> {
    let mut ends: Vec<Day> =
        on(occupancy, component).filter_map(|it| it.lock.window().end).filter(|&end| end > from).collect();
    ends.push(from);
    ends.sort_unstable();
    ends.dedup();
    let components = [component.to_owned()];
    let mut most = 0;
    let mut found = Vec::new();
    for start in ends {
        let free = occupancy.free(&components, Window { start, end: Some(start.plus(days)) }, None);
        if free > most {
            most = free;
            found.push((start, free));
        }
    }
    found
}

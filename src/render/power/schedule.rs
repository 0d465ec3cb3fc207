//! Calendars of capacity as they are recorded.

use super::record::{Recorder, kind, of};
use crate::decl::{self, Day};
use crate::model::{Ix, Metric, Surface};
use crate::power::{self, Calendar};
use crate::render::recorded::percent;
use crate::report::{self, Share};

/// What an experiment that could start is measured by.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The metric; the surface's own unless said.
    pub metric: Option<Ix<Metric>>,
    /// The effect to detect.
    pub mde: Option<decl::Share>,
    /// How many days it runs.
    pub days: u32,
    /// The first day that is looked at.
    pub from: Day,
    /// How many days are looked at.
    pub horizon: u32,
}

impl Recorder<'_> {
    /// The calendar of a surface, with the name of its metric.
    #[must_use]
    pub fn calendar(&self, surface: Ix<Surface>, metric: Option<(Ix<Metric>, &str)>, asked: Asked) -> report::Calendar {
        let calendar = self.power.calendar(surface, asked.from, asked.horizon);
        let lane = |lane: &power::Lane| self.lane(surface, metric.map(|(ix, _)| ix), asked, &calendar, lane);
        let components: Vec<report::Lane> = calendar.lanes.iter().map(lane).collect();
        let lanes = components.len().max(1) as f64;
        report::Calendar {
            surface: calendar.surface.clone(),
            buckets: calendar.buckets,
            holdout: share(calendar.holdout, calendar.buckets),
            from: calendar.from.to_string(),
            until: calendar.until.to_string(),
            question: report::Question {
                metric: metric.map(|(_, id)| id.to_owned()),
                mde: asked.mde.map(of),
                days: asked.days,
            },
            free: rounded(components.iter().map(|lane| lane.free.0).sum::<f64>() / lanes),
            components,
        }
    }

    fn lane(
        &self,
        surface: Ix<Surface>,
        metric: Option<Ix<Metric>>,
        asked: Asked,
        calendar: &Calendar,
        lane: &power::Lane,
    ) -> report::Lane {
        let buckets = calendar.buckets;
        let openings = metric.map_or_else(Vec::new, |metric| {
            self.power.openings(surface, &lane.component, metric, asked.from, asked.days)
        });
        // What begins after these days is in another calendar.
        let openings: Vec<_> = openings.into_iter().filter(|opening| opening.start < calendar.until).collect();
        let finds = |opening: &&power::Opening| {
            let reached = opening.mde.as_ref().ok();
            reached.zip(asked.mde).is_some_and(|(reached, wanted)| *reached <= wanted.fraction())
        };
        let (free, all) = lane.levels.iter().fold((0.0, 0.0), |(free, all), level| {
            let days = f64::from(level.until.since(level.from));
            (free + f64::from(level.free) * days, all + f64::from(buckets) * days)
        });
        report::Lane {
            component: lane.component.clone(),
            bookings: lane
                .bookings
                .iter()
                .map(|booking| report::Booking {
                    id: booking.id.clone(),
                    kind: booking.kind.map(kind),
                    share: share(booking.buckets, buckets),
                    start: booking.from.to_string(),
                    end: booking.until.map(|day| day.to_string()),
                    everywhere: booking.everywhere,
                    allotted: booking.allotted,
                })
                .collect(),
            levels: lane
                .levels
                .iter()
                .map(|level| report::Level {
                    from: level.from.to_string(),
                    until: level.until.to_string(),
                    taken: share(level.taken, buckets),
                    free: share(level.free, buckets),
                })
                .collect(),
            free: if all > 0.0 { rounded(100.0 * free / all) } else { Share(0.0) },
            earliest: openings.iter().find(finds).map(opening),
            openings: openings.iter().map(opening).collect(),
        }
    }
}

fn opening(opening: &power::Opening) -> report::Opening {
    report::Opening {
        start: opening.start.to_string(),
        days: opening.days,
        share: of(opening.share),
        reached: opening.mde.as_ref().ok().map(|mde| percent(*mde)),
        reason: opening.mde.as_ref().err().map(ToString::to_string),
        units: opening.units,
        extrapolated: opening.extrapolated,
    }
}

fn share(buckets: u32, of: u32) -> Share {
    percent(f64::from(buckets) / f64::from(of.max(1)))
}

/// An average has no short decimals: a tenth of a percent is enough to judge by.
fn rounded(percent: f64) -> Share {
    Share((percent * 10.0).round() / 10.0)
}

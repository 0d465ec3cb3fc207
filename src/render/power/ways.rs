//! The ways out of too little power, in words that say whether each leads out.

use super::amounts::{at_least, number};
use super::record::of;
use crate::power::{Covariate, Forecast, MoreDays, MoreTraffic, NotEnough, Space, Ways};
use crate::render::figures::{counted, listed, percent};
use crate::report::Way;

/// How many of those who hold the rest are named.
const NAMED: usize = 3;

/// The ways as recorded: those that lead out first.
#[must_use]
pub fn recorded(forecast: &Forecast, ways: &Ways) -> Vec<Way> {
    let mut all = vec![traffic(forecast, &ways.traffic), days(forecast, &ways.days)];
    let several = ways.covariates.len() > 1;
    all.extend(ways.covariates.iter().enumerate().map(|(at, wanted)| covariate(wanted, several, at)));
    all.sort_by_key(|way| match way.open {
        Some(true) => 0,
        None => 1,
        Some(false) => 2,
    });
    all
}

fn way(kind: &str) -> Way {
    Way {
        kind: kind.to_owned(),
        open: Some(false),
        traffic: None,
        days: None,
        metric: None,
        correlation: None,
        free: None,
        holders: Vec::new(),
        extrapolated: false,
        words: String::new(),
    }
}

fn traffic(forecast: &Forecast, more: &Result<MoreTraffic, NotEnough>) -> Way {
    let way = way("traffic");
    let more = match more {
        Ok(more) => more,
        Err(NotEnough::NotEvenAll) => {
            return Way { words: "more traffic: not even all of the surface would do".to_owned(), ..way };
        }
        Err(NotEnough::Undefined(why)) => return Way { words: format!("more traffic: {why}"), ..way },
    };
    let share = percent(of(more.share));
    let begins = format!("more traffic: {share}% instead of {}%", percent(of(forecast.traffic())));
    let (open, ends) = match (more.limit, &more.room) {
        (Some(limit), _) => {
            (Some(false), format!(" would do, but the surface gives one experiment at most {}%", percent(of(limit))))
        }
        (None, Some(space)) if space.fits => (Some(true), "; the surface has room for it".to_owned()),
        (None, Some(space)) => (Some(false), format!(" would do, but {}", taken(space))),
        (None, None) => (None, "; whether it is free depends on its component and its days".to_owned()),
    };
    with_room(Way { open, traffic: Some(of(more.share)), words: format!("{begins}{ends}"), ..way }, more.room.as_ref())
}

fn days(forecast: &Forecast, more: &Result<MoreDays, NotEnough>) -> Way {
    let way = way("days");
    let more = match more {
        Ok(more) => more,
        Err(NotEnough::NotEvenAll) => {
            return Way { words: "more days: not even ten years would do".to_owned(), ..way };
        }
        Err(NotEnough::Undefined(why)) => return Way { words: format!("more days: {why}"), ..way },
    };
    let planned = forecast.days.map_or_else(String::new, |days| format!(" instead of {days}"));
    let until = more.end.map_or_else(String::new, |end| format!(", until {end}"));
    let begins = format!("more days: {}{planned}{until}", more.days);
    let (open, ends) = match (more.limit, &more.room) {
        (Some(limit), _) => (
            Some(false),
            format!(" would do, but the surface allows at most {}", counted(limit as usize, "day", "days")),
        ),
        (None, Some(space)) if space.fits => (Some(true), "; its share stays free until then".to_owned()),
        (None, Some(space)) => (Some(false), format!(" would do, but {}", taken(space))),
        (None, None) => (None, String::new()),
    };
    let beyond = if more.extrapolated { "; beyond the measured days, so extrapolated" } else { "" };
    let words = format!("{begins}{ends}{beyond}");
    with_room(Way { open, days: Some(more.days), extrapolated: more.extrapolated, words, ..way }, more.room.as_ref())
}

/// One metric's covariate; where several metrics are too small, each needs its own.
fn covariate(wanted: &Covariate, several: bool, at: usize) -> Way {
    let begins = match (several, at) {
        (false, _) => "a covariate:",
        (true, 0) => "covariates, all of them:",
        (true, _) => "and",
    };
    let needed = at_least(wanted.correlation);
    let has = match wanted.has {
        Some(has) => format!("; the one it has correlates by {}", number(has)),
        None => String::new(),
    };
    Way {
        open: None,
        metric: Some(wanted.metric.clone()),
        correlation: Some(wanted.correlation),
        words: format!("{begins} one that correlates with `{}` by {needed} or more{has}", wanted.metric),
        ..way("covariate")
    }
}

/// "30% is free: `a` holds 20% until 2027-03-01".
fn taken(space: &Space) -> String {
    let holders: Vec<String> = space
        .holders
        .iter()
        .take(NAMED)
        .map(|holder| {
            let until = holder.until.map_or_else(|| "it is decided".to_owned(), |day| day.to_string());
            format!("`{}` from {} until {until}", holder.id, holder.from)
        })
        .collect();
    let free = format!("only {}% is free in its window", percent(of(space.free)));
    if holders.is_empty() {
        return free;
    }
    let more = match space.holders.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{free}, beside {}{more}", listed(&holders))
}

fn with_room(way: Way, room: Option<&Space>) -> Way {
    let Some(space) = room else { return way };
    let holders = space.holders.iter().map(|holder| holder.id.clone()).collect();
    Way { free: Some(of(space.free)), holders, ..way }
}

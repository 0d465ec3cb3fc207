//! Whom a change moves, in a sentence with exact percents.

use super::change::on;
use super::inert::{code, words};
use crate::render::figures::{day, listed, share};
use crate::report::{Change, Move};

/// How many moves are told one by one.
const TOLD: usize = 8;

/// The sentence; none where nobody moves or stays.
pub fn sentence(change: &Change) -> Option<String> {
    let surface = change.surface.as_deref().map_or_else(|| "the surface".to_owned(), code);
    let date = change.moves_on.as_deref().map(|text| day(text).map_or_else(|| words(text), on));
    let (stay, go): (Vec<&Move>, Vec<&Move>) = change.moves.iter().partition(|units| units.stays);
    let when = date.as_ref().map_or_else(|| "This".to_owned(), |date| format!("On {date} this"));
    let now = moving("At once this", change.moves_today.iter().collect(), &surface);
    let main = moving(&when, go, &surface).map(|mut text| {
        if change.moves.iter().filter(|units| !units.stays).count() > 1 && change.moved.0 > 0.0 {
            text.push_str(&format!(" That is **{}** in all.", share(change.moved)));
        }
        // Days are written so that they sort.
        if change.moves_on.is_some() && change.full_from > change.moves_on && !change.ramp.is_empty() {
            text.push_str(" The later steps move the rest.");
        }
        text
    });
    let stay = (!stay.is_empty()).then(|| {
        let from = date.map_or_else(String::new, |date| format!("From {date} on, "));
        format!("{from}{} as before, where they would have left.", told(&stay, &surface))
    });
    let parts: Vec<String> = [now, main, stay].into_iter().flatten().collect();
    let mut text = if parts.is_empty() { return None } else { parts.join(" ") };
    if let Some(segment) = &change.segment {
        text.push_str(&format!(" Only those in segment {} take part.", code(segment)));
    }
    Some(text)
}

/// Who moves, those that see it first.
fn moving(when: &str, moves: Vec<&Move>, surface: &str) -> Option<String> {
    let (seen, unseen): (Vec<&Move>, Vec<&Move>) = moves.into_iter().partition(|units| units.visible);
    Some(match (seen.as_slice(), unseen.as_slice()) {
        ([], []) => return None,
        ([], unseen) => {
            format!("{when} changes what nobody is served: it moves {}, served the same.", told(unseen, surface))
        }
        (seen, []) => format!("{when} moves {}.", told(seen, surface)),
        (seen, unseen) => {
            let also = told(unseen, surface);
            format!("{when} moves {}. Unseen, because they are served the same: {also}.", told(seen, surface))
        }
    })
}

fn told(moves: &[&Move], surface: &str) -> String {
    let mut all: Vec<String> = moves.iter().take(TOLD).enumerate().map(|(at, units)| one(units, at, surface)).collect();
    if moves.len() > TOLD {
        all.push(format!("{} more moves", moves.len() - TOLD));
    }
    listed(&all)
}

/// The first says of what the percents are.
fn one(units: &Move, at: usize, surface: &str) -> String {
    let of = if at == 0 { format!(" of {surface}'s units") } else { String::new() };
    let way = match (&units.from, &units.to) {
        (Some(from), Some(to)) if from == to => format!("from one value of {} to another", code(from)),
        (Some(from), Some(to)) => format!("from {} to {}", code(from), code(to)),
        (None, Some(to)) if units.stays => format!("stay in {}", code(to)),
        (None, Some(to)) => format!("into {}", code(to)),
        (Some(from), None) => format!("from {} back to the flag's rules and default", code(from)),
        (None, None) => "between no variants".to_owned(),
    };
    format!("**{}**{of} {way}", share(units.units))
}

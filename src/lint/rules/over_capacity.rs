//! `over-capacity`: a share that is not free.

use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::{LedgerVerdict, Refusal, Room, Verdict};
use crate::model::Claim;

pub static RULE: Rule = Rule {
    name: "over-capacity",
    group: Group::Coordination,
    level: None,
    serving: false,
    summary: "a share is larger than what is free on its components in its window",
    page: include_str!("over_capacity.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let claims = context.plan.claims.iter().filter_map(|(ix, verdict)| match verdict {
        Verdict::Refused(Refusal::NoRoom(room)) => Some(no_room(context, &catalogue.claims[*ix], room)),
        _ => None,
    });
    let holdouts = context.plan.ledgers.iter().filter_map(|(ix, verdict)| {
        let LedgerVerdict::Refused { needed, free } = verdict else { return None };
        let surface = &catalogue.surfaces[*ix];
        let span = surface.written.holdout.as_ref()?.span;
        let message = format!("the holdout would grow by {needed} buckets, and {free} are held by nobody");
        Some(Diagnostic::new(RULE.name, span, message).help("grow it by less, or when more experiments have ended"))
    });
    claims.chain(holdouts).collect()
}

fn no_room(context: &Context<'_>, claim: &Claim, room: &Room) -> Diagnostic {
    let message = format!("{} of {} buckets are needed, and {} are free for `{}`", room.needed, room.buckets, room.free, claim.id);
    let largest = room.largest();
    let holders: Vec<String> = room
        .holders
        .iter()
        .take(3)
        .map(|holder| match holder.until {
            Some(until) => format!("`{}` holds {} until {until}", holder.id, holder.buckets),
            None => format!("`{}` holds {} until it is decided", holder.id, holder.buckets),
        })
        .collect();
    let more = room.holders.len().saturating_sub(3);
    let mut help = holders.join(", ");
    if more > 0 {
        help.push_str(&format!(" and {more} more hold the rest"));
    }
    let earliest = room.earliest.map(|day| format!("the full share is free from {day} on"));
    let smaller = (room.free > 0).then(|| format!("\"{largest}\" fits now"));
    let ways: Vec<String> = earliest.into_iter().chain(smaller).collect();
    let ways = if ways.is_empty() { "no later day frees the full share".to_owned() } else { ways.join("; ") };
    let help = if help.is_empty() { ways } else { format!("{help}; {ways}") };
    let finding = Diagnostic::new(RULE.name, claim.traffic_span(), message).help(help);
    room.holders.iter().take(3).fold(finding, |finding, holder| match context.catalogue.claims.get(&holder.id) {
        Some(other) => finding.related(other.traffic_span(), format!("`{}`", holder.id)),
        None => finding,
    })
}

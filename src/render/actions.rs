//! What happens to an experiment or a rollout, in words.

use super::figures::{counted, listed};
use crate::report::{Action, Change, Definition, Plan};

/// An action's words: as a thing, as several, and after "can".
struct Words {
    action: Action,
    one: &'static str,
    many: &'static str,
    can: &'static str,
}

/// All actions, those that concern users most first.
const WORDS: &[Words] = &[
    Words { action: Action::Launch, one: "launch", many: "launches", can: "launch" },
    Words { action: Action::Phase, one: "new phase", many: "new phases", can: "begin a new phase" },
    Words { action: Action::Stop, one: "stop", many: "stops", can: "stop" },
    Words { action: Action::Pause, one: "pause", many: "pauses", can: "pause" },
    Words { action: Action::Resume, one: "resumption", many: "resumptions", can: "go on" },
    Words { action: Action::Ramp, one: "ramp", many: "ramps", can: "grow" },
    Words { action: Action::Shrink, one: "cut share", many: "cut shares", can: "shrink" },
    Words { action: Action::Assignment, one: "new assignment", many: "new assignments", can: "change its assignment" },
    Words { action: Action::Reschedule, one: "new window", many: "new windows", can: "move its window" },
    Words { action: Action::Remove, one: "removal", many: "removals", can: "be removed" },
    Words { action: Action::Analysis, one: "edited analysis", many: "edited analyses", can: "change its analysis" },
    Words { action: Action::Stage, one: "change of stage", many: "changes of stage", can: "change its stage" },
    Words { action: Action::Add, one: "draft", many: "drafts", can: "be added" },
    Words { action: Action::Edit, one: "edit", many: "edits", can: "be reworded" },
];

/// What a change does, the most important first.
fn ranked(change: &Change) -> impl Iterator<Item = &'static Words> + '_ {
    WORDS.iter().filter(|words| change.actions.contains(&words.action))
}

/// The most important thing that a change does; an edit where it says nothing.
pub fn lead(change: &Change) -> Action {
    ranked(change).next().map_or(Action::Edit, |words| words.action)
}

/// "launch", "ramp, new window".
pub fn named(change: &Change) -> String {
    let all: Vec<&str> = ranked(change).map(|words| words.one).collect();
    if all.is_empty() { "edit".to_owned() } else { all.join(", ") }
}

/// What a change would do, after "can".
pub fn can(change: &Change) -> &'static str {
    let lead = lead(change);
    WORDS.iter().find(|words| words.action == lead).map_or("be edited", |words| words.can)
}

/// "1 launch, 2 ramps and 1 stop": each change counts once, as what it does first.
pub fn tally(changes: &[Change]) -> String {
    let of = |words: &Words| {
        let number = changes.iter().filter(|change| lead(change) == words.action).count();
        (number > 0).then(|| counted(number, words.one, words.many))
    };
    listed(&WORDS.iter().filter_map(of).collect::<Vec<_>>())
}

/// Whether users are served anything else, now or later.
pub fn concerns_users(change: &Change) -> bool {
    let unseen = matches!(
        lead(change),
        Action::Stage | Action::Add | Action::Remove | Action::Analysis | Action::Edit | Action::Reschedule
    );
    !unseen || change.moves.iter().any(|units| units.visible)
}

/// Whether users may be served anything else: by an experiment, or by a definition that is served.
pub fn users_concerned(plan: &Plan) -> bool {
    plan.changes.iter().any(concerns_users) || plan.definitions.iter().any(is_served)
}

/// What users are served comes of these; metrics and facts only measure.
fn is_served(definition: &Definition) -> bool {
    definition.action != "added" && !matches!(definition.kind.as_str(), "metric" | "fact")
}

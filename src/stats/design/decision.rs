//! What the results of a look decide: ship, wait or stop, and why (Schultzberg, Ankargren & Frånberg 2024, Rules 1 and 2).

/// What a metric is to the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// One such metric at least must be better.
    Success,
    /// Each must be non-inferior within its margin.
    Guardrail,
    /// It must only not be worse: a guardrail without a margin.
    Watched,
}

/// Where a metric's own test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A success metric is significantly better, a guardrail non-inferior.
    Shown,
    /// Not so far.
    Undecided,
    /// The test is undefined. That never counts as shown.
    Undefined,
}

/// One metric of one treatment at a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tested {
    /// What it is to the decision.
    pub role: Role,
    /// Its test; of no meaning for [`Role::Watched`].
    pub standing: Standing,
    /// Whether it is significantly worse, with a margin worse beyond it, by its own sequential test. Under Rule 1, `false`.
    pub worse: bool,
}

/// Circumstances that all treatments of an experiment share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The run and its lag are over: no more units will come.
    pub over: bool,
    /// Whole weeks have passed, so that stopping early for success does not favour some days.
    pub whole_weeks: bool,
    /// The data can be trusted: the sample ratio holds, and few units saw two variants.
    pub sound: bool,
}

/// A reason for a decision; numbers are places in the list of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// This metric is significantly worse.
    Worse(usize),
    /// This success metric is better.
    Better(usize),
    /// No success metric is better, and none could still turn out so.
    NoSuccess,
    /// No success metric is better yet.
    NoSuccessYet,
    /// This guardrail is not shown to be non-inferior.
    NotNonInferior(usize),
    /// This metric's test is undefined.
    Undefined(usize),
    /// All guardrails with margins are non-inferior.
    GuardrailsHold,
    /// The weeks are not whole.
    PartOfWeek,
    /// The data cannot be trusted.
    Unsound,
    /// There is neither a success metric nor a guardrail with a margin.
    NothingTested,
}

/// What to do with a treatment, with all reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Give it to everybody.
    Ship(Vec<Why>),
    /// Go on.
    Wait(Vec<Why>),
    /// Give it to nobody.
    Stop(Vec<Why>),
}

impl Decision {
    /// Its reasons.
    #[must_use]
    pub fn reasons(&self) -> &[Why] {
        match self {
            Self::Ship(why) | Self::Wait(why) | Self::Stop(why) => why,
        }
    }
}

/// Decides on one treatment.
///
/// Unsound data decide nothing. A metric that is worse stops the treatment, at any look. It ships if a success metric is
/// better (where there is one) and each guardrail with a margin is non-inferior; before the end only after whole weeks. At the
/// end what is not shown stops it, unless the only thing missing is a test that is undefined: that waits for somebody to look.
#[must_use]
pub fn decide(metrics: &[Tested], state: State) -> Decision {
    if !state.sound {
        return Decision::Wait(vec![Why::Unsound]);
    }
    let worse: Vec<Why> =
        metrics.iter().enumerate().filter(|(_, metric)| metric.worse).map(|(at, _)| Why::Worse(at)).collect();
    if !worse.is_empty() {
        return Decision::Stop(worse);
    }
    let of = |role: Role| metrics.iter().enumerate().filter(move |(_, metric)| metric.role == role);
    if of(Role::Success).next().is_none() && of(Role::Guardrail).next().is_none() {
        let why = vec![Why::NothingTested];
        return if state.over { Decision::Stop(why) } else { Decision::Wait(why) };
    }
    let (mut shown, mut missing, mut undefined) = (Vec::new(), Vec::new(), Vec::new());
    let with = |standing: Standing| of(Role::Success).filter(move |(_, metric)| metric.standing == standing);
    shown.extend(with(Standing::Shown).map(|(at, _)| Why::Better(at)));
    if shown.is_empty() && of(Role::Success).next().is_some() {
        undefined.extend(with(Standing::Undefined).map(|(at, _)| Why::Undefined(at)));
        if undefined.is_empty() {
            missing.push(if state.over { Why::NoSuccess } else { Why::NoSuccessYet });
        }
    }
    for (at, metric) in of(Role::Guardrail) {
        match metric.standing {
            Standing::Shown => {}
            Standing::Undecided => missing.push(Why::NotNonInferior(at)),
            Standing::Undefined => undefined.push(Why::Undefined(at)),
        }
    }
    if missing.is_empty() && undefined.is_empty() {
        if of(Role::Guardrail).next().is_some() {
            shown.push(Why::GuardrailsHold);
        }
        if !state.over && !state.whole_weeks {
            return Decision::Wait(vec![Why::PartOfWeek]);
        }
        return Decision::Ship(shown);
    }
    let stops = state.over && !missing.is_empty();
    missing.append(&mut undefined);
    if stops { Decision::Stop(missing) } else { Decision::Wait(missing) }
}

/// A treatment with its decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Treatment {
    /// What was decided on its own tests.
    pub decision: Decision,
    /// The estimate of the primary metric, its good direction positive; `None` where undefined.
    pub primary: Option<f64>,
}

/// What an experiment decides over all its treatments; numbers are places in their list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overall {
    /// Ship this treatment, which qualifies with the largest primary estimate.
    Ship {
        /// The treatment.
        treatment: usize,
        /// Others that qualify and are not significantly behind it: with any, it is a tie.
        ties: Vec<usize>,
    },
    /// Go on: none qualifies, and one could still.
    Wait,
    /// None qualifies, and none will.
    Stop,
}

/// Decides between treatments: each qualifies on its own tests.
///
/// `differs(a, b)` says whether two treatments' primary estimates differ significantly; what is undefined does not. Of equal
/// estimates the first is named. One without an estimate comes after all with one.
pub fn choose(treatments: &[Treatment], differs: impl Fn(usize, usize) -> bool) -> Overall {
    let ships: Vec<(usize, f64)> = treatments
        .iter()
        .enumerate()
        .filter(|(_, treatment)| matches!(treatment.decision, Decision::Ship(_)))
        .map(|(at, treatment)| (at, treatment.primary.filter(|value| !value.is_nan()).unwrap_or(f64::NEG_INFINITY)))
        .collect();
    let best = ships.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best });
    match best {
        Some((treatment, _)) => {
            let others = ships.iter().map(|&(at, _)| at).filter(|&at| at != treatment);
            Overall::Ship { treatment, ties: others.filter(|&at| !differs(treatment, at)).collect() }
        }
        None if treatments.iter().any(|treatment| matches!(treatment.decision, Decision::Wait(_))) => Overall::Wait,
        None => Overall::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Overall, Role, Standing, State, Tested, Treatment, Why, choose, decide};

    const RUNNING: State = State { over: false, whole_weeks: true, sound: true };
    const OVER: State = State { over: true, whole_weeks: false, sound: true };

    fn metric(role: Role, standing: Standing) -> Tested {
        Tested { role, standing, worse: false }
    }

    #[test]
    fn ships_on_one_success_and_all_guardrails() {
        use Role::{Guardrail, Success, Watched};
        use Standing::{Shown, Undecided};
        let metrics =
            [metric(Success, Undecided), metric(Success, Shown), metric(Guardrail, Shown), metric(Watched, Undecided)];
        let ship = Decision::Ship(vec![Why::Better(1), Why::GuardrailsHold]);
        assert_eq!(decide(&metrics, RUNNING), ship);
        assert_eq!(decide(&metrics, OVER), ship);
        assert_eq!(decide(&metrics, State { whole_weeks: false, ..RUNNING }), Decision::Wait(vec![Why::PartOfWeek]));
        assert_eq!(decide(&metrics, State { sound: false, ..OVER }), Decision::Wait(vec![Why::Unsound]));
        let mut worse = metrics;
        worse[3].worse = true;
        assert_eq!(decide(&worse, State { whole_weeks: false, ..RUNNING }), Decision::Stop(vec![Why::Worse(3)]));
        assert_eq!(decide(&metrics[2..], RUNNING), Decision::Ship(vec![Why::GuardrailsHold]));
    }

    #[test]
    fn what_is_missing_waits_and_at_the_end_stops() {
        use Role::{Guardrail, Success};
        use Standing::{Shown, Undecided, Undefined};
        let metrics = [metric(Success, Undecided), metric(Guardrail, Undecided)];
        assert_eq!(decide(&metrics, RUNNING), Decision::Wait(vec![Why::NoSuccessYet, Why::NotNonInferior(1)]));
        assert_eq!(decide(&metrics, OVER), Decision::Stop(vec![Why::NoSuccess, Why::NotNonInferior(1)]));
        let undefined = [metric(Success, Shown), metric(Guardrail, Undefined)];
        assert_eq!(decide(&undefined, OVER), Decision::Wait(vec![Why::Undefined(1)]));
        let both = [metric(Success, Undefined), metric(Guardrail, Undecided)];
        assert_eq!(decide(&both, OVER), Decision::Stop(vec![Why::NotNonInferior(1), Why::Undefined(0)]));
        assert_eq!(decide(&[], RUNNING), Decision::Wait(vec![Why::NothingTested]));
        assert_eq!(decide(&[], OVER).reasons(), [Why::NothingTested]);
    }

    #[test]
    fn the_best_of_several_and_ties() {
        let ship = |primary| Treatment { decision: Decision::Ship(Vec::new()), primary };
        let stop = Treatment { decision: Decision::Stop(Vec::new()), primary: Some(9.0) };
        let wait = Treatment { decision: Decision::Wait(Vec::new()), primary: Some(9.0) };
        let all = [ship(Some(1.0)), stop.clone(), ship(Some(2.0)), ship(None)];
        assert_eq!(choose(&all, |_, _| true), Overall::Ship { treatment: 2, ties: vec![] });
        assert_eq!(choose(&all, |_, other| other != 0), Overall::Ship { treatment: 2, ties: vec![0] });
        assert_eq!(choose(&[stop.clone(), wait], |_, _| true), Overall::Wait);
        assert_eq!(choose(&[stop], |_, _| true), Overall::Stop);
    }
}

//! What is newly wrong: the errors of a state of a catalogue that earlier states have not.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

use super::workspace::linted;
use crate::decl::Day;
use crate::diag::{Diagnostic, Severity};
use crate::lint::Context;
use crate::results::Evidence;
use crate::source::Sources;

/// The errors of a state that none of the earlier ones has. What was wrong before is for another day.
pub fn new_errors(state: &Sources, earlier: &[&Sources], today: Day, evidence: &[Evidence]) -> Vec<Diagnostic> {
    let errors = |sources: &Sources| {
        let mut context = context(sources, today);
        context.evidence = evidence.to_vec();
        let report = linted(&context);
        report.findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect::<Vec<_>>()
    };
    let key = |sources: &Sources, finding: &Diagnostic| {
        (finding.rule, sources.path(finding.span.file).to_owned(), finding.message.clone())
    };
    let known: BTreeSet<_> = earlier
        .iter()
        .flat_map(|side| errors(side).iter().map(|finding| key(side, finding)).collect::<Vec<_>>())
        .collect();
    errors(state).into_iter().filter(|finding| !known.contains(&key(state, finding))).collect()
}

/// A catalogue of which some files may be no text.
pub fn context(sources: &Sources, today: Day) -> ManuallyDrop<Context<'_>> {
    let mut context = Context::new(sources, today);
    for (file, why) in sources.iter().filter_map(|(file, source)| Some((file, source.fault?))) {
        context.refuse(file, why);
    }
    ManuallyDrop::new(context)
}

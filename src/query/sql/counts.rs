//! The statement that counts exposures: units of each variant, and the rows that are left out.

use super::frame::Frame;
use super::text::{Parts, Select, column};

/// What the statement returns, a row for each variant of a study, and one with a null arm for rows that are left out.
pub(super) const COLUMNS: [&str; 7] = ["study", "arm", "exposed", "mixed", "without_key", "outside", "unknown_variant"];

pub(super) fn text(frame: &Frame<'_>, head: &[String]) -> String {
    let (dialect, exposures) = (frame.dialect, &frame.request.exposures);
    let mut parts = Parts::default();
    frame.constants(&mut parts);
    parts.add(
        frame.name("rows"),
        Select {
            words: "every exposure of these experiments".to_owned(),
            columns: vec![
                column("s.study", "study"),
                column("s.from_at", "from_at"),
                column("s.until_at", "until_at"),
                column("a.arm", "arm"),
                column(dialect.id(&frame.exposed(&exposures.variant)), "variant"),
                column(dialect.id(&frame.exposed(&exposures.unit)), "unit"),
                column((dialect.micros)(&frame.exposed(&exposures.timestamp)), "seen"),
            ],
            from: vec![
                frame.exposures(),
                format!(
                    "JOIN {} AS s ON s.exposure_key = {}",
                    frame.name("studies"),
                    dialect.id(&frame.exposed(&exposures.experiment))
                ),
                format!(
                    "LEFT JOIN {} AS a ON a.study = s.study AND a.variant = {}",
                    frame.name("arms"),
                    dialect.id(&frame.exposed(&exposures.variant))
                ),
            ],
            ..Select::default()
        },
    );
    let fault = "CASE WHEN r.unit IS NULL OR r.variant IS NULL OR r.seen IS NULL THEN 1 \
                 WHEN r.seen < r.from_at OR r.seen >= r.until_at THEN 2 WHEN r.arm IS NULL THEN 3 ELSE 0 END";
    parts.add(
        frame.name("judged"),
        Select {
            words: "0 counts, 1 has a null, 2 is outside the run, 3 has a variant that is not there".to_owned(),
            columns: vec![
                column("r.study", "study"),
                column("r.from_at", "from_at"),
                column("r.arm", "arm"),
                column("r.unit", "unit"),
                column("r.seen", "seen"),
                column(fault, "fault"),
            ],
            from: vec![format!("{} AS r", frame.name("rows"))],
            ..Select::default()
        },
    );
    let faults = |code: u8| format!("SUM(CASE WHEN j.fault = {code} THEN 1 ELSE 0 END)");
    let unit = "CASE WHEN j.fault = 0 THEN j.unit END";
    parts.add(
        frame.name("units"),
        Select {
            words: "units with their first variant; a null unit stands for all rows that are left out".to_owned(),
            columns: vec![
                column("j.study", "study"),
                column("CASE WHEN j.fault = 0 THEN 1 ELSE 0 END", "counts"),
                column(frame.first_arm("j"), "arm"),
                column("CASE WHEN MIN(j.arm) < MAX(j.arm) THEN 1 ELSE 0 END", "mixed"),
                column(faults(1), "without_key"),
                column(faults(2), "outside"),
                column(faults(3), "unknown_variant"),
            ],
            from: vec![format!("{} AS j", frame.name("judged"))],
            group: vec!["j.study".to_owned(), "CASE WHEN j.fault = 0 THEN 1 ELSE 0 END".to_owned(), unit.to_owned()],
            ..Select::default()
        },
    );
    let arm = "CASE WHEN u.counts = 1 THEN u.arm END";
    let last = Select {
        words: "units of each variant; the row without an arm counts what is left out".to_owned(),
        columns: vec![
            column("u.study", "study"),
            column(arm, "arm").for_("by place, 0 is control"),
            column("SUM(u.counts)", "exposed").for_("units whose first exposure was to it, mixed ones included"),
            column("SUM(CASE WHEN u.counts = 1 THEN u.mixed ELSE 0 END)", "mixed")
                .for_("of them, those that saw another"),
            column("SUM(u.without_key)", "without_key").for_("rows with a null unit, variant or instant"),
            column("SUM(u.outside)", "outside").for_("rows outside the run"),
            column("SUM(u.unknown_variant)", "unknown_variant").for_("rows with a variant that is not there"),
        ],
        from: vec![format!("{} AS u", frame.name("units"))],
        group: vec!["u.study".to_owned(), arm.to_owned()],
        order: vec!["u.study".to_owned(), arm.to_owned()],
        ..Select::default()
    };
    parts.print(head, &last)
}

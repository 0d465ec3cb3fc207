//! What rules say where their pages do not show it: one line a finding, for all cases together, so that their words can be
//! read side by side. `INSTA_UPDATE=always cargo test` renews them.

use std::fmt::Write;

use allotment::diag::Severity;

use crate::world::{CARDS, FRESH, LARGE_CARDS, LISTENING, ROLLOUT, SURFACE, World};

/// A case: what is done before allocation, and what after it.
struct Case {
    name: &'static str,
    before: fn(&mut World),
    after: fn(&mut World),
}

impl World {
    /// Another experiment, like the large cards but for some lines.
    fn cards(&mut self, id: &str, edits: &[(&str, &str)]) -> &mut Self {
        let path = format!("experiments/home/{id}.toml");
        self.put(&path, CARDS);
        for (from, to) in edits {
            self.edit(&path, from, to);
        }
        self
    }
}

const RANKER: [(&str, &str); 2] =
    [("home-cards", "home-ranker"), ("\"small\"\nlarge = \"large\"", "\"v7\"\nnew = \"v8-fresh\"")];

/// An experiment on the ranker, from a day on.
fn ranker(world: &mut World, id: &str, start: &str, traffic: &str) {
    let start = format!("start = {start}");
    let traffic = format!("traffic = \"{traffic}\"\nramp = [{{ days = 1, traffic = \"1%\" }}]");
    let more = [("start = 2027-02-02", start.as_str()), ("traffic = \"4%\"", traffic.as_str())];
    world.cards(id, &RANKER.into_iter().chain(more).collect::<Vec<_>>());
}

fn nothing(_: &mut World) {}

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { name: "over-capacity: more than there is, and many who hold it", before: |world| {
        for (id, share) in [("a", "10%"), ("b", "20%"), ("c", "5%"), ("d", "30%")] {
            ranker(world, id, "2027-02-02", share);
        }
        ranker(world, "z", "2027-02-03", "50%");
    }, after: nothing },
    Case { name: "over-capacity: nothing is left", before: |world| {
        ranker(world, "a", "2027-02-02", "78%");
        ranker(world, "z", "2027-02-03", "50%");
    }, after: nothing },
    Case { name: "over-capacity: it grows", before: |world| ranker(world, "a", "2027-02-02", "60%"), after: |world| {
        world.edit(FRESH, "\"20%\"", "\"50%\"");
    } },
    Case { name: "over-capacity: it grows before its first day", before: |world| ranker(world, "a", "2027-02-02", "70%"), after: |world| {
        world.edit("experiments/home/a.toml", "\"70%\"", "\"90%\"");
    } },
    Case { name: "over-capacity: it starts when all is free", before: |world| ranker(world, "a", "2027-02-02", "70%"), after: |world| {
        world.edit("experiments/home/a.toml", "\"70%\"", "\"90%\"").edit("experiments/home/a.toml", "2027-02-02", "2027-02-08");
    } },
    Case { name: "over-capacity: it is extended into another", before: |world| ranker(world, "a", "2027-02-08", "70%"), after: |world| {
        world.edit(FRESH, "days = 28", "days = 35");
    } },
    Case { name: "over-capacity: it touches another component", before: |world| {
        world.cards("large-cards", &[("\"4%\"", "\"90%\"\nramp = [{ days = 1, traffic = \"5%\" }]")]);
    }, after: |world| {
        world.edit(FRESH, "segment = ", "also-touches = [\"cards\"]\nsegment = ");
    } },
    Case { name: "over-capacity: the holdout grows", before: nothing, after: |world| {
        world.edit(SURFACE, "holdout = \"2%\"", "holdout = \"10%\"");
    } },

    Case { name: "unsupported-targeting: Eppo's SDKs, a leading zero", before: |world| {
        world.edit(SURFACE, "\"growthbook\"", "\"eppo\"").edit("segments/nordic-premium.toml", "\"9.4.0\"", "\"9.04.0\"");
    }, after: nothing },
    Case { name: "unsupported-targeting: Eppo's SDKs, more cases than rules", before: |world| {
        let not: Vec<String> = (0..9).map(|n| format!("{{ not = {{ country = \"C{n}\", plan = \"P{n}\" }} }}")).collect();
        let all = format!("all = [{}]", not.join(", "));
        world.edit("allotment.toml", ", values = [\"free\", \"premium\"]", "");
        world.edit(SURFACE, "\"growthbook\"", "\"eppo\"").edit("segments/nordic-premium.toml", "plan = \"premium\"", &all);
    }, after: nothing },

    Case { name: "underpowered: the surface gives no more", before: |world| {
        world.edit(SURFACE, "first-day = \"5%\"", "first-day = \"5%\", traffic = \"30%\", days = 10");
        world.cards("large-cards", &[("skip-rate = { mde = \"2%\" }", "skip-rate = { mde = \"0.4%\" }")]);
    }, after: nothing },
    Case { name: "underpowered: nothing would do", before: |world| {
        world.cards("large-cards", &[("skip-rate = { mde = \"2%\" }", "skip-rate = { mde = \"0.01%\" }")]);
    }, after: nothing },
    Case { name: "underpowered: a guardrail that is required", before: |world| {
        world.cards("large-cards", &[("traffic = \"4%\"", "traffic = \"0.5%\"")]);
    }, after: nothing },
    Case { name: "underpowered: others hold the rest", before: |world| {
        ranker(world, "a", "2027-02-09", "70%");
        world.cards("large-cards", &[("home-cards", "home-ranker"), ("\"small\"\nlarge = \"large\"", "\"v7\"\nnew = \"v8-fresh\""), ("2027-02-02", "2027-02-10"), ("mde = \"2%\"", "mde = \"0.5%\"")]);
    }, after: nothing },
    Case { name: "missing-baseline: there is no file", before: |world| {
        world.files.remove("baselines/home.toml");
        world.cards("large-cards", &[]);
    }, after: nothing },
    Case { name: "missing-baseline: a segment, and what is required", before: |world| {
        world.edit("baselines/home.toml", "nordic-premium = \"14.2%\"\n", "");
        world.edit("baselines/home.toml", "[metrics.app-crashes]\nmean = 0.31\nstandard-deviation = 0.6\n", "");
        world.cards("large-cards", &[("traffic = \"4%\"", "traffic = \"4%\"\nsegment = \"nordic-premium\"")]);
    }, after: nothing },

    Case { name: "stale-allocation: other weights", before: nothing, after: |world| {
        world.edit(FRESH, "[success]", "[weights]\ncontrol = \"20%\"\nfresh-first = \"80%\"\n\n[success]");
    } },
    Case { name: "stale-allocation: the segment tests something else", before: nothing, after: |world| {
        world.edit("segments/nordic-premium.toml", "\"DK\", ", "");
    } },
    Case { name: "stale-allocation: the salt of the surface", before: nothing, after: |world| {
        world.edit(SURFACE, "sdk = \"growthbook\"", "salt = \"other\"");
    } },
    Case { name: "stale-allocation: the number of buckets, and another flag", before: nothing, after: |world| {
        world.edit(SURFACE, "sdk = \"growthbook\"", "buckets = 500").edit(ROLLOUT, "\"home-cards\"\nvalue = \"large\"", "\"home-ranker\"\nvalue = \"v8-fresh\"");
    } },
    Case { name: "stale-allocation: smaller", before: nothing, after: |world| {
        world.edit(FRESH, "\"20%\"", "\"10%\"");
    } },
    Case { name: "stale-allocation: a rollout gets smaller", before: |world| {
        world.edit(ROLLOUT, ", { days = 7, traffic = \"50%\" }, { traffic = \"100%\" }", ", { traffic = \"50%\" }");
    }, after: |world| {
        world.edit(ROLLOUT, "\"50%\"", "\"40%\"");
    } },
    Case { name: "stale-allocation: a phase is left out", before: nothing, after: |world| {
        world.edit(FRESH, "segment = ", "phase = 3\nsegment = ");
    } },
    Case { name: "stale-allocation: a phase is new", before: nothing, after: |world| {
        world.edit(FRESH, "segment = ", "phase = 2\nsegment = ");
    } },
    Case { name: "stale-allocation: it grows", before: nothing, after: |world| {
        world.edit(FRESH, "\"20%\"", "\"40%\"");
    } },
    Case { name: "stale-allocation: it starts later", before: |world| { world.cards("large-cards", &[]); }, after: |world| {
        world.edit(LARGE_CARDS, "2027-02-02", "2027-02-03");
    } },
    Case { name: "stale-allocation: it is decided", before: nothing, after: |world| {
        let decision = "[decision]\noutcome = \"stopped\"\non = 2027-02-01\nreason = \"Skips rose.\"\nlearned = \"Not this way.\"\n";
        world.edit(FRESH, "\"ship\"", "\"tweak\"").edit(FRESH, "[guardrails]", &format!("{decision}[guardrails]"));
    } },
    Case { name: "stale-allocation: a rollout is decided", before: nothing, after: |world| {
        let decision = "[decision]\noutcome = \"shipped\"\non = 2027-03-15\nreason = \"No guardrail moved.\"\n";
        world.edit(ROLLOUT, "[guardrails]", &format!("{decision}[guardrails]"));
    } },
    Case { name: "stale-allocation: it touches more", before: nothing, after: |world| {
        world.edit(FRESH, "segment = ", "also-touches = [\"header\"]\nsegment = ");
    } },
    Case { name: "stale-allocation: another ramp", before: |world| { world.cards("large-cards", &[]); }, after: |world| {
        world.edit(LARGE_CARDS, "\"4%\"", "\"4%\"\nramp = [{ days = 2, traffic = \"1%\" }]");
    } },
    Case { name: "stale-allocation: another plan", before: nothing, after: |world| {
        world.edit(FRESH, "mde = \"2.5%\"", "mde = \"3%\"");
    } },
    Case { name: "stale-allocation: a lock without its declaration", before: |world| { world.cards("large-cards", &[]); }, after: |world| {
        world.files.remove(LARGE_CARDS);
    } },
    Case { name: "stale-allocation: a flag moved, and the ledger knows", before: nothing, after: |world| {
        world.edit("flags/home-cards.toml", "component = \"cards\"", "component = \"header\"");
    } },
    Case { name: "stale-allocation: a component is new, and the ledger does not know it", before: nothing, after: |world| {
        world.edit(SURFACE, "[components]", "[components]\nbanner = \"What stands above\"");
    } },
    Case { name: "missing-allocation: no ledger", before: nothing, after: |world| {
        world.files.remove("surfaces/home.lock");
    } },
    Case { name: "tampered-lock: an edited bucket", before: |world| { world.cards("large-cards", &[]); }, after: |world| {
        world.edit("experiments/home/large-cards.lock", "after = 0", "after = 1");
    } },
    Case { name: "tampered-lock: half a lock", before: |world| { world.cards("large-cards", &[]); }, after: |world| {
        let text = world.files["experiments/home/large-cards.lock"].clone();
        world.put("experiments/home/large-cards.lock", &text[..text.find("[[steps]]").unwrap()]);
    } },
    Case { name: "bucket-overlap: one that has begun, and the holdout", before: |world| {
        world.cards("large-cards", &[("2027-02-02", "2027-01-31"), ("\"4%\"", "\"1%\"")]);
    }, after: |world| {
        world.reseal("experiments/home/large-cards.lock", "adds = [\"110-119\"]");
    } },

    Case { name: "unrepresentable-traffic: below the first bucket, in a ramp, a rollout and a holdout", before: |world| {
        world.edit(SURFACE, "\"2%\"\nlimits", "\"2.55%\"\nlimits").edit(ROLLOUT, "\"10%\"", "\"10.0001%\"");
        world.cards("large-cards", &[("\"4%\"", "\"4%\"\nramp = [{ days = 1, traffic = \"0.05%\" }]")]);
    }, after: nothing },
    Case { name: "exposure-limit: share and length", before: |world| {
        world.edit(SURFACE, "{ first-day = \"5%\" }", "{ first-day = \"5%\", traffic = \"20%\", days = 28 }").edit(ROLLOUT, "2027-02-15", "2027-04-15");
        world.cards("large-cards", &[("days = 10", "days = 30"), ("\"4%\"", "\"30%\"\nramp = [{ days = 1, traffic = \"5%\" }]")]);
    }, after: nothing },
    Case { name: "exposure-limit: a ramp and a rollout that begin too high", before: |world| {
        world.edit(ROLLOUT, "traffic = \"1%\"", "traffic = \"6%\"");
        world.cards("large-cards", &[("\"4%\"", "\"30%\"\nramp = [{ days = 1, traffic = \"10%\" }]")]);
    }, after: nothing },
    Case { name: "exposure-limit: a first day that is over", before: |world| {
        world.edit(FRESH, "ramp = [{ days = 1, traffic = \"2%\" }]", "");
    }, after: nothing },
    Case { name: "late-start: some days ago", before: nothing, after: |world| { world.cards("large-cards", &[("2027-02-02", "2027-01-29")]); } },
    Case { name: "shared-metric: many, of two metrics", before: |world| {
        world.edit(ROLLOUT, "2027-02-15", "2027-03-15");
        for (id, flag, metric) in [("b-1", "home-cards", "returned"), ("b-2", "home-cards", "minutes-listened"), ("b-3", "home-cards", "returned")] {
            world.cards(id, &[("home-cards", flag), ("skip-rate", metric), ("days = 10", "days = 20")]);
        }
        world.put("flags/home-header.toml", &world.files["flags/home-cards.toml"].replace("\"cards\"", "\"header\""));
        world.cards("c", &[("home-cards", "home-header"), ("days = 10", "days = 15"), ("skip-rate", "returned = { mde = \"2%\" }\nminutes-listened")]);
        world.cards("c-excluded", &[("home-cards", "home-header"), ("skip-rate", "minutes-listened"), ("traffic", "also-touches = [\"*\"]\ntraffic")]);
        world.cards("c-paused", &[("skip-rate", "minutes-listened"), ("4%", "0%")]);
    }, after: nothing },

    Case { name: "missing-required-metric: no formula", before: |world| {
        world.edit(LISTENING, "sum(streams.ms_played) / 60000.0", "sum(streams.ms_played");
    }, after: nothing },
    Case { name: "missing-margin: on what the surface requires", before: |world| {
        world.edit(FRESH, "skip-rate = { margin = \"2%\" }", "app-crashes = {}");
    }, after: nothing },
    Case { name: "contradicting-goal: it must not get worse, twice, no goal", before: |world| {
        world.edit(FRESH, "skip-rate = { margin = \"2%\" }", "minutes-listened = { margin = \"1%\" }");
        world.edit(ROLLOUT, "skip-rate = { margin = \"2%\" }", "minutes-listened = { margin = \"1%\" }\nskip-rate = { margin = \"1%\" }");
        world.edit(LISTENING, "window = \"7d\"\ngoal = \"decrease\"", "window = \"7d\"");
    }, after: nothing },
    Case { name: "invalid-metric-sql: columns and more", before: |world| {
        world.edit(LISTENING, "lag = \"6h\"", "columns = { ms_played = \"int\", skipped = \"boolean\" }");
        world.edit(LISTENING, "sum(streams.ms_played)", "sum(streams.ms_playd)");
        world.edit(LISTENING, "count(streams where skipped)", "count(streams where kind = 'skiped' and skiped and MS_PLAYED > 3 and started_at > 0)");
        world.edit(LISTENING, "count(streams) > 0", "count(streams where user_id <> '' and wholly = 1) > 0");
        world.edit("metrics/app.toml", "table = \"lake.sessions\"", "select = \"select * from a; drop table b\"");
    }, after: nothing },
    Case { name: "invalid-metric-sql: what reaches outside, a column that a SELECT does not give", before: |world| {
        world.edit(LISTENING, "table = \"lake.streams\"", "select = \"select id as user_id, started as startet_at, ms_played, skipped from lake.streams\"");
        world.edit(LISTENING, "count(streams where skipped)", "count(streams where skiped)");
        world.edit(LISTENING, "count(streams) > 0", "count(streams where pg_sleep(10) is null) > 0");
        world.edit("metrics/app.toml", "table = \"lake.sessions\"", "select = \"select * from read_csv('/etc/passwd')\"");
    }, after: nothing },
    Case { name: "invalid-metric-sql: as the warehouse reads it", before: |world| {
        world.edit("allotment.toml", "engine = \"embedded\"", "engine = \"bigquery\"");
        world.edit(LISTENING, "count(streams where skipped)", "count(streams where kind in ('\\\\', ' or pg_sleep(1) is null --'))");
        world.edit("metrics/app.toml", "table = \"lake.sessions\"", "select = \"select * from `lake.sessions` where kind = 'it\\\\'s'\"");
    }, after: nothing },
    Case { name: "window-exceeds-run: what the surface requires", before: |world| {
        world.cards("large-cards", &[("days = 10", "days = 7")]);
    }, after: nothing },
    Case { name: "deprecated-metric: required, north star, without a word", before: |world| {
        world.edit(LISTENING, "cap = \"p99.9\"", "deprecated = \"\"");
    }, after: nothing },

    Case { name: "overdue-decision: since today, and since yesterday", before: |world| {
        world.edit(ROLLOUT, "2027-02-15", "2027-03-15");
        world.cards("today", &[("2027-02-02", "2027-01-22")]).cards("yesterday", &[("2027-02-02", "2027-01-21")]);
    }, after: nothing },
    Case { name: "missing-reason: nothing, an empty word, a rollout, an invalid experiment", before: |world| {
        let decided = |outcome: &str, more: &str| format!("[decision]\noutcome = \"{outcome}\"\non = 2027-02-01\n{more}\n[success]");
        for (id, outcome, more) in [("a", "inconclusive", ""), ("b", "stopped", "reason = \" \"\nlearned = \"Much.\""), ("c", "invalid", "reason = \"A wrong hash.\""), ("d", "abandoned", "")] {
            world.cards(id, &[("\"ship\"", "\"tweak\""), ("[success]", &decided(outcome, more))]);
        }
        world.edit(ROLLOUT, "[guardrails]", "[decision]\noutcome = \"shipped\"\non = 2027-03-01\n[guardrails]");
    }, after: nothing },
    Case { name: "missing-hypothesis: an empty one", before: |world| {
        world.cards("large-cards", &[("Larger cards are played more often.", " ")]);
    }, after: nothing },
    Case { name: "expired-waiver: without effect", before: |world| {
        let waive = |rule: &str, reason: &str| format!("[[waive]]\nrule = \"{rule}\"\nreason = \"{reason}\"\nuntil = 2027-12-31\n");
        let waivers = waive("exposure-limit", "  ") + "[success]";
        world.cards("large-cards", &[("[success]", &waivers)]);
    }, after: nothing },
    Case { name: "unused-definition: of every kind", before: |world| {
        world.edit("allotment.toml", "[units]", "[units]\nhousehold = { attribute = \"household-id\" }");
        world.edit("allotment.toml", "[attributes]", "[attributes]\nhousehold-id = { type = \"string\" }\nuser-id = { type = \"string\" }\nage = { type = \"number\" }");
        world.edit("allotment.toml", "unit = { user = \"user_id\" }", "unit = { user = \"user_id\", household = \"household_id\" }");
        world.edit("allotment.toml", "[teams]", "[teams]\nsearch = { name = \"Search\" }");
        world.put("metrics/plays.toml", "version = 1\nowner = \"home\"\n[facts.plays]\ntable = \"lake.plays\"\nunit = { user = \"user_id\" }\ntimestamp = \"at\"\n[metrics.plays]\nname = \"Plays\"\nmean = \"count(streams)\"\nwindow = \"7d\"\n");
        world.edit("baselines/home.toml", "[metrics.skip-rate]", "[metrics.plays]\nmean = 1.0\nstandard-deviation = 1.0\n\n[metrics.skip-rate]");
    }, after: nothing },

    Case { name: "an experiment that is decided, however its surroundings change, is left alone", before: |world| {
        world.allocate();
        let decision = "[decision]\noutcome = \"stopped\"\non = 2027-01-25\nreason = \"Skips rose.\"\nlearned = \"Not this way.\"\n";
        world.edit(FRESH, "\"ship\"", "\"tweak\"").edit(FRESH, "[guardrails]", &format!("{decision}[guardrails]"));
    }, after: |world| {
        world.edit("segments/nordic-premium.toml", "\"DK\", ", "").edit(LISTENING, "cap = \"p99.9\"", "cap = \"p99\"");
        world.edit(SURFACE, "first-day = \"5%\"", "first-day = \"1%\", traffic = \"100%\"");
        world.edit(FRESH, "\"20%\"", "\"20.05%\"");
        world.edit("experiments/home/fresh-first.lock", "after = 1", "after = 2");
    } },
    Case { name: "an experiment that is over and not yet decided owes a decision, and nothing else", before: |world| {
        world.edit(FRESH, "2027-01-11", "2027-01-03");
    }, after: |world| {
        world.edit("segments/nordic-premium.toml", "\"DK\", ", "");
        world.edit(SURFACE, "first-day = \"5%\"", "first-day = \"1%\"");
    } },
];

#[test]
fn what_rules_say() {
    let mut text = String::new();
    for case in CASES {
        let mut world = World::base();
        (case.before)(&mut world);
        world.allocate();
        (case.after)(&mut world);
        let (sources, report) = world.lint();
        writeln!(text, "== {}", case.name).unwrap();
        for finding in &report.findings {
            let at = sources.position(finding.span);
            let level = if finding.severity == Severity::Error { "" } else { " (warning)" };
            let (path, shown) = (sources.path(finding.span.file), sources.text(finding.span));
            writeln!(
                text,
                "{}{level} {path}:{}:{} {shown:?}\n   {}",
                finding.rule, at.line, at.column, finding.message
            )
            .unwrap();
            writeln!(text, "   help: {}", finding.help.as_deref().unwrap_or("-")).unwrap();
            for label in &finding.related {
                let at = sources.position(label.span);
                let (path, shown) = (sources.path(label.span.file), sources.text(label.span));
                writeln!(text, "   see {path}:{} {shown:?}: {}", at.line, label.message).unwrap();
            }
        }
        writeln!(text).unwrap();
    }
    insta::assert_snapshot!(text);
}

//! Error rates by simulation, as a Markdown table: `cargo bench --bench simulations`, with `-- --write` into `docs/simulations.md`.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "benchmarks fail loudly, and this one may write its page"
)]

#[path = "support/trials.rs"]
mod trials;

/// What the page says before its table.
const HEAD: &str = "# Error rates by simulation\n\n\
    `cargo bench --bench simulations -- --write` made this page, with fixed seeds. A rate may exceed what is promised by four\n\
    standard errors of the simulation.\n\n";

fn main() {
    let rates = trials::all(20_000, 2, 28, 50, &[0, 1, 2, 3, 5]);
    let mut text =
        String::from("| what | trials | rate | promised | allowed | |\n| --- | ---: | ---: | ---: | ---: | --- |\n");
    for rate in &rates {
        text.push_str(&format!(
            "| {} | {} | {:.4} | {} | {:.4} | {} |\n",
            rate.what,
            rate.trials,
            rate.share(),
            rate.limit,
            rate.allowed(),
            if rate.holds() { "holds" } else { "**exceeds**" }
        ));
    }
    print!("{text}");
    if std::env::args().any(|argument| argument == "--write") {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/simulations.md");
        std::fs::write(page, format!("{HEAD}{text}")).expect("the page is written");
        eprintln!("wrote {page}");
    }
    assert!(rates.iter().all(trials::Rate::holds), "a rate exceeds what is promised");
}

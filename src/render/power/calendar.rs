//! A surface's calendar as text for a terminal: how full each component is, what runs when as bars, and what could start.

use jiff::civil::Date;

use super::amounts::{below, effect, there};
use super::forecast::aside;
use crate::render::columns::{Cell, Columns, shortened};
use crate::render::figures::{count, counted, day, days_between, percent};
use crate::render::text::{Style, Tone, toned};
use crate::render::words::{plain, wrapped};
use crate::report::{Booking, Calendar, Lane, Opening};

/// The most columns of a strip, and the fewest.
const WIDEST: usize = 56;
const NARROWEST: usize = 12;
/// The most characters of a name beside a strip.
const NAMES: usize = 30;
/// What stands behind a strip.
const BEHIND: usize = 24;
/// How many days on which something could start are shown of a component.
const OPENINGS: usize = 3;

/// A calendar as a block of lines.
#[must_use]
pub fn text(calendar: &Calendar, style: Style, width: usize) -> String {
    let Calendar { surface, buckets, holdout, from, until, free, .. } = calendar;
    let head = format!(
        "{} buckets, {}% held out; {} to {}; {}% of its bucket-days are free",
        count(*buckets),
        percent(*holdout),
        plain(from),
        plain(until),
        percent(*free)
    );
    let name = plain(surface);
    let mut lines = Vec::new();
    let broken = wrapped(&head, width.saturating_sub(name.chars().count() + 2).max(20));
    for (at, line) in broken.lines().enumerate() {
        let room = " ".repeat(name.chars().count());
        let name = if at == 0 { toned(&name, Tone::Code, style) } else { room };
        lines.push(format!("{name}  {line}"));
    }
    if let Some(strip) = Strip::of(calendar, style, width) {
        lines.push(String::new());
        lines.push(strip.months());
        calendar.components.iter().for_each(|lane| strip.lane(&mut lines, lane));
        lines.extend(aside(strip.legend(), 2, style, width));
    }
    lines.push(String::new());
    lines.extend(openings(calendar, style, width));
    lines.join("\n") + "\n"
}

/// Days as columns.
struct Strip {
    from: Date,
    days: i32,
    columns: usize,
    names: usize,
    style: Style,
}

impl Strip {
    fn of(calendar: &Calendar, style: Style, width: usize) -> Option<Self> {
        let (from, until) = (day(&calendar.from)?, day(&calendar.until)?);
        let days = days_between(from, until);
        let names = calendar.components.iter().flat_map(|lane| {
            let own = lane.component.chars().count() + 2;
            lane.bookings.iter().map(|booking| booking.id.chars().count() + 4).chain([own])
        });
        let names = names.max()?.min(NAMES);
        let columns = width.saturating_sub(names + 2 + BEHIND).clamp(NARROWEST, WIDEST);
        let columns = columns.min(usize::try_from(days).ok()?);
        (columns > 0).then_some(Self { from, days, columns, names, style })
    }

    /// The column that a day lies in; days before the first lie in the first.
    fn column(&self, day: Date) -> usize {
        let after = f64::from(days_between(self.from, day).max(0));
        below(after / f64::from(self.days) * self.columns as f64)
    }

    /// The first day of a column.
    fn first(&self, column: usize) -> Date {
        let days = usize::try_from(self.days).unwrap_or(0);
        let after = i32::try_from((column * days).div_ceil(self.columns)).unwrap_or(i32::MAX);
        self.from.saturating_add(jiff::Span::new().days(after))
    }

    /// The months, each above its first day.
    fn months(&self) -> String {
        let mut line = vec![' '; self.columns + 8];
        let mut last = None;
        let mut free = 0;
        for column in 0..self.columns {
            let first = self.first(column);
            let month = (first.year(), first.month());
            if last != Some(month) && column >= free {
                let name: Vec<char> = first.strftime("%b").to_string().chars().collect();
                line.iter_mut().skip(column).zip(&name).for_each(|(mark, letter)| *mark = *letter);
                free = column + name.len() + 1;
            }
            last = Some(month);
        }
        let line: String = line.into_iter().collect();
        format!("{}{}", " ".repeat(self.names + 2), toned(line.trim_end(), Tone::Faint, self.style))
    }

    fn lane(&self, lines: &mut Vec<String>, lane: &Lane) {
        let fill: String = (0..self.columns).map(|column| self.fill(lane, column)).collect();
        let name = self.named("  ", &lane.component);
        let name = toned(&name, Tone::Strong, self.style);
        lines.push(format!("{name}{fill}  {}% free", percent(lane.free)));
        for booking in &lane.bookings {
            let bar = self.bar(booking);
            let until =
                booking.end.as_ref().map_or_else(|| "until decided".to_owned(), |end| format!("until {}", plain(end)));
            let mark = if booking.allotted { "" } else { " +" };
            let name = self.named("    ", &booking.id);
            lines.push(format!("{name}{bar}  {}% {until}{mark}", percent(booking.share)));
        }
    }

    fn named(&self, indent: &str, id: &str) -> String {
        let name = format!("{indent}{}", plain(id));
        let name = shortened(&name, self.names);
        let room = " ".repeat((self.names + 2).saturating_sub(name.chars().count()));
        format!("{name}{room}")
    }

    /// How full a component is on the fullest day of a column.
    fn fill(&self, lane: &Lane, column: usize) -> char {
        let (first, next) = (self.first(column), self.first(column + 1));
        let within = |level: &&crate::report::Level| {
            let (Some(from), Some(until)) = (day(&level.from), day(&level.until)) else { return false };
            from < next && until > first
        };
        let full = lane.levels.iter().filter(within).map(|level| {
            let (taken, free) = (level.taken.0, level.free.0);
            // What is held out is no room, so that a component without any is full.
            if free > 0.0 { taken / (taken + free) } else { 1.0 }
        });
        let full = full.fold(0.0, f64::max);
        let eighths: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let tenths: [char; 10] = ['1', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
        let pick = |marks: &[char], last: char| marks.get(below(full * marks.len() as f64)).copied().unwrap_or(last);
        match self.style {
            _ if full <= 0.0 => '.',
            Style::Rich => pick(&eighths, '█'),
            Style::Plain => pick(&tenths, '#'),
        }
    }

    fn bar(&self, booking: &Booking) -> String {
        let (Some(start), end) = (day(&booking.start), booking.end.as_deref().and_then(day)) else {
            return " ".repeat(self.columns);
        };
        let mark = if self.style == Style::Rich { '━' } else { '=' };
        let last = |end: Date| end.saturating_sub(jiff::Span::new().days(1));
        let (from, to) = (self.column(start), end.map_or(self.columns, |end| self.column(last(end)) + 1));
        (0..self.columns).map(|at| if (from..to).contains(&at) { mark } else { ' ' }).collect()
    }

    fn legend(&self) -> &'static str {
        match self.style {
            Style::Rich => "how full each component is, outside the holdout: . empty, █ full",
            Style::Plain => "how full each component is, in tenths outside the holdout: . empty, # full",
        }
    }
}

/// What could start on each component, and what it would show.
fn openings(calendar: &Calendar, style: Style, width: usize) -> Vec<String> {
    let question = &calendar.question;
    let run = counted(question.days as usize, "day", "days");
    let Some(metric) = &question.metric else {
        return aside("what could start is not known: the surface has no metric with a baseline", 2, style, width);
    };
    let shows = format!(">shows of {}", shortened(&plain(metric), 24));
    let titles = ["could start", ">from", ">share", ">units", &shows, ""];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for lane in &calendar.components {
        let mut shown: Vec<&Opening> = lane.openings.iter().take(OPENINGS).collect();
        if let Some(earliest) = lane.earliest.as_ref().filter(|earliest| !shown.contains(earliest)) {
            shown.push(earliest);
        }
        if shown.is_empty() {
            let name = Cell::from(plain(&lane.component));
            rows.push(vec![name, Cell::from("-"), Cell::from("-"), Cell::from("-"), Cell::from("-"), Cell::from("")]);
        }
        for (at, opening) in shown.into_iter().enumerate() {
            let name = if at == 0 { plain(&lane.component).into_owned() } else { String::new() };
            let beyond = if opening.extrapolated { "~" } else { "" };
            let first = lane.earliest.as_ref() == Some(opening);
            let reached = match &opening.reached {
                Some(reached) => format!("{beyond}{}%", effect(*reached, question.mde)),
                None => "-".to_owned(),
            };
            rows.push(vec![
                Cell::from(name),
                Cell::from(plain(&opening.start)),
                Cell::from(format!("{}%", percent(opening.share))),
                Cell::from(opening.units.map_or_else(|| "-".to_owned(), |units| format!("{beyond}{}", there(units)))),
                Cell { text: reached, tone: first.then_some(Tone::Good) },
                Cell { text: if first { "earliest" } else { "" }.to_owned(), tone: first.then_some(Tone::Good) },
            ]);
        }
    }
    let table = Columns { titles: &titles, gives_way: 0, rows };
    let mut lines = table.lines(2, width, style);
    let mut words = format!("with all of the share, two equal arms and {run}");
    if let Some(mde) = question.mde {
        let found = calendar.components.iter().filter(|lane| lane.earliest.is_some()).count();
        words.push_str(&format!(
            "; {} of {} could detect {}% in these days",
            found,
            counted(calendar.components.len(), "component", "components"),
            percent(mde)
        ));
    }
    lines.extend(aside(&words, 2, style, width));
    let all = || calendar.components.iter().flat_map(|lane| &lane.openings);
    if all().any(|opening| opening.extrapolated) {
        lines.extend(aside("~ beyond the last measured day of reach: extrapolated", 2, style, width));
    }
    if let Some(reason) = all().find_map(|opening| opening.reason.as_ref()) {
        lines.extend(aside(&format!("- {reason}"), 2, style, width));
    }
    if calendar.components.iter().flat_map(|lane| &lane.bookings).any(|booking| !booking.allotted) {
        lines.extend(aside("+ not allotted yet", 2, style, width));
    }
    lines
}

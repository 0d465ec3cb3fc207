//! The recursion behind group sequential designs: the density of a walk that has stayed within its bounds so far
//! (Armitage, `McPherson` & Rowe 1969; Jennison & Turnbull 2000, chapter 19).
//!
//! On the scale of the score the walk has independent normal increments. The density of what has not crossed is kept on
//! Gauss–Legendre panels between the bounds, fine enough for the kernel that leads in and for the one that leads out.

use crate::stats::normal::{density, sf};

/// Nodes and weights of the eight-point Gauss–Legendre rule on [−1, 1], the positive half.
const RULE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];
/// The width of a panel in standard deviations of the narrower kernel: the rule is then exact to about 1e-10.
const PANEL: f64 = 2.0;
/// Standard deviations from the middle beyond which a kernel adds nothing: e^(−7²/2) is 2e-11.
const REACH: f64 = 7.0;
/// Standard deviations below the middle beyond which the walk itself is not followed, where no bound is nearer: 4e-11 of it
/// is there, and hardly any of that comes back to cross above.
const FAR: f64 = 6.5;
/// The same above it, where far tails matter to far bounds.
const FARTHEST: f64 = 38.0;

/// A walk up to a look: what has not crossed at the look before, and how far it is to this one.
pub struct Walk {
    /// With bounds that mirror each other and no drift only the upper half is kept.
    mirrored: bool,
    /// The mean of the score per unit of information.
    drift: f64,
    /// Score and mass at each node of the look before; empty at the first look.
    nodes: Vec<(f64, f64)>,
    before: f64,
    now: f64,
}

impl Walk {
    /// A walk at its first look, with that look's information, which is positive.
    pub fn new(information: f64, drift: f64, mirrored: bool) -> Self {
        Self { mirrored, drift, nodes: Vec::new(), before: 0.0, now: information }
    }

    /// The probability of being above `critical` standard errors at this look, having crossed nothing before, and the
    /// negative of its derivative.
    pub fn above(&self, critical: f64) -> (f64, f64) {
        let root = self.now.sqrt();
        if self.nodes.is_empty() {
            let z = critical - self.drift * root;
            return (sf(z), density(z));
        }
        let step = self.now - self.before;
        let sd = step.sqrt();
        let at = critical * root - self.drift * step;
        let (mut tail, mut slope) = (0.0, 0.0);
        let mut add = |distance: f64, mass: f64| {
            let z = distance / sd;
            if z < FARTHEST {
                tail += mass * sf(z);
                slope += mass * density(z);
            }
        };
        // What crosses here was hardly ever below where a bridge to the bound begins.
        let from = critical * root * (self.before / self.now) - REACH * bridge(self.before, self.now);
        let from = self.nodes.partition_point(|node| node.0 < from);
        for &(score, mass) in self.nodes.iter().skip(from) {
            add(at - score, mass);
            // The mirrored node adds e^(−2·at·score/step) of that.
            if self.mirrored && at * score < 16.0 * step {
                add(at + score, mass);
            }
        }
        (tail, slope * root / sd)
    }

    /// On to the look with `next` information, which is more, given this look's bounds in standard errors.
    pub fn advance(&mut self, lower: Option<f64>, higher: f64, next: f64) {
        let root = self.now.sqrt();
        let centre = self.drift * self.now;
        let high = (higher * root).min(centre + FARTHEST * root);
        let low = if self.mirrored {
            0.0
        } else {
            lower.map_or(f64::NEG_INFINITY, |low| low * root).max(centre - FAR * root)
        };
        let out = bridge(self.now, next);
        let into = if self.nodes.is_empty() { root } else { bridge(self.before, self.now) };
        let mut nodes = Vec::new();
        for (from, to) in panels(low, high, into, out) {
            let (middle, half) = (f64::midpoint(from, to), (to - from) / 2.0);
            for (at, weight) in RULE {
                for score in [middle - half * at, middle + half * at] {
                    nodes.push((score, half * weight * self.density(score)));
                }
            }
        }
        nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.nodes = nodes;
        self.before = self.now;
        self.now = next;
    }

    /// The density of the score at this look, of what has crossed nothing before.
    fn density(&self, score: f64) -> f64 {
        if self.nodes.is_empty() {
            let root = self.now.sqrt();
            return density((score - self.drift * self.now) / root) / root;
        }
        let step = self.now - self.before;
        let narrow = -0.5 / step;
        let shifted = score - self.drift * step;
        let sum = |sign: f64| -> f64 {
            // The nodes that matter are those near where a bridge to this score would have been.
            let middle = sign * score * (self.before / self.now);
            let wide = REACH * bridge(self.before, self.now);
            let from = self.nodes.partition_point(|node| node.0 < middle - wide);
            let near = self.nodes.iter().skip(from).take_while(|node| node.0 <= middle + wide);
            near.map(|&(node, mass)| mass * (narrow * (shifted - sign * node).powi(2)).exp()).sum()
        };
        let total = if self.mirrored { sum(1.0) + sum(-1.0) } else { sum(1.0) };
        total / (step * std::f64::consts::TAU).sqrt()
    }
}

/// Between two known scores a walk is a bridge: its spread, which is below that of either step, at the look with `from` information.
fn bridge(from: f64, to: f64) -> f64 {
    // A product of both could be more, or less, than any double is.
    from.sqrt() * ((to - from) / to).sqrt()
}

/// Panels between two scores: as narrow as the narrower kernel asks near both ends, where what has crossed left an edge, and
/// as wide as the outward kernel allows between.
fn panels(low: f64, high: f64, into: f64, out: f64) -> Vec<(f64, f64)> {
    if high <= low {
        return Vec::new();
    }
    let narrow = PANEL * into.min(out);
    let wide = PANEL * out;
    let mut widths = Vec::new();
    let (mut covered, half) = (0.0, (high - low) / 2.0);
    let mut width = narrow;
    while covered < half {
        widths.push(width);
        covered += width;
        if widths.len() > 6 {
            width = (width * 1.4).min(wide);
        }
    }
    // They are shrunk to meet in the middle.
    let fit = half / covered;
    let mut edges = Vec::with_capacity(2 * widths.len() + 1);
    let mut at = low;
    for width in widths.iter().chain(widths.iter().rev()) {
        let next = at + width * fit;
        edges.push((at, next));
        at = next;
    }
    edges
}

//! What the baselines know of each surface.

use super::{Measured, Moments, Why};
use crate::decl::{self, Share};
use crate::model::{Catalogue, Metric};
use crate::source::FileId;
use crate::stats::design::Reach;

/// The baselines of one surface.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    file: FileId,
    written: &'a decl::Baseline,
    /// How many distinct units it reaches.
    pub reach: Result<Reach, Why>,
}

impl<'a> Ground<'a> {
    /// Those of every surface of a catalogue, by its place there; of several files for one surface the first counts.
    pub fn all(catalogue: &'a Catalogue) -> Vec<Option<Self>> {
        let mut all: Vec<Option<Self>> = Vec::new();
        all.resize_with(catalogue.surfaces.len(), || None);
        for (file, written) in &catalogue.baselines {
            let surface = written.surface.as_ref().and_then(|id| catalogue.surfaces.find(&id.value));
            if let Some(slot @ None) = surface.and_then(|ix| all.get_mut(ix.position())) {
                *slot = Some(Self { file: *file, written, reach: reach(written) });
            }
        }
        all
    }

    /// Where its numbers are from.
    pub fn measured(&self) -> Measured {
        Measured {
            file: self.file,
            on: self.written.measured.as_ref().map(|day| day.value),
            reach_days: points(self.written).map(|(days, _)| days).max(),
        }
    }

    /// The share of the surface's units in a segment.
    pub fn segment(&self, id: &str) -> Option<Share> {
        self.written.segments.as_ref()?.get(id).map(|(_, share)| share.value)
    }

    /// What is known of a metric.
    pub fn moments(&self, metric: &Metric) -> Option<Moments> {
        let (_, written) = self.written.metrics.as_ref()?.get(&metric.id)?;
        let mean = written.mean.as_ref()?.value;
        let binary = metric.written.conversion.is_some();
        let standard_deviation =
            if binary { (mean * (1.0 - mean)).max(0.0).sqrt() } else { written.standard_deviation.as_ref()?.value };
        let adjustable = metric.written.quantile.is_none();
        let correlation = written.correlation.as_ref().map(|correlation| correlation.value);
        let correlation = correlation.filter(|_| adjustable && metric.written.covariate.is_some());
        Some(Moments { mean, standard_deviation, correlation, binary, adjustable })
    }
}

/// The points of the reach curve whose days are numbers.
fn points(written: &decl::Baseline) -> impl Iterator<Item = (u32, u64)> {
    let entries = written.reach.iter().flat_map(|reach| reach.iter());
    entries.filter_map(|(days, units)| Some((days.value.parse().ok()?, units.value)))
}

fn reach(written: &decl::Baseline) -> Result<Reach, Why> {
    let points: Vec<(f64, f64)> = points(written).map(|(days, units)| (f64::from(days), units as f64)).collect();
    // A reach of 0 is a line that is not filled in yet.
    if points.is_empty() || points.iter().any(|&(_, units)| units == 0.0) {
        return Err(Why::NoReach);
    }
    Ok(Reach::new(&points)?)
}

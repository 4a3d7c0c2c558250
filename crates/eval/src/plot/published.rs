//! Curves of other people's papers, drawn beside ours.

use super::VERMILION;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::plots::Plot;

/// A published curve in bins.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedCurve {
    /// Name in the legend.
    pub name: String,
    /// Rising edges of the bins.
    pub edges: Vec<f64>,
    /// Value in each bin, one fewer than edges.
    pub values: Vec<f64>,
}

impl PublishedCurve {
    /// The bins from the first edge at or above `low` on.
    pub fn above(&self, low: f64) -> Self {
        let first = self.edges.partition_point(|&edge| edge < low);
        let values = self.values.get(first..).unwrap_or_default().to_vec();
        Self { name: self.name.clone(), edges: self.edges[first..].to_vec(), values }
    }

    /// The curve with its edges multiplied, for an axis in other units.
    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self { edges: self.edges.iter().map(|edge| edge * factor).collect(), ..self.clone() }
    }

    /// A dashed line with a mark in the middle of each bin.
    pub(super) fn plots(&self, middle: fn(f64, f64) -> f64) -> Vec<Plot> {
        let points = || self.edges.windows(2).zip(&self.values).map(|(edge, &value)| (middle(edge[0], edge[1]), value));
        let line = LinePlot::new().with_data(points()).with_color(VERMILION).with_dashed().with_stroke_width(2.0);
        let marks = ScatterPlot::new().with_data(points()).with_color(VERMILION).with_size(3.5);
        vec![line.with_legend(self.name.clone()).into(), marks.into()]
    }
}

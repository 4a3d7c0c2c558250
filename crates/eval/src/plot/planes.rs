//! Which clusters are found, in planes of two quantities; completeness at equal false detections.

use super::chart::{Axis, Chart, Tile, extent};
use super::figure::INK;
use super::{BLUE, Figure, GREEN, GREY, ORANGE, PURPLE, VERMILION};
use crate::Error;
use crate::equal_false::AtFalseRate;
use crate::plane::SelectionPlane;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::plots::Plot;

/// Shades of green for the share found, from light for none to dark for all.
const N_SHADES: usize = 5;

/// How a plane is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaneStyle {
    /// Label of the x axis.
    pub x_label: String,
    /// Label of the y axis.
    pub y_label: String,
    /// A horizontal line, such as the least target mass.
    pub y_guide: f64,
    /// Cells with fewer haloes stay empty.
    pub least_haloes: u64,
}

/// The share of haloes found in each cell, in five shades of green; both axes logarithmic where all edges are positive
/// and span more than a factor of three, else linear.
///
/// # Errors
/// [`Error::Drawing`].
pub fn selection_plane(plane: &SelectionPlane, style: &PlaneStyle) -> Result<Figure, Error> {
    let (x, y) = (axis(&style.x_label, &plane.x_edges), axis(&style.y_label, &plane.y_edges));
    let tile = |(x, y, cell): ([f64; 2], [f64; 2], crate::PlaneCell)| {
        cell.fraction(style.least_haloes).map(|share| Tile { x, y, colour: shade(share) })
    };
    let tiles = plane.placed().filter_map(tile).collect();
    let guide = LinePlot::new()
        .with_data([(x.min, style.y_guide), (x.max, style.y_guide)])
        .with_color(INK)
        .with_dashed()
        .with_stroke_width(1.8);
    let mut plots: Vec<Plot> = vec![guide.into()];
    plots.extend((0..N_SHADES).rev().map(legend_mark));
    Chart::new("selection plane", plots, &x, &y).backdrop(tiles).legend_beside().draw()
}

fn axis(label: &str, edges: &[f64]) -> Axis {
    let (low, high) = (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(1.0));
    if low > 0.0 && high > 3.0 * low { Axis::log_exact(label, low, high) } else { Axis::linear(label, low, high) }
}

fn shade_of(idx: usize) -> String {
    let colour = colorous::GREENS.eval_continuous(0.12 + 0.8 * idx as f64 / (N_SHADES - 1) as f64);
    format!("#{:02x}{:02x}{:02x}", colour.r, colour.g, colour.b)
}

fn shade(share: f64) -> String {
    shade_of(((share * N_SHADES as f64) as usize).min(N_SHADES - 1))
}

/// A mark off the axes: only its line in the legend is seen.
fn legend_mark(idx: usize) -> Plot {
    let percent = |step: usize| 100 * step / N_SHADES;
    let name = format!("{}–{} %", percent(idx), percent(idx + 1));
    LinePlot::new()
        .with_data::<f64, f64, _>(Vec::new())
        .with_color(shade_of(idx))
        .with_stroke_width(9.0)
        .with_legend(name)
        .into()
}

/// Completeness against the rate of false detections, for each of several finders or rules.
///
/// # Errors
/// [`Error::Drawing`].
pub fn completeness_vs_false_rate(curves: &[(String, Vec<AtFalseRate>)]) -> Result<Figure, Error> {
    let colours = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, GREY].into_iter().cycle();
    let mut plots = Vec::new();
    for ((name, rates), colour) in curves.iter().zip(colours) {
        let valued: Vec<(f64, f64, f64)> = rates
            .iter()
            .filter_map(|at| Some((at.false_per_deg2, at.completeness.value?, at.completeness.error.unwrap_or(0.0))))
            .collect();
        let points = || valued.iter().map(|v| (v.0, v.1));
        let marks = ScatterPlot::new().with_data(points()).with_y_err(valued.iter().map(|v| v.2));
        plots.push(Plot::from(
            LinePlot::new().with_data(points()).with_color(colour).with_stroke_width(2.0).with_legend(name),
        ));
        plots.push(marks.with_color(colour).with_size(4.5).into());
    }
    let all = curves.iter().flat_map(|(_, rates)| rates.iter().map(|at| at.false_per_deg2));
    let (low, high) = extent(all).unwrap_or((0.01, 1.0));
    let x = Axis::log("false detections per deg²", low, high);
    Chart::new("completeness at equal false detections", plots, &x, &Axis::linear("completeness", 0.0, 1.05))
        .legend_beside()
        .draw()
}

//! The look that all charts share.

use super::GREY;
use super::figure::{Figure, GRID, GROUND, INK};
use crate::Error;
use kuva::plot::LegendPosition;
use kuva::render::annotations::ReferenceLine;
use kuva::render::color::Color;
use kuva::render::layout::{ComputedLayout, Layout};
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, render_multiple};
use kuva::{Theme, TickFormat};
use std::sync::Arc;

const WIDTH_PX: f64 = 560.0;
const HEIGHT_PX: f64 = 380.0;
/// Room for the widest tick label left of the axis, and for half of one beyond its right end.
const LEFT_PX: f64 = 86.0;
const RIGHT_PX: f64 = 34.0;
/// Room for a legend right of the axes.
const LEGEND_PX: f64 = 112.0;

/// One axis: what it shows, from where to where, and whether its scale is logarithmic.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) label: String,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) scale: Scale,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Log,
}

impl Axis {
    pub(super) fn linear(label: &str, min: f64, max: f64) -> Self {
        Self { label: label.to_owned(), min, max, scale: Scale::Linear }
    }

    /// A logarithmic axis that ends where it is told.
    pub(super) fn log_exact(label: &str, min: f64, max: f64) -> Self {
        Self { label: label.to_owned(), min, max, scale: Scale::Log }
    }

    /// A logarithmic axis that spans whole decades would waste room: it ends at 1, 2 or 5 times a power of ten.
    pub(super) fn log(label: &str, min: f64, max: f64) -> Self {
        Self { label: label.to_owned(), min: round_log_down(min), max: round_log_up(max), scale: Scale::Log }
    }
}

fn round_log_down(value: f64) -> f64 {
    let decade = 10f64.powf(value.log10().floor());
    let step = [5.0, 2.0, 1.0].into_iter().find(|step| step * decade <= value * (1.0 + 1e-9));
    step.unwrap_or(1.0) * decade
}

fn round_log_up(value: f64) -> f64 {
    let decade = 10f64.powf(value.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * decade >= value * (1.0 - 1e-9));
    step.unwrap_or(10.0) * decade
}

/// A rectangle in the coordinates of the axes, filled with one colour.
#[derive(Clone, Debug)]
pub(super) struct Tile {
    pub(super) x: [f64; 2],
    pub(super) y: [f64; 2],
    pub(super) colour: String,
}

/// Plots over a pair of axes, with legend and guides, in the common look.
pub(super) struct Chart {
    what: &'static str,
    plots: Vec<Plot>,
    layout: Layout,
    /// Behind the grid.
    backdrop: Vec<Tile>,
}

impl Chart {
    /// `what` names the chart in an error.
    pub(super) fn new(what: &'static str, plots: Vec<Plot>, x: &Axis, y: &Axis) -> Self {
        let mut layout = Layout::auto_from_plots(&plots)
            .with_theme(theme())
            .with_width(WIDTH_PX)
            .with_height(HEIGHT_PX)
            .with_force_margins(LEFT_PX, RIGHT_PX)
            .with_label_size(15)
            .with_tick_size(13)
            .with_body_size(13)
            .with_x_label(x.label.clone())
            .with_y_label(y.label.clone())
            .with_x_axis_min(x.min)
            .with_x_axis_max(x.max)
            .with_y_axis_min(y.min)
            .with_y_axis_max(y.max);
        if x.scale == Scale::Log {
            layout = layout.with_log_x().with_x_tick_format(TickFormat::Custom(Arc::new(log_tick)));
        }
        if y.scale == Scale::Log {
            layout = layout.with_log_y().with_y_tick_format(TickFormat::Custom(Arc::new(log_tick)));
        }
        Self { what, plots, layout, backdrop: Vec::new() }
    }

    pub(super) fn legend(mut self, position: LegendPosition) -> Self {
        self.layout = self.layout.with_legend_position(position).with_legend_box(true);
        self
    }

    /// A legend right of the axes.
    pub(super) fn legend_beside(mut self) -> Self {
        self.layout = self.layout.with_force_margins(LEFT_PX, RIGHT_PX + LEGEND_PX);
        self.legend(LegendPosition::OutsideRightTop)
    }

    /// Rectangles behind grid and plots; what reaches beyond the axes is cut off.
    pub(super) fn backdrop(mut self, tiles: Vec<Tile>) -> Self {
        self.backdrop = tiles;
        self
    }

    /// Names at whole numbers along x, beginning with 0, in place of the numbers.
    pub(super) fn x_names(mut self, names: Vec<String>) -> Self {
        let name = move |value: f64| {
            let idx = value.round();
            let is_whole = (value - idx).abs() < 1e-6 && idx >= 0.0;
            names.get(idx as usize).filter(|_| is_whole).cloned().unwrap_or_default()
        };
        self.layout = self.layout.with_x_tick_format(TickFormat::Custom(Arc::new(name))).with_x_tick_step(1.0);
        self
    }

    /// A thin dashed line across the chart.
    pub(super) fn guide(mut self, line: ReferenceLine) -> Self {
        self.layout = self.layout.with_reference_line(line.with_color(GREY).with_stroke_width(1.6));
        self
    }

    pub(super) fn draw(self) -> Result<Figure, Error> {
        let axes = ComputedLayout::from_layout(&self.layout);
        let mut scene = render_multiple(self.plots, self.layout);
        scene.elements.splice(0..0, self.backdrop.iter().filter_map(|tile| rectangle(tile, &axes)));
        Figure::from_scene(self.what, &scene)
    }
}

/// The part of a tile inside the axes.
fn rectangle(tile: &Tile, axes: &ComputedLayout) -> Option<Primitive> {
    let (left, right) = (axes.margin_left, axes.width - axes.margin_right);
    let (top, bottom) = (axes.margin_top, axes.height - axes.margin_bottom);
    let x = tile.x.map(|x| axes.map_x(x).clamp(left, right));
    let y = tile.y.map(|y| axes.map_y(y).clamp(top, bottom));
    let (width, height) = (x[1] - x[0], y[0] - y[1]);
    let fill = Color::from(tile.colour.as_str());
    let rect =
        Primitive::Rect { x: x[0], y: y[1], width, height, fill, stroke: None, stroke_width: None, opacity: None };
    (width > 0.0 && height > 0.0).then_some(rect)
}

fn theme() -> Theme {
    Theme {
        background: GROUND.to_owned(),
        axis_color: INK.to_owned(),
        grid_color: GRID.to_owned(),
        tick_color: INK.to_owned(),
        text_color: INK.to_owned(),
        legend_bg: GROUND.to_owned(),
        legend_border: GRID.to_owned(),
        ..Theme::light()
    }
}

/// `5`, `0.02`, and beyond 0.01 and 10000 `2×10⁻⁵`.
fn log_tick(value: f64) -> String {
    let exponent = (value.abs().log10() + 1e-9).floor();
    if !(value.is_finite() && value > 0.0) || (-2.0..4.0).contains(&exponent) {
        let rounded = (value * 1e6).round() / 1e6;
        return rounded.to_string();
    }
    let power: String = format!("{exponent}").chars().map(superscript).collect();
    match (value / 10f64.powf(exponent)).round() {
        1.0 => format!("10{power}"),
        digit => format!("{digit}×10{power}"),
    }
}

fn superscript(digit: char) -> char {
    match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' | '4'..='9' => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
        other => other,
    }
}

/// Least and largest of some finite numbers; `None` when there is none.
pub(super) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|v| v.is_finite()).fold(None, |range, v| match range {
        None => Some((v, v)),
        Some((low, high)) => Some((low.min(v), high.max(v))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_axes_end_at_round_numbers_around_the_data() {
        let axis = Axis::log("y", 3.1e-5, 4.2e-4);
        assert!((axis.min / 2e-5 - 1.0).abs() < 1e-9 && (axis.max / 5e-4 - 1.0).abs() < 1e-9, "{axis:?}");
        let exact = Axis::log("y", 1.0, 10.0);
        assert_eq!((exact.min, exact.max), (1.0, 10.0));
    }

    #[test]
    fn log_ticks_read_as_people_write_them() {
        let labels = [1.0, 0.05, 2000.0, 1e-3, 2e-5, 5e14].map(log_tick);
        assert_eq!(labels, ["1", "0.05", "2000", "10⁻³", "2×10⁻⁵", "5×10¹⁴"]);
    }
}

//! The canvas: map pixels, frame, ticks, marks, legend, colour bar.

use super::colour::Colouring;
use super::shrink::Shrunk;
use super::{MapStyle, Mark, MarkSet, MarkShape};
use crate::Error;
use arcmin_maps::{Geometry, PixelPosition};
use arcmin_units::Frame;
use kuva::RasterBackend;
use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene, TextAnchor};

const LEFT: f64 = 84.0;
const TOP: f64 = 44.0;
const TITLE_HEIGHT: f64 = 38.0;
const BOTTOM: f64 = 92.0;
const LEGEND_ROW: f64 = 30.0;
const RIGHT: f64 = 116.0;
const BAR_GAP: f64 = 24.0;
const BAR_WIDTH: f64 = 22.0;
const TICK: f64 = 8.0;
const TEXT_SIZE: u32 = 17;
pub(super) const INK: Color = Color::Rgb(29, 36, 44);
const WHITE: Color = Color::Rgb(255, 255, 255);
/// Pixels that are not valid.
pub(super) const MASKED: Color = Color::Rgb(196, 200, 204);
/// The frame of a small map must still hold the legend and the labels.
const MIN_WIDTH: f64 = 320.0;

/// The picture while it is being drawn, in pixels from its upper left corner.
pub(super) struct Canvas {
    scene: Scene,
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    /// How far marks reach beyond the frame.
    overhang: f64,
}

impl Canvas {
    pub(super) fn new(map: &Shrunk, style: &MapStyle, legend_rows: usize) -> Self {
        let (width, height) = (map.width as f64, map.height as f64);
        let title_height = if style.title.is_empty() { 0.0 } else { TITLE_HEIGHT };
        let total_width = LEFT + width.max(MIN_WIDTH) + RIGHT;
        let total_height = TOP + title_height + height + BOTTOM + LEGEND_ROW * legend_rows as f64;
        let top = TOP + title_height;
        let mut canvas =
            Self { scene: Scene::new(total_width, total_height), left: LEFT, top, width, height, overhang: 0.0 };
        if title_height > 0.0 {
            canvas.text(LEFT, TITLE_HEIGHT, &style.title, TextAnchor::Start, TEXT_SIZE + 4);
        }
        canvas
    }

    /// Draws one rectangle a cell, first row at the bottom, and a thin frame around them.
    pub(super) fn pixels(&mut self, map: &Shrunk, colouring: &Colouring) {
        let side = map.repeat as f64;
        let n = map.cells.len();
        let (mut x, mut y, mut fills) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
        for (idx, cell) in map.cells.iter().enumerate() {
            x.push(self.left + (idx % map.n_x) as f64 * side);
            y.push(self.top + self.height - ((idx / map.n_x) + 1) as f64 * side);
            fills.push(cell.map_or(MASKED, |value| rgb(colouring.colour(f64::from(value)))));
        }
        self.scene.add(Primitive::RectBatch { x, y, w: vec![side; n], h: vec![side; n], fills });
        self.outline(self.left, self.top, self.width, self.height);
    }

    /// Ticks where whole steps of longitude meet the lower edge and whole steps of latitude the left edge.
    pub(super) fn ticks(&mut self, geometry: &Geometry, map: &Shrunk) {
        let shape = geometry.shape();
        let bottom = |i: usize| PixelPosition { x: i as f64, y: 0.0 };
        let side = |i: usize| PixelPosition { x: 0.0, y: i as f64 };
        let lon = edge_ticks(shape.nx, wrapped_deg, |i| geometry.pix_to_sky(bottom(i)).map(|sky| sky.lon_deg()));
        let lat = edge_ticks(shape.ny, |deg| deg, |i| geometry.pix_to_sky(side(i)).map(|sky| sky.lat_deg()));
        let edge = self.top + self.height;
        for (at, label) in lon {
            let x = self.left + (at + 0.5) * map.zoom();
            self.line((x, edge), (x, edge + TICK), INK, 1.5);
            self.text(x, edge + TICK + 19.0, &label, TextAnchor::Middle, TEXT_SIZE);
        }
        for (at, label) in lat {
            let y = edge - (at + 0.5) * map.zoom();
            self.line((self.left - TICK, y), (self.left, y), INK, 1.5);
            self.text(self.left - TICK - 6.0, y + 6.0, &label, TextAnchor::End, TEXT_SIZE);
        }
        let (x_name, y_name) = match geometry.frame() {
            Frame::Equatorial => ("right ascension in degrees", "declination in degrees"),
            Frame::Galactic => ("Galactic longitude in degrees", "Galactic latitude in degrees"),
        };
        self.text(self.left + 0.5 * self.width, edge + 58.0, x_name, TextAnchor::Middle, TEXT_SIZE);
        self.text(self.left, self.top - 14.0, y_name, TextAnchor::Start, TEXT_SIZE);
    }

    /// A bar of a round length, about a fifth of the width, in the lower left corner.
    pub(super) fn scale_bar(&mut self, geometry: &Geometry, map: &Shrunk) {
        let px_per_arcmin = map.zoom() / geometry.pixel_size().to_arcmin().value();
        let lengths_arcmin = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0];
        let fits = lengths_arcmin.into_iter().rev().find(|length| length * px_per_arcmin <= 0.22 * self.width);
        let Some(length_arcmin) = fits else { return };
        let label = match length_arcmin >= 60.0 {
            true => format!("{}°", length_arcmin / 60.0),
            false => format!("{length_arcmin}′"),
        };
        let (x0, y) = (self.left + 20.0, self.top + self.height - 20.0);
        let x1 = x0 + length_arcmin * px_per_arcmin;
        self.line((x0 - 1.5, y), (x1 + 1.5, y), INK, 7.0);
        self.line((x0, y), (x1, y), WHITE, 4.0);
        self.outlined_text(0.5 * (x0 + x1), y - 10.0, &label, TextAnchor::Middle);
    }

    /// Draws the marks that lie on the map and tells how many do.
    pub(super) fn marks(&mut self, geometry: &Geometry, map: &Shrunk, set: &MarkSet) -> usize {
        let colour = Color::from(set.colour.as_str());
        let mut drawn = 0;
        for mark in &set.marks {
            let Some((x, y)) = self.place(geometry, map, mark) else { continue };
            self.mark(x, y, set.radius_px, set.shape, &colour);
            drawn += 1;
        }
        self.overhang = self.overhang.max(set.radius_px + 3.0);
        drawn
    }

    /// Wipes out what marks leave beyond the frame, and draws the frame again.
    pub(super) fn cut_at_frame(&mut self) {
        let w = self.overhang;
        let (right, bottom) = (self.left + self.width, self.top + self.height);
        let (left, top) = (self.left, self.top);
        for (x, y, width, height) in [
            (left - w, top - w, self.width + 2.0 * w, w),
            (left - w, bottom, self.width + 2.0 * w, w),
            (left - w, top, w, self.height),
            (right, top, w, self.height),
        ] {
            self.scene.add(rect(x, y, width, height, WHITE));
        }
        self.outline(left, top, self.width, self.height);
    }

    /// Names of the marks that lie on the map.
    pub(super) fn mark_labels(&mut self, geometry: &Geometry, map: &Shrunk, set: &MarkSet) {
        for mark in &set.marks {
            if let (Some(label), Some((x, y))) = (&mark.label, self.place(geometry, map, mark)) {
                self.label(x, y, set.radius_px, label);
            }
        }
    }

    /// Where a mark is drawn; `None` outside the map.
    fn place(&self, geometry: &Geometry, map: &Shrunk, mark: &Mark) -> Option<(f64, f64)> {
        let pixel = geometry.sky_to_pix(mark.position)?;
        let (x, y) = ((pixel.x + 0.5) * map.zoom(), (pixel.y + 0.5) * map.zoom());
        let inside = (0.0..=self.width).contains(&x) && (0.0..=self.height).contains(&y);
        inside.then_some((self.left + x, self.top + self.height - y))
    }

    /// One legend line below the map.
    pub(super) fn legend(&mut self, row: usize, set: &MarkSet, drawn: usize) {
        let y = self.top + self.height + BOTTOM + LEGEND_ROW * row as f64;
        let radius = set.radius_px.clamp(5.0, 10.0);
        self.mark(self.left + 12.0, y - 6.0, radius, set.shape, &Color::from(set.colour.as_str()));
        self.text(self.left + 32.0, y, &format!("{} ({drawn})", set.legend), TextAnchor::Start, TEXT_SIZE);
    }

    /// The colour scale at the right with round values beside it.
    pub(super) fn colour_bar(&mut self, colouring: &Colouring, label: &str) {
        let x = self.left + self.width + BAR_GAP;
        let steps = self.height.round().max(1.0) as usize;
        for step in 0..steps {
            let t = (step as f64 + 0.5) / steps as f64;
            let fill = rgb(colouring.colour(colouring.low + t * (colouring.high - colouring.low)));
            let y = self.top + self.height - (step + 1) as f64;
            self.scene.add(rect(x, y, BAR_WIDTH, 1.0, fill));
        }
        self.outline(x, self.top, BAR_WIDTH, self.height);
        let step = round_step((colouring.high - colouring.low) / 6.0);
        let first = (colouring.low / step).ceil() as i64;
        let last = (colouring.high / step).floor() as i64;
        for multiple in first..=last {
            let value = multiple as f64 * step;
            let t = (value - colouring.low) / (colouring.high - colouring.low);
            let y = self.top + self.height * (1.0 - t);
            self.line((x + BAR_WIDTH, y), (x + BAR_WIDTH + TICK, y), INK, 1.5);
            self.text(x + BAR_WIDTH + TICK + 5.0, y + 6.0, &number(value, step), TextAnchor::Start, TEXT_SIZE);
        }
        self.text(x + BAR_WIDTH, self.top - 14.0, label, TextAnchor::End, TEXT_SIZE);
    }

    pub(super) fn render(self) -> Result<Vec<u8>, Error> {
        let drawing = RasterBackend::new().with_scale(1.0).render_scene(&self.scene);
        drawing.map_err(|reason| Error::Drawing { what: "a map".to_owned(), reason })
    }

    /// A dark rim keeps a mark visible on bright ground.
    fn mark(&mut self, x: f64, y: f64, r: f64, shape: MarkShape, colour: &Color) {
        for (stroke, width) in [(INK, 3.6), (colour.clone(), 2.0)] {
            match shape {
                MarkShape::Circle => self.scene.add(Primitive::Circle {
                    cx: x,
                    cy: y,
                    r,
                    fill: Color::None,
                    fill_opacity: None,
                    stroke: Some(stroke),
                    stroke_width: Some(width),
                }),
                MarkShape::Square => {
                    let corners = [(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)];
                    for side in 0..4 {
                        self.line(corners[side], corners[(side + 1) % 4], stroke.clone(), width);
                    }
                }
                MarkShape::Cross => {
                    self.line((x - r, y - r), (x + r, y + r), stroke.clone(), width);
                    self.line((x - r, y + r), (x + r, y - r), stroke, width);
                }
            }
        }
    }

    /// A label beside a mark, on the side where there is room.
    fn label(&mut self, x: f64, y: f64, radius: f64, label: &str) {
        let to_the_left = x > self.left + 0.8 * self.width;
        let (anchor, shift) = if to_the_left { (TextAnchor::End, -1.0) } else { (TextAnchor::Start, 1.0) };
        self.outlined_text(x + shift * (radius + 5.0), y + 6.0, label, anchor);
    }

    /// White with a dark rim, to be read on any ground.
    fn outlined_text(&mut self, x: f64, y: f64, content: &str, anchor: TextAnchor) {
        for (dx, dy) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
            self.scene.add(text(x + dx, y + dy, content, anchor, TEXT_SIZE, INK));
        }
        self.scene.add(text(x, y, content, anchor, TEXT_SIZE, WHITE));
    }

    fn text(&mut self, x: f64, y: f64, content: &str, anchor: TextAnchor, size: u32) {
        self.scene.add(text(x, y, content, anchor, size, INK));
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), stroke: Color, stroke_width: f64) {
        self.scene.add(Primitive::Line { x1, y1, x2, y2, stroke, stroke_width, stroke_dasharray: None });
    }

    fn outline(&mut self, x: f64, y: f64, width: f64, height: f64) {
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
        for side in 0..4 {
            self.line(corners[side], corners[(side + 1) % 4], INK, 1.0);
        }
    }
}

fn rgb(colour: colorous::Color) -> Color {
    Color::Rgb(colour.r, colour.g, colour.b)
}

fn rect(x: f64, y: f64, width: f64, height: f64, fill: Color) -> Primitive {
    Primitive::Rect { x, y, width, height, fill, stroke: None, stroke_width: None, opacity: None }
}

pub(super) fn text(x: f64, y: f64, content: &str, anchor: TextAnchor, size: u32, colour: Color) -> Primitive {
    let content = content.to_owned();
    Primitive::Text { x, y, content, size, anchor, rotate: None, bold: false, color: Some(colour) }
}

/// Pixel places along an edge where an angle in degrees crosses whole steps, with their labels.
///
/// The angle is followed pixel by pixel with jumps of 360 degrees taken out, so that an edge across longitude zero
/// is as good as any other.
fn edge_ticks(
    n: usize,
    shown_deg: impl Fn(f64) -> f64,
    angle_deg: impl Fn(usize) -> Option<f64>,
) -> Vec<(f64, String)> {
    let mut angles: Vec<f64> = Vec::with_capacity(n);
    for angle in (0..n).map_while(angle_deg) {
        let jump = angles.last().map_or(0.0, |last| ((last - angle) / 360.0).round() * 360.0);
        angles.push(angle + jump);
    }
    let (Some(first), Some(last)) = (angles.first(), angles.last()) else {
        return Vec::new();
    };
    let step = round_step((last - first).abs() / 9.0);
    let crossing = |(idx, pair): (usize, &[f64])| {
        let (from, to) = (pair[0] / step, pair[1] / step);
        let multiple = from.max(to).floor();
        let crosses = multiple > from.min(to) || multiple == from;
        crosses.then(|| {
            let label = number(shown_deg(multiple * step), step);
            (idx as f64 + (multiple - from) / (to - from), label)
        })
    };
    angles.windows(2).enumerate().filter_map(crossing).collect()
}

/// A longitude in `[0, 360)` for a label; rounding must not turn zero into 360.
fn wrapped_deg(lon_deg: f64) -> f64 {
    let wrapped = lon_deg.rem_euclid(360.0);
    if 360.0 - wrapped < 1e-9 { 0.0 } else { wrapped }
}

/// The next 1, 2 or 5 times a power of ten at or above a positive number; 1 for anything else.
fn round_step(about: f64) -> f64 {
    if !(about.is_finite() && about > 0.0) {
        return 1.0;
    }
    let decade = 10f64.powf(about.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * decade >= about);
    step.unwrap_or(10.0) * decade
}

/// A multiple of `step` with as many decimals as the step has; exponents for very small or large steps.
fn number(value: f64, step: f64) -> String {
    let value = if value.abs() < 0.5 * step { 0.0 } else { value };
    if value != 0.0 && !(1e-4..1e5).contains(&step) {
        return format!("{value:.1e}").replace('-', "−");
    }
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    format!("{value:.decimals$}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_cross_longitude_zero_and_keep_its_names() {
        let ticks = edge_ticks(201, wrapped_deg, |i| Some((1.0 - 0.01 * i as f64).rem_euclid(360.0)));
        let labels: Vec<&str> = ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert!(labels.contains(&"0.0") && labels.contains(&"359.5"), "{labels:?}");
        let at_zero = ticks.iter().find(|(_, label)| label == "0.0").unwrap().0;
        assert!((at_zero - 100.0).abs() < 1e-6, "{at_zero}");
    }

    #[test]
    fn numbers_have_the_decimals_of_their_step() {
        assert_eq!(number(-57.5, 0.5), "−57.5");
        assert_eq!(number(20.0, 10.0), "20");
        assert_eq!(number(2e-5, 1e-5), "2.0e−5");
        assert_eq!((round_step(0.3), round_step(1.0), round_step(6.0)), (0.5, 1.0, 10.0));
    }
}

//! A map as a picture: colours, colour bar, sky coordinates, and marks over positions.
//!
//! The map is shrunk by averaging whole blocks of valid pixels until its longer side fits, drawn with its first row
//! at the bottom as the FITS convention has it, and framed with ticks in longitude and latitude. Pixels that are not
//! valid are grey.

mod colour;
mod frame;
mod panel;
mod shrink;

pub use colour::{ColourRange, ColourScale};
pub use panel::{Panel, PanelCell, PanelPixels, PanelRow, rgb_pixels};

use crate::{Error, write_atomic};
use arcmin_maps::Geometry;
use arcmin_units::SkyPosition;
use colour::Colouring;
use frame::Canvas;
use shrink::Shrunk;
use std::path::Path;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct MapPixels<'a> {
    /// Where the pixels lie.
    pub geometry: &'a Geometry,
    /// Pixels `[y, x]`, row-major.
    pub pixels: &'a [f32],
    /// True where a pixel counts, `[y, x]`; `None` when all do.
    pub valid: Option<&'a [bool]>,
}

/// How it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct MapStyle {
    /// Title above the map; may be empty.
    pub title: String,
    /// What the colours mean, with unit.
    pub colour_label: String,
    /// Which values the ends of the colour scale stand for.
    pub range: ColourRange,
    /// The colours.
    pub scale: ColourScale,
    /// Longest side of the map inside the frame in pixels of the picture.
    pub max_side_px: usize,
}

impl Default for MapStyle {
    fn default() -> Self {
        Self {
            title: String::new(),
            colour_label: String::new(),
            range: ColourRange::Percentile { low: 1.0, high: 99.8 },
            scale: ColourScale::Sequential,
            max_side_px: 1100,
        }
    }
}

/// Shape of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkShape {
    /// An open circle.
    Circle,
    /// An open square.
    Square,
    /// A cross of two strokes.
    Cross,
}

/// One position with an optional name.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Position in the frame of the map.
    pub position: SkyPosition,
    /// Name written beside it.
    pub label: Option<String>,
}

/// Marks of one kind, e.g. all detections.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkSet {
    /// Name in the legend below the map; their number is added.
    pub legend: String,
    /// Shape.
    pub shape: MarkShape,
    /// Colour as `#rrggbb`.
    pub colour: String,
    /// Half the width of a mark in pixels of the picture.
    pub radius_px: f64,
    /// The positions; those outside the map are left out.
    pub marks: Vec<Mark>,
}

/// A drawn map.
#[derive(Clone, Debug, PartialEq)]
pub struct MapImage {
    png: Vec<u8>,
}

impl MapImage {
    /// Draws a map with marks.
    ///
    /// # Errors
    /// [`Error::Drawing`] when the arrays do not fit the geometry or no side is left to draw.
    pub fn draw(map: &MapPixels<'_>, style: &MapStyle, marks: &[MarkSet]) -> Result<Self, Error> {
        check(map, style)?;
        let shrunk = Shrunk::new(map, style.max_side_px);
        let colouring = Colouring::new(&shrunk, style.range, style.scale);
        let mut canvas = Canvas::new(&shrunk, style, marks.len());
        canvas.pixels(&shrunk, &colouring);
        let drawn: Vec<usize> = marks.iter().map(|set| canvas.marks(map.geometry, &shrunk, set)).collect();
        canvas.cut_at_frame();
        marks.iter().for_each(|set| canvas.mark_labels(map.geometry, &shrunk, set));
        canvas.ticks(map.geometry, &shrunk);
        canvas.scale_bar(map.geometry, &shrunk);
        for (idx, (set, drawn)) in marks.iter().zip(drawn).enumerate() {
            canvas.legend(idx, set, drawn);
        }
        canvas.colour_bar(&colouring, &style.colour_label);
        canvas.render().map(|png| Self { png })
    }

    /// The picture as a PNG file.
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// Writes the picture.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write_atomic(path, &self.png)
    }
}

fn check(map: &MapPixels<'_>, style: &MapStyle) -> Result<(), Error> {
    let expected = map.geometry.shape().n_pixels();
    let what = || {
        if style.title.is_empty() { "a map".to_owned() } else { format!("the map {:?}", style.title) }
    };
    let got = map.valid.map_or(map.pixels.len(), |valid| valid.len());
    if map.pixels.len() != expected || got != expected {
        let reason = format!("{} pixels and {got} flags on a geometry of {}", map.pixels.len(), map.geometry.shape());
        return Err(Error::Drawing { what: what(), reason });
    }
    if style.max_side_px == 0 {
        return Err(Error::Drawing { what: what(), reason: "max_side_px is 0".to_owned() });
    }
    Ok(())
}

//! A drawn figure, as SVG and as PNG.

use super::{BLUE, GREEN, VERMILION};
use crate::{Error, write_atomic};
use kuva::RasterBackend;
use kuva::backend::svg::SvgBackend;
use kuva::render::render::Scene;
use std::path::Path;

/// Colours of the frame, chosen so that each stands for one role and can be exchanged in the SVG of a web page.
pub(super) const INK: &str = "#1d242c";
pub(super) const GRID: &str = "#dde2e7";
pub(super) const GROUND: &str = "#fffffe";

/// Pixels of the PNG per unit of the SVG.
const PNG_SCALE: f32 = 2.0;

/// A figure, drawn once.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    svg: String,
    png: Vec<u8>,
}

impl Figure {
    pub(super) fn from_scene(what: &str, scene: &Scene) -> Result<Self, Error> {
        let png = RasterBackend::new().with_scale(PNG_SCALE).render_scene(scene);
        let png = png.map_err(|reason| Error::Drawing { what: what.to_owned(), reason })?;
        let size = (scene.width, scene.height);
        Ok(Self { svg: with_view_box(SvgBackend::new().render_scene(scene), size), png })
    }

    /// The figure as a stand-alone SVG.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// The figure as a PNG file.
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// The SVG for a page that defines the colours `--ink`, `--grid`, `--ground`, `--blue`, `--vermilion` and `--green`,
    /// lighter ones where its ground is dark; it scales with its container.
    pub fn inline_svg(&self) -> String {
        let roles = [
            (INK, "var(--ink)"),
            (GRID, "var(--grid)"),
            (GROUND, "var(--ground)"),
            (BLUE, "var(--blue)"),
            (VERMILION, "var(--vermilion)"),
            (GREEN, "var(--green)"),
        ];
        roles.iter().fold(self.svg.clone(), |svg, (colour, role)| svg.replace(colour, role))
    }

    /// Writes `stem.svg` and `stem.png` into a folder.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn write(&self, folder: &Path, stem: &str) -> Result<(), Error> {
        write_atomic(&folder.join(format!("{stem}.svg")), self.svg.as_bytes())?;
        write_atomic(&folder.join(format!("{stem}.png")), &self.png)
    }
}

/// The plotting crate writes a fixed size only; a view box lets the figure scale.
fn with_view_box(svg: String, (width, height): (f64, f64)) -> String {
    svg.replacen("<svg ", &format!("<svg viewBox=\"0 0 {width} {height}\" "), 1)
}

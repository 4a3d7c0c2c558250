//! Many small images in rows and columns: cutouts of the sky by band and component, or of many clusters.

use super::ColourScale;
use super::MapImage;
use super::colour::Colouring;
use super::frame::{INK, text};
use crate::Error;
use arcmin_maps::PixelPosition;
use kuva::RasterBackend;
use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene, TextAnchor};

const GAP_PX: f64 = 10.0;
const TITLE_PX: f64 = 34.0;
const ROW_LABEL_PX: f64 = 108.0;
/// Height of a line of caption.
const CAPTION_PX: f64 = 21.0;
const TEXT_SIZE: u32 = 18;
/// Red that reads on blue, white and red alike through its white rim.
const CROSS: Color = Color::Rgb(196, 0, 32);

/// What an image shows.
#[derive(Clone, Debug, PartialEq)]
pub enum PanelPixels {
    /// Values on the colour scale of their row, `[y, x]`, first row at the bottom; NaN where there is none.
    Values(Vec<f32>),
    /// Colours, `[y, x]`, first row at the bottom.
    Rgb(Vec<[u8; 3]>),
}

/// One small square image.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelCell {
    /// Pixels along one side.
    pub side: usize,
    /// What it shows.
    pub pixels: PanelPixels,
    /// A place marked with a cross.
    pub cross: Option<PixelPosition>,
    /// Small text below, in lines; may be empty.
    pub caption: String,
}

/// A row of images that share their colours.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelRow {
    /// Text left of the row; lines are separated by `\n`.
    pub label: String,
    /// Values at the ends of the colour scale.
    pub range: (f64, f64),
    /// The images.
    pub cells: Vec<PanelCell>,
}

/// Images in rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Titles above the columns; may be fewer than columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<PanelRow>,
    /// Colours of the values.
    pub scale: ColourScale,
    /// Side of an image in pixels of the picture.
    pub cell_px: usize,
}

impl Panel {
    /// Draws the images.
    ///
    /// # Errors
    /// [`Error::Drawing`] when an image has not `side` squared pixels or there is nothing to draw.
    pub fn draw(&self) -> Result<MapImage, Error> {
        let failed = |reason: String| Error::Drawing { what: "a panel of cutouts".to_owned(), reason };
        let n_columns = self.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        if n_columns == 0 || self.cell_px == 0 {
            return Err(failed("it has no images".to_owned()));
        }
        let layout = Layout::new(self);
        let mut scene = Scene::new(layout.width(n_columns), layout.height(self.rows.len()));
        for (column, title) in self.columns.iter().enumerate() {
            let x = layout.x(column) + 0.5 * layout.cell;
            scene.add(text(x, TITLE_PX - 10.0, title, TextAnchor::Middle, TEXT_SIZE, INK));
        }
        for (idx, row) in self.rows.iter().enumerate() {
            label(&mut scene, &row.label, layout.y(idx) + 0.5 * layout.cell);
            let colouring = Colouring::between(row.range, self.scale);
            for (column, cell) in row.cells.iter().enumerate() {
                let fills = fills(cell, &colouring).map_err(failed)?;
                image(&mut scene, cell, fills, (layout.x(column), layout.y(idx)), layout.cell);
            }
        }
        let png = RasterBackend::new().with_scale(1.0).render_scene(&scene).map_err(failed)?;
        Ok(MapImage { png })
    }
}

/// Three bands as red, green and blue, each between the ends of its own range; NaN is black.
pub fn rgb_pixels(bands: [&[f32]; 3], ranges: [(f64, f64); 3]) -> Vec<[u8; 3]> {
    let level = |value: f32, (low, high): (f64, f64)| {
        let t = (f64::from(value) - low) / (high - low);
        (255.0 * t.clamp(0.0, 1.0)).round() as u8
    };
    let n = bands.iter().map(|band| band.len()).min().unwrap_or(0);
    (0..n).map(|idx| std::array::from_fn(|band| level(bands[band][idx], ranges[band]))).collect()
}

struct Layout {
    left: f64,
    top: f64,
    cell: f64,
    pitch_y: f64,
}

impl Layout {
    fn new(panel: &Panel) -> Self {
        let has_labels = panel.rows.iter().any(|row| !row.label.is_empty());
        let caption_lines = panel.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.caption.lines().count()).max();
        let captions_px = CAPTION_PX * caption_lines.unwrap_or(0) as f64;
        let cell = panel.cell_px as f64;
        Self {
            left: if has_labels { ROW_LABEL_PX } else { GAP_PX },
            top: if panel.columns.is_empty() { GAP_PX } else { TITLE_PX },
            cell,
            pitch_y: cell + GAP_PX + captions_px,
        }
    }

    fn x(&self, column: usize) -> f64 {
        self.left + column as f64 * (self.cell + GAP_PX)
    }

    fn y(&self, row: usize) -> f64 {
        self.top + row as f64 * self.pitch_y
    }

    fn width(&self, n_columns: usize) -> f64 {
        self.x(n_columns)
    }

    fn height(&self, n_rows: usize) -> f64 {
        self.y(n_rows)
    }
}

fn label(scene: &mut Scene, label: &str, middle: f64) {
    let lines: Vec<&str> = label.lines().collect();
    let line_px = f64::from(TEXT_SIZE) * 1.3;
    let first = middle - 0.5 * line_px * (lines.len() as f64 - 1.0) + 6.0;
    for (idx, line) in lines.iter().enumerate() {
        let y = first + line_px * idx as f64;
        scene.add(text(ROW_LABEL_PX - 12.0, y, line, TextAnchor::End, TEXT_SIZE, INK));
    }
}

fn fills(cell: &PanelCell, colouring: &Colouring) -> Result<Vec<Color>, String> {
    let rgb = |c: colorous::Color| Color::Rgb(c.r, c.g, c.b);
    let fills: Vec<Color> = match &cell.pixels {
        PanelPixels::Values(values) => values
            .iter()
            .map(
                |&value| if value.is_finite() { rgb(colouring.colour(f64::from(value))) } else { super::frame::MASKED },
            )
            .collect(),
        PanelPixels::Rgb(colours) => colours.iter().map(|&[r, g, b]| Color::Rgb(r, g, b)).collect(),
    };
    match fills.len() == cell.side * cell.side {
        true => Ok(fills),
        false => Err(format!("an image of side {} has {} pixels", cell.side, fills.len())),
    }
}

fn image(scene: &mut Scene, cell: &PanelCell, fills: Vec<Color>, (left, top): (f64, f64), size: f64) {
    let pixel = size / cell.side as f64;
    let x = (0..fills.len()).map(|idx| left + (idx % cell.side) as f64 * pixel).collect();
    let y = (0..fills.len()).map(|idx| top + size - (idx / cell.side + 1) as f64 * pixel).collect();
    let sides = vec![pixel; fills.len()];
    scene.add(Primitive::RectBatch { x, y, w: sides.clone(), h: sides, fills });
    if let Some(at) = cell.cross {
        cross(scene, left + (at.x + 0.5) * pixel, top + size - (at.y + 0.5) * pixel, 0.07 * size);
    }
    for (idx, line) in cell.caption.lines().enumerate() {
        let (x, y) = (left + 0.5 * size, top + size + CAPTION_PX * (idx + 1) as f64 - 6.0);
        scene.add(text(x, y, line, TextAnchor::Middle, TEXT_SIZE - 2, INK));
    }
}

fn cross(scene: &mut Scene, x: f64, y: f64, r: f64) {
    for (stroke, stroke_width) in [(Color::Rgb(255, 255, 255), 4.5), (CROSS, 2.2)] {
        for sign in [1.0, -1.0] {
            scene.add(Primitive::Line {
                x1: x - r,
                y1: y - sign * r,
                x2: x + r,
                y2: y + sign * r,
                stroke: stroke.clone(),
                stroke_width,
                stroke_dasharray: None,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(side: usize, n: usize) -> PanelCell {
        PanelCell { side, pixels: PanelPixels::Values(vec![0.0; n]), cross: None, caption: String::new() }
    }

    fn panel(cells: Vec<PanelCell>) -> Panel {
        let row = PanelRow { label: "90\nGHz".to_owned(), range: (-1.0, 1.0), cells };
        Panel { columns: vec!["CMB".to_owned()], rows: vec![row], scale: ColourScale::Diverging, cell_px: 40 }
    }

    #[test]
    fn panels_are_drawn_and_odd_ones_refused() {
        let mut odd = cell(2, 4);
        odd.pixels = PanelPixels::Values(vec![f32::NAN, 1.0, 5.0, f32::INFINITY]);
        odd.cross = Some(PixelPosition { x: 0.5, y: 0.5 });
        assert!(!panel(vec![cell(3, 9), odd]).draw().unwrap().png().is_empty());
        assert!(panel(vec![cell(3, 8)]).draw().unwrap_err().to_string().contains("side 3 has 8 pixels"));
        assert!(panel(vec![]).draw().unwrap_err().to_string().contains("no images"));
    }

    #[test]
    fn bands_become_levels_between_their_ends() {
        let (red, green, blue) = ([0.0, 10.0], [5.0, -5.0], [f32::NAN, 20.0]);
        let pixels = rgb_pixels([&red, &green, &blue], [(0.0, 10.0); 3]);
        assert_eq!(pixels, [[0, 128, 0], [255, 0, 255]]);
    }
}

//! The maps of one window, on its padded grid.

use super::Survey;
use crate::Error;
use crate::footprint::PixelClass;
use crate::grid::Grid;
use crate::template::Work;
use crate::tiling::Tile;
use arcmin_fft::{RealFft2, Scratch, good_size};
use num_complex::Complex;
use rayon::prelude::*;
use std::f64::consts::FRAC_PI_2;

/// Buffers that every step of a window reuses.
pub(crate) struct Workspace {
    pub(crate) fft: RealFft2<f32>,
    pub(crate) scratch: Scratch<f32>,
    pub(crate) map: Vec<f32>,
    pub(crate) spectrum: Vec<Complex<f32>>,
}

impl Workspace {
    pub(crate) fn new(grid: &Grid) -> Result<Self, Error> {
        let fft = grid.plan()?;
        Ok(Self {
            scratch: fft.make_scratch(),
            map: vec![0.0; grid.n_pixels()],
            spectrum: vec![Complex::default(); fft.spectrum_len()],
            fft,
        })
    }

    /// The buffers as a template's transform wants them.
    pub(crate) fn lend(&mut self) -> (&RealFft2<f32>, Work<'_, f32>) {
        let work = Work { map: &mut self.map, scratch: &mut self.scratch };
        (&self.fft, work)
    }
}

/// One window: which pixels it holds, and what its holes were filled with.
pub(crate) struct TileData<'a> {
    survey: &'a Survey<'a>,
    tile: &'a Tile,
    grid: Grid,
    /// Width of the taper in pixels.
    border: f64,
    /// Grid indices of the hole pixels.
    holes: Vec<u32>,
    /// Fill of the holes, `[band][hole]`, as it stands in the tapered map.
    fill: Vec<Vec<f32>>,
}

impl<'a> TileData<'a> {
    pub(crate) fn new(survey: &'a Survey<'a>, tile: &'a Tile) -> Result<Self, Error> {
        let pixel_size = survey.observation.geometry().pixel_size();
        let window = tile.window;
        let grid = Grid::new(good_size(window.shape.ny), good_size(window.shape.nx), pixel_size.value())?;
        let nx = survey.footprint.shape().nx;
        let mut holes = Vec::new();
        for y in 0..window.shape.ny {
            for x in 0..window.shape.nx {
                if survey.footprint.classes()[(y + window.y0) * nx + x + window.x0] == PixelClass::Hole {
                    holes.push((y * grid.nx() + x) as u32);
                }
            }
        }
        let border = survey.settings.config().border_arcmin / pixel_size.to_arcmin().value();
        let fill = vec![vec![0.0; holes.len()]; survey.observation.bands().len()];
        Ok(Self { survey, tile, grid, border, holes, fill })
    }

    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    pub(crate) fn tile(&self) -> &Tile {
        self.tile
    }

    pub(crate) fn holes(&self) -> &[u32] {
        &self.holes
    }

    pub(crate) fn fill_mut(&mut self, band: usize) -> &mut [f32] {
        &mut self.fill[band]
    }

    /// Writes one band's tapered map to the padded grid: as it was given, holes zero.
    pub(crate) fn load_raw(&self, band: usize, map: &mut [f32]) {
        self.load_with(band, map, |_| 1.0);
    }

    /// Writes one band's tapered map to the padded grid, hole edges restored and holes filled.
    pub(crate) fn load(&self, band: usize, map: &mut [f32]) {
        match &self.survey.taper {
            Some(taper) => self.load_with(band, map, |pixel| taper.gain(band, pixel)),
            None => self.load_raw(band, map),
        }
        for (&at, &value) in self.holes.iter().zip(&self.fill[band]) {
            map[at as usize] = value;
        }
    }

    /// Writes the tapered map divided by a gain.
    fn load_with(&self, band: usize, map: &mut [f32], gain: impl Fn(usize) -> f32 + Sync) {
        let pixels = self.survey.observation.bands()[band].map.pixels();
        let shape = self.tile.window.shape;
        map.par_chunks_mut(self.grid.nx()).enumerate().for_each(|(y, row)| {
            row.fill(0.0);
            if y >= shape.ny {
                return;
            }
            for (x, value) in row[..shape.nx].iter_mut().enumerate() {
                if self.is_valid(x, y) {
                    let pixel = self.pixel(x, y);
                    *value = pixels[pixel] / gain(pixel) * self.weight(x, y) as f32;
                }
            }
        });
    }

    /// Integral of the taper squared over the valid pixels of the window, in steradian.
    pub(crate) fn window_area_sr(&self) -> f64 {
        let shape = self.tile.window.shape;
        let rows: Vec<f64> =
            (0..shape.ny).into_par_iter().map(|y| (0..shape.nx).map(|x| self.weight(x, y).powi(2)).sum()).collect();
        rows.iter().sum::<f64>() * self.grid.pixel_rad().powi(2)
    }

    fn is_valid(&self, x: usize, y: usize) -> bool {
        self.survey.footprint.classes()[self.pixel(x, y)] == PixelClass::Valid
    }

    /// Taper at pixel `(x, y)` of the window: a squared sine over the border's width, inwards from the border of the
    /// observed area and from the window's own edges.
    fn weight(&self, x: usize, y: usize) -> f64 {
        let shape = self.tile.window.shape;
        let pixel = self.pixel(x, y);
        if self.survey.footprint.classes()[pixel] == PixelClass::Outside {
            return 0.0;
        }
        let to_edge = x.min(y).min(shape.nx - 1 - x).min(shape.ny - 1 - y) as f64 + 0.5;
        let distance = f64::from(self.survey.footprint.border_distance(pixel)).min(to_edge);
        if distance >= self.border { 1.0 } else { (FRAC_PI_2 * distance / self.border).sin().powi(2) }
    }

    /// Index in the whole map of pixel `(x, y)` of the window.
    pub(crate) fn pixel(&self, x: usize, y: usize) -> usize {
        let window = self.tile.window;
        (y + window.y0) * self.survey.footprint.shape().nx + x + window.x0
    }

    /// Index on the grid of a pixel `(x, y)` of the whole map that lies in the window.
    pub(crate) fn grid_index(&self, x: usize, y: usize) -> usize {
        (y - self.tile.window.y0) * self.grid.nx() + x - self.tile.window.x0
    }
}

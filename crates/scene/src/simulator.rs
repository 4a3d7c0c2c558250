//! From a checked description to one tile: the order in which a sky is made.
//!
//! 1. Haloes are drawn or given, and painted in Compton y on the tile and its rim.
//! 2. In Fourier space each band gets its tSZ signal and the Gaussian fields, times its beam.
//! 3. The rim is cut off, and white noise is added to each pixel.

use crate::conversion::{ConversionTable, exact_halo};
use crate::field::{Column, EllTable, Field};
use crate::foreground::fields;
use crate::lightcone::LightCone;
use crate::paint::{ProfileTable, Stamp, paint};
use crate::population::{PlacedHalo, Population};
use crate::setup::{BandSetup, Setup};
use crate::stream::Draw;
use crate::tiling::Tiling;
use crate::window::Window;
use crate::{Component, Error, Halo, Scene, Split, TileKey, Truth};
use arcmin_fft::{RealFft2, Scratch, Wavenumbers, good_size};
use arcmin_maps::{Band, BandMap, Geometry, Map, Mask, Observation, Shape};
use arcmin_sky::LinearPower;
use arcmin_sky::pressure::ProjectedGnfw;
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_units::{HaloMass, Redshift, SkyPosition};
use num_complex::Complex;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Least share by which the simulated side exceeds the tile's: the fields are periodic on the simulated square, and so
/// opposite edges of the tile are this far apart.
const PADDING: f64 = 1.1;
/// Where the painted profiles end, in units of theta500.
pub(crate) const X_MAX: f64 = 5.0;

/// Which haloes a sky has.
#[derive(Clone, Copy, Debug)]
pub enum Haloes<'a> {
    /// Those drawn from the mass function.
    Drawn,
    /// Those given and no others; numbered in the order given. Any beyond the simulated rim are left out.
    Given(&'a [Halo]),
    /// Those given, and after them those drawn.
    GivenAndDrawn(&'a [Halo]),
}

/// Makes tiles of one simulated survey; all tables and plans are ready, so that a tile costs only its own work.
#[derive(Debug)]
pub struct Simulator {
    setup: Setup,
    power: LinearPower,
    window: Window,
    tiling: Tiling,
    population: Population,
    profile: ProfileTable,
    fft: RealFft2<f32>,
    wavenumbers: Wavenumbers,
    fields: Vec<Field>,
    beams: Vec<EllTable>,
}

impl Simulator {
    /// Makes the tables and plans of a survey.
    ///
    /// # Errors
    /// More tiles than fit on the sky without overlap, or a range that the physics does not cover.
    pub fn new(setup: Setup) -> Result<Self, Error> {
        let window = window(&setup);
        let tiling = Tiling::new(window.half_tile());
        check_tile_counts(&setup, &tiling)?;
        let power = LinearPower::eisenstein_hu98(&setup.cosmology);
        let population = Population {
            light_cone: LightCone::new(&setup.haloes, &setup.cosmology, &power),
            conversion: ConversionTable::new(&setup.haloes, setup.concentration, &setup.cosmology, &power)?,
            y_ln_scatter: setup.haloes.y_ln_scatter,
        };
        let shape = ProjectedGnfw::arnaud10();
        let Shape { ny, nx } = window.padded;
        let wavenumbers = Wavenumbers::new(ny, nx, window.pixel_rad())?;
        let beam = |band: &BandSetup| EllTable::new(|ell| band.beam.transfer(ell), &wavenumbers);
        Ok(Self {
            profile: ProfileTable::new(|x| shape.at(x), X_MAX),
            fft: RealFft2::new(ny, nx)?,
            fields: fields(&setup, &wavenumbers, window.pixel_rad().powi(2)),
            beams: setup.bands.iter().map(beam).collect(),
            setup,
            power,
            window,
            tiling,
            population,
            wavenumbers,
        })
    }

    /// What is simulated.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// True solid angle of one tile in square degrees.
    pub fn tile_area_deg2(&self) -> f64 {
        self.window.tile_solid_angle_sr() * 1f64.to_degrees().powi(2)
    }

    /// Where a tile lies. Tiles of one split or of different splits do not overlap.
    ///
    /// # Errors
    /// [`Error::NoSuchScene`] for a tile that the split does not have.
    pub fn geometry(&self, split: Split, tile: usize) -> Result<Geometry, Error> {
        let len = self.setup.n_tiles(split);
        let centre = self.tiling.centre(tile_number(split, tile)).filter(|_| tile < len);
        let centre = centre.ok_or(Error::NoSuchScene { index: tile, len })?;
        Ok(Geometry::tile(centre, self.window.tile, self.setup.tiles.pixel)?)
    }

    /// The median halo of a mass, in any definition, to be given to [`Self::scene`].
    ///
    /// # Errors
    /// A mass or redshift that is not above zero.
    pub fn halo<M: HaloMass>(&self, mass: M, z: Redshift, position: SkyPosition) -> Result<Halo, Error> {
        exact_halo(mass, z, position, self.setup.concentration, &self.setup.cosmology, &self.power)
    }

    /// Makes one tile; the same arguments give the same bits for any number of threads.
    ///
    /// A sky without the component [`Component::Tsz`] has no haloes, whichever are asked for.
    ///
    /// # Errors
    /// A tile that the split does not have, or a given halo that cannot be painted.
    pub fn scene(&self, split: Split, tile: usize, haloes: Haloes) -> Result<Scene, Error> {
        let geometry = self.geometry(split, tile)?;
        let key = TileKey { seed: self.setup.seed, split, tile: tile as u64 };
        let placed = self.place(key, &geometry, haloes)?;
        let mut buffers = Buffers::new(&self.fft);
        let tsz = self.tsz_spectrum(&placed, &mut buffers);
        let band = |band_idx| self.band(band_idx, key, tsz.as_deref(), &geometry, &mut buffers);
        let bands = (0..self.setup.bands.len()).map(band).collect::<Result<_, _>>()?;
        let observation = Observation::new(bands, Mask::all_valid(geometry.clone()))?;
        let truth =
            Truth { tile: tile as u64, haloes: self.haloes_on_tile(&placed), footprint: Mask::all_valid(geometry) };
        Ok(Scene { observation, truth })
    }

    /// The true haloes that [`Self::scene`] would draw on a tile, without making its maps.
    ///
    /// # Errors
    /// A tile that the split does not have.
    pub fn drawn_haloes(&self, split: Split, tile: usize) -> Result<Vec<Halo>, Error> {
        let geometry = self.geometry(split, tile)?;
        let key = TileKey { seed: self.setup.seed, split, tile: tile as u64 };
        Ok(self.haloes_on_tile(&self.place(key, &geometry, Haloes::Drawn)?))
    }

    fn place(&self, key: TileKey, geometry: &Geometry, haloes: Haloes) -> Result<Vec<PlacedHalo>, Error> {
        if !self.setup.has(Component::Tsz) {
            return Ok(Vec::new());
        }
        let mut placed = match haloes {
            Haloes::Drawn => Vec::new(),
            Haloes::Given(given) | Haloes::GivenAndDrawn(given) => self.place_given(given, geometry)?,
        };
        if let Haloes::Drawn | Haloes::GivenAndDrawn(_) = haloes {
            placed.extend(self.population.draw(key, &self.window, geometry));
        }
        for (id, placed) in placed.iter_mut().enumerate() {
            placed.halo.id = id as u64;
        }
        Ok(placed)
    }

    fn place_given(&self, given: &[Halo], geometry: &Geometry) -> Result<Vec<PlacedHalo>, Error> {
        let mut placed = Vec::with_capacity(given.len());
        for &halo in given {
            let theta500_arcmin = halo.theta500.to_arcmin().value();
            if !(halo.y0.is_finite() && theta500_arcmin.is_finite() && theta500_arcmin > 0.0) {
                return Err(Error::BadHalo { id: halo.id, y0: halo.y0, theta500_arcmin });
            }
            let pixel = geometry.sky_to_pix(halo.position).filter(|&pixel| self.window.is_simulated(pixel));
            placed.extend(pixel.map(|pixel| PlacedHalo { halo, pixel }));
        }
        Ok(placed)
    }

    fn haloes_on_tile(&self, placed: &[PlacedHalo]) -> Vec<Halo> {
        let on_tile = placed.iter().filter(|placed| self.window.is_on_tile(placed.pixel));
        let mut haloes: Vec<Halo> = on_tile.map(|placed| placed.halo).collect();
        haloes.sort_by(|a, b| b.mvir.value().total_cmp(&a.mvir.value()).then(a.id.cmp(&b.id)));
        haloes
    }

    /// The half spectrum of the painted Compton-y image, `None` when nothing is painted.
    fn tsz_spectrum(&self, placed: &[PlacedHalo], buffers: &mut Buffers) -> Option<Vec<Complex<f32>>> {
        if placed.is_empty() {
            return None;
        }
        let rim = self.window.rim() as f64;
        let stamp = |placed: &PlacedHalo| Stamp {
            x: placed.pixel.x + rim,
            y: placed.pixel.y + rim,
            metric_arcmin2: self.window.metric_arcmin2(placed.pixel),
            theta500_arcmin: placed.halo.theta500.to_arcmin().value(),
            y0: placed.halo.y0,
        };
        let stamps: Vec<Stamp> = placed.iter().map(stamp).collect();
        buffers.image.fill(0.0);
        paint(&mut buffers.image, self.window.padded.nx, &stamps, &self.profile);
        let mut spectrum = vec![Complex::default(); self.fft.spectrum_len()];
        self.fft.forward(&buffers.image, &mut spectrum, &mut buffers.scratch);
        Some(spectrum)
    }

    fn band(
        &self,
        band_idx: usize,
        key: TileKey,
        tsz: Option<&[Complex<f32>]>,
        geometry: &Geometry,
        buffers: &mut Buffers,
    ) -> Result<Band, Error> {
        let band = &self.setup.bands[band_idx];
        let uk_per_y = tsz_uk_per_y(band.nu) as f32;
        self.fft.inverse_with(&mut buffers.image, &mut buffers.scratch, |kx, modes: &mut [Complex<f32>]| {
            let column = Column::new(&self.wavenumbers, kx);
            let ny = modes.len();
            match tsz {
                Some(tsz) => modes.iter_mut().zip(&tsz[kx * ny..][..ny]).for_each(|(m, t)| *m = t * uk_per_y),
                None => modes.fill(Complex::default()),
            }
            for field in &self.fields {
                field.add_column(band_idx, key, &column, modes);
            }
            modes.iter_mut().zip(&column.ell).for_each(|(mode, &ell)| *mode *= self.beams[band_idx].at(ell));
        });
        let noise_uk_arcmin = if self.setup.has(Component::Noise) { band.noise_uk_arcmin } else { 0.0 };
        let noise_uk = (noise_uk_arcmin / self.setup.tiles.pixel.value()) as f32;
        let pixels = self.cut_and_add_noise(&buffers.image, band_idx, key, noise_uk);
        let map = BandMap::Temperature { nu: band.nu, map: Map::new(geometry.clone(), pixels)? };
        Ok(Band { name: band.name.clone(), beam: band.beam.clone(), noise_arcmin: Some(noise_uk_arcmin), map })
    }

    /// Cuts the rim off an image and adds white noise of the given rms.
    fn cut_and_add_noise(&self, image: &[f32], band_idx: usize, key: TileKey, noise_uk: f32) -> Vec<f32> {
        let (tile, padded, rim) = (self.window.tile, self.window.padded, self.window.rim());
        let mut pixels = vec![0f32; tile.n_pixels()];
        pixels.par_chunks_exact_mut(tile.nx).enumerate().for_each(|(row, pixels)| {
            pixels.copy_from_slice(&image[(row + rim) * padded.nx + rim..][..tile.nx]);
            if noise_uk > 0.0 {
                let mut rng = key.stream(Draw::Noise { band_idx, row });
                pixels.iter_mut().for_each(|pixel| {
                    let normal: f32 = StandardNormal.sample(&mut rng);
                    *pixel += noise_uk * normal;
                });
            }
        });
        pixels
    }
}

/// Working memory of one tile.
struct Buffers {
    /// Pixels of the tile and its rim.
    image: Vec<f32>,
    scratch: Scratch<f32>,
}

impl Buffers {
    fn new(fft: &RealFft2<f32>) -> Self {
        Self { image: vec![0.0; fft.map_len()], scratch: fft.make_scratch() }
    }
}

fn window(setup: &Setup) -> Window {
    let side = setup.tiles.shape.nx;
    let with_margin = side + 2 * setup.tiles.margin_pixels;
    let padded = good_size(with_margin.max((PADDING * side as f64).ceil() as usize));
    Window::new(setup.tiles.shape, Shape { ny: padded, nx: padded }, setup.tiles.pixel.to_rad())
}

/// Number of a tile among all positions on the sky: the splits take turns, so that no count of tiles moves another's.
fn tile_number(split: Split, tile: usize) -> usize {
    Split::ALL.len() * tile + split.code() as usize
}

fn check_tile_counts(setup: &Setup, tiling: &Tiling) -> Result<(), Error> {
    for split in Split::ALL {
        let asked = setup.n_tiles(split);
        let fit = tiling.len().saturating_sub(split.code() as usize).div_ceil(Split::ALL.len());
        if asked > fit {
            return Err(Error::TooManyTiles { split, asked, fit });
        }
    }
    Ok(())
}

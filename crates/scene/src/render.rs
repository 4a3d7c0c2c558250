//! From placed haloes and random streams to the pixels of a band.

use crate::field::{Column, EllTable, Field};
use crate::foreground::fields;
use crate::gas::GasShapes;
use crate::ksz_haloes::KszPainter;
use crate::lensing::LensedCmb;
use crate::one_over_f::OneOverF;
use crate::paint::{Stamp, paint};
use crate::population::PlacedHalo;
use crate::setup::Setup;
use crate::sources::{DrawnSource, SourceModel, TileSources};
use crate::stream::Draw;
use crate::tile::TileContext;
use crate::window::Window;
use crate::{Component, Error, PointSource, TileKey};
use arcmin_fft::{RealFft2, Scratch, Wavenumbers};
use arcmin_maps::{Beam, Shape};
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_units::Arcmin;
use num_complex::Complex;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Plans and tables that turn haloes and fields into images.
#[derive(Debug)]
pub(crate) struct Renderer {
    window: Window,
    gas: GasShapes,
    fft: RealFft2<f32>,
    wavenumbers: Wavenumbers,
    fields: Vec<Field>,
    bands: Vec<BandPlan>,
    paints_tsz: bool,
    ksz_haloes: Option<KszPainter>,
    lensed_cmb: Option<LensedCmb>,
    sources: Option<SourceModel>,
}

/// What one band does to the sky.
#[derive(Debug)]
struct BandPlan {
    uk_per_y: f32,
    beam: EllTable,
    has_beam: bool,
    one_over_f: Option<OneOverF>,
}

/// What is painted on a tile before any beam.
#[derive(Default)]
pub(crate) struct Painted {
    /// Half spectrum of Compton y.
    y: Option<Vec<Complex<f32>>>,
    /// Half spectrum in uK of what all bands see alike: moving gas, the lensed CMB.
    achromatic: Option<Vec<Complex<f32>>>,
    /// What each band sees with its own brightness.
    sources: Option<TileSources>,
}

impl Painted {
    /// The point sources with a place of their own, rim included.
    pub(crate) fn into_sources(self) -> Vec<DrawnSource> {
        self.sources.map_or_else(Vec::new, TileSources::into_sources)
    }

    /// The point sources that are listed in the truth.
    pub(crate) fn source_truth(&self, tile: &TileContext) -> Vec<PointSource> {
        self.sources.as_ref().map_or_else(Vec::new, |sources| sources.truth(tile))
    }
}

/// Working memory of one tile.
pub(crate) struct Buffers {
    /// Pixels of the tile and its rim.
    pub(crate) image: Vec<f32>,
    scratch: Scratch<f32>,
}

impl Renderer {
    /// Makes the plans for a window of sky.
    pub(crate) fn new(setup: &Setup, window: Window) -> Result<Self, Error> {
        let Shape { ny, nx } = window.padded;
        let wavenumbers = Wavenumbers::new(ny, nx, window.pixel_rad())?;
        let bands = setup.bands.iter().map(|band| BandPlan {
            uk_per_y: tsz_uk_per_y(band.nu) as f32,
            beam: EllTable::new(|ell| band.beam.transfer(ell), &wavenumbers),
            has_beam: band.beam != Beam::gaussian(Arcmin::new(0.0)).expect("no beam is a beam"),
            one_over_f: band.one_over_f.as_ref().filter(|_| setup.has(Component::Noise)).map(|one_over_f| {
                let white_uk = band.noise_uk_arcmin / setup.tiles.pixel.value();
                OneOverF::new(one_over_f, white_uk, &wavenumbers)
            }),
        });
        Ok(Self {
            window,
            gas: GasShapes::new(&setup.haloes, &setup.cosmology)?,
            fft: RealFft2::new(ny, nx)?,
            bands: bands.collect(),
            fields: fields(setup, &wavenumbers, window.pixel_rad().powi(2)),
            paints_tsz: setup.has(Component::Tsz),
            ksz_haloes: KszPainter::new(setup),
            lensed_cmb: LensedCmb::new(setup, window, &wavenumbers)?,
            wavenumbers,
            sources: SourceModel::new(setup, &window)?,
        })
    }

    /// Memory for one tile.
    pub(crate) fn buffers(&self) -> Buffers {
        Buffers { image: vec![0.0; self.fft.map_len()], scratch: self.fft.make_scratch() }
    }

    /// The wavenumbers of the simulated square.
    pub(crate) fn wavenumbers(&self) -> &Wavenumbers {
        &self.wavenumbers
    }

    /// What point sources are drawn from, `None` in a sky without them.
    pub(crate) fn sources(&self) -> Option<&SourceModel> {
        self.sources.as_ref()
    }

    /// Paints everything that is painted on a tile.
    ///
    /// # Errors
    /// A given halo that cannot be.
    pub(crate) fn paint(&self, tile: &TileContext, buffers: &mut Buffers) -> Result<Painted, Error> {
        Ok(Painted {
            y: if self.paints_tsz { self.tsz_spectrum(&tile.placed, buffers)? } else { None },
            achromatic: self.achromatic_spectrum(tile, buffers)?,
            sources: self.sources.as_ref().map(|sources| sources.draw(tile)),
        })
    }

    /// The half spectrum in uK of the images that all bands see alike, `None` when there is none.
    fn achromatic_spectrum(
        &self,
        tile: &TileContext,
        buffers: &mut Buffers,
    ) -> Result<Option<Vec<Complex<f32>>>, Error> {
        if self.ksz_haloes.is_none() && self.lensed_cmb.is_none() {
            return Ok(None);
        }
        buffers.image.fill(0.0);
        if let Some(ksz_haloes) = &self.ksz_haloes {
            ksz_haloes.add(tile, &mut buffers.image)?;
        }
        if let Some(lensed_cmb) = &self.lensed_cmb {
            lensed_cmb.add(tile, &self.fft, &mut buffers.scratch, &mut buffers.image)?;
        }
        Ok(Some(self.spectrum(buffers)))
    }

    /// The half spectrum of the painted Compton-y image, `None` when nothing is painted.
    ///
    /// # Errors
    /// A given halo that cannot be painted.
    pub(crate) fn tsz_spectrum(
        &self,
        placed: &[PlacedHalo],
        buffers: &mut Buffers,
    ) -> Result<Option<Vec<Complex<f32>>>, Error> {
        if placed.is_empty() {
            return Ok(None);
        }
        buffers.image.fill(0.0);
        self.paint_tsz(placed, &mut buffers.image)?;
        Ok(Some(self.spectrum(buffers)))
    }

    /// Adds the Compton y of haloes to an image of the padded window.
    ///
    /// # Errors
    /// A given halo without the mass or redshift that its shape needs.
    pub(crate) fn paint_tsz(&self, placed: &[PlacedHalo], image: &mut [f32]) -> Result<(), Error> {
        let stamp = |placed: &PlacedHalo| -> Result<Stamp, Error> {
            let (profile_idx, unit) = self.gas.of(&placed.halo)?;
            Ok(Stamp { profile_idx, ..Stamp::new(&self.window, placed.pixel, unit, placed.halo.y0) })
        };
        let stamps = placed.iter().map(stamp).collect::<Result<Vec<_>, _>>()?;
        paint(image, self.window.padded.nx, &stamps, self.gas.tables());
        Ok(())
    }

    /// The half spectrum of the image in the buffers.
    pub(crate) fn spectrum(&self, buffers: &mut Buffers) -> Vec<Complex<f32>> {
        let mut spectrum = vec![Complex::default(); self.fft.spectrum_len()];
        self.fft.forward(&buffers.image, &mut spectrum, &mut buffers.scratch);
        spectrum
    }

    /// Leaves in the buffers the sky of one band in uK, through its beam, rim included.
    pub(crate) fn render_sky(&self, band_idx: usize, tile: &TileContext, painted: &Painted, buffers: &mut Buffers) {
        let band = &self.bands[band_idx];
        let through_beam = match &painted.sources {
            Some(sources) if band.has_beam => {
                buffers.image.fill(0.0);
                sources.paint(band_idx, tile, &mut buffers.image);
                Some(self.spectrum(buffers))
            }
            _ => None,
        };
        let images = [painted.achromatic.as_deref(), through_beam.as_deref()];
        self.render_modes(band_idx, tile.key, painted.y.as_deref(), images, buffers);
        // Without a beam an image needs no transform.
        if let (Some(sources), false) = (&painted.sources, band.has_beam) {
            sources.paint(band_idx, tile, &mut buffers.image);
        }
    }

    /// Leaves in the buffers the image of the half spectra: Compton y, those in uK, and the Gaussian fields.
    fn render_modes(
        &self,
        band_idx: usize,
        key: TileKey,
        y: Option<&[Complex<f32>]>,
        images: [Option<&[Complex<f32>]>; 2],
        buffers: &mut Buffers,
    ) {
        let band = &self.bands[band_idx];
        let tile_factors: Vec<f32> = self.fields.iter().map(|field| field.tile_factor(key)).collect();
        self.fft.inverse_with(&mut buffers.image, &mut buffers.scratch, |kx, modes: &mut [Complex<f32>]| {
            let column = Column::new(&self.wavenumbers, kx);
            let ny = modes.len();
            match y {
                Some(y) => modes.iter_mut().zip(&y[kx * ny..][..ny]).for_each(|(m, y)| *m = y * band.uk_per_y),
                None => modes.fill(Complex::default()),
            }
            for image in images.into_iter().flatten() {
                modes.iter_mut().zip(&image[kx * ny..][..ny]).for_each(|(mode, image)| *mode += image);
            }
            for (field, &tile_factor) in self.fields.iter().zip(&tile_factors) {
                field.add_column(band_idx, key, tile_factor, &column, modes);
            }
            modes.iter_mut().zip(&column.ell).for_each(|(mode, &ell)| *mode *= band.beam.at(ell));
            if let Some(one_over_f) = &band.one_over_f {
                one_over_f.add_column(band_idx, key, &column, modes);
            }
        });
    }

    /// Cuts the rim off an image and adds white noise of the given rms.
    pub(crate) fn cut_and_add_noise(&self, image: &[f32], band_idx: usize, key: TileKey, noise_uk: f32) -> Vec<f32> {
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

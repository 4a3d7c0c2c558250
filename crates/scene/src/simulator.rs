//! From a checked description to one tile: the order in which a sky is made.
//!
//! 1. Haloes are drawn or given.
//! 2. On the tile and its rim are painted: haloes in Compton y, what all bands see alike, and point sources.
//! 3. In Fourier space each band gets what is painted and the Gaussian fields, times its beam, and its 1/f noise.
//! 4. The rim is cut off, and white noise is added to each pixel.

use crate::clustering::{LargeScale, StructureModel};
use crate::conversion::exact_halo;
use crate::population::{PlacedHalo, Population};
use crate::render::{Buffers, Painted, Renderer};
use crate::setup::Setup;
use crate::tile::TileContext;
use crate::tiling::Tiling;
use crate::window::Window;
use crate::{Component, Error, Halo, Scene, Split, TileKey, Truth};
use arcmin_fft::good_size;
use arcmin_maps::{Band, BandMap, Geometry, Map, Mask, Observation, Shape};
use arcmin_sky::LinearPower;
use arcmin_units::{HaloMass, Redshift, SkyPosition};
use std::sync::Arc;

/// Least share by which the simulated side exceeds the tile's: the fields are periodic on the simulated square, and so
/// opposite edges of the tile are this far apart.
const PADDING: f64 = 1.1;

/// Which haloes a sky has.
#[derive(Clone, Copy, Debug)]
pub enum Haloes<'a> {
    /// Those drawn from the mass function.
    Drawn,
    /// Those given and no others, each numbered by its place in the list. Any beyond the simulated rim are left out.
    Given(&'a [Halo]),
    /// Those given, and those drawn, whose numbers follow.
    GivenAndDrawn(&'a [Halo]),
}

/// Makes tiles of one simulated survey; all tables and plans are ready, so that a tile costs only its own work.
#[derive(Debug)]
pub struct Simulator {
    setup: Setup,
    power: LinearPower,
    window: Window,
    tiling: Tiling,
    /// What haloes are drawn from; `None` in a sky in which nothing is made of them.
    population: Option<Arc<Population>>,
    /// What density and velocity fields are drawn from; `None` without clustering.
    structure: Option<Arc<StructureModel>>,
    renderer: Renderer,
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
        let population = setup.needs_haloes().then(|| Population::new(&setup, &power)).transpose()?;
        let clustering = setup.optional.clustering.as_ref().filter(|_| population.is_some());
        let structure =
            clustering.map(|config| StructureModel::new(config, &setup.haloes, window, &power)).transpose()?;
        let renderer = Renderer::new(&setup, window)?;
        let (population, structure) = (population.map(Arc::new), structure.map(Arc::new));
        Ok(Self { setup, power, window, tiling, population, structure, renderer })
    }

    /// A simulator of the same survey with some of its components, which shares the tables of haloes and of large-scale
    /// structure; its tiles are the same bits as those of a simulator made from a description with these components.
    ///
    /// # Errors
    /// A component that this survey does not have or that is named twice, `halo_lensing` without `cmb`.
    pub fn keeping(&self, components: &[Component]) -> Result<Self, Error> {
        let setup = self.setup.keeping(components)?;
        let needs_haloes = setup.needs_haloes();
        Ok(Self {
            power: self.power.clone(),
            window: self.window,
            tiling: self.tiling.clone(),
            population: self.population.clone().filter(|_| needs_haloes),
            structure: self.structure.clone().filter(|_| needs_haloes),
            renderer: Renderer::new(&setup, self.window)?,
            setup,
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

    /// Number of tiles of a split that fit on the sky beside those of the other splits.
    pub fn n_tiles_that_fit(&self, split: Split) -> usize {
        n_tiles_that_fit(&self.tiling, split)
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
        let models = (self.setup.concentration, self.setup.haloes.pressure);
        exact_halo(mass, z, position, models, &self.setup.cosmology, &self.power)
    }

    /// Makes one tile; the same arguments give the same bits for any number of threads.
    ///
    /// A sky in which no component is made of haloes has none, whichever are asked for.
    ///
    /// # Errors
    /// A tile that the split does not have, or a given halo that cannot be painted.
    pub fn scene(&self, split: Split, tile: usize, haloes: Haloes) -> Result<Scene, Error> {
        let context = self.tile_context(split, tile, haloes)?;
        let (bands, painted) = self.bands(&self.setup, &self.renderer, &context)?;
        let footprint = Mask::all_valid(context.geometry.clone());
        let truth = Truth {
            tile: tile as u64,
            haloes: self.haloes_on_tile(&context.placed),
            sources: painted.source_truth(&context),
            footprint: footprint.clone(),
        };
        Ok(Scene { observation: Observation::new(bands, footprint)?, truth })
    }

    /// The Compton-y image of the haloes of a tile, without beam, field or noise; pixels `[y, x]` of the tile.
    ///
    /// # Errors
    /// As [`Self::scene`].
    pub fn compton_y(&self, split: Split, tile: usize, haloes: Haloes) -> Result<Vec<f32>, Error> {
        let context = self.tile_context(split, tile, haloes)?;
        let mut buffers = self.renderer.buffers();
        self.renderer.paint_tsz(&context.placed, &mut buffers.image)?;
        Ok(self.renderer.cut_and_add_noise(&buffers.image, 0, context.key, 0.0))
    }

    /// The true haloes that [`Self::scene`] would draw on a tile, without making its maps.
    ///
    /// # Errors
    /// A tile that the split does not have.
    pub fn drawn_haloes(&self, split: Split, tile: usize) -> Result<Vec<Halo>, Error> {
        Ok(self.haloes_on_tile(&self.tile_context(split, tile, Haloes::Drawn)?.placed))
    }

    /// A tile with its haloes, before anything is painted.
    pub(crate) fn tile_context(&self, split: Split, tile: usize, haloes: Haloes) -> Result<TileContext, Error> {
        let geometry = self.geometry(split, tile)?;
        let key = self.key(split, tile);
        let structure = self.structure.as_ref().map(|model| model.draw(key));
        let placed = self.place(key, &geometry, haloes, structure.as_ref())?;
        Ok(TileContext { key, geometry, window: self.window, placed })
    }

    fn key(&self, split: Split, tile: usize) -> TileKey {
        TileKey { seed: self.setup.seed, split, tile: tile as u64 }
    }

    /// Solid angle of a pixel at the tile's centre.
    pub(crate) fn pixel_sr(&self) -> f64 {
        self.window.pixel_rad().powi(2)
    }

    /// True solid angle of the tile and its rim in steradian.
    pub(crate) fn simulated_area_sr(&self) -> f64 {
        self.window.solid_angle_sr()
    }

    /// What turns haloes and fields into images.
    pub(crate) fn renderer(&self) -> &Renderer {
        &self.renderer
    }

    /// The haloes of a tile and its rim, numbered.
    fn place(
        &self,
        key: TileKey,
        geometry: &Geometry,
        haloes: Haloes,
        structure: Option<&LargeScale>,
    ) -> Result<Vec<PlacedHalo>, Error> {
        let Some(population) = &self.population else { return Ok(Vec::new()) };
        let (given, drawn) = match haloes {
            Haloes::Drawn => (&[][..], true),
            Haloes::Given(given) => (given, false),
            Haloes::GivenAndDrawn(given) => (given, true),
        };
        let mut placed = self.place_given(given, geometry)?;
        if drawn {
            let numbers = given.len() as u64..;
            let drawn = population.draw(key, &self.window, geometry, structure).into_iter().zip(numbers);
            placed
                .extend(drawn.map(|(PlacedHalo { halo, pixel }, id)| PlacedHalo { halo: Halo { id, ..halo }, pixel }));
        }
        Ok(placed)
    }

    /// Those of the given haloes that lie on the tile or its rim, each with its place in the list as its number.
    fn place_given(&self, given: &[Halo], geometry: &Geometry) -> Result<Vec<PlacedHalo>, Error> {
        let mut placed = Vec::with_capacity(given.len());
        for (halo, id) in given.iter().zip(0..) {
            let theta500_arcmin = halo.theta500.to_arcmin().value();
            if !(halo.y0.is_finite() && theta500_arcmin.is_finite() && theta500_arcmin > 0.0) {
                return Err(Error::BadHalo { id, y0: halo.y0, theta500_arcmin });
            }
            let pixel = geometry.sky_to_pix(halo.position).filter(|&pixel| self.window.is_simulated(pixel));
            placed.extend(pixel.map(|pixel| PlacedHalo { halo: Halo { id, ..*halo }, pixel }));
        }
        Ok(placed)
    }

    fn haloes_on_tile(&self, placed: &[PlacedHalo]) -> Vec<Halo> {
        let on_tile = placed.iter().filter(|placed| self.window.is_on_tile(placed.pixel));
        let mut haloes: Vec<Halo> = on_tile.map(|placed| placed.halo).collect();
        haloes.sort_by(|a, b| b.mvir.value().total_cmp(&a.mvir.value()).then(a.id.cmp(&b.id)));
        haloes
    }

    /// The bands of a tile as a renderer of some of the components makes them, and what was painted.
    pub(crate) fn bands(
        &self,
        setup: &Setup,
        renderer: &Renderer,
        tile: &TileContext,
    ) -> Result<(Vec<Band>, Painted), Error> {
        let mut buffers = renderer.buffers();
        let painted = renderer.paint(tile, &mut buffers)?;
        let band = |band_idx| band(setup, renderer, band_idx, tile, &painted, &mut buffers);
        let bands = (0..setup.bands.len()).map(band).collect::<Result<_, _>>()?;
        Ok((bands, painted))
    }
}

fn band(
    setup: &Setup,
    renderer: &Renderer,
    band_idx: usize,
    tile: &TileContext,
    painted: &Painted,
    buffers: &mut Buffers,
) -> Result<Band, Error> {
    let band = &setup.bands[band_idx];
    renderer.render_sky(band_idx, tile, painted, buffers);
    let noise_uk_arcmin = if setup.has(Component::Noise) { band.noise_uk_arcmin } else { 0.0 };
    let noise_uk = (noise_uk_arcmin / setup.tiles.pixel.value()) as f32;
    let pixels = renderer.cut_and_add_noise(&buffers.image, band_idx, tile.key, noise_uk);
    let map = BandMap::Temperature { nu: band.nu, map: Map::new(tile.geometry.clone(), pixels)? };
    Ok(Band { name: band.name.clone(), beam: band.beam.clone(), noise_arcmin: Some(noise_uk_arcmin), map })
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

fn n_tiles_that_fit(tiling: &Tiling, split: Split) -> usize {
    tiling.len().saturating_sub(split.code() as usize).div_ceil(Split::ALL.len())
}

fn check_tile_counts(setup: &Setup, tiling: &Tiling) -> Result<(), Error> {
    for split in Split::ALL {
        let asked = setup.n_tiles(split);
        let fit = n_tiles_that_fit(tiling, split);
        if asked > fit {
            return Err(Error::TooManyTiles { split, asked, fit });
        }
    }
    Ok(())
}

//! The search of HEALPix maps: tile by tile, joined to one catalogue.

use super::args::Args;
use super::join::{Found, is_claimed, join};
use super::{counted, inputs, settings};
use crate::cutouts::interpolation;
use crate::input;
use crate::record::{self, Inputs};
use crate::terminal::say;
use anyhow::{Context, Result, bail, ensure};
use arcmin_eval::{Score, create_dir};
use arcmin_find_mmf::MatchedFilter;
use arcmin_job::{Clock, Interrupt, Progress};
use arcmin_maps::healpix::HealpixObservation;
use arcmin_maps::{Catalogue, Geometry, Mask, Observation, PixelPosition, Shape, SkyTiling, reproject_healpix};
use arcmin_method::Detections;
use arcmin_units::{Arcmin, Frame, SkyPosition};
use std::collections::BTreeMap;

const DEFAULT_TILE_DEG: f64 = 10.0;
/// Beyond the filter's own border, so that what lies on the edge of a cell is searched by both neighbours.
const MARGIN_ARCMIN: f64 = 3.0;
/// Tiles are listed in this file.
const TILES: &str = "tiles.fits";
const NAMES: [&str; 5] = ["catalogue.fits", "catalogue.csv", "catalogue.reg", TILES, "record.json"];

/// Searches all tiles in which the maps hold something, and writes catalogue, list of tiles and record.
pub(super) fn run(args: &Args, maps: &HealpixObservation, mut inputs: Inputs, mut clock: Clock) -> Result<()> {
    ensure!(
        args.mark.is_empty() && args.halves.is_empty(),
        "--mark and --half need flat maps: bring the region to a flat map first with `arcmin reproject`"
    );
    let config = settings::settings(args, &mut inputs)?;
    let border = Arcmin::new(config.border_arcmin + MARGIN_ARCMIN);
    let filter = MatchedFilter::new(&config)?;
    let tiles = Tiles::new(args, maps, border, &mut inputs)?;
    create_dir(&args.out)?;
    let searched = clock.time("search", || search(args, maps, &filter, &tiles))?;
    ensure!(
        !searched.reports.is_empty(),
        "no tile holds pixels that can be searched: check {} and the mask",
        input::names(&args.input.maps)
    );
    let area_deg2: f64 = searched.reports.iter().map(|report| report.area_deg2).sum();
    let mut scores = BTreeMap::new();
    scores.insert("searched_deg2".to_owned(), Score::new(Some(area_deg2), None, searched.reports.len() as u64));
    if args.negated {
        scores.insert("false.negated".to_owned(), counted(searched.negated));
    }
    let n = clock.time("write", || write(args, &tiles, searched))?;
    scores.insert("detections".to_owned(), counted(n));
    record::found(&args.out, inputs, clock.into_seconds(), scores)?;
    say(&format!("{n} candidates in {area_deg2:.2} deg2 searched"));
    NAMES.iter().for_each(|name| say(&args.out.join(name).display().to_string()));
    Ok(())
}

/// The tiles of a search, and to which of them each direction belongs.
struct Tiles {
    frame: Frame,
    kind: Kind,
}

enum Kind {
    /// Tiles that cover the sphere.
    Cover(SkyTiling),
    /// Tiles around given centres; a direction belongs to the nearest.
    Around { centres: Vec<SkyPosition>, shape: Shape, pixel: Arcmin },
}

impl Tiles {
    fn new(args: &Args, maps: &HealpixObservation, border: Arcmin, inputs: &mut Inputs) -> Result<Self> {
        let frame = maps.bands()[0].map.frame();
        let pixel = args.tile_pixel_arcmin.map_or_else(|| maps.nside().resolution(), Arcmin::new);
        let width = Arcmin::new(60.0 * args.tile_deg.unwrap_or(DEFAULT_TILE_DEG));
        let cover = SkyTiling::new(width, border, pixel, frame)
            .context("--tile-deg, --tile-pixel-arcmin and the filter's border_arcmin do not go together")?;
        let Some(path) = &args.tile_centres else { return Ok(Self { frame, kind: Kind::Cover(cover) }) };
        let centres = Catalogue::read(path)?;
        inputs.note(path)?;
        ensure!(!centres.is_empty(), "{} has no rows: there is no tile to search", path.display());
        let kind = Kind::Around { centres: centres.positions_in(frame), shape: cover.geometry(0).shape(), pixel };
        Ok(Self { frame, kind })
    }

    fn len(&self) -> usize {
        match &self.kind {
            Kind::Cover(tiling) => tiling.len(),
            Kind::Around { centres, .. } => centres.len(),
        }
    }

    fn centre(&self, tile: usize) -> SkyPosition {
        match &self.kind {
            Kind::Cover(tiling) => tiling.centre(tile),
            Kind::Around { centres, .. } => centres[tile],
        }
    }

    fn geometry(&self, tile: usize) -> Result<Geometry> {
        match &self.kind {
            Kind::Cover(tiling) => Ok(tiling.geometry(tile)),
            Kind::Around { centres, shape, pixel } => {
                Ok(Geometry::tile(centres[tile], *shape, *pixel)?.in_frame(self.frame))
            }
        }
    }

    fn owner(&self, position: SkyPosition) -> usize {
        match &self.kind {
            Kind::Cover(tiling) => tiling.owner(position),
            Kind::Around { centres, .. } => {
                let distance = |tile: &usize| centres[*tile].separation(position).value();
                (0..centres.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("one centre at least")
            }
        }
    }
}

/// What the search of all tiles yields.
#[derive(Default)]
struct Searched {
    found: Vec<Found>,
    negated: usize,
    reports: Vec<Report>,
}

/// One line of the list of tiles.
struct Report {
    tile: usize,
    area_deg2: f64,
    n_found: usize,
}

fn search(args: &Args, maps: &HealpixObservation, filter: &MatchedFilter, tiles: &Tiles) -> Result<Searched> {
    let how = interpolation(&args.interpolation)?;
    let interrupt = Interrupt::install()?;
    let progress = Progress::new("tiles", tiles.len() as u64);
    let mut all = Searched::default();
    for tile in 0..tiles.len() {
        if interrupt.requested() {
            bail!("interrupted with {} of {} tiles left: nothing was written", tiles.len() - tile, tiles.len());
        }
        let observation = reproject_healpix(maps, &tiles.geometry(tile)?, how)?;
        if observation.mask().n_valid() > 0 {
            let named = || {
                let centre = tiles.centre(tile);
                format!("searching the tile at ({:.3}, {:.3}) deg, {}", centre.lon_deg(), centre.lat_deg(), tiles.frame)
            };
            one(args, filter, tiles, (tile, &observation), &mut all).with_context(named)?;
        }
        progress.advance(1);
    }
    progress.finish();
    Ok(all)
}

/// Searches one tile and keeps what belongs to it.
fn one(
    args: &Args,
    filter: &MatchedFilter,
    tiles: &Tiles,
    (tile, observation): (usize, &Observation),
    all: &mut Searched,
) -> Result<()> {
    let detections = filter.search(observation)?.detections;
    let area_deg2 = owned(&detections.searched, tiles, tile).area_deg2();
    if area_deg2 == 0.0 {
        return Ok(());
    }
    let claimed = |position: SkyPosition| is_claimed(tile, position, |p| tiles.owner(p));
    let before = all.found.len();
    for mut candidate in detections.candidates.into_iter().filter(|candidate| claimed(candidate.position)) {
        candidate.tile_name = format!("{tile}");
        all.found.push(Found { tile, candidate });
    }
    if args.negated {
        let negated = filter.search(&inputs::negated(observation)?).context("searching the negated maps")?;
        let ours = |position: SkyPosition| tiles.owner(position) == tile;
        all.negated += negated.detections.candidates.iter().filter(|candidate| ours(candidate.position)).count();
    }
    all.reports.push(Report { tile, area_deg2, n_found: all.found.len() - before });
    Ok(())
}

/// The searched pixels that no other tile counts.
fn owned(searched: &Mask, tiles: &Tiles, tile: usize) -> Mask {
    let mut mask = searched.clone();
    let geometry = searched.geometry().clone();
    let nx = geometry.shape().nx;
    for (i, valid) in mask.valid_mut().iter_mut().enumerate().filter(|(_, valid)| **valid) {
        let p = PixelPosition { x: (i % nx) as f64, y: (i / nx) as f64 };
        *valid = geometry.pix_to_sky(p).is_some_and(|position| tiles.owner(position) == tile);
    }
    mask
}

/// Writes the joined catalogue and the list of tiles, and tells how many candidates there are.
fn write(args: &Args, tiles: &Tiles, searched: Searched) -> Result<usize> {
    let candidates = join(searched.found);
    let n = candidates.len();
    // Only the frame of the mask counts here; what was searched stands in the list of tiles.
    let frame = Mask::all_valid(tiles.geometry(0)?.window(0, 0, Shape { ny: 1, nx: 1 }));
    let catalogue = Detections { candidates, searched: frame }.to_catalogue()?;
    for name in ["catalogue.csv", "catalogue.reg", "catalogue.fits"] {
        catalogue.write(&args.out.join(name))?;
    }
    let centres: Vec<SkyPosition> = searched.reports.iter().map(|report| tiles.centre(report.tile)).collect();
    Catalogue::new(&centres, tiles.frame)
        .with_i64("tile", searched.reports.iter().map(|report| report.tile as i64).collect())?
        .with_f64("searchedDeg2", searched.reports.iter().map(|report| report.area_deg2).collect())?
        .with_i64("candidates", searched.reports.iter().map(|report| report.n_found as i64).collect())?
        .write(&args.out.join(TILES))?;
    Ok(n)
}

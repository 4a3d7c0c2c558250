//! The search of HEALPix maps: tile by tile, joined to one catalogue and one map of the scores.

mod map;
mod picture;
mod tiles;

use super::args::Args;
use super::checks::{Sigmas, check_halves, search_clean};
use super::follow::Stop;
use super::join::{Found, is_claimed, join};
use super::marks::{Known, Matched};
use super::method::{Answer, Method};
use super::outputs::Marked;
use super::{counted, inputs, marks, outputs, summarise};
use crate::cutouts::interpolation;
use crate::input;
use crate::record::{self, Inputs};
use crate::terminal::say;
use anyhow::{Context, Result, bail, ensure};
use arcmin_eval::map_image::MapImage;
use arcmin_eval::{Score, create_dir};
use arcmin_find_mmf::{Keep, PointSource};
use arcmin_job::{Clock, Interrupt, Progress};
use arcmin_maps::healpix::{HealpixBand, HealpixObservation};
use arcmin_maps::{Catalogue, Interpolation, Mask, Observation, Outside, Shape, convert_frame, reproject_healpix};
use arcmin_method::{Candidate, Detections, Watch};
use arcmin_units::SkyPosition;
use map::SphereMap;
use picture::Seen;
use std::collections::BTreeMap;
use tiles::{Tiles, owned};

/// HEALPix pixels and those of a training that differ by more than this share are of another kind.
const PIXEL_TOLERANCE: f64 = 0.2;
/// Tiles are listed in this file.
const TILES: &str = "tiles.fits";

/// Searches all tiles in which the maps hold something; writes catalogue, map of the scores, picture, list of tiles and record.
pub(super) fn run(
    args: &Args,
    method: &dyn Method,
    maps: &HealpixObservation,
    mut inputs: Inputs,
    mut clock: Clock,
) -> Result<()> {
    ensure!(
        !args.write_scales,
        "--write-scales needs flat maps: bring the region to a flat map first with `arcmin reproject`"
    );
    let tiles = Tiles::new(args, maps, method.tiling(), &mut inputs)?;
    let how = interpolation(&args.interpolation)?;
    check(args, method, maps, &tiles, how)?;
    let known = marks::read(args, tiles.frame, &mut inputs)?;
    let halves = clock.time("read", || Halves::read(args, maps, &mut inputs))?;
    let search = SphereSearch { args, method, maps, halves, tiles, known, how };
    create_dir(&args.out)?;
    let searched = clock.time("search", || search.run())?;
    ensure!(
        !searched.reports.is_empty(),
        "no tile holds pixels that can be searched: check {} and the mask",
        input::names(&args.input.maps)
    );
    let area_deg2: f64 = searched.reports.iter().map(|report| report.area_deg2).sum();
    let mut scores = search.scores(&searched);
    scores.insert("searched_deg2".to_owned(), Score::new(Some(area_deg2), None, searched.reports.len() as u64));
    let (matched, n_sources) = (searched.matched.clone(), searched.sources.len());
    let (n, names) = clock.time("write", || search.write(searched))?;
    scores.insert("detections".to_owned(), counted(n));
    record::counted("find", &args.out, inputs, clock.into_seconds(), scores)?;
    say(&format!("{n} candidates in {area_deg2:.2} deg2 searched"));
    summarise(args, &matched, method.seeks_sources().then_some(n_sources), &names);
    Ok(())
}

/// Refuses maps that the method cannot search before the first tile is made.
fn check(args: &Args, method: &dyn Method, maps: &HealpixObservation, tiles: &Tiles, how: Interpolation) -> Result<()> {
    let named = || format!("searching {}", input::names(&args.input.maps));
    if let Some(pixel) = method.tiling().pixel {
        let ours = maps.nside().resolution();
        ensure!(
            (ours.value() / pixel.value() - 1.0).abs() <= PIXEL_TOLERANCE,
            "{}: HEALPix pixels of {:.4}' (nside {}), the network was trained on {}': on pixels of another size noise is another, train \
             one for these",
            named(),
            ours.value(),
            maps.nside().value(),
            pixel.value()
        );
    }
    let corner = tiles.geometry(0)?.window(0, 0, Shape { ny: 1, nx: 1 });
    method.check(&reproject_healpix(maps, &corner, how)?).with_context(named)
}

/// Two maps of half the survey for each band.
struct Halves {
    first: HealpixObservation,
    second: HealpixObservation,
}

impl Halves {
    /// Reads them; `None` when there is none.
    fn read(args: &Args, maps: &HealpixObservation, inputs: &mut Inputs) -> Result<Option<Self>> {
        if args.halves.is_empty() {
            return Ok(None);
        }
        check_halves(args)?;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (idx, (band, pair)) in maps.bands().iter().zip(args.halves.chunks(2)).enumerate() {
            for (path, bands) in pair.iter().zip([&mut first, &mut second]) {
                let half = input::read_healpix_band(&args.input, idx, path, inputs)?;
                let (got, expected) = (&half.map, &band.map);
                ensure!(
                    got.unit_name() == expected.unit_name()
                        && got.nside() == expected.nside()
                        && got.frame() == expected.frame(),
                    "{} has another unit, nside or frame than the map of band {} ({}, {}, {}; {}, {}, {})",
                    path.display(),
                    band.name,
                    got.unit_name(),
                    got.nside(),
                    got.frame(),
                    expected.unit_name(),
                    expected.nside(),
                    expected.frame()
                );
                bands.push(arcmin_maps::healpix::HealpixBand { name: band.name.clone(), ..half });
            }
        }
        Ok(Some(Self { first: HealpixObservation::new(first)?, second: HealpixObservation::new(second)? }))
    }
}

/// What all tiles share.
struct SphereSearch<'a> {
    args: &'a Args,
    method: &'a dyn Method,
    maps: &'a HealpixObservation,
    halves: Option<Halves>,
    tiles: Tiles,
    known: Vec<Known>,
    how: Interpolation,
}

/// What the search of all tiles yields.
struct Searched {
    found: Vec<Found>,
    sources: Vec<PointSource>,
    matched: Matched,
    negated: usize,
    half_difference: usize,
    sigmas: Sigmas,
    /// The scores where they make a map, once there are some.
    map: Option<SphereMap>,
    reports: Vec<Report>,
}

/// One line of the list of tiles.
struct Report {
    tile: usize,
    area_deg2: f64,
    n_found: usize,
}

impl SphereSearch<'_> {
    fn run(&self) -> Result<Searched> {
        let tiles = &self.tiles;
        let interrupt = Interrupt::install()?;
        let progress = Progress::new("tiles", tiles.len() as u64);
        tracing::info!("{} tiles to search: an interruption ends the search", tiles.len());
        let mut all = Searched {
            found: Vec::new(),
            sources: Vec::new(),
            matched: Matched::default(),
            negated: 0,
            half_difference: 0,
            sigmas: Sigmas::default(),
            map: None,
            reports: Vec::new(),
        };
        for tile in 0..tiles.len() {
            if interrupt.requested() {
                let left = tiles.len() - tile;
                bail!(
                    "interrupted with {left} of {} tiles left: nothing was written, run the command again",
                    tiles.len()
                );
            }
            let observation = reproject_healpix(self.maps, &tiles.geometry(tile)?, self.how)?;
            if observation.mask().n_valid() > 0 {
                let named = || {
                    let centre = tiles.centre(tile);
                    let (lon, lat) = (centre.lon_deg(), centre.lat_deg());
                    format!("searching the tile at ({lon:.3}, {lat:.3}) deg, {}", tiles.frame)
                };
                self.one(tile, &observation, &Stop(&interrupt), &mut all).with_context(named)?;
            }
            progress.advance(1);
        }
        progress.finish();
        Ok(all)
    }

    /// Searches one tile and keeps what belongs to it.
    fn one(&self, tile: usize, observation: &Observation, watch: &dyn Watch, all: &mut Searched) -> Result<()> {
        let (tiles, method) = (&self.tiles, self.method);
        let treated = method.treat(observation)?;
        let answer = method.search(&treated, Keep::Best, watch)?;
        let searched = &answer.detections.searched;
        let area_deg2 = owned(searched, tiles, tile).area_deg2();
        if area_deg2 == 0.0 {
            return Ok(());
        }
        let (ours, reach) = (|position: SkyPosition| tiles.owner(position) == tile, method.reach());
        if let Some(of_tile) = &answer.map {
            let map = match &mut all.map {
                Some(map) => map,
                None => all.map.insert(SphereMap::new(of_tile.scores(), self.maps.nside())?),
            };
            map.put(of_tile, tiles, tile);
        }
        let known = self.known.iter().filter(|known| ours(known.position));
        let (sky, beyond) = (&treated.observation, Outside::Ignored);
        all.matched.add(marks::matched(known, &answer.detections, sky, beyond, reach.known));
        self.false_detections(tile, &treated.observation, &answer, watch, all)?;
        let claimed = |position: SkyPosition| is_claimed(tile, position, reach.claimed, |p| tiles.owner(p));
        let before = all.found.len();
        for mut candidate in answer.detections.candidates.into_iter().filter(|candidate| claimed(candidate.position)) {
            candidate.tile_name = format!("{tile}");
            let blur = method.blur(&candidate);
            all.found.push(Found { tile, candidate, blur });
        }
        all.sources.extend(treated.sources.into_iter().filter(|source| ours(source.position)));
        all.reports.push(Report { tile, area_deg2, n_found: all.found.len() - before });
        Ok(())
    }

    /// Counts what is found in a tile's negated maps and half differences, where that is asked for.
    fn false_detections(
        &self,
        tile: usize,
        observation: &Observation,
        answer: &Answer,
        watch: &dyn Watch,
        all: &mut Searched,
    ) -> Result<()> {
        let ours = |candidate: &&Candidate| self.tiles.owner(candidate.position) == tile;
        if self.args.negated {
            let negated = inputs::negated(observation)?;
            let negated = search_clean(self.method, negated, watch).context("searching the negated maps")?;
            all.negated += negated.detections.candidates.iter().filter(ours).count();
        }
        if let Some(halves) = &self.halves {
            let half = |maps| reproject_healpix(maps, observation.geometry(), self.how);
            let (first, second) = (half(&halves.first)?, half(&halves.second)?);
            let difference = inputs::half_difference_of(observation, &first, &second)?;
            let noise = search_clean(self.method, difference, watch).context("searching the half difference")?;
            all.half_difference += noise.detections.candidates.iter().filter(ours).count();
            all.sigmas.add(answer, &noise);
        }
        Ok(())
    }

    fn scores(&self, searched: &Searched) -> BTreeMap<String, Score> {
        let mut scores = searched.matched.scores();
        if self.args.negated {
            scores.insert("false.negated".to_owned(), counted(searched.negated));
        }
        if self.halves.is_some() {
            scores.insert("false.half_difference".to_owned(), counted(searched.half_difference));
            scores.extend(searched.sigmas.score());
        }
        if self.method.seeks_sources() {
            scores.insert("sources".to_owned(), counted(searched.sources.len()));
        }
        scores
    }

    /// Writes the joined catalogue, map of the scores, picture and list of tiles; tells how many candidates and which files there are.
    fn write(&self, searched: Searched) -> Result<(usize, Vec<String>)> {
        let (out, tiles) = (&self.args.out, &self.tiles);
        let candidates = join(searched.found);
        let n = candidates.len();
        // Only the frame of the mask counts here; what was searched stands in the map of the scores and in the list of tiles.
        let frame = Mask::all_valid(tiles.geometry(0)?.window(0, 0, Shape { ny: 1, nx: 1 }));
        let detections = Detections { candidates, searched: frame };
        let marked = Marked {
            detections: &detections,
            kind: self.method.score_kind(),
            known: &self.known,
            sources: self.method.seeks_sources().then_some(&searched.sources[..]),
        };
        let mut names = outputs::catalogues(out, &marked)?;
        let centres: Vec<SkyPosition> = searched.reports.iter().map(|report| tiles.centre(report.tile)).collect();
        let tile_radius = tiles.radius(searched.reports[0].tile)?;
        let seen = Seen { frame: tiles.frame, centres: &centres, tile_radius };
        self.picture(&seen, searched.map.as_ref(), &marked)?.write(&out.join(outputs::PICTURE))?;
        if let Some(map) = searched.map {
            names.push(map.scores().file().to_owned());
            map.write(out, tiles.frame)?;
        }
        Catalogue::new(&centres, tiles.frame)
            .with_i64("tile", searched.reports.iter().map(|report| report.tile as i64).collect())?
            .with_f64("searchedDeg2", searched.reports.iter().map(|report| report.area_deg2).collect())?
            .with_i64("candidates", searched.reports.iter().map(|report| report.n_found as i64).collect())?
            .write(&out.join(TILES))?;
        names.extend([outputs::PICTURE, TILES, "record.json"].map(str::to_owned));
        Ok((n, names))
    }

    /// The scores or, of methods that have no map of them, the map with the least noise.
    fn picture(&self, seen: &Seen<'_>, map: Option<&SphereMap>, marked: &Marked<'_>) -> Result<MapImage> {
        if let Some(map) = map {
            return picture::picture(seen, |at| map.nearest(at), &map.scores().style(), marked);
        }
        let bands: Vec<&HealpixBand> = self.maps.bands().iter().collect();
        let shown = outputs::quietest(&bands, |band| band.noise_arcmin);
        // Bands may be in frames of their own.
        let value = |at| shown.map.nearest(convert_frame(at, seen.frame, shown.map.frame()));
        picture::picture(seen, value, &outputs::temperature_style(&shown.name), marked)
    }
}

//! Maps without clusters, made from those that are searched.

use super::args::Args;
use crate::input::{self, read_one, read_options};
use crate::record::Inputs;
use anyhow::{Context, Result, bail, ensure};
use arcmin_maps::file::UnitMap;
use arcmin_maps::{Band, BandMap, Geometry, Map, Observation};
use arcmin_units::PixelUnit;

/// The same observation with every map negated: clusters become holes, and what is still found is noise or sources.
pub(super) fn negated(observation: &Observation) -> Result<Observation> {
    let negate = |band: &Band| Band { map: scaled(&band.map, -1.0), ..band.clone() };
    Ok(Observation::new(observation.bands().iter().map(negate).collect(), observation.mask().clone())?)
}

fn scaled(map: &BandMap, factor: f32) -> BandMap {
    match map {
        BandMap::Temperature { nu, map } => BandMap::Temperature { nu: *nu, map: map.clone().scaled(factor) },
        BandMap::ComptonY(map) => BandMap::ComptonY(map.clone().scaled(factor)),
    }
}

/// Half the difference of two half-survey maps a band, over the mask of the observation: noise without sky.
pub(super) fn half_difference(args: &Args, observation: &Observation, inputs: &mut Inputs) -> Result<Observation> {
    let mut bands = Vec::new();
    for (idx, (band, pair)) in observation.bands().iter().zip(args.halves.chunks(2)).enumerate() {
        let options = read_options(&args.input, idx)?;
        let first = read_one(&pair[0], &options, inputs)?.map;
        let second = read_one(&pair[1], &options, inputs)?.map;
        let map = half(band, first, second, observation.geometry()).with_context(|| input::names(pair))?;
        bands.push(Band { map, ..band.clone() });
    }
    Ok(Observation::new(bands, observation.mask().clone())?)
}

/// The same of observations whose bands are the halves; what either lacks is masked.
pub(super) fn half_difference_of(maps: &Observation, first: &Observation, second: &Observation) -> Result<Observation> {
    let mut bands = Vec::new();
    for (band, (a, b)) in maps.bands().iter().zip(first.bands().iter().zip(second.bands())) {
        let map = match (&band.map, &a.map, &b.map) {
            (BandMap::ComptonY(_), BandMap::ComptonY(a), BandMap::ComptonY(b)) => {
                BandMap::ComptonY(half_of(a, b, maps.geometry())?)
            }
            (
                BandMap::Temperature { nu, .. },
                BandMap::Temperature { map: a, .. },
                BandMap::Temperature { map: b, .. },
            ) => BandMap::Temperature { nu: *nu, map: half_of(a, b, maps.geometry())? },
            _ => bail!(OTHER_UNIT),
        };
        bands.push(Band { map, ..band.clone() });
    }
    Ok(Observation::new(bands, maps.mask().and(first.mask())?.and(second.mask())?)?)
}

const OTHER_UNIT: &str = "the halves have another unit than the map itself";

fn half(band: &Band, first: UnitMap, second: UnitMap, geometry: &Geometry) -> Result<BandMap> {
    match (&band.map, first, second) {
        (BandMap::ComptonY(_), UnitMap::ComptonY(a), UnitMap::ComptonY(b)) => {
            Ok(BandMap::ComptonY(half_of(&a, &b, geometry)?))
        }
        (BandMap::Temperature { nu, .. }, UnitMap::Temperature(a), UnitMap::Temperature(b)) => {
            Ok(BandMap::Temperature { nu: *nu, map: half_of(&a, &b, geometry)? })
        }
        _ => bail!(OTHER_UNIT),
    }
}

fn half_of<U: PixelUnit>(a: &Map<U>, b: &Map<U>, geometry: &Geometry) -> Result<Map<U>> {
    ensure!(a.geometry().same_grid(geometry), "the halves lie on another geometry than the map itself");
    Ok(a.minus(b)?.scaled(0.5))
}

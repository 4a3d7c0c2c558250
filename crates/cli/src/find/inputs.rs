//! From files and options to an observation.

use super::args::Args;
use crate::record::Inputs;
use anyhow::{Context, Result, anyhow, bail, ensure};
use arcmin_maps::file::{FileUnit, HduChoice, MapFile, ReadOptions, UnitMap, read_map, read_mask};
use arcmin_maps::{Band, BandMap, Beam, BeamTable, Geometry, Map, Mask, Observation};
use arcmin_units::{Arcmin, Frame, Ghz, PixelUnit};
use std::path::{Path, PathBuf};

/// Reads all maps and the mask, and joins them with what the options say.
pub(super) fn read(args: &Args, inputs: &mut Inputs) -> Result<Observation> {
    let mut bands: Vec<Band> = Vec::new();
    let mut mask: Option<Mask> = None;
    for (idx, path) in args.maps.iter().enumerate() {
        let file = read_one(path, &read_options(args, idx)?, inputs)?;
        let of_file = mask_of_file(args, &file).with_context(|| path.display().to_string())?;
        let band = band(idx, path, file)?;
        check_with_first(bands.first(), &band, path, &args.maps[0])?;
        mask = Some(match mask {
            None => of_file,
            Some(mask) => mask.and(&of_file)?,
        });
        bands.push(band);
    }
    let mask = mask.expect("the parser asks for one map at least");
    let mask = with_mask_file(args, mask, inputs)?;
    for (band, path) in bands.iter().zip(&args.maps) {
        check_content(band, &mask, path)?;
    }
    name_apart(&mut bands);
    Ok(Observation::new(bands, mask)?)
}

/// The names of files in one phrase.
pub(super) fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// What the options say of one of the maps, over its header.
fn read_options(args: &Args, idx: usize) -> Result<ReadOptions> {
    let unit = |name: &String| {
        FileUnit::from_name(name).ok_or_else(|| anyhow!("--unit {name} is not known: use compton-y, uK, mK or K"))
    };
    let frame = |name: &String| match name.as_str() {
        "equatorial" => Ok(Frame::Equatorial),
        "galactic" => Ok(Frame::Galactic),
        _ => Err(anyhow!("--frame {name} is not known: use equatorial or galactic")),
    };
    let n = args.maps.len();
    Ok(ReadOptions {
        hdu: args.hdu.map(HduChoice::Index),
        unit: args.unit.as_ref().map(unit).transpose()?,
        frame: args.frame.as_ref().map(frame).transpose()?,
        nu: of_map(&args.freq_ghz, idx, n, "--freq-ghz")?.copied().map(Ghz::new),
        beam: beam(args, idx)?,
        noise_arcmin: noise_level(args, idx)?,
    })
}

fn beam(args: &Args, idx: usize) -> Result<Option<Beam>> {
    let n = args.maps.len();
    if let Some(table) = of_map(&args.beam_table, idx, n, "--beam-table")? {
        return Ok(Some(Beam::Tabulated(BeamTable::read(table)?)));
    }
    let fwhm = of_map(&args.beam_arcmin, idx, n, "--beam-arcmin")?;
    Ok(fwhm.map(|fwhm| Beam::gaussian(Arcmin::new(*fwhm))).transpose()?)
}

fn noise_level(args: &Args, idx: usize) -> Result<Option<f64>> {
    let Some(&level) = of_map(&args.noise_arcmin, idx, args.maps.len(), "--noise-arcmin")? else { return Ok(None) };
    let path = args.maps[idx].display();
    ensure!(level.is_finite() && level >= 0.0, "{path}: a noise level of {level} is not a number of 0 or more");
    Ok(Some(level))
}

fn read_one(path: &Path, options: &ReadOptions, inputs: &mut Inputs) -> Result<MapFile> {
    let file = read_map(path, options)?;
    inputs.note(path)?;
    Ok(file)
}

/// What the options leave valid in one file: with `zeros` its zeros are missing, and its gaps as well.
fn mask_of_file(args: &Args, file: &MapFile) -> Result<Mask> {
    let zeros = match &file.map {
        UnitMap::Temperature(map) => Mask::from_zeros(map),
        UnitMap::ComptonY(map) => Mask::from_zeros(map),
    };
    match args.mask.as_deref() {
        Some("zeros") => Ok(zeros.and(&file.finite)?),
        Some(_) => Ok(file.finite.clone()),
        None => {
            let missing = file.finite.valid().len() - file.finite.n_valid();
            ensure!(missing == 0, "{missing} pixels are NaN or infinite: say `--mask nan` to leave them out");
            Ok(file.finite.clone())
        }
    }
}

fn with_mask_file(args: &Args, mask: Mask, inputs: &mut Inputs) -> Result<Mask> {
    match args.mask.as_deref() {
        None | Some("zeros" | "nan") => Ok(mask),
        Some(path) => {
            let path = Path::new(path);
            let other = read_mask(path, None, mask.geometry())?;
            inputs.note(path)?;
            Ok(mask.and(&other)?)
        }
    }
}

/// Makes a band of a file, named after it unless its header has a name.
fn band(idx: usize, path: &Path, file: MapFile) -> Result<Band> {
    if matches!(file.map, UnitMap::Temperature(_)) && file.nu.is_none() {
        bail!("{}: a temperature map needs its frequency: give --freq-ghz", path.display());
    }
    let stem = path.file_stem().map_or_else(|| idx.to_string(), |stem| stem.to_string_lossy().into_owned());
    Ok(file.into_band(&stem)?)
}

/// The value of an option for one map: given once it holds for all, else there is one for each.
fn of_map<'a, T>(values: &'a [T], idx: usize, n_maps: usize, option: &str) -> Result<Option<&'a T>> {
    match values.len() {
        0 => Ok(None),
        1 => Ok(values.first()),
        n if n == n_maps => Ok(values.get(idx)),
        n => bail!("{option} is given {n} times for {n_maps} maps: give it once, or once for each"),
    }
}

/// Refuses a map on another geometry than the first, naming both files.
fn check_with_first(first: Option<&Band>, band: &Band, path: &Path, first_path: &Path) -> Result<()> {
    let Some(first) = first else { return Ok(()) };
    let (expected, got) = (first.map.geometry(), band.map.geometry());
    ensure!(
        expected.same_grid(got),
        "{} lies on another geometry than {} ({got}; {expected}): bring all maps to one grid first",
        path.display(),
        first_path.display()
    );
    Ok(())
}

/// Refuses a map whose valid pixels all have the same value.
fn check_content(band: &Band, mask: &Mask, path: &Path) -> Result<()> {
    let mut valid = band.map.pixels().iter().zip(mask.valid()).filter(|(_, valid)| **valid).map(|(pixel, _)| *pixel);
    let Some(first) = valid.next() else { return Ok(()) };
    let varies = valid.any(|pixel| pixel != first);
    ensure!(varies, "{}: every pixel that counts is {first}: is this the right HDU or mask?", path.display());
    Ok(())
}

/// Bands of one name get their number behind it.
fn name_apart(bands: &mut [Band]) {
    for idx in 1..bands.len() {
        if bands[..idx].iter().any(|other| other.name == bands[idx].name) {
            bands[idx].name = format!("{}-{}", bands[idx].name, idx + 1);
        }
    }
}

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
        let options = read_options(args, idx)?;
        let first = read_one(&pair[0], &options, inputs)?.map;
        let second = read_one(&pair[1], &options, inputs)?.map;
        let map = half(band, first, second, observation.geometry()).with_context(|| names(pair))?;
        bands.push(Band { map, ..band.clone() });
    }
    Ok(Observation::new(bands, observation.mask().clone())?)
}

fn half(band: &Band, first: UnitMap, second: UnitMap, geometry: &Geometry) -> Result<BandMap> {
    match (&band.map, first, second) {
        (BandMap::ComptonY(_), UnitMap::ComptonY(a), UnitMap::ComptonY(b)) => {
            Ok(BandMap::ComptonY(half_of(&a, &b, geometry)?))
        }
        (BandMap::Temperature { nu, .. }, UnitMap::Temperature(a), UnitMap::Temperature(b)) => {
            Ok(BandMap::Temperature { nu: *nu, map: half_of(&a, &b, geometry)? })
        }
        _ => bail!("the halves have another unit than the map itself"),
    }
}

fn half_of<U: PixelUnit>(a: &Map<U>, b: &Map<U>, geometry: &Geometry) -> Result<Map<U>> {
    ensure!(a.geometry().same_grid(geometry), "the halves lie on another geometry than the map itself");
    Ok(a.minus(b)?.scaled(0.5))
}

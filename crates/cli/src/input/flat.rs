//! Flat maps from files and options to an observation.

use super::{MapArgs, Purpose, name_apart, read_options, sphere};
use crate::record::Inputs;
use anyhow::{Context, Result, bail, ensure};
use arcmin_maps::file::{MapFile, ReadOptions, UnitMap, read_map, read_mask};
use arcmin_maps::{Band, Mask, Observation};
use std::path::Path;

/// Reads all maps and the mask, and joins them with what the options say.
pub(super) fn read(args: &MapArgs, purpose: Purpose, inputs: &mut Inputs) -> Result<Observation> {
    let mut bands: Vec<Band> = Vec::new();
    let mut mask: Option<Mask> = None;
    for (idx, path) in args.maps.iter().enumerate() {
        let file = read_one(path, &read_options(args, idx)?, inputs)?;
        let of_file = mask_of_file(args, purpose, &file).with_context(|| path.display().to_string())?;
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
    if purpose == Purpose::Search {
        for (band, path) in bands.iter().zip(&args.maps) {
            check_content(band, &mask, path)?;
        }
    }
    name_apart(&mut bands, |band: &mut Band| &mut band.name);
    Ok(Observation::new(bands, mask)?)
}

pub(crate) fn read_one(path: &Path, options: &ReadOptions, inputs: &mut Inputs) -> Result<MapFile> {
    let file = read_map(path, options)?;
    inputs.note(path)?;
    Ok(file)
}

/// What the options leave valid in one file: with `zeros` its zeros are missing, and its gaps as well.
fn mask_of_file(args: &MapArgs, purpose: Purpose, file: &MapFile) -> Result<Mask> {
    let zeros = match &file.map {
        UnitMap::Temperature(map) => Mask::from_zeros(map),
        UnitMap::ComptonY(map) => Mask::from_zeros(map),
    };
    match args.mask.as_deref() {
        Some("zeros") => Ok(zeros.and(&file.finite)?),
        Some(_) => Ok(file.finite.clone()),
        None if purpose == Purpose::Copy => Ok(file.finite.clone()),
        None => {
            let missing = file.finite.valid().len() - file.finite.n_valid();
            ensure!(missing == 0, "{missing} pixels are NaN or infinite: say `--mask nan` to leave them out");
            Ok(file.finite.clone())
        }
    }
}

fn with_mask_file(args: &MapArgs, mask: Mask, inputs: &mut Inputs) -> Result<Mask> {
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
    Ok(file.into_band(&sphere::stem(path, idx))?)
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

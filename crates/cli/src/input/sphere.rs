//! HEALPix maps from files and options to an observation.

use super::{MapArgs, name_apart, of_map, read_options};
use crate::record::Inputs;
use anyhow::{Context, Result, anyhow, bail};
use arcmin_maps::file::FileUnit;
use arcmin_maps::healpix::{
    ColumnChoice, HealpixBand, HealpixObservation, HealpixOrdering, HealpixReadOptions, HealpixUnitMap, is_healpix,
    read_healpix,
};
use std::path::Path;

/// Reads all bands, and the pixels that count.
pub(super) fn read(args: &MapArgs, inputs: &mut Inputs) -> Result<HealpixObservation> {
    let mut bands = Vec::new();
    for (idx, path) in args.maps.iter().enumerate() {
        bands.push(read_band(args, idx, path, inputs)?);
    }
    name_apart(&mut bands, |band: &mut HealpixBand| &mut band.name);
    let maps = HealpixObservation::new(bands)?;
    match args.mask.as_deref() {
        None | Some("nan") => Ok(maps),
        Some("zeros") => Ok(maps.with_zeros_missing()),
        Some(path) => masked(args, maps, Path::new(path), inputs),
    }
}

/// One band by the options for the map of that number.
pub(crate) fn read_band(args: &MapArgs, idx: usize, path: &Path, inputs: &mut Inputs) -> Result<HealpixBand> {
    let file = read_healpix(path, &healpix_options(args, idx)?)?;
    inputs.note(path)?;
    Ok(file.into_band(&stem(path, idx)))
}

/// The maps without the pixels at which the map of a file is zero or missing.
fn masked(args: &MapArgs, maps: HealpixObservation, path: &Path, inputs: &mut Inputs) -> Result<HealpixObservation> {
    let in_mask = || format!("--mask {}", path.display());
    if !is_healpix(path).with_context(in_mask)? {
        bail!("--mask {}: the maps are HEALPix and this is none: masks lie on the pixels of the maps", path.display());
    }
    let frame = args.frame.as_deref().map(|name| super::frame(name, "--frame")).transpose()?;
    let options = HealpixReadOptions { unit: Some(FileUnit::ComptonY), frame, ..HealpixReadOptions::default() };
    let file = read_healpix(path, &options).with_context(in_mask)?;
    inputs.note(path)?;
    let HealpixUnitMap::ComptonY(mask) = &file.map else { bail!("{} was not read as plain numbers", path.display()) };
    if let Some(band) = maps.bands().iter().find(|band| band.map.frame() != mask.frame()) {
        bail!(
            "--mask {} is {} and band {} {}: bring both to one frame, or say --frame for maps whose header is wrong",
            path.display(),
            mask.frame(),
            band.name,
            band.map.frame()
        );
    }
    maps.masked(mask.pixels()).with_context(in_mask)
}

fn healpix_options(args: &MapArgs, idx: usize) -> Result<HealpixReadOptions> {
    let options = read_options(args, idx)?;
    let ordering = |name: &String| {
        HealpixOrdering::from_name(name).ok_or_else(|| anyhow!("--ordering {name} is not known: use ring or nested"))
    };
    let column = of_map(&args.column, idx, args.maps.len(), "--column")?;
    Ok(HealpixReadOptions {
        hdu: options.hdu,
        column: column.map(|name| column_choice(name)),
        ordering: args.ordering.as_ref().map(ordering).transpose()?,
        frame: options.frame,
        unit: options.unit,
        nu: options.nu,
        beam: options.beam,
        noise_arcmin: options.noise_arcmin,
    })
}

/// A column by its number, or else by its name.
fn column_choice(name: &str) -> ColumnChoice {
    name.parse().map_or_else(|_| ColumnChoice::Name(name.to_owned()), ColumnChoice::Number)
}

/// The name of a file without its extension.
pub(super) fn stem(path: &Path, idx: usize) -> String {
    path.file_stem().map_or_else(|| idx.to_string(), |stem| stem.to_string_lossy().into_owned())
}

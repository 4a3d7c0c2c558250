//! HEALPix maps from files and options to an observation.

use super::{MapArgs, name_apart, of_map, read_options};
use crate::record::Inputs;
use anyhow::{Result, anyhow, bail};
use arcmin_maps::healpix::{
    ColumnChoice, HealpixBand, HealpixObservation, HealpixOrdering, HealpixReadOptions, read_healpix,
};
use std::path::Path;

/// Reads all bands, and the pixels that count.
pub(super) fn read(args: &MapArgs, inputs: &mut Inputs) -> Result<HealpixObservation> {
    let mut bands = Vec::new();
    for (idx, path) in args.maps.iter().enumerate() {
        let options = healpix_options(args, idx)?;
        let file = read_healpix(path, &options)?;
        inputs.note(path)?;
        bands.push(file.into_band(&stem(path, idx)));
    }
    name_apart(&mut bands, |band: &mut HealpixBand| &mut band.name);
    let maps = HealpixObservation::new(bands)?;
    match args.mask.as_deref() {
        None | Some("nan") => Ok(maps),
        Some("zeros") => Ok(maps.with_zeros_missing()),
        Some(other) => bail!("--mask {other}: masks of HEALPix maps are `zeros` or `nan`"),
    }
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

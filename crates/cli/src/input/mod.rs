//! Maps of the sky from files and options: flat images or HEALPix.

mod flat;
mod sphere;

pub(crate) use flat::read_one;
pub(crate) use sphere::read_band as read_healpix_band;

use crate::record::Inputs;
use anyhow::{Context, Result, anyhow, bail, ensure};
use arcmin_maps::file::{FileUnit, HduChoice, ReadOptions};
use arcmin_maps::healpix::{HealpixObservation, is_healpix};
use arcmin_maps::{Beam, BeamTable, Catalogue, Disc, Observation};
use arcmin_units::{Arcmin, Frame, Ghz, SkyPosition};
use std::path::{Path, PathBuf};

/// Which maps to read and what the user knows better than their headers.
#[derive(clap::Args)]
pub(crate) struct MapArgs {
    /// FITS map of one band: an image (plain, gzip'd or tile-compressed) or a HEALPix table; repeat for each band
    #[arg(long = "map", required = true, value_name = "FILE")]
    pub(crate) maps: Vec<PathBuf>,
    /// Unit of the pixels, over what the header says: compton-y, uK, mK or K (thermodynamic), Jy/sr or MJy/sr
    #[arg(long)]
    pub(crate) unit: Option<String>,
    /// Frame of the sky coordinates, over what the header says: equatorial or galactic
    #[arg(long)]
    pub(crate) frame: Option<String>,
    /// HDU that holds the map; the first image, or the first table of a HEALPix file, unless given
    #[arg(long)]
    pub(crate) hdu: Option<usize>,
    /// Order of the pixels of HEALPix maps, over what the header says: ring or nested
    #[arg(long)]
    pub(crate) ordering: Option<String>,
    /// Column of a HEALPix table that holds the map, by name or number; the first unless given
    #[arg(long)]
    pub(crate) column: Vec<String>,
    /// Effective frequency of a temperature map for the SZ spectrum
    #[arg(long = "freq-ghz", value_name = "GHZ")]
    pub(crate) freq_ghz: Vec<f64>,
    /// Full width at half maximum of the Gaussian beam; none unless the header has one
    #[arg(long = "beam-arcmin", value_name = "ARCMIN")]
    pub(crate) beam_arcmin: Vec<f64>,
    /// Two-column text table of l and B_l, instead of --beam-arcmin
    #[arg(long = "beam-table", value_name = "FILE", conflicts_with = "beam_arcmin")]
    pub(crate) beam_table: Vec<PathBuf>,
    /// White-noise level in uK arcmin (y arcmin for Compton y), where a --config file asks for modelled noise or a network wants to
    /// know it
    #[arg(long = "noise-arcmin", value_name = "LEVEL", allow_hyphen_values = true)]
    pub(crate) noise_arcmin: Vec<f64>,
    /// Which pixels count: a FITS mask (non-zero = valid), `zeros` (zero pixels are missing) or `nan` (NaN and infinite
    /// pixels are missing)
    #[arg(long, value_name = "FILE|zeros|nan")]
    pub(crate) mask: Option<String>,
}

/// What the maps are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be searched: gaps must be declared, and a map must hold something.
    Search,
    /// To be cut or resampled: gaps are carried along as such.
    Copy,
}

/// The maps of a command.
pub(crate) enum Sky {
    /// Images on one geometry.
    Flat(Observation),
    /// Maps on HEALPix grids of one resolution.
    Healpix(HealpixObservation),
}

impl Sky {
    /// The same maps with discs masked.
    pub(crate) fn without_discs(self, discs: &[Disc]) -> Result<Self> {
        Ok(match self {
            Sky::Flat(maps) => {
                let mask = maps.mask().clone().without_discs(discs);
                Sky::Flat(Observation::new(maps.bands().to_vec(), mask)?)
            }
            Sky::Healpix(maps) => Sky::Healpix(maps.without_discs(discs)),
        })
    }
}

/// Reads all maps and the mask, and joins them with what the options say.
pub(crate) fn read(args: &MapArgs, purpose: Purpose, inputs: &mut Inputs) -> Result<Sky> {
    // What cannot be read at all is reported by the reader of images.
    let is_sphere: Vec<bool> = args.maps.iter().map(|path| is_healpix(path).unwrap_or(false)).collect();
    if is_sphere.iter().all(|sphere| *sphere) {
        return sphere::read(args, inputs).map(Sky::Healpix);
    }
    if let Some(odd) = is_sphere.iter().position(|sphere| *sphere) {
        bail!(
            "{} is a HEALPix map and others are not: bring all to one kind with `arcmin reproject`",
            args.maps[odd].display()
        );
    }
    flat::read(args, purpose, inputs).map(Sky::Flat)
}

/// Discs around the sources of a catalogue: of one radius, or of those in the column `maskRadiusArcmin`.
pub(crate) fn discs(path: &Path, radius_arcmin: Option<f64>, inputs: &mut Inputs) -> Result<Vec<Disc>> {
    let catalogue = Catalogue::read(path)?;
    inputs.note(path)?;
    let radii = match radius_arcmin {
        Some(radius) => vec![radius; catalogue.len()],
        None => catalogue.f64(RADIUS_COLUMN).context("--source-radius-arcmin is not given")?,
    };
    let disc = |(row, (&centre, radius)): (usize, (&SkyPosition, f64))| {
        ensure!(
            radius.is_finite() && radius >= 0.0,
            "{}, row {}: a radius of {radius} arcmin is not a number of 0 or more",
            path.display(),
            row + 1
        );
        Ok(Disc { centre, radius: Arcmin::new(radius) })
    };
    catalogue.positions().iter().zip(radii).enumerate().map(disc).collect()
}

/// Where a catalogue of sources has the radius to mask around each.
const RADIUS_COLUMN: &str = "maskRadiusArcmin";

/// The frame of a name that was given for an option.
pub(crate) fn frame(name: &str, option: &str) -> Result<Frame> {
    match name {
        "equatorial" => Ok(Frame::Equatorial),
        "galactic" => Ok(Frame::Galactic),
        _ => Err(anyhow!("{option} {name} is not known: use equatorial or galactic")),
    }
}

/// The names of files in one phrase.
pub(crate) fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// What the options say of one of the maps, over its header.
pub(crate) fn read_options(args: &MapArgs, idx: usize) -> Result<ReadOptions> {
    let unit = |name: &String| {
        FileUnit::from_name(name)
            .ok_or_else(|| anyhow!("--unit {name} is not known: use compton-y, uK, mK, K, Jy/sr or MJy/sr"))
    };
    let n = args.maps.len();
    Ok(ReadOptions {
        hdu: args.hdu.map(HduChoice::Index),
        unit: args.unit.as_ref().map(unit).transpose()?,
        frame: args.frame.as_deref().map(|name| frame(name, "--frame")).transpose()?,
        nu: of_map(&args.freq_ghz, idx, n, "--freq-ghz")?.copied().map(Ghz::new),
        beam: beam(args, idx)?,
        noise_arcmin: noise_level(args, idx)?,
    })
}

fn beam(args: &MapArgs, idx: usize) -> Result<Option<Beam>> {
    let n = args.maps.len();
    if let Some(table) = of_map(&args.beam_table, idx, n, "--beam-table")? {
        return Ok(Some(Beam::Tabulated(BeamTable::read(table)?)));
    }
    let fwhm = of_map(&args.beam_arcmin, idx, n, "--beam-arcmin")?;
    Ok(fwhm.map(|fwhm| Beam::gaussian(Arcmin::new(*fwhm))).transpose()?)
}

fn noise_level(args: &MapArgs, idx: usize) -> Result<Option<f64>> {
    let Some(&level) = of_map(&args.noise_arcmin, idx, args.maps.len(), "--noise-arcmin")? else { return Ok(None) };
    let path = args.maps[idx].display();
    ensure!(level.is_finite() && level >= 0.0, "{path}: a noise level of {level} is not a number of 0 or more");
    Ok(Some(level))
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

/// Bands of one name get their number behind it.
fn name_apart<B>(bands: &mut [B], name: impl Fn(&mut B) -> &mut String) {
    for idx in 1..bands.len() {
        let ours = name(&mut bands[idx]).clone();
        if bands[..idx].iter_mut().any(|other| *name(other) == ours) {
            *name(&mut bands[idx]) = format!("{ours}-{}", idx + 1);
        }
    }
}

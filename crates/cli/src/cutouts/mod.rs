//! `arcmin cutouts`: squares of the sky around the rows of a catalogue, in one FITS file.

mod args;

pub(crate) use args::{Args, interpolation};

use crate::input::{self, Purpose, Sky};
use crate::record::{self, Inputs};
use crate::terminal::say;
use anyhow::{Result, anyhow, bail};
use arcmin_eval::{Score, create_dir};
use arcmin_job::{Clock, Interrupt, Progress};
use arcmin_maps::cutouts::{CutoutCounts, CutoutGrid, Cutter, write_cutouts};
use arcmin_maps::{Catalogue, Cutouts};
use std::collections::BTreeMap;

/// A chunk of cutouts takes about this much memory.
const CHUNK_BYTES: usize = 64 << 20;

/// Cuts, and writes the file with its record.
pub(crate) fn run(args: &Args) -> Result<()> {
    let how = args.checked()?;
    let mut inputs = Inputs::default();
    let mut clock = Clock::default();
    let catalogue = Catalogue::read(&args.catalogue)?;
    inputs.note(&args.catalogue)?;
    let sky = clock.time("read", || input::read(&args.input, Purpose::Copy, &mut inputs))?;
    let sky = match &args.sources {
        None => sky,
        Some(path) => sky.without_discs(&input::discs(path, args.source_radius_arcmin, &mut inputs)?)?,
    };
    let cutter = cutter(&sky, &how)?;
    create_dir(&args.out)?;
    let counts = clock.time("cut and write", || write(args, &cutter, &catalogue))?;
    record::counted("cutouts", &args.out, inputs, clock.into_seconds(), scores(&counts))?;
    summarise(args, &counts);
    Ok(())
}

/// How the cutouts are to be made.
pub(crate) enum How {
    /// Copied off the map's own pixels.
    Aligned { side: usize, centre: arcmin_maps::cutouts::CentrePixel },
    /// Sampled on a grid of their own.
    Projected { grid: CutoutGrid, interpolation: arcmin_maps::Interpolation },
}

fn cutter<'a>(sky: &'a Sky, how: &How) -> Result<Cutter<'a>> {
    match (sky, how) {
        (Sky::Flat(maps), How::Projected { grid, interpolation }) => Ok(Cutter::new(maps, *grid, *interpolation)),
        (Sky::Healpix(maps), How::Projected { grid, interpolation }) => {
            Ok(Cutter::of_healpix(maps, *grid, *interpolation))
        }
        (Sky::Flat(maps), How::Aligned { side, centre }) => Ok(Cutter::aligned(maps, *side, *centre)?),
        (Sky::Healpix(_), How::Aligned { .. }) => {
            bail!("--projection map needs flat maps: HEALPix pixels are no image; use --projection zea or tan")
        }
    }
}

fn write(args: &Args, cutter: &Cutter<'_>, catalogue: &Catalogue) -> Result<CutoutCounts> {
    let interrupt = Interrupt::install()?;
    let bytes = cutter.shape().n_pixels() * (4 * cutter.bands().len() + 1);
    let progress = Progress::new("cutouts", catalogue.len() as u64);
    let chunks = cutter.chunks(catalogue, CHUNK_BYTES.div_ceil(bytes))?.map(|chunk| -> Result<Cutouts> {
        if interrupt.requested() {
            return Err(anyhow!("interrupted: nothing was written"));
        }
        progress.advance(chunk.len() as u64);
        Ok(if args.infill { chunk.infilled() } else { chunk })
    });
    let counts = write_cutouts(&args.out.join("cutouts.fits"), catalogue.len(), chunks)?;
    progress.finish();
    Ok(counts)
}

fn scores(counts: &CutoutCounts) -> BTreeMap<String, Score> {
    [
        ("cutouts", counts.total),
        ("centre_missing", counts.centre_missing),
        ("partly_missing", counts.partly_missing),
        ("all_missing", counts.all_missing),
    ]
    .map(|(name, n)| (name.to_owned(), Score::new(Some(n as f64), None, n as u64)))
    .into()
}

fn summarise(args: &Args, counts: &CutoutCounts) {
    say(&format!("{} cutouts", counts.total));
    for (n, what) in [
        (counts.centre_missing, "have their centre outside the map or on a masked pixel (flag 1)"),
        (counts.partly_missing, "lack some pixels, which are NaN in the file (flag 2)"),
        (counts.all_missing, "lack all pixels (flag 4)"),
    ] {
        if n > 0 {
            say(&format!("{n} of them {what}"));
        }
    }
    for name in ["cutouts.fits", "record.json"] {
        say(&args.out.join(name).display().to_string());
    }
}

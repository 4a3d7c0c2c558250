//! `arcmin weigh`: masses of the clusters of a catalogue from their SZ image.

mod args;
mod instrument;

pub(crate) use args::Args;

use crate::input::{self, Purpose, Sky};
use crate::record::{self, Inputs};
use crate::terminal::say;
use anyhow::{Context, Result, anyhow, ensure};
use arcmin_eval::{Score, create_dir};
use arcmin_job::{Clock, Interrupt, Progress};
use arcmin_maps::catalogue::columns;
use arcmin_maps::cutouts::{CentrePixel, CutoutGrid, CutoutProjection, Cutter, flags};
use arcmin_maps::healpix::HealpixBandMap;
use arcmin_maps::{BandMap, Catalogue, Cutouts, Interpolation};
use arcmin_mass_sz::{MassPrior, SzMassEstimator};
use arcmin_method::{MassEstimator, MassPosterior, mass_flags};
use arcmin_units::{Arcmin, M200c};
use instrument::{Fit, MapBand};
use std::collections::BTreeMap;

/// Clusters that are cut and weighed together.
const CHUNK: usize = 256;
/// A map whose pixels differ from the network's by less than this is not resampled.
const SAME_PIXEL: f64 = 1e-3;

/// Weighs, and writes catalogue and record.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut inputs = Inputs::default();
    let mut clock = Clock::default();
    let estimator = estimator(args, &mut inputs)?;
    let catalogue = with_redshifts(Catalogue::read(&args.catalogue)?, args.redshift, &estimator)?;
    inputs.note(&args.catalogue)?;
    let sky = clock.time("read", || input::read(&args.input, Purpose::Copy, &mut inputs))?;
    let fit = instrument::compare(&bands(&sky), &estimator.about().sky)?;
    let cutter = cutter(&sky, &estimator)?;
    create_dir(&args.out)?;
    let weighed = clock.time("cut and weigh", || weigh(args, &cutter, &catalogue, &estimator, fit))?;
    let weighed_catalogue = joined(catalogue, &weighed)?;
    for name in ["masses.csv", "masses.fits"] {
        weighed_catalogue.write(&args.out.join(name))?;
    }
    record::counted("weigh", &args.out, inputs, clock.into_seconds(), scores(&weighed))?;
    summarise(args, &weighed);
    Ok(())
}

fn estimator(args: &Args, inputs: &mut Inputs) -> Result<SzMassEstimator> {
    let estimator = match &args.weights {
        None => SzMassEstimator::shipped()?,
        Some(path) => {
            inputs.note(path)?;
            SzMassEstimator::load(path)?
        }
    };
    match args.prior_msun.as_deref() {
        Some(&[min, max]) => {
            estimator.with_prior(MassPrior { min: M200c::new(min), max: M200c::new(max) }).context("--prior-msun")
        }
        _ => Ok(estimator),
    }
}

/// The catalogue with the redshifts that the network needs.
fn with_redshifts(catalogue: Catalogue, redshift: Option<f64>, estimator: &SzMassEstimator) -> Result<Catalogue> {
    let has_column = catalogue.column(columns::REDSHIFT).is_some();
    let [min, max] = estimator.about().sky.redshift;
    match redshift {
        Some(_) if has_column => Err(anyhow!("--redshift is given, but the catalogue has a column redshift: drop one")),
        Some(z) => Ok(catalogue.clone().with_f64(columns::REDSHIFT, vec![z; catalogue.len()])?),
        None => {
            ensure!(
                has_column,
                "the catalogue has no column redshift: the network weighs clusters between {min} and {max}; give --redshift"
            );
            Ok(catalogue)
        }
    }
}

fn bands(sky: &Sky) -> Vec<MapBand<'_>> {
    match sky {
        Sky::Flat(maps) => maps
            .bands()
            .iter()
            .map(|band| MapBand {
                name: &band.name,
                nu: match band.map {
                    BandMap::Temperature { nu, .. } => Some(nu),
                    BandMap::ComptonY(_) => None,
                },
                beam: &band.beam,
                noise_arcmin: band.noise_arcmin,
            })
            .collect(),
        Sky::Healpix(maps) => maps
            .bands()
            .iter()
            .map(|band| MapBand {
                name: &band.name,
                nu: match band.map {
                    HealpixBandMap::Temperature { nu, .. } => nu,
                    HealpixBandMap::ComptonY(_) => None,
                },
                beam: &band.beam,
                noise_arcmin: band.noise_arcmin,
            })
            .collect(),
    }
}

/// The network's pixels around each cluster: those of the map where they are of its size, else the nearest.
fn cutter<'a>(sky: &'a Sky, estimator: &SzMassEstimator) -> Result<Cutter<'a>> {
    let trained = &estimator.about().sky;
    let grid = CutoutGrid::new(CutoutProjection::Tan, trained.n_pixels_side, Arcmin::new(trained.pixel_arcmin))?
        .centred(CentrePixel::AfterMiddle);
    Ok(match sky {
        Sky::Flat(maps) => {
            let pixel_arcmin = maps.geometry().pixel_size().to_arcmin().value();
            match (pixel_arcmin / trained.pixel_arcmin - 1.0).abs() < SAME_PIXEL {
                true => Cutter::aligned(maps, trained.n_pixels_side, CentrePixel::AfterMiddle)?,
                false => Cutter::new(maps, grid, Interpolation::Bilinear),
            }
        }
        Sky::Healpix(maps) => Cutter::of_healpix(maps, grid, Interpolation::Bilinear),
    })
}

/// What is known of each row: a posterior, or why there is none.
type Weighed = Vec<Result<MassPosterior, u32>>;

fn weigh(
    args: &Args,
    cutter: &Cutter<'_>,
    catalogue: &Catalogue,
    estimator: &SzMassEstimator,
    fit: Fit,
) -> Result<Weighed> {
    let interrupt = Interrupt::install()?;
    let progress = Progress::new("clusters", catalogue.len() as u64);
    let mut weighed = Weighed::with_capacity(catalogue.len());
    for chunk in cutter.chunks(catalogue, CHUNK)? {
        ensure!(!interrupt.requested(), "interrupted: nothing was written");
        let chunk = if args.infill { chunk.infilled() } else { chunk };
        weighed.extend(weigh_chunk(&chunk, estimator, fit)?);
        progress.advance(chunk.len() as u64);
    }
    progress.finish();
    Ok(weighed)
}

fn weigh_chunk(cutouts: &Cutouts, estimator: &SzMassEstimator, fit: Fit) -> Result<Weighed> {
    let [min, max] = estimator.about().sky.redshift;
    let redshifts = cutouts.catalogue().f64(columns::REDSHIFT)?;
    let obstacle = |idx: usize| {
        let missing = cutouts.n_missing()[idx] > 0 && cutouts.flags()[idx] & flags::FILLED == 0;
        let elsewhere = !(min - 1e-6..=max + 1e-6).contains(&redshifts[idx]);
        let bits = if missing { mass_flags::NOT_SEEN } else { 0 };
        bits | if elsewhere { mass_flags::REDSHIFT_OUT_OF_RANGE } else { 0 }
    };
    let usable: Vec<usize> = (0..cutouts.len()).filter(|&idx| obstacle(idx) == 0).collect();
    let instrument = if fit == Fit::Close { mass_flags::OTHER_INSTRUMENT } else { 0 };
    let mut posteriors = estimator.estimate(&cutouts.take(&usable))?.into_iter();
    let row = |idx: usize| match obstacle(idx) {
        0 => {
            let posterior = posteriors.next().expect("one answer for each usable cutout");
            Ok(MassPosterior { flags: posterior.flags | instrument, ..posterior })
        }
        bits => Err(bits),
    };
    Ok((0..cutouts.len()).map(row).collect())
}

/// The catalogue with the masses; NaN where a cluster was not weighed.
fn joined(catalogue: Catalogue, weighed: &Weighed) -> Result<Catalogue> {
    let column = |of: fn(&MassPosterior) -> M200c| -> Vec<f64> {
        weighed.iter().map(|row| row.as_ref().map_or(f64::NAN, |posterior| of(posterior).value())).collect()
    };
    let flags = weighed.iter().map(|row| i64::from(row.as_ref().map_or_else(|bits| *bits, |p| p.flags))).collect();
    let masses: [(&str, Vec<f64>); 5] = [
        (columns::SZ_M200C, column(MassPosterior::median)),
        (columns::SZ_M200C_LOWER, column(MassPosterior::lower)),
        (columns::SZ_M200C_UPPER, column(MassPosterior::upper)),
        (columns::SZ_M200C_UNBIASED, column(|posterior| posterior.unbiased)),
        (columns::SZ_M200C_MEAN, column(|posterior| posterior.mean)),
    ];
    let mut joined = catalogue;
    for (name, values) in masses {
        joined = joined.without(name).with_f64(name, values)?;
    }
    Ok(joined.without(columns::SZ_MASS_FLAGS).with_i64(columns::SZ_MASS_FLAGS, flags)?)
}

/// Counts by what is to be told of them.
fn counts(weighed: &Weighed) -> [(&'static str, usize, &'static str); 6] {
    let flagged =
        |bit: u32| weighed.iter().filter(|row| row.as_ref().map_or_else(|bits| *bits, |p| p.flags) & bit != 0).count();
    [
        ("weighed", weighed.iter().filter(|row| row.is_ok()).count(), "weighed"),
        ("not_seen", flagged(mass_flags::NOT_SEEN), "not weighed: pixels are missing (flag 8; --infill fills them)"),
        (
            "redshift_out_of_range",
            flagged(mass_flags::REDSHIFT_OUT_OF_RANGE),
            "not weighed: the network does not know their redshift (flag 16)",
        ),
        ("out_of_range", flagged(mass_flags::OUT_OF_RANGE), "at an end of the masses that the network knows (flag 1)"),
        ("pixels_filled", flagged(mass_flags::PIXELS_FILLED), "with missing pixels filled in (flag 2)"),
        (
            "other_instrument",
            flagged(mass_flags::OTHER_INSTRUMENT),
            "on maps whose beam or noise is not quite the network's (flag 4)",
        ),
    ]
}

fn scores(weighed: &Weighed) -> BTreeMap<String, Score> {
    let score = |(name, n, _): (&str, usize, &str)| (name.to_owned(), Score::new(Some(n as f64), None, n as u64));
    counts(weighed).map(score).into()
}

fn summarise(args: &Args, weighed: &Weighed) {
    say(&format!("{} clusters", weighed.len()));
    for (_, n, what) in counts(weighed).into_iter().filter(|(_, n, _)| *n > 0) {
        say(&format!("{n} {what}"));
    }
    for name in ["masses.fits", "masses.csv", "record.json"] {
        say(&args.out.join(name).display().to_string());
    }
}

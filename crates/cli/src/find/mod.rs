//! `arcmin find`: clusters in FITS maps.

mod args;
mod checks;
mod inputs;
mod join;
mod marks;
mod outputs;
mod settings;
mod sphere;

pub(crate) use args::Args;

use crate::input::{self, Purpose, Sky};
use crate::record::{self, Inputs};
use crate::terminal::say;
use anyhow::{Context, Result};
use arcmin_eval::{Score, create_dir};
use arcmin_find_mmf::{Keep, MatchedFilter};
use arcmin_job::Clock;
use arcmin_maps::{Observation, Outside};
use std::collections::BTreeMap;

/// Reads the maps and searches them: flat maps whole, HEALPix maps tile by tile.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut inputs = Inputs::default();
    let mut clock = Clock::default();
    match clock.time("read", || input::read(&args.input, Purpose::Search, &mut inputs))? {
        Sky::Flat(observation) => flat(args, &observation, inputs, clock),
        Sky::Healpix(maps) => sphere::run(args, &maps, inputs, clock),
    }
}

/// Searches flat maps, and writes catalogue, S/N map, picture and record.
fn flat(args: &Args, observation: &Observation, mut inputs: Inputs, mut clock: Clock) -> Result<()> {
    let known = marks::read(args, observation.geometry().frame(), &mut inputs)?;
    create_dir(&args.out)?;
    let filter = MatchedFilter::new(&settings::settings(args, &mut inputs)?)?;
    let named = || format!("searching {}", input::names(&args.input.maps));
    let treated = clock.time("sources", || filter.without_sources(observation)).with_context(named)?;
    let keep = if args.write_scales { Keep::EveryScale } else { Keep::Best };
    let search = clock.time("search", || filter.search_treated(&treated, keep)).with_context(named)?;
    let mut scores = BTreeMap::new();
    scores.insert("detections".to_owned(), counted(search.detections.candidates.len()));
    if filter.config().sources.is_some() {
        scores.insert("sources".to_owned(), counted(treated.sources.len()));
    }
    let area = search.detections.searched.area_deg2();
    scores.insert("searched_deg2".to_owned(), Score::new(Some(area), None, 1));
    let matched = marks::matched(&known, &search.detections, observation, Outside::Invalid);
    scores.extend(matched.scores());
    scores.extend(
        clock.time("checks", || checks::false_detections(args, &filter, &treated.observation, &search, &mut inputs))?,
    );
    let sources = filter.config().sources.is_some().then_some(&treated.sources[..]);
    let names = clock.time("write", || outputs::write(&args.out, &search, &known, sources))?;
    record::counted("find", &args.out, inputs, clock.into_seconds(), scores)?;
    say(&format!("{} candidates in {area:.2} deg2 searched", search.detections.candidates.len()));
    summarise(args, &matched, sources.map(<[_]>::len), &names);
    Ok(())
}

fn counted(n: usize) -> Score {
    Score::new(Some(n as f64), Some((n as f64).sqrt()), n as u64)
}

/// Tells what was matched, how many sources there were and which files there are.
fn summarise(args: &Args, matched: &marks::Matched, n_sources: Option<usize>, names: &[String]) {
    if let Some(n) = n_sources {
        say(&format!("{n} point sources {}", if args.mask_sources.is_some() { "masked" } else { "taken out" }));
    }
    for line in matched.lines() {
        say(&line);
    }
    for name in names {
        say(&args.out.join(name).display().to_string());
    }
}

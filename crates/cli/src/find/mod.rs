//! `arcmin find`: clusters in FITS maps.

mod args;
mod checks;
mod follow;
mod inputs;
mod join;
mod marks;
mod method;
mod outputs;
mod score_map;
mod settings;
mod sphere;

pub(crate) use args::Args;

use crate::input::{self, Purpose, Sky};
use crate::record::{self, Inputs};
use crate::terminal::say;
use anyhow::{Context, Result};
use arcmin_eval::{Score, create_dir};
use arcmin_find_mmf::Keep;
use arcmin_job::Clock;
use arcmin_maps::{Observation, Outside};
use follow::Follow;
use method::Method;
use outputs::Marked;
use std::collections::BTreeMap;

/// Reads the maps and searches them: flat maps whole, HEALPix maps tile by tile.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut inputs = Inputs::default();
    let mut clock = Clock::default();
    let method = method::prepare(args, &mut inputs)?;
    match clock.time("read", || input::read(&args.input, Purpose::Search, &mut inputs))? {
        Sky::Flat(observation) => flat(args, &*method, &observation, inputs, clock),
        Sky::Healpix(maps) => sphere::run(args, &*method, &maps, inputs, clock),
    }
}

/// Searches flat maps, and writes catalogue, map of the scores, picture and record.
fn flat(
    args: &Args,
    method: &dyn Method,
    observation: &Observation,
    mut inputs: Inputs,
    mut clock: Clock,
) -> Result<()> {
    let named = || format!("searching {}", input::names(&args.input.maps));
    method.check(observation).with_context(named)?;
    let known = marks::read(args, observation.geometry().frame(), &mut inputs)?;
    create_dir(&args.out)?;
    let watch = Follow::default();
    let treated = clock.time("sources", || method.treat(observation)).with_context(named)?;
    let keep = if args.write_scales { Keep::EveryScale } else { Keep::Best };
    let answer = clock.time("search", || method.search(&treated, keep, &watch)).with_context(named)?;
    let detections = &answer.detections;
    let mut scores = BTreeMap::new();
    scores.insert("detections".to_owned(), counted(detections.candidates.len()));
    if method.seeks_sources() {
        scores.insert("sources".to_owned(), counted(treated.sources.len()));
    }
    let area = detections.searched.area_deg2();
    scores.insert("searched_deg2".to_owned(), Score::new(Some(area), None, 1));
    let matched = marks::matched(&known, detections, observation, Outside::Invalid, method.reach().known);
    scores.extend(matched.scores());
    scores.extend(clock.time("checks", || {
        checks::false_detections(args, method, &treated.observation, &answer, &watch, &mut inputs)
    })?);
    drop(watch);
    let sources = method.seeks_sources().then_some(&treated.sources[..]);
    let marked = Marked { detections, kind: method.score_kind(), known: &known, sources };
    let names = clock.time("write", || outputs::write(&args.out, &marked, &answer, observation))?;
    record::counted("find", &args.out, inputs, clock.into_seconds(), scores)?;
    say(&format!("{} candidates in {area:.2} deg2 searched", detections.candidates.len()));
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

//! Known clusters: marked in the picture, and matched with what was found.

use super::args::Args;
use crate::record::Inputs;
use anyhow::{Context, Result, anyhow, bail};
use arcmin_eval::Score;
use arcmin_maps::{Catalogue, Mask, Observation, Outside};
use arcmin_method::Detections;
use arcmin_units::{Arcmin, Frame, SkyPosition};
use std::collections::BTreeMap;
use std::path::Path;

/// Rows of one catalogue closer than this are one cluster listed twice.
const SAME_ARCMIN: f64 = 0.5;
/// Clusters closer than this to the edge of the searched footprint are not counted.
const INSIDE_ARCMIN: f64 = 20.0;
/// Source holes on the edge of the map are closed when they are narrower than twice this.
const BAY_ARCMIN: f64 = 10.0;
/// A masked region up to this area inside the map is a hole of it.
const HOLE_DEG2: f64 = 1.0;

/// A cluster of another catalogue.
pub(super) struct Known {
    /// Its name there, or the number of its row.
    pub(super) name: String,
    /// Its position in the frame of the maps.
    pub(super) position: SkyPosition,
}

/// Reads the catalogues to mark; rows below a --mark-min are left out, and a cluster listed twice is kept once.
pub(super) fn read(args: &Args, frame: Frame, inputs: &mut Inputs) -> Result<Vec<Known>> {
    let limits = args.mark_min.iter().map(|text| limit(text)).collect::<Result<Vec<_>>>()?;
    let mut known: Vec<Known> = Vec::new();
    for path in &args.mark {
        inputs.note(path)?;
        for cluster in read_one(path, frame, &limits)? {
            let listed = |other: &Known| other.position.separation(cluster.position).to_arcmin().value() < SAME_ARCMIN;
            if !known.iter().any(listed) {
                known.push(cluster);
            }
        }
    }
    Ok(known)
}

/// Parses `COLUMN=VALUE`.
fn limit(text: &str) -> Result<(&str, f64)> {
    let wrong = || anyhow!("--mark-min {text} is not of the form COLUMN=VALUE, e.g. xi=5");
    let (column, value) = text.split_once('=').ok_or_else(wrong)?;
    Ok((column, value.parse().map_err(|_| wrong())?))
}

fn read_one(path: &Path, frame: Frame, limits: &[(&str, f64)]) -> Result<Vec<Known>> {
    let catalogue = Catalogue::read(path)?;
    let positions = catalogue.positions_in(frame);
    let names = ["name", "SPT_ID", "NAME", "Name"].iter().find_map(|column| catalogue.text(column).ok());
    let mut kept = vec![true; catalogue.len()];
    for &(column, least) in limits {
        let values = catalogue.f64(column).with_context(|| format!("--mark-min {column}"))?;
        if values.len() != kept.len() {
            bail!("{}: column {column} does not hold one number a row", path.display());
        }
        kept.iter_mut().zip(&values).for_each(|(kept, &value)| *kept &= value >= least);
    }
    let name =
        |row: usize| names.as_ref().map_or_else(|| format!("row {}", row + 1), |names| names[row].trim().to_owned());
    let rows = positions.into_iter().enumerate().filter(|&(row, _)| kept[row]);
    Ok(rows.map(|(row, position)| Known { name: name(row), position }).collect())
}

/// Which known clusters were found.
#[derive(Clone, Default)]
pub(super) struct Matched {
    open: Share,
    in_holes: Share,
}

/// A share of clusters found, with the names of those that were not.
#[derive(Clone, Default)]
struct Share {
    found: u64,
    total: u64,
    missed: Vec<String>,
}

impl Share {
    fn count(&mut self, name: &str, found: bool) {
        self.total += 1;
        self.found += u64::from(found);
        if !found {
            self.missed.push(name.to_owned());
        }
    }

    fn score(&self) -> Score {
        if self.total == 0 {
            return Score::new(None, None, 0);
        }
        let share = self.found as f64 / self.total as f64;
        let error = (share * (1.0 - share) / self.total as f64).sqrt();
        Score::new(Some(share), Some(error), self.total)
    }

    fn line(&self, what: &str) -> Option<String> {
        let missed = if self.missed.is_empty() { String::new() } else { format!("; not {}", self.missed.join(", ")) };
        (self.total > 0).then(|| format!("{} of {} known clusters {what} found{missed}", self.found, self.total))
    }
}

impl Matched {
    /// Adds those of another tile.
    pub(super) fn add(&mut self, other: Self) {
        for (share, other) in [(&mut self.open, other.open), (&mut self.in_holes, other.in_holes)] {
            share.found += other.found;
            share.total += other.total;
            share.missed.extend(other.missed);
        }
    }

    /// `marked.open` and `marked.in_holes`: the shares found of clusters whose centre is, or is not, a valid pixel.
    pub(super) fn scores(&self) -> BTreeMap<String, Score> {
        let all = [("marked.open", &self.open), ("marked.in_holes", &self.in_holes)];
        all.into_iter()
            .filter(|(_, share)| share.total > 0)
            .map(|(name, share)| (name.to_owned(), share.score()))
            .collect()
    }

    /// What to tell the user.
    pub(super) fn lines(&self) -> Vec<String> {
        let open = self.open.line(&format!("{INSIDE_ARCMIN} arcmin or more inside the map"));
        let in_holes = self.in_holes.line("there with their centre in a masked hole");
        open.into_iter().chain(in_holes).collect()
    }
}

/// Matches the known clusters well inside the footprint (its holes closed) with the candidates within `reach`, or a pixel where
/// that is larger; `beyond` tells whether the image ends where the footprint does.
pub(super) fn matched<'a>(
    known: impl IntoIterator<Item = &'a Known>,
    detections: &Detections,
    observation: &Observation,
    beyond: Outside,
    reach: Arcmin,
) -> Matched {
    let mut matched = Matched::default();
    let mut known = known.into_iter().peekable();
    if known.peek().is_none() {
        return matched;
    }
    let pixel_arcmin = observation.geometry().pixel_size().to_arcmin().value();
    let radius = reach.value().max(pixel_arcmin);
    let footprint = footprint(observation.mask());
    let depth = footprint.distance_to_invalid(beyond);
    for cluster in known {
        let Some(pixel) = observation.geometry().pixel_index(cluster.position) else { continue };
        if f64::from(depth[pixel]) * pixel_arcmin < INSIDE_ARCMIN {
            continue;
        }
        let near = |position: SkyPosition| position.separation(cluster.position).to_arcmin().value() <= radius;
        let found = detections.candidates.iter().any(|candidate| near(candidate.position));
        let share = if observation.mask().valid()[pixel] { &mut matched.open } else { &mut matched.in_holes };
        share.count(&cluster.name, found);
    }
    matched
}

/// The map's outline with its source holes closed, those on the edge as well.
fn footprint(mask: &Mask) -> Mask {
    let bay = Arcmin::new(BAY_ARCMIN);
    mask.dilated(bay).eroded(bay, Outside::Ignored).with_holes_closed(HOLE_DEG2)
}

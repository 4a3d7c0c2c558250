//! The paper's figures for our finders: F1 against threshold (5), cutouts by component (1) and of found and missed
//! clusters (7), selection planes (12), F1 by component (after 8).

use super::gallery;
use super::published;
use super::scores::{Results, SkyScores};
use super::settings::Ladder;
use crate::registry::Answer;
use crate::run_dir::RunDir;
use anyhow::Result;
use arcmin_eval::map_image::{ColourScale, MapImage, Panel, PanelCell, PanelPixels, PanelRow, rgb_pixels};
use arcmin_eval::plane::{linear_edges, log_edges};
use arcmin_eval::plot::{self, Figure, PlaneStyle, ScoreBars, Step};
use arcmin_eval::{CutoutCounting, CutoutSweep, HaloOutcome, HaloSelection, PlaneAxis, SelectionPlane, TileSummary};
use arcmin_find_ensemble::Kind;
use arcmin_maps::PixelPosition;
use arcmin_maps::cutouts::Cutouts;
use arcmin_sky::Cosmology;
use arcmin_sky::mass_definition::{angular_radius, radius};
use arcmin_units::{Mvir, Redshift};

/// Fewest haloes in a cell of a selection plane that is drawn, as in the paper.
const LEAST_HALOES: u64 = 3;
/// Found and missed clusters shown.
const SHOWN_CLUSTERS: usize = 8;
/// Clusters in a row: four can be seen on a phone.
const CLUSTERS_A_ROW: usize = 4;

/// Figure 5: scores of the validation cutouts against the threshold over the number of cutouts.
pub(super) fn threshold_figure(validation: &[TileSummary], chosen: f64, answer: Answer) -> Result<Figure> {
    let sweep = CutoutSweep::new(validation, CutoutCounting::EQUAL_AREA);
    let edges = match answer {
        Answer::Peaks => linear_edges(3.0, 40.0, 74),
        Answer::Cutouts | Answer::ProbablePeaks | Answer::Combined(Kind::Calibrated) => linear_edges(0.0, 1.0, 50),
        Answer::Combined(Kind::And) => linear_edges(0.0, 4.0, 50),
        Answer::Combined(Kind::RankProduct) => linear_edges(0.5, 1.0, 50),
    };
    let (positives, negatives) = sweep.histogram(&edges);
    let bars = ScoreBars { edges, positives, negatives };
    let best = (answer == Answer::Peaks).then_some((published::THRESHOLD, published::F1_VALIDATION));
    Ok(plot::cutout_scores_vs_threshold(&sweep.points(), &bars, chosen, best, answer.score_label())?)
}

/// F1 as components are added, beside the paper's network.
pub(super) fn ladder_figure(skies: &[SkyScores], ours: &str) -> Result<Figure> {
    let step =
        |sky: &SkyScores| Step { name: sky.label.clone(), score: sky.cutouts.f1, published: network_f1(&sky.name) };
    let steps: Vec<Step> = skies.iter().map(step).collect();
    Ok(plot::score_by_step(&steps, ours, "network, paper", "F1 of cutouts")?)
}

/// The paper's F1 on a sky with the components up to the one that is named.
fn network_f1(sky: &str) -> Option<f64> {
    let key = match sky {
        name if name.starts_with("cmb") => "cmb_tsz",
        name if name.starts_with("ksz") => "ksz",
        name if name.starts_with("dusty") => "dusty",
        name if name.starts_with("radio") => "radio",
        super::scores::FULL_SKY => "dust",
        _ => return None,
    };
    published::NETWORK_F1_BY_COMPONENT.iter().find(|(name, _)| *name == key).map(|(_, f1)| *f1)
}

/// Figure 12: the share of haloes found by mass and redshift, virial radius, and angular size.
pub(super) fn planes(
    test: &[TileSummary],
    threshold: f64,
    cosmology: &Cosmology,
) -> Result<Vec<(&'static str, Figure)>> {
    let selection = test.first().map_or_else(HaloSelection::default, |tile| tile.matching.selection);
    let least_msun = test.first().map_or(1e14, |tile| tile.matching.keep_mvir_min_msun);
    let halo_radius = |halo: &HaloOutcome| (Mvir::new(halo.mvir_msun), Redshift::new(halo.redshift));
    let r_vir_mpc = |halo: &HaloOutcome| {
        let (mass, z) = halo_radius(halo);
        radius(mass, z, cosmology).value()
    };
    let theta_vir_arcmin = |halo: &HaloOutcome| {
        let (mass, z) = halo_radius(halo);
        angular_radius(mass, z, cosmology).to_arcmin().value()
    };
    let mass_1e14 = |halo: &HaloOutcome| halo.mvir_msun / 1e14;
    let mass = PlaneAxis { name: "Mvir", edges: log_edges(least_msun / 1e14, 10.0, 20), value: &mass_1e14 };
    let redshift = PlaneAxis { name: "redshift", edges: linear_edges(0.0, 2.0, 25), value: &|halo| halo.redshift };
    let size_mpc = PlaneAxis { name: "virial radius", edges: linear_edges(0.5, 2.5, 25), value: &r_vir_mpc };
    let size_arcmin = PlaneAxis { name: "angular size", edges: log_edges(1.5, 15.0, 25), value: &theta_vir_arcmin };
    let axes = [
        ("plane-redshift", redshift, "redshift"),
        ("plane-radius", size_mpc, "virial radius in Mpc"),
        ("plane-size", size_arcmin, "virial radius in arcmin"),
    ];
    let draw = |(stem, x, label): (&'static str, PlaneAxis, &str)| {
        let style = PlaneStyle {
            x_label: label.to_owned(),
            y_label: "virial mass in 10¹⁴ solar masses".to_owned(),
            y_guide: selection.mvir_min_msun / 1e14,
            least_haloes: LEAST_HALOES,
        };
        Ok((stem, plot::selection_plane(&SelectionPlane::new(test, threshold, &x, &mass)?, &style)?))
    };
    axes.into_iter().map(draw).collect()
}

/// Figure 1: what a place looks like as components are added.
pub(super) struct PlacePanels {
    /// The place on a cluster.
    pub(super) cluster: MapImage,
    /// The place far from any.
    pub(super) empty: MapImage,
    /// The place on a cluster: each added component alone, where the ladder has more than one sky.
    pub(super) alone: Option<MapImage>,
}

/// Draws the two places on the skies that were kept; `None` where there are none.
pub(super) fn place_panels(dir: &RunDir, ladder: &Ladder) -> Result<Option<PlacePanels>> {
    let rungs: Vec<String> = ladder.rungs.iter().map(|rung| rung.name.clone()).collect();
    let skies = gallery::read_places(dir, &rungs)?;
    if skies.is_empty() {
        return Ok(None);
    }
    let cumulative: Vec<String> = skies.iter().map(|(name, _)| ladder.label(name)).collect();
    let pixels = |place: usize| -> Vec<Vec<f32>> { skies.iter().map(|(_, cut)| cut.cutout(place).to_vec()).collect() };
    let first = &skies[0].1;
    let on_cluster = pixels(0);
    let added = |pair: &[Vec<f32>]| pair[1].iter().zip(&pair[0]).map(|(a, b)| a - b).collect();
    let alone: Vec<Vec<f32>> = on_cluster.windows(2).map(added).collect();
    let alone = match alone.is_empty() {
        true => None,
        false => Some(by_step(first, &cumulative[1..], &alone)?),
    };
    Ok(Some(PlacePanels {
        cluster: by_band(first, &cumulative, &on_cluster, Mark::Centre)?,
        empty: by_band(first, &cumulative, &pixels(1), Mark::None)?,
        alone,
    }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Centre,
    None,
}

/// One row a band, one column a sky; a row shares its colours, each image is taken about its own mean.
fn by_band(cutouts: &Cutouts, columns: &[String], skies: &[Vec<f32>], mark: Mark) -> Result<MapImage> {
    let side = cutouts.shape().nx;
    let middle = 0.5 * (side as f64 - 1.0);
    let row = |(band_idx, band): (usize, &arcmin_maps::cutouts::CutoutBand)| {
        let of = |sky: &Vec<f32>| about_mean(&sky[band_idx * side * side..(band_idx + 1) * side * side]);
        let reach = skies.iter().map(|sky| percentile_of_size(&of(sky), 0.99)).fold(0.0, f64::max);
        let cell = |sky| PanelCell {
            side,
            pixels: PanelPixels::Values(of(sky)),
            cross: (mark == Mark::Centre).then_some(PixelPosition { x: middle, y: middle }),
            caption: String::new(),
        };
        PanelRow {
            label: format!("{} GHz\n±{reach:.0} µK", band.name),
            range: (-reach, reach),
            cells: skies.iter().map(cell).collect(),
        }
    };
    let rows = cutouts.bands().iter().enumerate().map(row).collect();
    Ok(Panel { columns: columns.to_vec(), rows, scale: ColourScale::Diverging, cell_px: 176 }.draw()?)
}

/// One row a step, one column a band; a row shares its colours, so that they tell one band from another.
fn by_step(cutouts: &Cutouts, names: &[String], steps: &[Vec<f32>]) -> Result<MapImage> {
    let side = cutouts.shape().nx;
    let middle = 0.5 * (side as f64 - 1.0);
    let row = |(name, step): (&String, &Vec<f32>)| {
        let bands: Vec<Vec<f32>> = step.chunks(side * side).map(about_mean).collect();
        let reach = bands.iter().map(|band| percentile_of_size(band, 0.99)).fold(0.0, f64::max);
        let cell = |band: Vec<f32>| PanelCell {
            side,
            pixels: PanelPixels::Values(band),
            cross: Some(PixelPosition { x: middle, y: middle }),
            caption: String::new(),
        };
        // A long name takes a line for each of its words.
        let label = format!("{}\n±{reach:.1} µK", name.replacen("+ ", "+\u{a0}", 1).replace(' ', "\n"));
        PanelRow { label, range: (-reach, reach), cells: bands.into_iter().map(cell).collect() }
    };
    let columns = cutouts.bands().iter().map(|band| format!("{} GHz", band.name)).collect();
    let rows = names.iter().zip(steps).map(row).collect();
    Ok(Panel { columns, rows, scale: ColourScale::Diverging, cell_px: 176 }.draw()?)
}

/// Values less their mean: the CMB is nearly constant over a cutout and would drown the rest.
fn about_mean(values: &[f32]) -> Vec<f32> {
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|&value| value - mean as f32).collect()
}

/// Size that a share of the values does not exceed.
fn percentile_of_size(values: &[f32], share: f64) -> f64 {
    let mut sizes: Vec<f64> = values.iter().map(|value| f64::from(value.abs())).collect();
    sizes.sort_by(f64::total_cmp);
    let idx = (share * sizes.len().saturating_sub(1) as f64).round() as usize;
    sizes.get(idx).copied().unwrap_or(1.0)
}

/// Figure 7: clusters found and missed, the three bands as red, green and blue; `None` where none were kept.
pub(super) fn cluster_panel(
    dir: &RunDir,
    finder: &str,
    results: &Results,
    (threshold, answer): (f64, Answer),
) -> Result<Option<MapImage>> {
    let Some((cutouts, haloes)) = gallery::read_targets(dir)? else { return Ok(None) };
    let Some(tile) = results.test(finder).first() else { return Ok(None) };
    if cutouts.bands().len() < 3 {
        return Ok(None);
    }
    let halo_of = |id: &u64| tile.haloes.iter().find(|halo| halo.id == *id && halo.is_searched);
    let mut clusters: Vec<(usize, &HaloOutcome)> =
        haloes.iter().enumerate().filter_map(|(idx, id)| halo_of(id).map(|halo| (idx, halo))).collect();
    let score = |halo: &HaloOutcome| halo.score.unwrap_or(0.0);
    clusters.sort_by(|a, b| score(b.1).total_cmp(&score(a.1)));
    let n_found = clusters.partition_point(|(_, halo)| score(halo) >= threshold);
    let ranges = band_ranges(&cutouts);
    let rows_of = |label: &str, clusters: &[(usize, &HaloOutcome)]| -> Vec<PanelRow> {
        let cells: Vec<PanelCell> =
            spread(clusters).map(|&(idx, halo)| rgb_cell(&cutouts, idx, halo, (ranges, answer))).collect();
        let row = |cells: &[PanelCell]| PanelRow { label: label.to_owned(), range: (0.0, 1.0), cells: cells.to_vec() };
        cells.chunks(CLUSTERS_A_ROW).map(row).collect()
    };
    let mut rows = rows_of("found", &clusters[..n_found]);
    rows.extend(rows_of("missed", &clusters[n_found..]));
    if rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(Panel { columns: Vec::new(), rows, scale: ColourScale::Grey, cell_px: 176 }.draw()?))
}

/// A few of a list, evenly spread over it.
fn spread<T>(all: &[T]) -> impl Iterator<Item = &T> {
    let n = all.len().min(SHOWN_CLUSTERS);
    (0..n).map(move |idx| &all[idx * (all.len() - 1) / (n - 1).max(1)])
}

fn rgb_cell(
    cutouts: &Cutouts,
    idx: usize,
    halo: &HaloOutcome,
    (ranges, answer): ([(f64, f64); 3], Answer),
) -> PanelCell {
    let side = cutouts.shape().nx;
    let bands: Vec<&[f32]> = cutouts.cutout(idx).chunks(side * side).take(3).collect();
    let (name, digits) = match answer {
        Answer::Peaks => ("S/N", 1),
        Answer::Cutouts | Answer::ProbablePeaks => ("p", 2),
        Answer::Combined(_) => ("score", 2),
    };
    let score = halo.score.map_or("none".to_owned(), |score| format!("{score:.digits$}"));
    PanelCell {
        side,
        pixels: PanelPixels::Rgb(rgb_pixels([bands[0], bands[1], bands[2]], ranges)),
        cross: None,
        caption: format!("{:.1}, z {:.2}\n{name} {score}", halo.mvir_msun / 1e14, halo.redshift),
    }
}

/// For each band the 1st and 99th percentile over all cutouts, so that one colour means one temperature.
fn band_ranges(cutouts: &Cutouts) -> [(f64, f64); 3] {
    let (side, n_bands) = (cutouts.shape().nx, cutouts.bands().len());
    std::array::from_fn(|band| {
        let of = |idx: usize| &cutouts.cutout(idx)[band * side * side..(band + 1) * side * side];
        let mut all: Vec<f64> = (0..cutouts.len()).flat_map(of).map(|&value| f64::from(value)).collect();
        all.sort_by(f64::total_cmp);
        let at = |share: f64| all.get((share * all.len().saturating_sub(1) as f64) as usize).copied().unwrap_or(0.0);
        debug_assert!(band < n_bands);
        (at(0.01), at(0.99))
    })
}

//! Signal-to-noise ratios that clusters of known mass should have in the DeepSz survey.

mod common;

use arcmin_find_mmf::filter::{BandWeights, EllRange};
use arcmin_find_mmf::grid::Grid;
use arcmin_find_mmf::noise::ModelNoise;
use arcmin_find_mmf::noise::model::SkyModel;
use arcmin_find_mmf::response::BandResponse;
use arcmin_find_mmf::template::{Sampling, Template, Work};
use arcmin_maps::Beam;
use arcmin_sky::Cosmology;
use arcmin_sky::pressure::{Arnaud10, ProjectedGnfw};
use arcmin_units::{Arcmin, M500c, Redshift};
use std::sync::Arc;

const N: usize = 256;
const PIXEL_ARCMIN: f64 = 0.25;
/// Clusters are means over pixels, as the golden ones. What is left is the CMB table and the number of sub-pixels.
const TOLERANCE: f64 = 0.002;

#[test]
fn snr_of_clusters_agrees_with_the_independent_computation() {
    let geometry = common::geometry(N, N, PIXEL_ARCMIN);
    let band =
        |&(nu, noise): &(f64, f64)| common::temperature_band(nu, Some(noise), Beam::Delta, &geometry, vec![0.0; N * N]);
    let bands: Vec<_> = common::DEEPSZ_BANDS.iter().map(band).collect();
    let noise = ModelNoise::new(&SkyModel::deepsz(), &bands).unwrap();
    let responses: Vec<_> = bands.iter().map(BandResponse::of).collect();
    let grid = Grid::new(N, N, Arcmin::new(PIXEL_ARCMIN).to_rad().value()).unwrap();
    let fft = grid.plan::<f64>().unwrap();
    let weights = BandWeights::<f64>::new(&grid, &responses, &noise, EllRange::ALL).unwrap();
    let mut map = vec![0.0; N * N];
    let mut scratch = fft.make_scratch();
    let mut transform = |template: &Template, sampling: Sampling| {
        let work = Work { map: &mut map, scratch: &mut scratch };
        template.transform(&grid, sampling, &fft, work)
    };
    let bank: Vec<Vec<f64>> =
        (1..=12).map(|i| transform(&Template::beta(Arcmin::new(0.25 * f64::from(i))), Sampling::Centre)).collect();
    let shape = Arc::new(ProjectedGnfw::arnaud10());
    for row in common::golden_rows(include_str!("golden/deepsz_snr.csv")) {
        let row: Vec<f64> = row.iter().map(|v| v.parse().unwrap()).collect();
        let gas = Arnaud10::new(M500c::new(row[2]), Redshift::new(row[1]), &Cosmology::sehgal_wmap5()).unwrap();
        let truth = transform(&Template::arnaud10(shape.clone(), gas.theta500().to_arcmin()), Sampling::PixelMean);
        let snr_true = gas.y0() / weights.sigma(&grid, &truth);
        let snr_beta = bank.iter().map(|tau| gas.y0() * weights.response(&grid, &truth, tau)).fold(0.0, f64::max);
        for (what, ours, golden) in [("true profile", snr_true, row[7]), ("beta profiles", snr_beta, row[5])] {
            let error = ours / golden - 1.0;
            assert!(error.abs() < TOLERANCE, "Mvir {:e} z {}, {what}: {ours:.3}, golden {golden:.3}", row[0], row[1]);
        }
    }
}

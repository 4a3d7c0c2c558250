//! Laws of the filter on maps made in memory.

mod common;

use arcmin_find_mmf::config::NoiseConfig;
use arcmin_find_mmf::noise::model::{LevelAtFrequency, SkyModel};
use arcmin_find_mmf::noise::{ModelNoise, NoiseCovariance};
use arcmin_find_mmf::{Keep, MatchedFilter, MatchedFilterConfig, Search, Template};
use arcmin_maps::{Beam, Geometry, Mask, Observation, PixelPosition};
use arcmin_method::Candidate;
use arcmin_method::conformance::check_finder;
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_units::{Arcmin, Ghz, Radian, SkyPosition};

const PIXEL_ARCMIN: f64 = 0.5;
/// White noise of the y maps.
const NOISE_Y_ARCMIN: f64 = 1e-6;

/// A noise model in which a y map holds white noise alone.
fn y_model() -> NoiseConfig {
    y_model_with_background(0.0)
}

/// A noise model in which a y map holds white noise and an SZ background flat in D_ell, in uK^2 at 150 GHz.
fn y_model_with_background(d3000_uk2: f64) -> NoiseConfig {
    let level = LevelAtFrequency { nu_ghz: 150.0, d3000_uk2 };
    NoiseConfig::Model { sky: SkyModel::Levels { ksz_d_ell_uk2: 0.0, point_sources: vec![], sz_background: level } }
}

/// The settings of these tests: periodic maps, a short bank.
fn config(noise: NoiseConfig) -> MatchedFilterConfig {
    MatchedFilterConfig {
        scales_arcmin: vec![0.5, 1.0, 2.0],
        fixed_scale_arcmin: 1.0,
        noise,
        border_arcmin: 0.0,
        snr_min: 4.0,
        ..MatchedFilterConfig::default()
    }
}

fn filter(config: &MatchedFilterConfig) -> MatchedFilter {
    MatchedFilter::new(config).unwrap()
}

fn add_cluster(map: &mut [f32], geometry: &Geometry, x: f64, y: f64, y_c: f64, core_arcmin: f64) {
    let shape = geometry.shape();
    let template = Template::beta(Arcmin::new(core_arcmin));
    let pixel_rad = geometry.pixel_size().value();
    let wrap = |d: f64, n: usize| d - (d / n as f64).round() * n as f64;
    for (i, value) in map.iter_mut().enumerate() {
        let dx = wrap((i % shape.nx) as f64 - x, shape.nx);
        let dy = wrap((i / shape.nx) as f64 - y, shape.ny);
        *value += (y_c * template.at(Radian::new(dx.hypot(dy) * pixel_rad))) as f32;
    }
}

/// White noise in y, one draw.
fn y_noise(geometry: &Geometry, seed: u64) -> Vec<f32> {
    let per_pixel = NOISE_Y_ARCMIN / geometry.pixel_size().to_arcmin().value();
    common::normals(geometry.shape().n_pixels(), seed).iter().map(|v| (v * per_pixel) as f32).collect()
}

fn search_y(config: &MatchedFilterConfig, geometry: &Geometry, map: Vec<f32>) -> Search {
    filter(config).search(&common::y_observation(geometry, map, Some(NOISE_Y_ARCMIN))).unwrap()
}

/// The slow twin: `y(x) = sigma^2 sum_x' [N^-1 tau](x' - x) d(x')`, the kernel from a direct double sum over modes.
#[test]
fn filtered_map_equals_the_direct_sum_in_real_space() {
    let (ny, nx) = (12, 16);
    let geometry = common::geometry(ny, nx, PIXEL_ARCMIN);
    let map = y_noise(&geometry, 3);
    let observation = common::y_observation(&geometry, map.clone(), Some(NOISE_Y_ARCMIN));
    let mut config = config(y_model());
    config.scales_arcmin = vec![1.0];
    let fast = filter(&config).search(&observation).unwrap();
    let NoiseConfig::Model { sky } = &config.noise else { unreachable!("set above") };
    let noise = ModelNoise::new(sky, observation.bands()).unwrap();
    let (kernel, information) = direct_kernel(&noise, ny, nx, 1.0);
    for y in 0..ny {
        for x in 0..nx {
            let mut slow = 0.0;
            for v in 0..ny {
                for u in 0..nx {
                    let lag = (v + ny - y) % ny * nx + (u + nx - x) % nx;
                    slow += kernel[lag] * f64::from(map[v * nx + u]);
                }
            }
            slow /= information.sqrt();
            let ours = f64::from(fast.snr.pixels()[y * nx + x]);
            assert!((ours - slow).abs() < 1e-4, "pixel {x} {y}: {ours}, direct sum {slow}");
        }
    }
}

/// The slow twin of a residual: the templates that fit best painted, subtracted from the map, and what is left searched anew.
#[test]
fn residual_is_what_a_search_of_the_map_less_its_clusters_finds() {
    let geometry = common::geometry(96, 80, PIXEL_ARCMIN);
    let planted = [(20.0, 30.0, 6e-5, 1.0), (60.0, 70.0, 4e-5, 0.7), (50.0, 20.0, -8e-5, 1.0)];
    let map = y_noise_and(&geometry, &planted);
    let filter = filter(&config(y_model()));
    let searched = |map: Vec<f32>, keep| {
        let observation = common::y_observation(&geometry, map, Some(NOISE_Y_ARCMIN));
        filter.search_treated(&filter.without_sources(&observation).unwrap(), keep).unwrap()
    };
    let whole = searched(map.clone(), Keep::Residuals { above_snr: 10.0 });
    let mut less = map;
    for (x, y, ..) in &planted[..2] {
        let here = |candidate: &&Candidate| {
            let at = geometry.sky_to_pix(candidate.position).unwrap();
            (at.x - x).hypot(at.y - y) < 1.0
        };
        let best = whole.detections.candidates.iter().find(here).and_then(|c| c.best.clone()).unwrap();
        assert!(best.y_c.value / best.y_c.error > 10.0);
        add_cluster(&mut less, &geometry, *x, *y, -best.y_c.value, best.scale_arcmin);
    }
    let again = searched(less, Keep::EveryScale);
    assert_eq!((whole.residuals.len(), again.scales.len(), again.residuals.len()), (3, 3, 0));
    for (residual, twin) in whole.residuals.iter().zip(&again.scales) {
        let pairs = residual.snr.pixels().iter().zip(twin.snr.pixels());
        let off = pairs.map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
        assert!(off < 2e-3, "{}: {off}", residual.template.name());
    }
    // The hole stays: what is below the sky is no cluster.
    assert!(whole.residuals[1].snr.pixels()[20 * 80 + 50] < -10.0);
    let plain = searched(y_noise_and(&geometry, &planted), Keep::EveryScale);
    assert_eq!(whole.scales[0].snr, plain.scales[0].snr, "what is kept of the map itself is the same");
}

/// Noise with clusters.
fn y_noise_and(geometry: &Geometry, planted: &[(f64, f64, f64, f64)]) -> Vec<f32> {
    let mut map = y_noise(geometry, 11);
    planted.iter().for_each(|&(x, y, y_c, core)| add_cluster(&mut map, geometry, x, y, y_c, core));
    map
}

/// `sum_k cos(k x) tau(k) / N(k) / n^2` at every lag, and `sum_k tau^2 / N / Omega`, by sums over modes and pixels.
fn direct_kernel(noise: &ModelNoise, ny: usize, nx: usize, core_arcmin: f64) -> (Vec<f64>, f64) {
    let pixel_rad = Arcmin::new(PIXEL_ARCMIN).to_rad().value();
    let template = Template::beta(Arcmin::new(core_arcmin));
    let fold = |i: usize, n: usize| i.min(n - i) as f64;
    let phase = |k: usize, x: usize, n: usize| std::f64::consts::TAU * (k * x % n) as f64 / n as f64;
    let (mut kernel, mut information) = (vec![0.0; ny * nx], 0.0);
    let mut power = [0.0];
    for (ky, kx) in (0..ny).flat_map(|ky| (0..nx).map(move |kx| (ky, kx))).skip(1) {
        let mut tau = 0.0;
        for (y, x) in (0..ny).flat_map(|y| (0..nx).map(move |x| (y, x))) {
            let theta = Radian::new(fold(y, ny).hypot(fold(x, nx)) * pixel_rad);
            tau += template.at(theta) * (phase(ky, y, ny) + phase(kx, x, nx)).cos() * pixel_rad.powi(2);
        }
        let unit = std::f64::consts::TAU / pixel_rad;
        noise.covariance((fold(ky, ny) * unit / ny as f64).hypot(fold(kx, nx) * unit / nx as f64), &mut power);
        information += tau * tau / power[0] / ((ny * nx) as f64 * pixel_rad.powi(2));
        for (lag, value) in kernel.iter_mut().enumerate() {
            *value += (phase(ky, lag / nx, ny) + phase(kx, lag % nx, nx)).cos() * tau / power[0] / (ny * nx) as f64;
        }
    }
    (kernel, information)
}

/// Filtered noise is normal with unit width: with 65,536 pixels, some 7,000 of them independent, the robust rms has a
/// standard error of 0.014; the bound is 4.5 of those (false alarm below 1e-5).
#[test]
fn filtered_noise_has_unit_rms() {
    let geometry = common::geometry(256, 256, PIXEL_ARCMIN);
    let search = search_y(&config(y_model()), &geometry, y_noise(&geometry, 11));
    for sigma in &search.tiles[0].sigmas[..2] {
        let ratio = sigma.observed / sigma.expected;
        assert!((ratio - 1.0).abs() < 0.063, "scale {}: rms {ratio}", sigma.scale_arcmin);
        assert_eq!(sigma.used, sigma.expected, "a model is believed");
    }
}

/// Thirty clusters of S/N 30: their mean amplitude has an error of 0.6 per cent; the bound is 4.5 of those (false
/// alarm below 1e-5).
#[test]
fn filter_is_unbiased_on_injected_clusters() {
    let geometry = common::geometry(512, 512, PIXEL_ARCMIN);
    let config = config(y_model_with_background(2.0));
    let mut map = drawn(&config, &geometry, 5);
    let sigma = search_y(&config, &geometry, map.clone()).tiles[0].sigmas[1].used;
    let y_c = 30.0 * sigma;
    let place = |i: usize| (40.0 + 90.3 * (i % 5) as f64, 40.0 + 80.6 * (i / 5) as f64);
    let mut targets = Vec::new();
    for (x, y) in (0..30).map(place) {
        add_cluster(&mut map, &geometry, x, y, y_c, 1.0);
        targets.push((geometry.pix_to_sky(PixelPosition { x, y }).unwrap(), Arcmin::new(1.0)));
    }
    let observation = common::y_observation(&geometry, map, Some(NOISE_Y_ARCMIN));
    let measured = filter(&config).measure(&observation, &targets).unwrap();
    let mean = measured.iter().map(|m| m.unwrap().y_c.value / y_c).sum::<f64>() / 30.0;
    assert!((mean - 1.0).abs() < 4.5 / 30.0 / 30.0_f64.sqrt(), "recovered over injected {mean}");
    let found = filter(&config).search(&observation).unwrap();
    assert_eq!(found.detections.candidates.iter().filter(|c| c.score > 15.0).count(), 30);
}

/// Photometry interpolates between the scales of a ladder; the search of a bank of one scale filters with that scale.
#[test]
fn photometry_at_any_scale_is_the_filter_of_that_scale() {
    let geometry = common::geometry(256, 300, PIXEL_ARCMIN);
    let base = config(y_model_with_background(2.0));
    let mut map = drawn(&base, &geometry, 6);
    add_cluster(&mut map, &geometry, 140.0, 100.0, 2e-5, 1.0);
    for scale in [0.3, 0.77, 1.0, 1.9, 4.4] {
        let config = MatchedFilterConfig { scales_arcmin: vec![scale], ..base.clone() };
        let search = search_y(&config, &geometry, map.clone());
        let places = [(140, 100), (20, 30), (250, 200), (77, 3)];
        let target =
            |(x, y): (i32, i32)| geometry.pix_to_sky(PixelPosition { x: f64::from(x), y: f64::from(y) }).unwrap();
        let targets = places.map(|place| (target(place), Arcmin::new(scale)));
        let observation = common::y_observation(&geometry, map.clone(), Some(NOISE_Y_ARCMIN));
        for ((x, y), got) in places.into_iter().zip(filter(&base).measure(&observation, &targets).unwrap()) {
            let (expected, got) = (f64::from(search.snr.pixels()[(y * 300 + x) as usize]), got.unwrap());
            let tolerance = 1e-3 * expected.abs().max(1.0);
            assert!((got.snr - expected).abs() < tolerance, "scale {scale} at {x} {y}: {}, {expected}", got.snr);
            let error = got.y_c.error / search.tiles[0].sigmas[0].used;
            assert!((error - 1.0).abs() < 5e-4, "scale {scale}: error off by {error}");
        }
    }
}

/// The right half of the map has twice the noise of the left: photometry has the errors of the search, place by place.
#[test]
fn photometry_has_the_local_errors_of_the_search() {
    let geometry = common::geometry(400, 480, PIXEL_ARCMIN);
    let mut map = y_noise(&geometry, 12);
    for (i, value) in map.iter_mut().enumerate() {
        *value *= if i % 480 < 240 { 1.0 } else { 2.0 };
    }
    for i in 0..8 {
        add_cluster(&mut map, &geometry, 60.0 + 120.0 * f64::from(i % 4), 120.0 + 160.0 * f64::from(i / 4), 3e-5, 1.0);
    }
    let measured = NoiseConfig::Measured { iterations: 2, subtract_above_snr: 4.5, local_rms_arcmin: 40.0 };
    let config = MatchedFilterConfig { snr_min: 8.0, ..config(measured) };
    let observation = common::y_observation(&geometry, map, None);
    let found = filter(&config).search(&observation).unwrap().detections.candidates;
    assert_eq!(found.len(), 8);
    let targets: Vec<_> = found.iter().map(|c| (c.position, Arcmin::new(config.fixed_scale_arcmin))).collect();
    let measured = filter(&config).measure(&observation, &targets).unwrap();
    let errors: Vec<f64> = measured.iter().map(|m| m.unwrap().y_c.error).collect();
    for (error, candidate) in errors.iter().zip(&found) {
        let of_search = candidate.fixed.as_ref().unwrap().y_c.error;
        assert!((error / of_search - 1.0).abs() < 0.01, "error {error:e}, of the search {of_search:e}");
    }
    let side = |left: bool| {
        let here = |position| (geometry.sky_to_pix(position).unwrap().x < 240.0) == left;
        let of_side: Vec<f64> = errors.iter().zip(&found).filter(|(_, c)| here(c.position)).map(|(e, _)| *e).collect();
        of_side.iter().sum::<f64>() / of_side.len() as f64
    };
    // Two, less what the least factor and the bilinear interpolation between cells of 40' take away.
    assert!(side(false) / side(true) > 1.5, "{:e} and {:e}", side(false), side(true));
}

/// A map of Compton y drawn from the noise model of a configuration.
fn drawn(config: &MatchedFilterConfig, geometry: &Geometry, seed: u64) -> Vec<f32> {
    let shape = geometry.shape();
    let empty = common::y_observation(geometry, vec![0.0; shape.n_pixels()], Some(NOISE_Y_ARCMIN));
    common::gaussian_maps(&model_of(config, &empty), shape.ny, shape.nx, PIXEL_ARCMIN, seed).remove(0)
}

fn model_of(config: &MatchedFilterConfig, observation: &Observation) -> ModelNoise {
    let NoiseConfig::Model { sky } = &config.noise else { unreachable!("these tests model the noise") };
    ModelNoise::new(sky, observation.bands()).unwrap()
}

#[test]
fn amplitude_is_linear() {
    let geometry = common::geometry(64, 96, PIXEL_ARCMIN);
    let map = y_noise(&geometry, 8);
    let double: Vec<f32> = map.iter().map(|v| 2.0 * v).collect();
    let once = search_y(&config(y_model()), &geometry, map);
    let twice = search_y(&config(y_model()), &geometry, double);
    for (a, b) in once.snr.pixels().iter().zip(twice.snr.pixels()) {
        assert_eq!(2.0 * a, *b, "a power of two is exact");
    }
}

#[test]
fn shifted_map_gives_shifted_answer() {
    let (ny, nx) = (64, 96);
    let geometry = common::geometry(ny, nx, PIXEL_ARCMIN);
    let map = y_noise(&geometry, 9);
    let (dy, dx) = (13, 40);
    let shifted: Vec<f32> = (0..ny * nx).map(|i| map[(i / nx + ny - dy) % ny * nx + (i % nx + nx - dx) % nx]).collect();
    let here = search_y(&config(y_model()), &geometry, map);
    let there = search_y(&config(y_model()), &geometry, shifted);
    for i in 0..ny * nx {
        let j = (i / nx + dy) % ny * nx + (i % nx + dx) % nx;
        assert!((here.snr.pixels()[i] - there.snr.pixels()[j]).abs() < 2e-4, "pixel {i}");
    }
}

/// The noise measured from maps drawn from a model is the model's. A smoothed bin at ell = 4000 holds some 1,000
/// independent modes, an error of 3 per cent; the bound is 4.5 of those (false alarm below 1e-3 for all elements).
#[test]
fn noise_from_the_data_equals_the_noise_put_in() {
    let (n, pixel) = (512, 0.5);
    let geometry = common::geometry(n, n, pixel);
    let empty =
        |&(nu, noise): &(f64, f64)| common::temperature_band(nu, Some(noise), Beam::Delta, &geometry, vec![0.0; n * n]);
    let bands: Vec<_> = common::DEEPSZ_BANDS.iter().map(empty).collect();
    let model = ModelNoise::new(&SkyModel::deepsz(), &bands).unwrap();
    let maps = common::gaussian_maps(&model, n, n, pixel, 4);
    let band = |(&(nu, noise), map): (&(f64, f64), Vec<f32>)| {
        common::temperature_band(nu, Some(noise), Beam::Delta, &geometry, map)
    };
    let bands: Vec<_> = common::DEEPSZ_BANDS.iter().zip(maps).map(band).collect();
    let observation = Observation::new(bands, Mask::all_valid(geometry.clone())).unwrap();
    let measured = NoiseConfig::Measured { iterations: 1, subtract_above_snr: 5.0, local_rms_arcmin: 40.0 };
    let search = filter(&config(measured)).search(&observation).unwrap();
    let report = &search.tiles[0];
    let noise = report.noise.as_ref().unwrap();
    let (mut ours, mut truth) = ([0.0; 9], [0.0; 9]);
    for ell in [4000.0, 6000.0, 9000.0, 14_000.0] {
        noise.covariance(ell, &mut ours);
        model.covariance(ell, &mut truth);
        for i in 0..9 {
            let scale = (truth[i / 3 * 4] * truth[i % 3 * 4]).sqrt();
            assert!(((ours[i] - truth[i]) / scale).abs() < 0.15, "ell {ell}, element {i}: {} {}", ours[i], truth[i]);
        }
    }
    let modelled = filter(&config(NoiseConfig::Model { sky: SkyModel::deepsz() })).search(&observation).unwrap();
    for (a, b) in report.sigmas.iter().zip(&modelled.tiles[0].sigmas) {
        assert!((a.used / b.used - 1.0).abs() < 0.1, "scale {}: {} and {}", a.scale_arcmin, a.used, b.used);
    }
}

/// The slow twin of the infill: `tau_M^T C_MM^-1 d_M` with the covariance of the unmasked pixels solved directly.
#[test]
fn filled_holes_give_the_filter_of_infinitely_noisy_pixels() {
    let (ny, nx) = (12, 16);
    let geometry = common::geometry(ny, nx, PIXEL_ARCMIN);
    let config = MatchedFilterConfig { scales_arcmin: vec![1.0], ..config(y_model_with_background(20.0)) };
    let map = drawn(&config, &geometry, 77);
    let mut mask = Mask::all_valid(geometry.clone());
    for hole in [5 * nx + 5, 5 * nx + 6, 6 * nx + 5, 6 * nx + 6, 9 * nx + 11] {
        mask.valid_mut()[hole] = false;
    }
    let bands = common::y_observation(&geometry, map.clone(), Some(NOISE_Y_ARCMIN)).bands().to_vec();
    let observation = Observation::new(bands, mask.clone()).unwrap();
    let snr = filter(&config).search(&observation).unwrap().snr;
    let valid: Vec<usize> = (0..ny * nx).filter(|&i| mask.valid()[i]).collect();
    let noise = model_of(&config, &observation);
    let (covariance, information) = (direct_covariance(&noise, ny, nx), direct_kernel(&noise, ny, nx, 1.0).1);
    let lag = |a: usize, b: usize| (b / nx + ny - a / nx) % ny * nx + (b % nx + nx - a % nx) % nx;
    let matrix = valid.iter().map(|&a| valid.iter().map(|&b| covariance[lag(a, b)]).collect()).collect();
    let weighted = solve(matrix, valid.iter().map(|&i| f64::from(map[i])).collect());
    let template = Template::beta(Arcmin::new(1.0));
    let fold = |i: usize, n: usize| i.min(n - i) as f64 * geometry.pixel_size().value();
    for target in [5 * nx + 5, 6 * nx + 7, 9 * nx + 11, 2 * nx + 13] {
        let theta = |i: usize| Radian::new(fold(lag(target, i) / nx, ny).hypot(fold(lag(target, i) % nx, nx)));
        let slow: f64 = valid.iter().zip(&weighted).map(|(&i, w)| template.at(theta(i)) * w).sum();
        let slow = slow / information.sqrt();
        let ours = f64::from(snr.pixels()[target]);
        assert!((ours - slow).abs() < 0.02, "pixel {target}: {ours}, direct {slow}");
    }
}

/// Covariance of pixels at every lag, `sum_k N(k) cos(k x) / Omega`; the mean is unknown: it has a large variance.
fn direct_covariance(noise: &ModelNoise, ny: usize, nx: usize) -> Vec<f64> {
    let pixel_rad = Arcmin::new(PIXEL_ARCMIN).to_rad().value();
    let unit = std::f64::consts::TAU / pixel_rad;
    let fold = |i: usize, n: usize| i.min(n - i) as f64 * unit / n as f64;
    let area = (ny * nx) as f64 * pixel_rad.powi(2);
    let mut power = [0.0];
    let mut covariance = vec![0.0; ny * nx];
    for (ky, kx) in (0..ny).flat_map(|ky| (0..nx).map(move |kx| (ky, kx))) {
        noise.covariance(fold(ky, ny).hypot(fold(kx, nx)), &mut power);
        for (lag, value) in covariance.iter_mut().enumerate() {
            let phase = ky as f64 * (lag / nx) as f64 / ny as f64 + kx as f64 * (lag % nx) as f64 / nx as f64;
            *value += power[0] * (std::f64::consts::TAU * phase).cos() / area;
        }
    }
    covariance
}

/// Gaussian elimination of a positive definite system.
fn solve(mut matrix: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for pivot in 0..n {
        for row in pivot + 1..n {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let (above, below) = matrix.split_at_mut(row);
            below[0].iter_mut().zip(&above[pivot]).skip(pivot).for_each(|(v, p)| *v -= factor * p);
            b[row] -= factor * b[pivot];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|j| matrix[row][j] * b[j]).sum();
        b[row] = (b[row] - known) / matrix[row][row];
    }
    b
}

#[test]
fn windows_give_what_one_window_gives() {
    let geometry = common::geometry(480, 600, PIXEL_ARCMIN);
    let mut map = y_noise(&geometry, 31);
    for i in 0..12 {
        add_cluster(&mut map, &geometry, 60.0 + 140.0 * f64::from(i % 4), 70.0 + 160.0 * f64::from(i / 4), 2e-5, 1.0);
    }
    let whole = MatchedFilterConfig { border_arcmin: 10.0, snr_min: 6.0, ..config(y_model_with_background(2.0)) };
    let cut = MatchedFilterConfig { window_pixels: 320, overlap_arcmin: 30.0, ..whole.clone() };
    let (one, many) = (search_y(&whole, &geometry, map.clone()), search_y(&cut, &geometry, map));
    assert_eq!(one.tiles.len(), 1);
    assert!(many.tiles.len() >= 6);
    assert_eq!(one.detections.searched, many.detections.searched);
    assert_eq!(one.detections.candidates.len(), many.detections.candidates.len());
    for (a, b) in one.detections.candidates.iter().zip(&many.detections.candidates) {
        let apart = a.position.separation(b.position).to_arcmin().value();
        let nearest = many.detections.candidates.iter().map(|c| separation_arcmin(a.position, c.position));
        assert!(nearest.fold(f64::INFINITY, f64::min) < 0.25, "a candidate moved by {apart} arcmin");
        assert!((a.score / b.score - 1.0).abs() < 0.02, "S/N {} in one window, {} in several", a.score, b.score);
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    let geometry = common::geometry(160, 200, PIXEL_ARCMIN);
    let mut map = y_noise(&geometry, 41);
    add_cluster(&mut map, &geometry, 90.3, 70.8, 3e-5, 1.0);
    let mut mask = Mask::all_valid(geometry.clone());
    mask.valid_mut()[60 * 200 + 40..60 * 200 + 44].fill(false);
    let bands = common::y_observation(&geometry, map, Some(NOISE_Y_ARCMIN)).bands().to_vec();
    let observation = Observation::new(bands, mask).unwrap();
    let config = MatchedFilterConfig { border_arcmin: 5.0, ..MatchedFilterConfig::default() };
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| filter(&config).search(&observation).unwrap())
    };
    let (one, two) = (with(1), with(2));
    assert!(!one.detections.candidates.is_empty());
    assert_eq!(one.detections, two.detections);
    assert_eq!((one.snr, one.best_scale), (two.snr, two.best_scale));
}

fn separation_arcmin(a: SkyPosition, b: SkyPosition) -> f64 {
    a.separation(b).to_arcmin().value()
}

#[test]
fn contract_holds() {
    let geometry = common::geometry(128, 160, PIXEL_ARCMIN);
    let mut bands = Vec::new();
    for (i, &(nu, noise)) in common::DEEPSZ_BANDS.iter().enumerate() {
        let mut map =
            common::normals(128 * 160, 60 + i as u64).iter().map(|v| (v * noise / 0.5) as f32).collect::<Vec<_>>();
        add_cluster(&mut map, &geometry, 80.0, 60.0, 1e-4 * tsz_uk_per_y(Ghz::new(nu)), 1.0);
        bands.push(common::temperature_band(
            nu,
            Some(noise),
            Beam::gaussian(Arcmin::new(1.2)).unwrap(),
            &geometry,
            map,
        ));
    }
    let mut mask = Mask::all_valid(geometry.clone());
    mask.valid_mut()[60 * 160 + 30..60 * 160 + 36].fill(false);
    let observation = Observation::new(bands, mask).unwrap();
    for config in [MatchedFilterConfig::default(), MatchedFilterConfig::deepsz()] {
        check_finder(&filter(&MatchedFilterConfig { border_arcmin: 5.0, ..config }), &observation);
    }
}

#[test]
fn faults_are_errors_that_name_the_remedy() {
    let geometry = common::geometry(64, 64, PIXEL_ARCMIN);
    let silent = common::y_observation(&geometry, vec![0.0; 64 * 64], None);
    let message = |config: &MatchedFilterConfig| filter(config).search(&silent).unwrap_err().to_string();
    assert!(message(&config(y_model())).contains("band y has no noise level"));
    let measured = NoiseConfig::Measured { iterations: 1, subtract_above_snr: 5.0, local_rms_arcmin: 40.0 };
    assert!(message(&config(measured)).contains("band y has no variance"));
    let bad = MatchedFilterConfig { snr_min: f64::NAN, ..MatchedFilterConfig::default() };
    assert!(MatchedFilter::new(&bad).unwrap_err().to_string().contains("snr_min"));
}

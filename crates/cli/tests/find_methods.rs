//! The methods of `arcmin find` that were trained beforehand, on a simulated sky of the kind that they know.
//!
//! Nothing here holds a number of the very weights that ship: better ones may replace them.

mod common;

use arcmin_fits::{FitsFile, ImageData};
use arcmin_maps::Catalogue;
use arcmin_maps::file::{ReadOptions, UnitMap, read_geometry, read_map};
use arcmin_maps::healpix::{
    HealpixFile, HealpixMap, HealpixPixels, HealpixReadOptions, HealpixUnitMap, OrderedPixels, read_healpix_column,
};
use arcmin_sphere::healpix::{Healpix, Nside, PixelSet};
use arcmin_units::{Frame, Radian, SkyPosition};
use common::trained::{
    BANDS, CUTOUT_REACH_ARCMIN, RIM_ARCMIN, assert_most, band_map, catalogue, depth_arcmin, find, heavy_clusters, maps,
    middle, n_found, tile,
};
use common::{assert_refused, assert_succeeded};
use std::path::{Path, PathBuf};
use std::process::Output;

#[test]
fn each_method_finds_heavy_clusters_and_says_what_its_scores_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let heavy = heavy_clusters();
    let search = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        assert_succeeded(&find(&BANDS, &out, more));
        for file in ["catalogue.csv", "catalogue.reg", "searched.fits", "map.png", "record.json"] {
            assert!(out.join(file).is_file(), "{name}: {file}");
        }
        assert_eq!(out.join("snr.fits").exists(), matches!(name, "mmf" | "peaks"), "{name}");
        assert_eq!(out.join("probability.fits").exists(), name == "fcn", "{name}");
        catalogue(&out)
    };
    let cnn = search("cnn", &["--method", "cnn"]);
    assert_most(n_found(&cnn, &heavy, CUTOUT_REACH_ARCMIN), &heavy, "cnn");
    let probability = cnn.f64("probability").expect("a column");
    assert!(probability.iter().all(|p| (0.5..=1.0).contains(p)) && probability.is_sorted_by(|a, b| a >= b));
    assert!(cnn.column("SNR").is_none() && cnn.column("y_c").is_none(), "a network has no signal to noise");
    let fcn = search("fcn", &["--method", "fcn"]);
    assert_most(n_found(&fcn, &heavy, 1.5), &heavy, "fcn");
    assert!(fcn.column("probability").is_some() && fcn.column("SNR").is_none());
    assert!(fcn.f64("found_Mvir").expect("a column").iter().all(|mass| (1e13..1e16).contains(mass)));
    let mmf = search("mmf", &[]);
    assert!(mmf.column("SNR").is_some() && mmf.column("probability").is_none());
    let ensemble = search("ensemble", &["--method", "ensemble"]);
    assert_most(n_found(&ensemble, &heavy, 1.5), &heavy, "ensemble");
    assert!(ensemble.f64("probability").expect("a column").iter().all(|p| (0.5..=1.0).contains(p)));
    let both = search("and", &["--method", "ensemble", "--combination", "and"]);
    assert_most(n_found(&both, &heavy, 1.5), &heavy, "and");
    assert!(both.f64("score").expect("a column").iter().all(|score| *score >= 1.0));
    let prod = search("prod", &["--method", "ensemble", "--combination", "prod", "--threshold", "0.9"]);
    assert_most(n_found(&prod, &heavy, 1.5), &heavy, "prod");
    // Each candidate of two finders is one of either: at the filter's place, or in the middle of a cutout.
    let all = search("all", &["--method", "cnn", "--threshold", "0.01"]);
    let peaks = search("peaks", &["--threshold", "3", "--config", &filter_of_the_ensemble(folder.path())]);
    for position in ensemble.positions() {
        let is_one_of = |found: &Catalogue| n_found(found, &[*position], 1e-3) == 1;
        assert!(is_one_of(&peaks) || is_one_of(&all));
    }
    assert!(n_found(&peaks, ensemble.positions(), 1e-3) > 0);
}

#[test]
fn the_map_network_writes_the_probabilities_of_which_its_candidates_are_the_peaks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let output = find(&BANDS, &out, &["--method", "fcn", "--threshold", "0.05"]);
    assert_succeeded(&output);
    let path = out.join("probability.fits");
    assert!(String::from_utf8_lossy(&output.stdout).contains("probability.fits"), "it is named");
    let image = FitsFile::open(&path).and_then(|file| file.read_image(0)).expect("our own file");
    let card = |key: &str| image.header.get_f64(key).expect("a header").unwrap_or_else(|| panic!("no card {key}"));
    assert_eq!([card("RADIUS"), card("MVIRMIN"), card("ZMIN")], [1.0, 2e14, 0.25]);
    let ImageData::F32(pixels) = &image.data else { panic!("single precision") };
    let (geometry, ours) = (read_geometry(&path).expect("a geometry"), band_map("148").geometry().clone());
    assert!(geometry.same_grid(&ours.binned(4)), "cells of 1' of pixels of 0.25': {geometry}");
    assert!(pixels.iter().all(|p| (0.0..=1.0).contains(p)) && pixels.iter().any(|p| *p > 0.9));
    let nx = geometry.shape().nx;
    let highest_near = |position: SkyPosition| {
        let at = geometry.sky_to_pix(position).expect("on the map");
        let is_near = |i: &usize| ((i % nx) as f64 - at.x).hypot((i / nx) as f64 - at.y) < 1.6;
        (0..pixels.len()).filter(is_near).map(|i| f64::from(pixels[i])).fold(0.0, f64::max)
    };
    let found = catalogue(&out);
    let scores = found.f64("probability").expect("a column");
    let same =
        (0..found.len()).filter(|&row| (highest_near(found.positions()[row]) - scores[row]).abs() < 1e-4).count();
    assert!(found.len() > 10 && 10 * same >= 9 * found.len(), "{same} of {} are peaks", found.len());
}

/// The settings of the filter whose scores the shipped combinations are of, as a file.
fn filter_of_the_ensemble(folder: &Path) -> String {
    let shipped = include_str!("../../../data/weights/find-ensemble-deepsz.toml");
    let config: toml::Table = toml::from_str(shipped).expect("our own file");
    let filter = &config["settings"]["finders"]["mmf"];
    let path = folder.join("filter.toml");
    std::fs::write(&path, toml::to_string(filter).expect("a table")).expect("room");
    path.display().to_string()
}

#[test]
fn neither_threads_nor_the_order_of_the_bands_change_a_bit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for method in ["cnn", "fcn", "ensemble"] {
        let read = |name: &str, bands: &[&str], threads: &str| {
            let out = folder.path().join(name);
            assert_succeeded(&find(bands, &out, &["--method", method, "--threads", threads, "--threshold", "0.05"]));
            std::fs::read(out.join("catalogue.fits")).expect("a catalogue")
        };
        let one = read("one", &BANDS, "1");
        assert!(one == read("two", &BANDS, "2"), "{method}: one and two threads");
        assert!(one == read("turned", &["219", "90", "148"], "2"), "{method}: another order of the bands");
    }
}

#[test]
fn negated_maps_have_few_clusters_and_known_ones_are_matched() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let known = folder.path().join("known.csv");
    let rows: Vec<String> = heavy_clusters().iter().map(|p| format!("{},{}", p.lon_deg(), p.lat_deg())).collect();
    std::fs::write(&known, format!("RADeg,decDeg\n{}\n", rows.join("\n"))).expect("room");
    let out = folder.path().join("out");
    assert_succeeded(&find(&BANDS, &out, &["--method", "cnn", "--negated", "--mark", &known.display().to_string()]));
    let record = std::fs::read_to_string(out.join("record.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_str(&record).expect("a record is JSON");
    let score = |name: &str| record["scores"][name]["value"].as_f64().unwrap_or_else(|| panic!("no score {name}"));
    assert!(score("marked.open") >= 0.75 && score("detections") > 3.0 * score("false.negated"));
}

#[test]
fn maps_that_the_network_does_not_know_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    for method in ["cnn", "fcn", "ensemble"] {
        let refused = |bands: &[&str], more: &[&str], words: &[&str]| {
            assert_refused(&find(bands, &out, &[&["--method", method], more].concat()), words);
        };
        let trained = "the network was trained on 90 GHz with 2.8";
        refused(&["90", "148"], &[], &["90.fits", "148.fits", "the observation has 90 GHz", trained]);
        let ghz = ["--freq-ghz", "90", "--freq-ghz", "148", "--freq-ghz", "280"];
        refused(&BANDS, &ghz, &["219.fits", "280 GHz", trained]);
        refused(&BANDS, &["--noise-arcmin", "18"], &["18.0000 uK arcmin", trained]);
        refused(&BANDS, &["--beam-arcmin", "1.4"], &["a beam of 1.4'", trained]);
        refused(&BANDS, &["--unit", "compton-y"], &["Compton y", trained]);
        assert!(!out.exists(), "nothing is made for maps that are refused");
    }
    let bare = folder.path().join("bare.fits");
    let mut file = read_map(&maps(&["148"])[0], &ReadOptions::default()).expect("a simulated map");
    file.noise_arcmin = None;
    let UnitMap::Temperature(map) = &file.map else { panic!("a temperature map") };
    arcmin_maps::file::write_map(&bare, map).expect("room");
    let more = ["--method", "cnn", "--freq-ghz", "148"];
    assert_refused(&common::find(&[&bare], &out, &more), &["no noise level is known", "--noise-arcmin"]);
}

#[test]
fn options_of_one_method_are_refused_for_another() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refused = |more: &[&str], words: &[&str]| assert_refused(&find(&BANDS, folder.path(), more), words);
    refused(&["--method", "wavelets"], &["--method wavelets is not known: use mmf, cnn, fcn or ensemble"]);
    let of_the_filter: [&[&str]; 6] = [
        &["--profile", "beta"],
        &["--scales-arcmin", "0.5"],
        &["--ell-min", "300"],
        &["--ell-max", "9000"],
        &["--config", "any.toml"],
        &["--write-scales"],
    ];
    for (method, given) in ["cnn", "fcn", "ensemble"].into_iter().flat_map(|m| of_the_filter.map(|given| (m, given))) {
        let words = [&format!("{} means nothing to --method {method}", given[0]), "it goes with --method mmf"];
        refused(&[given, &["--method", method]].concat(), &words);
    }
    refused(
        &["--weights", "w"],
        &["--weights means nothing to --method mmf: it goes with --method cnn, fcn or ensemble"],
    );
    refused(&["--method", "cnn", "--combination", "and"], &["goes with --method ensemble"]);
    refused(&["--method", "ensemble", "--combination", "or"], &["use and, prod or calibrated"]);
    refused(&["--method", "ensemble", "--combination", "prod"], &["prod needs --threshold"]);
    refused(&["--method", "cnn", "--threshold", "5"], &["--threshold 5", "probabilities"]);
    refused(&["--method", "cnn", "--threshold", "1e-6"], &["lists nothing below"]);
}

#[test]
fn weights_that_are_none_are_refused_by_name_and_a_folder_of_a_run_is_taken() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/weights");
    let bytes = std::fs::read(weights.join("find-cnn-deepsz.safetensors")).expect("the weights that ship");
    let refused = |method: &str, path: &Path, words: &[&str]| {
        let more = ["--method", method, "--weights", &path.display().to_string()];
        let name = path.file_name().expect("a name").to_string_lossy();
        assert_refused(&find(&BANDS, &folder.path().join("out"), &more), &[&[&*name], words].concat());
    };
    let cut = folder.path().join("cut.safetensors");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("room");
    refused("cnn", &cut, &["--weights"]);
    refused("cnn", &weights.join("sz-mass-150ghz.safetensors"), &["not that of a cutout classifier"]);
    refused("cnn", &folder.path().join("none.safetensors"), &["No such file"]);
    refused("ensemble", &weights.join("find-cnn-deepsz.safetensors"), &["needs the folder of the run"]);
    refused("fcn", &weights.join("find-cnn-deepsz.safetensors"), &["not that of a finder over whole maps"]);
    // A run's folder, at first without what a map network and an ensemble need.
    let run = folder.path().join("run");
    std::fs::create_dir_all(run.join("training/cnn")).expect("room");
    std::fs::write(run.join("training/cnn/cnn.safetensors"), &bytes).expect("room");
    refused("fcn", &run, &["training/fcn/fcn.safetensors", "No such file"]);
    refused("ensemble", &run, &["training/ensemble.json"]);
    let copy = |from: &str, to: &str| std::fs::copy(weights.join(from), run.join(to)).expect("room");
    std::fs::create_dir_all(run.join("training/fcn")).expect("room");
    copy("find-fcn-deepsz.safetensors", "training/fcn/fcn.safetensors");
    copy("find-ensemble-deepsz.json", "training/ensemble.json");
    refused("ensemble", &run, &["config.toml"]);
    copy("find-ensemble-deepsz.toml", "config.toml");
    for method in ["cnn", "fcn", "ensemble"] {
        let [of_run, shipped] = ["of-run", "shipped"].map(|name| folder.path().join(format!("{method}-{name}")));
        let own = ["--method", method, "--weights", &run.display().to_string()];
        assert_succeeded(&find(&BANDS, &of_run, &own));
        assert_succeeded(&find(&BANDS, &shipped, &["--method", method]));
        let read = |out: &Path| std::fs::read(out.join("catalogue.fits")).expect("a catalogue");
        assert!(read(&of_run) == read(&shipped), "{method}: a copy of what ships");
        let record = std::fs::read_to_string(of_run.join("record.json")).expect("a record");
        let n_noted = record.matches("blake3:").count();
        // The maps, and the network; an ensemble's combinations and configuration too.
        assert_eq!(n_noted, if method == "ensemble" { 6 } else { 4 }, "{method}: {record}");
    }
}

/// The tile on a HEALPix grid, as far as that lies on it.
fn healpix_maps(folder: &Path, nside: u64) -> Vec<PathBuf> {
    let grid = Healpix::ring(Nside::new(nside).expect("a resolution"));
    let one = |band: &str| {
        let map = band_map(band);
        let (geometry, pixels) = (map.geometry(), map.pixels());
        let Ok(file) = read_map(&tile().join(format!("{band}.fits")), &ReadOptions::default()) else { panic!("a map") };
        let at = |pixel| geometry.pixel_index(grid.centre(pixel)).map(|idx| (pixel, pixels[idx]));
        let around = grid.disc(middle(geometry), Radian::new(0.03));
        let covered: Vec<_> = around.pixels().filter_map(at).collect();
        let set = PixelSet::from_pixels(grid, covered.iter().map(|(pixel, _)| *pixel));
        let values = covered.iter().map(|(_, value)| *value).collect();
        let map = HealpixMap::new(Frame::Equatorial, HealpixPixels::partial(set, values).expect("a value each"));
        let path = folder.join(format!("healpix-{nside}-{band}.fits"));
        let (nu, noise_arcmin) = (file.nu, file.noise_arcmin);
        let map = HealpixUnitMap::Temperature(map);
        let file = HealpixFile { map, nu, beam: None, noise_arcmin, band_name: Some(band.to_owned()) };
        file.write(&path).expect("room");
        path
    };
    BANDS.map(one).to_vec()
}

/// Searches two tiles beside each other, which meet in the middle of the map.
fn find_in_two_tiles(maps: &[PathBuf], folder: &Path, method: &str) -> (Output, PathBuf) {
    let (centre, centres) = (middle(band_map("148").geometry()), folder.join("centres.csv"));
    let step_deg = 0.6 / centre.lat().value().cos();
    let row = |offset: f64| format!("{},{}", centre.lon_deg() + offset, centre.lat_deg());
    std::fs::write(&centres, format!("RADeg,decDeg\n{}\n{}\n", row(-step_deg), row(step_deg))).expect("room");
    let (out, centres) = (folder.join(method), centres.display().to_string());
    let more = ["--method", method, "--tile-deg", "2.2", "--tile-centres", &centres];
    (common::sphere::run("find", maps, &out, &more), out)
}

#[test]
fn healpix_maps_are_searched_in_tiles_and_clusters_listed_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let maps = healpix_maps(folder.path(), 16_384);
    let (heavy, geometry) = (heavy_clusters(), band_map("148").geometry().clone());
    for (method, reach) in [("cnn", CUTOUT_REACH_ARCMIN), ("fcn", 1.5), ("ensemble", 1.5)] {
        let (output, out) = find_in_two_tiles(&maps, folder.path(), method);
        assert_succeeded(&output);
        let found = catalogue(&out);
        assert_most(n_found(&found, &heavy, reach), &heavy, &format!("{method} on HEALPix"));
        let seen: std::collections::BTreeSet<&String> = found.text("tileName").expect("a column").iter().collect();
        assert_eq!(seen.len(), 2, "{method}: both tiles found something");
        assert!(out.join("tiles.fits").is_file() && out.join("map.png").is_file() && !out.join("snr.fits").exists());
        let map = out.join("probability.fits");
        assert_eq!(map.exists(), method == "fcn", "{method}");
        if method == "fcn" {
            let map = read_healpix_column(&map, &HealpixReadOptions::default()).expect("our own file");
            let OrderedPixels::Ring(map) = map else { panic!("in ring order") };
            let values: Vec<f32> = map.iter().filter_map(|(_, value)| value).collect();
            assert!(map.grid().nside().value() == 2048 && values.iter().all(|p| (0.0..=1.0).contains(p)));
            // Its pixels of 1.7' have the highest value of the cells within.
            let scores = found.f64("probability").expect("a column");
            let near = |position: SkyPosition| {
                let disc = map.grid().disc(position, Radian::new(1e-3));
                disc.pixels().filter_map(|pixel| map.get(pixel)).fold(0.0, f32::max)
            };
            let least = (0..found.len()).map(|row| f64::from(near(found.positions()[row])) - scores[row]);
            assert!(least.fold(f64::INFINITY, f64::min) > -1e-4, "each candidate is on the map");
        }
        // The flat map and the tiles have nearly the same pixels: what is likely in one is in the other, once.
        let flat = folder.path().join(format!("{method}-flat"));
        assert_succeeded(&find(&BANDS, &flat, &["--method", method]));
        let (flat, middle) = (catalogue(&flat), middle(&geometry));
        for (ours, others) in [(&found, &flat), (&flat, &found)] {
            let probability = ours.f64("probability").expect("a column");
            let is_inside = |p: SkyPosition| {
                depth_arcmin(&geometry, p) > RIM_ARCMIN && (p.lat_deg() - middle.lat_deg()).abs() < 0.6
            };
            let rows = (0..ours.len()).filter(|&row| probability[row] > 0.85);
            let likely = rows.map(|row| ours.positions()[row]).filter(|&p| is_inside(p));
            let n_near = |p: SkyPosition| {
                others.positions().iter().filter(|o| o.separation(p).to_arcmin().value() < reach).count()
            };
            let counts: Vec<usize> = likely.map(n_near).collect();
            let once = counts.iter().filter(|&&n| n == 1).count();
            assert!(once >= 4 && 5 * once >= 4 * counts.len(), "{method}: {counts:?}");
            assert!(method == "cnn" || counts.iter().all(|&n| n <= 1), "{method}: {counts:?}");
        }
    }
    let coarse = healpix_maps(folder.path(), 4096);
    let words = ["HEALPix pixels of 0.8589' (nside 4096)", "the network was trained on 0.25'"];
    assert_refused(&find_in_two_tiles(&coarse, folder.path(), "fcn").0, &words);
}

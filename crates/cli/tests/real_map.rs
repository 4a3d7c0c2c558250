//! The released SPT-3G + SPTpol 100 square degree Compton-y map, searched as released.

mod common;

use common::assert_succeeded;
use std::path::PathBuf;

/// The folder of public data, if this machine has it.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("ARCMIN_DATA").map(|root| PathBuf::from(root).join("data"));
    folder.filter(|folder| folder.join("spt100d_ymap").is_dir())
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn clusters_of_spt_sz_are_found_in_the_released_map() {
    let Some(data) = data() else {
        eprintln!("SKIPPED clusters_of_spt_sz_are_found_in_the_released_map: ARCMIN_DATA is not set");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let map = data.join("spt100d_ymap/ymv_full_proj0.fits");
    let known = data.join("spt_sz/SPT2500d.fits").display().to_string();
    let more = ["--unit", "compton-y", "--mask", "zeros", "--mark", &known];
    let limits = ["--mark-min", "xi=5", "--mark-min", "redshift=0.001"];
    let output = common::find(&[&map], folder.path(), &[&more[..], &limits[..]].concat());
    assert_succeeded(&output);
    let record = std::fs::read_to_string(folder.path().join("record.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_str(&record).expect("a record is JSON");
    let score = |name: &str| record["scores"][name]["value"].as_f64().unwrap_or_else(|| panic!("no score {name}"));
    assert_eq!(record["scores"]["marked.open"]["count"].as_u64(), Some(16), "the 16 clusters of the design");
    assert!(score("marked.open") * 16.0 >= 14.5, "found {} of the 16", score("marked.open") * 16.0);
    assert!(score("detections") < 500.0, "{} detections", score("detections"));
}

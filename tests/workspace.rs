//! Laws of the workspace itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each crate may depend on, lowest layer first (dev-dependencies excepted).
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("fft", &[]),
    ("fits", &[]),
    ("conv", &[]),
    ("nn", &["conv", "job"]),
    ("job", &[]),
    ("sky", &["units"]),
    ("sphere", &["units"]),
    ("maps", &["units", "fft", "fits", "sphere"]),
    ("scene", &["units", "sky", "fft", "sphere", "maps"]),
    ("method", &["units", "maps", "scene"]),
    ("find-mmf", &["units", "sky", "fft", "maps", "scene", "method"]),
    ("find-learned", &["units", "maps", "scene", "nn", "job"]),
    ("find-cnn", &["units", "maps", "scene", "method", "nn", "find-learned"]),
    ("find-fcn", &["units", "maps", "scene", "method", "nn", "find-learned", "find-mmf"]),
    ("find-ensemble", &["units", "maps", "method", "find-learned"]),
    ("mass-likelihood", &["units", "fft", "maps", "scene", "method"]),
    ("mass-sz", &["units", "maps", "scene", "method", "nn", "job"]),
    ("eval", &["units", "maps", "scene", "method"]),
    (
        "cli",
        &[
            "units",
            "sky",
            "sphere",
            "maps",
            "scene",
            "method",
            "find-mmf",
            "find-cnn",
            "find-fcn",
            "find-ensemble",
            "mass-sz",
            "eval",
            "job",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie one level below the root").to_path_buf()
}

/// The `arcmin-` crates named under `[dependencies]` of a manifest, without the prefix.
fn dependencies(manifest: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(manifest).expect("a manifest of the workspace");
    text.lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.strip_prefix("arcmin-"))
        .map(|line| line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_DEPEND_ON.iter().copied().collect();
    for entry in std::fs::read_dir(root().join("crates")).expect("the folder of crates") {
        let folder = entry.expect("a readable folder").path();
        let name = folder.file_name().and_then(|n| n.to_str()).expect("crate names are ASCII").to_owned();
        let allowed = allowed.get(name.as_str()).unwrap_or_else(|| panic!("give crate {name} a row in MAY_DEPEND_ON"));
        for dependency in dependencies(&folder.join("Cargo.toml")) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn property_tests_draw_the_same_cases_in_each_run() {
    assert!(std::env::var_os("PROPTEST_RNG_SEED").is_some(), "`.cargo/config.toml` sets it for whatever cargo runs");
}

#[test]
fn no_source_file_outgrows_its_concept() {
    let mut folders = vec![root().join("crates"), root().join("xtask/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a source folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("source is UTF-8");
                let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
                assert!(lines <= 600, "{} has {lines} lines before its tests: split it", path.display());
            }
        }
    }
}

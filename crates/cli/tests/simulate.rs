//! `arcmin simulate`: choices of components, resuming, and faults.

mod common;

use arcmin_maps::file::{ReadOptions, UnitMap, read_map};
use common::{arcmin, assert_refused, assert_succeeded};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// A sky without haloes: no tables to make, so that a run takes some tenths of a second.
const PLAIN: [&str; 4] = ["--components", "cmb,noise", "--tiles", "6"];

fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small_sky.toml")
}

fn command(config: &Path, out: &Path, more: &[&str]) -> Command {
    let mut command = arcmin();
    command.args(["simulate", "--config"]).arg(config).arg("--out").arg(out).args(more);
    command
}

fn simulate(out: &Path, more: &[&str]) -> Output {
    command(&config(), out, more).output().expect("the command starts")
}

/// Bytes of every file below a folder by its path, the record and hidden names left out.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder_below) = folders.pop() {
        for entry in std::fs::read_dir(&folder_below).expect("a folder of the run") {
            let path = entry.expect("a readable entry").path();
            let name = path.strip_prefix(folder).expect("below the folder").display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if name != "record.json" {
                files.insert(name, std::fs::read(&path).expect("a readable file"));
            }
        }
    }
    files
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let reference = folder.path().join("reference");
    assert_succeeded(&simulate(&reference, &PLAIN));
    let reference = files(&reference);
    assert_eq!(reference.len(), 6 * 5 + 1, "{:?}", reference.keys());
    let mut stopped_between = 0;
    for milliseconds in [10, 60, 150, 300, 500] {
        let out = folder.path().join(format!("killed-{milliseconds}"));
        let quiet = || Stdio::null();
        let mut child = command(&config(), &out, &PLAIN).stdout(quiet()).stderr(quiet()).spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().expect("the child can be killed");
        child.wait().expect("the child ends");
        let left = if out.exists() { files(&out) } else { BTreeMap::new() };
        stopped_between += usize::from(!left.is_empty() && left.len() < reference.len());
        // What stands under its name is whole.
        for (name, bytes) in left.iter().filter(|(name, _)| !name.contains(".tmp")) {
            assert!(reference.get(name) == Some(bytes), "{name} after {milliseconds} ms");
        }
        assert_succeeded(&simulate(&out, &PLAIN));
        let after = files(&out);
        assert_eq!(
            after.keys().collect::<Vec<_>>(),
            reference.keys().collect::<Vec<_>>(),
            "nothing half written is left"
        );
        assert!(after == reference, "after a kill at {milliseconds} ms");
    }
    assert!(stopped_between > 0, "no kill came in the middle of the run");
}

#[test]
fn tiles_that_are_done_are_kept_and_more_can_be_added() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_succeeded(&simulate(folder.path(), &["--components", "noise", "--tiles", "2"]));
    let kept = folder.path().join("tile-001").join("90.fits");
    let modified = std::fs::metadata(&kept).and_then(|data| data.modified()).expect("a time of writing");
    assert_succeeded(&simulate(folder.path(), &["--components", "noise", "--tiles", "3"]));
    assert_eq!(std::fs::metadata(&kept).and_then(|data| data.modified()).expect("a time of writing"), modified);
    assert!(folder.path().join("tile-002").join("truth.fits").exists());
    let scene = std::fs::read_to_string(folder.path().join("scene.toml")).expect("the description");
    assert!(scene.contains("n_test = 3"));
}

#[test]
fn another_sky_in_the_same_folder_is_refused_with_the_differences() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_succeeded(&simulate(folder.path(), &["--components", "cmb,noise", "--tiles", "1"]));
    let before = files(folder.path());
    let text = std::fs::read_to_string(config()).expect("the description");
    let other = folder.path().join("other.toml");
    std::fs::write(&other, text.replace("noise_uk_arcmin = 2.6", "noise_uk_arcmin = 3.1")).expect("a writable folder");
    let output = command(&other, folder.path(), &["--components", "cmb", "--tiles", "1"]).output().expect("it starts");
    let words = ["scene.toml", "bands.1.noise_uk_arcmin is 2.6 there, 3.1 here", "components is", "--out"];
    assert_refused(&output, &words);
    std::fs::remove_file(&other).expect("it was written");
    assert!(files(folder.path()) == before, "a refused run changes nothing");
}

#[test]
fn a_beam_file_that_changed_is_another_sky() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let beam = folder.path().join("beam.txt");
    let text = std::fs::read_to_string(config()).expect("the description");
    let text = text.replace(
        "beam_fwhm_arcmin = 1.2",
        &format!("beam_fwhm_arcmin = 0.0\nbeam_file = {:?}", beam.display().to_string()),
    );
    let described = folder.path().join("sky.toml");
    std::fs::write(&described, text).expect("a writable folder");
    let out = folder.path().join("out");
    let run = || command(&described, &out, &["--components", "cmb"]).output().expect("it starts");
    assert_refused(&run(), &["beam.txt"]);
    std::fs::write(&beam, "0 1.0\n20000 0.5\n40000 0.0\n").expect("a writable folder");
    assert_succeeded(&run());
    assert_succeeded(&run());
    std::fs::write(&beam, "0 1.0\n20000 0.4\n40000 0.0\n").expect("a writable folder");
    assert_refused(&run(), &["content of", "beam.txt", "blake3"]);
}

fn map(path: &Path) -> Vec<f32> {
    let file = read_map(path, &ReadOptions::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let UnitMap::Temperature(map) = file.map else { panic!("{} is no temperature", path.display()) };
    map.pixels().to_vec()
}

#[test]
fn the_maps_of_the_components_add_up_to_the_sky() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_succeeded(&simulate(folder.path(), &["--write-components"]));
    let tile = folder.path().join("tile-000");
    let components = tile.join("components");
    for band in ["90", "148", "219"] {
        let sky = map(&tile.join(format!("{band}.fits")));
        let mut sum = vec![0f32; sky.len()];
        for component in ["cmb", "tsz", "ksz", "point_sources", "noise"] {
            let part = map(&components.join(format!("{band}-{component}.fits")));
            assert!(part.iter().any(|pixel| *pixel != 0.0), "{component}");
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
        let worst = sky.iter().zip(&sum).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 2e-3, "band {band}: {worst} uK");
    }
    // A component that is lost is made again; nothing else is touched.
    let before = files(folder.path());
    std::fs::remove_file(components.join("148-tsz.fits")).expect("it was written");
    assert_succeeded(&simulate(folder.path(), &["--write-components"]));
    assert!(files(folder.path()) == before);
}

#[test]
fn components_are_chosen_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (kept, dropped) = (folder.path().join("kept"), folder.path().join("dropped"));
    assert_succeeded(&simulate(&kept, &["--components", "noise, cmb"]));
    assert_succeeded(&simulate(&dropped, &["--without", "tsz,ksz,point_sources"]));
    let maps = |run: &Path| map(&run.join("tile-000").join("148.fits"));
    assert_eq!(maps(&kept), maps(&dropped));
    let unused = folder.path().join("unused");
    assert_refused(&simulate(&unused, &["--components", "cmb,nois"]), &["nois", "known are cmb, tsz"]);
    assert_refused(&simulate(&unused, &["--without", "radio"]), &["radio", "it has cmb"]);
    assert_refused(&simulate(&unused, &["--components", "cmb,cmb"]), &["cmb is named twice"]);
    assert!(!unused.exists(), "nothing is made for a sky that cannot be");
}

#[test]
fn a_folder_that_cannot_be_made_or_written_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    std::fs::write(&file, b"not a folder").expect("a writable folder");
    assert_refused(&simulate(&file, &PLAIN), &["file"]);
    assert_refused(&simulate(&file.join("out"), &PLAIN), &["out"]);
    // A tile's folder is taken by a file: so it is for root too, who may write anywhere.
    let out = folder.path().join("out");
    std::fs::create_dir(&out).expect("a writable folder");
    std::fs::write(out.join("tile-001"), b"in the way").expect("a writable folder");
    assert_refused(&simulate(&out, &PLAIN), &["tile-001"]);
    assert!(out.join("tile-000").join("truth.fits").exists(), "what was done before stays");
    assert!(!out.join("record.json").exists(), "a run that failed leaves no record");
}

#[test]
fn bad_descriptions_are_refused_by_file_and_key() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = std::fs::read_to_string(config()).expect("the description");
    let out = folder.path().join("out");
    let refuse = |text: &str, words: &[&str]| {
        let path = folder.path().join("bad.toml");
        std::fs::write(&path, text).expect("a writable folder");
        assert_refused(&command(&path, &out, &[]).output().expect("it starts"), words);
    };
    refuse("seed = ", &["bad.toml"]);
    refuse("", &["bad.toml", "seed"]);
    refuse(&text.replace("margin_arcmin", "margin"), &["bad.toml", "margin"]);
    refuse(&text.replace("nu_ghz = 148.0", "nu_ghz = -1.0"), &["nu_ghz"]);
    refuse(&text.replace("n_test = 1", "n_test = 999999"), &["test tiles"]);
    refuse(&text.replace("\"noise\"]", "\"noise\", \"halo_lensing\"]"), &["[halo_lensing]"]);
    assert!(!out.exists());
    let absent = folder.path().join("absent.toml");
    assert_refused(&command(&absent, &out, &[]).output().expect("it starts"), &["absent.toml"]);
}

#[test]
fn a_full_disk_is_refused_and_the_run_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let small = folder.path().join("small");
    std::fs::create_dir(&small).expect("a writable folder");
    // Three maps of 1 MiB make a tile: the second one does not fit. Then the disk grows.
    let script = format!(
        "mount -t tmpfs -o size=5m tmpfs {small} || exit 77; \
         {arcmin} simulate --config {config} --components cmb,noise --tiles 2 --out {small}/out; code=$?; \
         [ -e {small}/out/tile-000/truth.fits ] || echo tile 0 is lost >&2; \
         [ -z \"$(find {small} -name '*tmp*')\" ] || echo leftovers >&2; \
         mount -o remount,size=50m {small}; \
         {arcmin} simulate --config {config} --components cmb,noise --tiles 2 --out {small}/out >/dev/null || echo no second run >&2; \
         [ -e {small}/out/tile-001/truth.fits ] || echo tile 1 is missing >&2; exit $code",
        small = small.display(),
        arcmin = env!("CARGO_BIN_EXE_arcmin"),
        config = config().display(),
    );
    let started = Command::new("unshare").args(["--map-root-user", "--mount", "sh", "-c", &script]).output();
    let output = match started {
        Ok(output) if output.status.code() != Some(77) && !refused_to_unshare(&output) => output,
        _ => return skipped("a_full_disk_is_refused...: no private mount can be made here"),
    };
    assert_refused(&output, &["tile-001", "small/out"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    for fault in ["tile 0 is lost", "leftovers", "no second run", "tile 1 is missing"] {
        assert!(!stderr.contains(fault), "{stderr}");
    }
}

fn refused_to_unshare(output: &Output) -> bool {
    String::from_utf8_lossy(&output.stderr).contains("unshare:")
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED {what}");
}

#[test]
fn the_check_is_a_table_with_a_verdict_each() {
    let output = arcmin().args(["simulate", "--check", "--components", "noise,ksz", "--config"]).arg(config()).output();
    let output = output.expect("the command starts");
    assert_succeeded(&output);
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("statistic") && lines[0].ends_with("tolerance"), "{text}");
    assert_eq!(lines.iter().filter(|line| line.ends_with("  pass")).count(), 6, "{text}");
    assert_eq!(lines[lines.len() - 1], "6 of 6 statistics pass");
}

/// A catalogue of haloes as CSV: `n` clusters above 2e14 Msun beyond z = 0.25, and two that do not count.
fn halo_catalogue(path: &Path, n: usize) {
    let mut text = "cutout_id,Mvir,redshift\n0,1.5e14,0.5\n1,3e14,0.2\n".to_owned();
    (0..n).for_each(|k| text += &format!("{},{:e},{:.3}\n", k + 2, 2.1e14, 0.3 + 0.02 * k as f64));
    std::fs::write(path, text).expect("a writable folder");
}

fn check_with_catalogue(path: &Path, more: &[&str]) -> Output {
    let mut command = arcmin();
    command.args(["simulate", "--check", "--components", "noise", "--config"]).arg(config());
    command.arg("--halo-catalogue").arg(path).args(more).output().expect("the command starts")
}

/// 10 clusters on 3 deg2 are what Tinker08 has, 3.33 a square degree; on 0.3 deg2 they are ten times too many, and the exit
/// code tells.
#[test]
fn a_halo_catalogue_is_compared_and_a_statistic_that_is_off_fails_the_check() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("haloes.csv");
    halo_catalogue(&path, 10);
    let output = check_with_catalogue(&path, &["--halo-catalogue-deg2", "3"]);
    assert_succeeded(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("12 haloes in") && text.contains("the catalogue's clusters"), "{text}");
    assert!(text.contains("4 of 4 statistics pass"), "{text}");
    let output = check_with_catalogue(&path, &["--halo-catalogue-deg2", "0.3"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.lines().filter(|line| line.ends_with("  FAIL")).count(), 1, "{text}");
    assert!(text.contains("3 of 4 statistics pass"), "{text}");
    assert_refused(&output, &["1 of 4 statistics", "off their targets"]);
}

#[test]
fn halo_catalogues_that_do_not_read_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("haloes.csv");
    assert_refused(&check_with_catalogue(&path, &[]), &["cannot read", "haloes.csv"]);
    for (text, words) in [
        ("mass,redshift\n1e14,0.1\n", ["no column Mvir", "haloes.csv"]),
        ("Mvir,redshift\n1e14\n", ["haloes.csv, line 2", "numbers"]),
        ("Mvir,redshift\n1e14,0.3\nheavy,0.1\n", ["haloes.csv, line 3", "numbers"]),
        ("", ["no column Mvir", "haloes.csv"]),
    ] {
        std::fs::write(&path, text).expect("a writable folder");
        assert_refused(&check_with_catalogue(&path, &[]), &words);
    }
    halo_catalogue(&path, 3);
    assert_refused(&check_with_catalogue(&path, &["--halo-catalogue-deg2", "0"]), &["area of the halo catalogue"]);
}

/// The real catalogue: 2.91 clusters per square degree, 0.86 of Tinker08.
#[test]
fn the_catalogue_of_sehgal10_agrees_with_the_share_that_the_deepsz_sky_keeps() {
    let Some(data) = std::env::var_os("ARCMIN_DATA") else {
        return skipped("the_catalogue_of_sehgal10...: ARCMIN_DATA is not set");
    };
    let path = Path::new(&data).join("data/sehgal_halos/20220910_filter_z0.1_m1e14.csv");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let thinned = folder.path().join("thinned.toml");
    let text = std::fs::read_to_string(config()).expect("the small sky");
    let text = text.replace("y_ln_scatter = 0.2", "y_ln_scatter = 0.2\nabundance_factor = 0.86");
    std::fs::write(&thinned, text).expect("a writable folder");
    let mut command = arcmin();
    command.args(["simulate", "--check", "--components", "noise", "--config"]).arg(&thinned);
    let output = command.arg("--halo-catalogue").arg(&path).output().expect("the command starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("83828 haloes"), "{text}");
    let count = text.lines().find(|line| line.contains("the catalogue's clusters of Mvir")).expect("a line of counts");
    assert!(count.ends_with("  pass") && text.contains("simulated: 0.86"), "{count}");
}

//! Our programs timed beside peer packages, interleaved in one run.
//!
//! Every case is one task with its parameters. `benches/peers/ours.rs` does it in Rust and `benches/peers/TASK.py` with
//! the peer's package; both repeat it, and print one JSON line with the shortest time. A round runs ours, then the
//! peer's; the table shows the medians over the rounds, so that a disturbance of the machine hits both or is dropped.

use crate::bursts::{self, InstructionSets};
use crate::workspace::{call, cargo, root, say};
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

const N_ROUNDS: usize = 3;
/// Relative difference of the results' figures: a peer may interpolate where we compute.
const CHECK_TOLERANCE: f64 = 1e-3;

/// A kind of work that a peer's script also does.
struct Task {
    /// Name of the script and first argument of ours.
    name: &'static str,
    /// Python modules that the script imports.
    modules: &'static [&'static str],
    /// Arguments of each case.
    cases: fn() -> Vec<Vec<String>>,
}

/// What PyTorch at its best needs in its environment before it starts: memory is kept when freed (a fresh page costs up to 2 us
/// in a virtual machine, and a step takes tens of thousands), huge pages, and threads that stay on their cores and wait actively.
pub(crate) const TUNED: &[(&str, &str)] = &[
    ("MALLOC_MMAP_THRESHOLD_", "4294967296"),
    ("MALLOC_TRIM_THRESHOLD_", "4294967296"),
    ("MALLOC_TOP_PAD_", "67108864"),
    ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"),
    ("THP_MEM_ALLOC_ENABLE", "1"),
    ("OMP_PROC_BIND", "true"),
    ("OMP_WAIT_POLICY", "active"),
];

const TASKS: &[Task] = &[
    Task { name: "cluster_skies", modules: &["numpy"], cases: cluster_skies_cases },
    Task { name: "cutouts", modules: &["numpy", "astropy", "reproject"], cases: cutouts_cases },
    Task { name: "fft", modules: &["numpy", "ducc0"], cases: fft_cases },
    Task { name: "sht", modules: &["numpy", "healpy", "ducc0"], cases: sht_cases },
    Task { name: "mmf", modules: &["numpy", "scipy"], cases: mmf_cases },
    Task { name: "healpix", modules: &["numpy", "healpy"], cases: healpix_cases },
    Task { name: "lensing", modules: &["numpy", "scipy", "numba"], cases: lensing_cases },
    Task { name: "nn", modules: &["torch", "safetensors"], cases: nn_cases },
    Task { name: "paint", modules: &["numpy", "numba"], cases: mmf_cases },
];

/// Work that is timed in bursts, by name alone: it needs PyTorch, which few other peers do.
const BURSTS: [(&str, InstructionSets); 2] = [("conv", InstructionSets::Best), ("conv-avx2", InstructionSets::Avx2)];

fn cutouts_cases() -> Vec<Vec<String>> {
    let case = |how: &str, n_threads: &str| [how, "200", "2048", n_threads].map(str::to_owned).to_vec();
    ["nearest", "bilinear"].iter().flat_map(|how| ["1", "2"].map(|n| case(how, n))).collect()
}

fn cluster_skies_cases() -> Vec<Vec<String>> {
    ["1", "2"].map(|n_threads| ["400", n_threads].map(str::to_owned).to_vec()).to_vec()
}

fn fft_cases() -> Vec<Vec<String>> {
    let mut cases = Vec::new();
    for pass in ["forward", "inverse", "filter"] {
        for float in ["f32", "f64"] {
            for n in ["1024", "2048", "4096"] {
                for n_threads in ["1", "2"] {
                    cases.push([pass, float, n, n_threads].map(str::to_owned).to_vec());
                }
            }
        }
    }
    cases
}

fn sht_cases() -> Vec<Vec<String>> {
    let mut cases = Vec::new();
    for peer in ["healpy", "ducc0"] {
        for pass in ["synthesis", "analysis"] {
            for nside in ["512", "2048"] {
                for n_threads in ["1", "2"] {
                    cases.push([peer, pass, nside, n_threads].map(str::to_owned).to_vec());
                }
            }
        }
    }
    cases
}

fn nn_cases() -> Vec<Vec<String>> {
    let steps = [("mresunet", "step", "4"), ("mresunet", "step", "32"), ("resnet", "step", "128")];
    let forward = [("mresunet", "forward", "4"), ("mresunet", "forward", "32"), ("resnet", "forward", "128")];
    // The networks that `run sz-mass` and `run deepsz` train with their profile `quick`, the last over a whole tile.
    let narrow = [
        ("mresunet:16", "step", "16"),
        ("mresunet:16", "forward", "64"),
        ("cellnet:32", "step", "4"),
        ("cellnet:32", "forward", "1"),
    ];
    let case = |(network, pass, batch), how: &str| [network, pass, batch, how, "2"].map(str::to_owned).to_vec();
    steps
        .into_iter()
        .chain(forward)
        .chain(narrow)
        .flat_map(|work| ["plain", "tuned"].map(|how| case(work, how)))
        .collect()
}

fn mmf_cases() -> Vec<Vec<String>> {
    ["1", "2"].map(|n_threads| ["2048", n_threads].map(str::to_owned).to_vec()).to_vec()
}

fn healpix_cases() -> Vec<Vec<String>> {
    let mut cases = Vec::new();
    for pass in ["ring", "nested", "weights", "values"] {
        cases.extend(["1", "2"].map(|n_threads| [pass, "2048", n_threads].map(str::to_owned).to_vec()));
    }
    cases
}

fn lensing_cases() -> Vec<Vec<String>> {
    let mut cases = Vec::new();
    for step in ["deflection", "lens"] {
        cases.extend(["1", "2"].map(|n_threads| [step, "2048", n_threads].map(str::to_owned).to_vec()));
    }
    cases
}

/// What a program prints.
#[derive(Deserialize)]
struct Timing {
    name: String,
    peer: Option<String>,
    seconds: f64,
    peak_bytes: Option<u64>,
    /// A figure of the result, on which both must agree.
    check: Option<f64>,
}

/// One line of `target/peers.json`.
#[derive(Serialize)]
pub(crate) struct Comparison {
    pub(crate) name: String,
    ours_s: f64,
    pub(crate) peer: String,
    peer_s: f64,
    /// Peer's time over ours: above 1 we are faster.
    pub(crate) ratio: f64,
    ours_peak_bytes: Option<u64>,
    peer_peak_bytes: Option<u64>,
}

/// Times every task, or the one named `name`, prints a table and writes `target/peers.json`. `NAME:WORD` takes of a task the
/// cases with this argument, as `nn:32`, and of the convolutions those of a batch, as `conv:32`.
///
/// Peers whose Python packages are missing are skipped with a line that says so.
pub(crate) fn run(name: Option<&str>, python: &Path) -> Result<()> {
    let (name, word) = name.map_or((None, None), |name| match name.split_once(':') {
        Some((name, word)) => (Some(name), Some(word)),
        None => (Some(name), None),
    });
    if let Some((_, sets)) = BURSTS.iter().find(|(burst, _)| name == Some(burst)) {
        return write(&bursts::run(python, *sets, word)?);
    }
    let tasks: Vec<&Task> = TASKS.iter().filter(|task| name.is_none_or(|name| name == task.name)).collect();
    if tasks.is_empty() {
        let known: Vec<&str> = TASKS.iter().map(|task| task.name).chain(BURSTS.map(|(name, _)| name)).collect();
        bail!("no peer task is named {}; known are: {}", name.unwrap_or_default(), known.join(", "));
    }
    let ours = build_ours()?;
    let mut comparisons = Vec::new();
    say(&format!("{:28} {:>10} {:>10} {:>7}  {}", "case", "ours [ms]", "peer [ms]", "ratio", "peak memory, peer"));
    for task in tasks {
        if let Some(missing) = missing_module(python, task)? {
            let python = python.display();
            say(&format!(
                "{}: skipped, {python} has no module {missing}; run `{python} -m pip install -r benches/peers/requirements.txt`",
                task.name
            ));
            continue;
        }
        let is_asked_for = |case: &Vec<String>| word.is_none_or(|word| case.iter().any(|argument| argument == word));
        for case in (task.cases)().into_iter().filter(is_asked_for) {
            let comparison = compare(&ours, python, task, &case)?;
            say(&comparison.line());
            comparisons.push(comparison);
        }
    }
    ensure!(
        !comparisons.is_empty(),
        "no case was timed: the packages are missing, or none has the argument after the colon"
    );
    write(&comparisons)
}

/// Builds our program and tells where it lies.
fn build_ours() -> Result<PathBuf> {
    call(cargo().args(["build", "--release", "--quiet", "--package", "arcmin-benches", "--example", "ours"]))?;
    let program = target_dir()?.join("release").join("examples").join(format!("ours{}", std::env::consts::EXE_SUFFIX));
    ensure!(program.is_file(), "cargo built the program ours, but not at {}", program.display());
    Ok(program)
}

/// Cargo's target directory, which the user's settings may have moved.
pub(crate) fn target_dir() -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    let output =
        output_of(cargo().args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(root()))?;
    Ok(serde_json::from_str::<Metadata>(&output).context("cargo metadata is not as expected")?.target_directory)
}

/// First of a task's modules that the interpreter lacks.
fn missing_module(python: &Path, task: &Task) -> Result<Option<&'static str>> {
    for &module in task.modules {
        let outcome = Command::new(python).args(["-c", &format!("import {module}")]).output();
        let outcome =
            outcome.with_context(|| format!("cannot start {}; name an interpreter with --python", python.display()))?;
        if !outcome.status.success() {
            return Ok(Some(module));
        }
    }
    Ok(None)
}

fn compare(ours: &Path, python: &Path, task: &Task, case: &[String]) -> Result<Comparison> {
    let script = root().join("benches").join("peers").join(format!("{}.py", task.name));
    let settings = if case.iter().any(|word| word == "tuned") { TUNED } else { &[] };
    let (mut our_times, mut peer_times) = (Vec::new(), Vec::new());
    for _ in 0..N_ROUNDS {
        our_times.push(time(Command::new(ours).arg(task.name).args(case))?);
        peer_times.push(time(Command::new(python).arg(&script).args(case).envs(settings.iter().copied()))?);
    }
    let (ours, peer) = (median(our_times), median(peer_times));
    ensure!(ours.name == peer.name, "ours timed {}, the peer {}", ours.name, peer.name);
    if let (Some(a), Some(b)) = (ours.check, peer.check) {
        ensure!((a / b - 1.0).abs() < CHECK_TOLERANCE, "{}: ours gives {a}, the peer {b}", ours.name);
    }
    Ok(Comparison {
        name: ours.name,
        ours_s: ours.seconds,
        peer: peer.peer.unwrap_or_default(),
        peer_s: peer.seconds,
        ratio: peer.seconds / ours.seconds,
        ours_peak_bytes: ours.peak_bytes,
        peer_peak_bytes: peer.peak_bytes,
    })
}

impl Comparison {
    /// A comparison of times alone.
    pub(crate) fn of_times(name: &str, ours_s: f64, peer: String, peer_s: f64) -> Self {
        let (name, ratio) = (name.to_owned(), peer_s / ours_s);
        Self { name, ours_s, peer, peer_s, ratio, ours_peak_bytes: None, peer_peak_bytes: None }
    }

    /// The row of the table.
    pub(crate) fn line(&self) -> String {
        let mib = |bytes: Option<u64>| bytes.map_or("?".to_owned(), |bytes| (bytes >> 20).to_string());
        format!(
            "{:28} {:10.2} {:10.2} {:7.2}  {} and {} MiB, {}",
            self.name,
            self.ours_s * 1e3,
            self.peer_s * 1e3,
            self.ratio,
            mib(self.ours_peak_bytes),
            mib(self.peer_peak_bytes),
            self.peer
        )
    }
}

fn time(command: &mut Command) -> Result<Timing> {
    let output = output_of(command)?;
    serde_json::from_str(output.trim()).with_context(|| format!("not a timing: {output}"))
}

/// Standard output of a program that must succeed.
fn output_of(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}").replace('"', "");
    let output = command.output().with_context(|| format!("cannot start: {shown}"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "failed ({}): {shown}\n{}", output.status, complaint.trim_end());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The timing of median length.
fn median(mut timings: Vec<Timing>) -> Timing {
    timings.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    timings.swap_remove(timings.len() / 2)
}

fn write(comparisons: &[Comparison]) -> Result<()> {
    let folder = root().join("target");
    let path = folder.join("peers.json");
    let json = serde_json::to_string_pretty(comparisons)? + "\n";
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&path, json))
        .with_context(|| format!("cannot write {}", path.display()))?;
    say(&format!("written: {}", path.display()));
    Ok(())
}

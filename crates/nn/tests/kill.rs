//! A training that is killed outright, by SIGKILL, ends in the bits of one that was not.
#![cfg(unix)]

use arcmin_nn::data::{Batch, Part, Sample, SampleId, SampleSource};
use arcmin_nn::loss::mse;
use arcmin_nn::networks::{MResUNet, MResUNetConfig, Network};
use arcmin_nn::ops::Precision;
use arcmin_nn::optimise::{OptimiserSettings, Rule, ScheduleSettings};
use arcmin_nn::train::{Outcome, Sources, TrainSettings, Trainer};
use arcmin_nn::{Pass, Result, Value};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Set in a child process: the folder to train in.
const FOLDER: &str = "ARCMIN_TEST_KILLED_TRAINING";
const SIGKILL: i32 = 9;

/// Waves, each of which takes a while to make.
struct Waves {
    delay: Duration,
}

impl SampleSource for Waves {
    fn n_samples(&self) -> u64 {
        16
    }

    fn sample(&self, id: SampleId) -> std::result::Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
        std::thread::sleep(self.delay);
        let wave = |k: f32| Part {
            shape: vec![8, 8, 1],
            values: (0..64).map(|i| (1.7 * i as f32 + k + id.index as f32).sin()).collect(),
        };
        Ok(Sample { parts: vec![wave(id.epoch as f32), wave(0.5)] })
    }
}

fn train(folder: &Path, delay: Duration) -> Result<Outcome> {
    let settings = TrainSettings {
        batch_size: 4,
        max_epochs: 4,
        patience_epochs: 4,
        clip_norm: None,
        optimiser: OptimiserSettings::plain(Rule::ADAM),
        schedule: ScheduleSettings::constant(1e-3),
        seed: 3,
        precision: Precision::Fp32,
        checkpoint_every_batches: 2,
    };
    let network = MResUNet::new(&MResUNetConfig { width: 2, seed: 4, ..MResUNetConfig::default() })?;
    let objective = |network: &MResUNet, batch: &Batch, pass: &Pass| {
        mse(&network.forward(&Value::constant(batch.parts[0].clone()), pass)?, &batch.parts[1])
    };
    let source = Arc::new(Waves { delay });
    let sources = Sources { train: source.clone(), validation: source };
    Trainer::new(&network, objective, settings, serde_json::json!({}), folder).run(&sources, &|| false)
}

/// Trains in the folder that the environment names: what the other test starts as a process of its own.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    train(Path::new(&folder), Duration::from_millis(25)).expect("a training that nothing disturbs");
}

fn start_child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "child"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a second copy of this test")
}

/// Waits for the child to have written `n` checkpoints more.
fn wait_for_checkpoints(folder: &Path, n: u32) {
    let path = folder.join("checkpoint.safetensors");
    let modified = || std::fs::metadata(&path).and_then(|about| about.modified()).ok();
    let (begin, mut seen, mut last) = (Instant::now(), 0, modified());
    while seen < n {
        assert!(begin.elapsed() < Duration::from_secs(120), "the child writes no checkpoints");
        std::thread::sleep(Duration::from_micros(200));
        let now = modified();
        if now != last {
            (last, seen) = (now, seen + 1);
        }
    }
}

#[test]
fn a_killed_training_ends_in_the_same_bits() {
    let remains = |folder: &Path| {
        ["weights.safetensors", "curve.csv", "checkpoint.safetensors"]
            .map(|name| std::fs::read(folder.join(name)).expect("a finished training leaves it"))
    };
    let (whole, killed) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    train(whole.path(), Duration::ZERO).expect("a training that nothing disturbs");
    // 16 steps and 12 checkpoints: each child dies in the middle, at whatever it is doing then.
    for n_checkpoints in [1, 2, 3] {
        let mut child = start_child(killed.path());
        wait_for_checkpoints(killed.path(), n_checkpoints);
        std::thread::sleep(Duration::from_millis(11 * u64::from(n_checkpoints)));
        child.kill().expect("it runs");
        let status = child.wait().expect("it was started here");
        assert_eq!(status.signal(), Some(SIGKILL), "the child had ended before it was killed: {status}");
    }
    // What a kill in the middle of a write leaves.
    std::fs::write(killed.path().join("checkpoint.safetensors.part-1"), "half").expect("a file");
    train(killed.path(), Duration::ZERO).expect("the rest");
    assert!(remains(whole.path()) == remains(killed.path()), "the killed training ended in other bits");
    let mut names: Vec<String> = std::fs::read_dir(killed.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["checkpoint.safetensors", "curve.csv", "weights.safetensors"]);
}

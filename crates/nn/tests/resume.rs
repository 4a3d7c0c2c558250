//! A training that was stopped or killed ends in the same bits as one that was not.

use arcmin_nn::data::{Batch, Part, Sample, SampleId, SampleSource};
use arcmin_nn::loss::mse;
use arcmin_nn::networks::{MResUNet, MResUNetConfig, Network};
use arcmin_nn::ops::Precision;
use arcmin_nn::optimise::{OptimiserSettings, Plateau, Rule, ScheduleSettings, WarmUp};
use arcmin_nn::train::{Outcome, Sources, TrainSettings, Trainer};
use arcmin_nn::{Error, Pass, Result, Value};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Noise with a bump whose height is to be found; differs from epoch to epoch, and fails at one sample if told to.
struct Bumps {
    n: u64,
    seed: u64,
    fails_after: Option<AtomicU64>,
    poisoned: Option<u64>,
}

impl Bumps {
    fn new(n: u64, seed: u64) -> Self {
        Self { n, seed, fails_after: None, poisoned: None }
    }
}

impl SampleSource for Bumps {
    fn n_samples(&self) -> u64 {
        self.n
    }

    fn sample(&self, id: SampleId) -> std::result::Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
        if let Some(left) = &self.fails_after {
            if left.load(Ordering::SeqCst) == 0 {
                return Err("the disk is gone".into());
            }
            left.fetch_sub(1, Ordering::SeqCst);
        }
        let mut stream = Xoshiro256PlusPlus::seed_from_u64(self.seed * 1000 + id.index * 10 + id.epoch);
        let height = if self.poisoned == Some(id.index) { f32::NAN } else { stream.random_range(0.0f32..2.0) };
        let bump = |i: usize| (-((i / 8) as f32 - 3.5).powi(2) / 4.0 - ((i % 8) as f32 - 3.5).powi(2) / 4.0).exp();
        let clean: Vec<f32> = (0..64).map(|i| height * bump(i)).collect();
        let noisy = clean.iter().map(|x| x + stream.random_range(-0.3f32..0.3)).collect();
        let shape = vec![8, 8, 1];
        Ok(Sample { parts: vec![Part { shape: shape.clone(), values: noisy }, Part { shape, values: clean }] })
    }
}

fn settings() -> TrainSettings {
    TrainSettings {
        batch_size: 4,
        max_epochs: 3,
        patience_epochs: 5,
        clip_norm: Some(1.0),
        optimiser: OptimiserSettings { weight_decay: 1e-4, ..OptimiserSettings::plain(Rule::ADAM) },
        schedule: ScheduleSettings {
            warm_up: Some(WarmUp { from_factor: 0.1, n_steps: 4 }),
            plateau: Some(Plateau { factor: 0.5, patience_epochs: 1 }),
            ..ScheduleSettings::constant(3e-3)
        },
        seed: 11,
        checkpoint_every_batches: 2,
        precision: Precision::Fp32,
    }
}

fn network() -> Result<MResUNet> {
    MResUNet::new(&MResUNetConfig { width: 2, seed: 4, ..MResUNetConfig::default() })
}

fn sources() -> Sources {
    Sources { train: Arc::new(Bumps::new(18, 1)), validation: Arc::new(Bumps::new(6, 2)) }
}

fn train(folder: &Path, settings: TrainSettings, sources: &Sources, stop: &dyn Fn() -> bool) -> Result<Outcome> {
    let network = network()?;
    let objective = |network: &MResUNet, batch: &Batch, pass: &Pass| {
        mse(&network.forward(&Value::constant(batch.parts[0].clone()), pass)?, &batch.parts[1])
    };
    let about = serde_json::json!({ "network": "mresunet", "width": 2 });
    Trainer::new(&network, objective, settings, about, folder).run(sources, stop)
}

/// All bytes that a finished training leaves.
fn remains(folder: &Path) -> [Vec<u8>; 3] {
    ["weights.safetensors", "curve.csv", "checkpoint.safetensors"]
        .map(|name| std::fs::read(folder.join(name)).expect("a finished training leaves it"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn undisturbed() -> Result<[Vec<u8>; 3]> {
    let folder = folder();
    let outcome = train(folder.path(), settings(), &sources(), &|| false)?;
    assert!(matches!(outcome, Outcome::Finished { ref curve, .. } if curve.len() == 3), "{outcome:?}");
    Ok(remains(folder.path()))
}

#[test]
fn a_run_interrupted_anywhere_ends_in_the_same_bits() -> Result<()> {
    let expected = undisturbed()?;
    // 18 samples in batches of 4 make 5 batches an epoch: stops within epochs, at their ends, and several in a row.
    for stops in [vec![1], vec![2, 3], vec![5], vec![7, 1, 4]] {
        let folder = folder();
        for &after in &stops {
            let left = Cell::new(after);
            let stop = || {
                left.set(left.get() - 1);
                left.get() < 0
            };
            let outcome = train(folder.path(), settings(), &sources(), &stop)?;
            assert!(matches!(outcome, Outcome::Interrupted { .. }), "{stops:?}: {outcome:?}");
        }
        train(folder.path(), settings(), &sources(), &|| false)?;
        assert!(remains(folder.path()) == expected, "stops after {stops:?} batches changed the result");
    }
    Ok(())
}

#[test]
fn a_killed_run_ends_in_the_same_bits() -> Result<()> {
    let expected = undisturbed()?;
    for n_samples_before_the_end in [3, 13, 25, 47] {
        let folder = folder();
        let mut dying = Bumps::new(18, 1);
        dying.fails_after = Some(AtomicU64::new(n_samples_before_the_end));
        let broken = Sources { train: Arc::new(dying), ..sources() };
        let error = train(folder.path(), settings(), &broken, &|| false).expect_err("the source dies");
        assert!(error.to_string().contains("the disk is gone"), "{error}");
        train(folder.path(), settings(), &sources(), &|| false)?;
        assert!(remains(folder.path()) == expected, "death after {n_samples_before_the_end} samples");
    }
    Ok(())
}

#[test]
fn the_number_of_threads_does_not_matter() -> Result<()> {
    let expected = undisturbed()?;
    for n_threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool of threads");
        let folder = folder();
        pool.install(|| train(folder.path(), settings(), &sources(), &|| false))?;
        assert!(remains(folder.path()) == expected, "{n_threads} threads");
    }
    Ok(())
}

#[test]
fn a_checkpoint_of_another_configuration_is_refused_with_the_difference() -> Result<()> {
    let folder = folder();
    let left = Cell::new(3);
    let stop = || {
        left.set(left.get() - 1);
        left.get() < 0
    };
    train(folder.path(), settings(), &sources(), &stop)?;
    let other = TrainSettings { batch_size: 5, ..settings() };
    let error = train(folder.path(), other, &sources(), &|| false).expect_err("another batch size");
    assert!(error.to_string().contains("settings.batch_size: checkpoint has 4, now 5"), "{error}");
    Ok(())
}

#[test]
fn the_cpu_is_refused_tensor_cores() {
    let settings = TrainSettings { precision: Precision::Bf16, ..settings() };
    let error = train(folder().path(), settings, &sources(), &|| false).expect_err("bf16 on a CPU");
    assert!(matches!(error, Error::Precision { precision: "bf16" }), "{error}");
    let text = serde_json::to_string(&TrainSettings { precision: Precision::Tf32, ..self::settings() }).expect("JSON");
    assert!(text.contains(r#""precision":"tf32""#), "{text}");
    // A configuration from before the setting is one in f32, and is written as it was.
    let text = serde_json::to_string(&self::settings()).expect("JSON");
    assert!(!text.contains("precision"), "{text}");
    let read: TrainSettings = serde_json::from_str(&text).expect("the same settings");
    assert_eq!(read, self::settings());
}

#[test]
fn a_damaged_checkpoint_is_refused() -> Result<()> {
    let folder = folder();
    train(folder.path(), TrainSettings { max_epochs: 1, ..settings() }, &sources(), &|| false)?;
    let path = folder.path().join("checkpoint.safetensors");
    let whole = std::fs::read(&path).expect("a checkpoint");
    for n in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..n]).expect("the folder can be written");
        let outcome = train(folder.path(), TrainSettings { max_epochs: 1, ..settings() }, &sources(), &|| false);
        let error = outcome.expect_err("a cut checkpoint");
        assert!(error.to_string().contains("not a whole checkpoint"), "{n} bytes: {error}");
    }
    Ok(())
}

#[test]
fn a_loss_that_is_not_finite_names_its_batch() {
    let mut source = Bumps::new(18, 1);
    source.poisoned = Some(7);
    let poisoned = Sources { train: Arc::new(source), ..sources() };
    let error = train(folder().path(), settings(), &poisoned, &|| false).expect_err("a NaN target");
    let Error::NonFiniteLoss { epoch: 0, ref samples, .. } = error else { panic!("{error}") };
    assert!(samples.contains(&7), "{error}");
}

#[test]
fn training_improves_and_stops_early() -> Result<()> {
    let folder = folder();
    let settings = TrainSettings { max_epochs: 60, patience_epochs: 3, ..settings() };
    let Outcome::Finished { best_epoch, best_loss, curve } = train(folder.path(), settings, &sources(), &|| false)?
    else {
        panic!("nobody stopped it")
    };
    assert!(best_loss < 0.5 * curve[0].validation_loss, "{best_loss} after {:?}", curve[0]);
    assert!(curve.len() == 60 || curve.len() as u64 == best_epoch + 4, "{} epochs, best {best_epoch}", curve.len());
    let csv = std::fs::read_to_string(folder.path().join("curve.csv")).expect("a curve");
    assert_eq!(csv.lines().count(), curve.len() + 1);
    Ok(())
}

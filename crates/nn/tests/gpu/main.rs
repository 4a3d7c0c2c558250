//! Networks on a CUDA device against the same on the CPU. Each check also runs from CPU to CPU, so that it is itself tested.
//!
//! Without a device the GPU tests say `no GPU: skipped` on standard error, which the harness does not hide; with
//! ARCMIN_REQUIRE_GPU set they fail instead. A green line without a GPU therefore says nothing about a GPU, and whoever
//! runs this for that sets the variable.

#[path = "../../../conv/tests/gpu/device.rs"]
mod device;

use arcmin_nn::data::{Batch, Part, Sample, SampleId, SampleSource};
use arcmin_nn::loss::{cross_entropy, mse};
use arcmin_nn::networks::{
    DeepszResnet, DeepszResnetConfig, MResUNet, MResUNetConfig, Network, PlanckVgg, PlanckVggConfig, UNet, UNetConfig,
    UNetForm,
};
use arcmin_nn::ops::Precision;
use arcmin_nn::optimise::{Optimiser, OptimiserSettings, Rule, ScheduleSettings};
use arcmin_nn::train::{Outcome, Sources, TrainSettings, Trainer};
use arcmin_nn::{Gradients, Pass, Result, Value, weights};
use candle_core::{Device, Tensor};
use device::gpu;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

fn numbers(shape: &[usize], seed: u64) -> Tensor {
    let mut stream = Xoshiro256PlusPlus::seed_from_u64(seed);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.random_range(-1.0f32..1.0)).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).expect("as many values as the shape has")
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.to_device(&Device::Cpu).and_then(|t| t.flatten_all()?.to_vec1()).expect("f32")
}

/// Root mean square of the difference over that of the expected, which counts as `scale` at least.
fn distance(found: &Tensor, expected: &Tensor, scale: f64) -> f64 {
    let (found, expected) = (floats(found), floats(expected));
    assert_eq!(found.len(), expected.len());
    let rms = |sum: f64| (sum / expected.len() as f64).sqrt();
    let error = rms(found.iter().zip(&expected).map(|(a, b)| f64::from(a - b).powi(2)).sum());
    error / rms(expected.iter().map(|x| f64::from(*x).powi(2)).sum()).max(scale)
}

/// Bound on [`distance`] for whole networks: 17 convolutions and normalisations deep, each of the op's error (its own test)
/// which the next ones magnify.
fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::Fp32 => 1e-4,
        Precision::Tf32 => 2e-2,
        Precision::Bf16 => 1e-1,
    }
}

type Loss = Box<dyn Fn(&dyn Network, &Pass) -> Result<Value>>;
/// A network with a loss on one batch, which lies where the network does.
type Case = (&'static str, Box<dyn Network>, Loss);

fn image_loss(views: usize) -> Loss {
    let (x, t) = (numbers(&[2, 16, 16, views], 1), numbers(&[2, 16, 16, 1], 2));
    Box::new(move |network, pass| {
        let device = network.parameters().device();
        mse(&network.forward(&Value::constant(x.to_device(&device)?), pass)?, &t.to_device(&device)?)
    })
}

fn networks() -> Result<Vec<Case>> {
    let unet =
        |form| UNet::new(&UNetConfig { n_views: 2, width: 8, n_pools: 2, form, seed: 3, ..UNetConfig::default() });
    let resnet = DeepszResnetConfig { width: 8, hidden_width: 8, seed: 3, ..DeepszResnetConfig::default() };
    let (cutouts, maps, masses) = (numbers(&[6, 32, 32, 3], 4), numbers(&[4, 30, 30, 1], 5), numbers(&[4, 1], 6));
    let classify: Loss = Box::new(move |network, pass| {
        let cutouts = cutouts.to_device(&network.parameters().device())?;
        cross_entropy(&network.forward(&Value::constant(cutouts), pass)?, &[0, 1, 1, 0, 1, 0], None)
    });
    let weigh: Loss = Box::new(move |network, pass| {
        let maps = maps.to_device(&network.parameters().device())?;
        mse(&network.forward(&Value::constant(maps), pass)?, &masses)
    });
    let mresunet = MResUNetConfig { width: 8, seed: 3, ..MResUNetConfig::default() };
    let vgg = PlanckVggConfig { width: 4, seed: 3, ..PlanckVggConfig::default() };
    Ok(vec![
        ("mresunet", Box::new(MResUNet::new(&mresunet)?), image_loss(1)),
        ("deepsz_resnet", Box::new(DeepszResnet::new(&resnet)?), classify),
        ("planck_vgg", Box::new(PlanckVgg::new(&vgg)?), weigh),
        ("unet of 2018", Box::new(unet(UNetForm::Zbontar2018)?), image_loss(2)),
        ("later unet", Box::new(unet(UNetForm::TransposeConv)?), image_loss(2)),
    ])
}

fn trained(network: &dyn Network, loss: &Loss, precision: Precision) -> Result<(f64, Gradients)> {
    let value = loss(network, &Pass::training(1, 0).with_precision(precision))?;
    Ok((value.scalar()?, value.backward()?))
}

/// Loss and gradients of each network on a device, against the CPU's.
fn check_networks(device: &Device, precision: Precision) -> Result<()> {
    let tolerance = tolerance(precision);
    for ((name, ours, loss), (_, reference, _)) in networks()?.into_iter().zip(networks()?) {
        ours.parameters().to_device(device)?;
        let (found_loss, found) = trained(&*ours, &loss, precision)?;
        let (expected_loss, expected) = trained(&*reference, &loss, Precision::Fp32)?;
        let error = (found_loss / expected_loss - 1.0).abs();
        assert!(error < tolerance, "{name} in {precision:?}: loss {found_loss} instead of {expected_loss}");
        for (a, b) in ours.parameters().trained().zip(reference.parameters().trained()) {
            let found = found.of_leaf(a.id()).expect("every parameter matters");
            let expected = expected.of_leaf(b.id()).expect("every parameter matters");
            // Biases before a normalisation have no gradient but rounding.
            let error = distance(found, expected, 1e-2);
            assert!(error < tolerance, "{name} in {precision:?}, {}: off by {error:.1e}", a.name());
        }
    }
    Ok(())
}

/// Three steps of an optimiser along gradients of the CPU, on a device and on the CPU.
fn check_steps(device: &Device, rule: Rule) -> Result<()> {
    let network = || PlanckVgg::new(&PlanckVggConfig { width: 4, seed: 3, ..PlanckVggConfig::default() });
    let (reference, ours) = (network()?, network()?);
    ours.parameters().to_device(device)?;
    let loss = |network: &PlanckVgg| -> Result<Gradients> {
        let device = network.parameters().device();
        let x = Value::constant(numbers(&[4, 30, 30, 1], 5).to_device(&device)?);
        mse(&network.forward(&x, &Pass::training(1, 0))?, &numbers(&[4, 1], 6))?.backward()
    };
    for network in [&reference, &ours] {
        let settings = OptimiserSettings { rule, weight_decay: 0.01, bias_rate_factor: 2.0 };
        let mut optimiser = Optimiser::new(settings, network.parameters())?;
        for _ in 0..3 {
            optimiser.step(network.parameters(), &loss(network)?, 1e-4)?;
        }
    }
    for (a, b) in ours.parameters().iter().zip(reference.parameters().iter()) {
        let error = distance(&a.tensor(), &b.tensor(), 1e-2);
        assert!(error < 1e-3, "{rule:?}, {}: off by {error:.1e}", a.name());
    }
    Ok(())
}

struct Noise;

impl SampleSource for Noise {
    fn n_samples(&self) -> u64 {
        18
    }

    fn sample(&self, id: SampleId) -> std::result::Result<Sample, Box<dyn std::error::Error + Send + Sync>> {
        let part = |seed| Part { shape: vec![8, 8, 1], values: floats(&numbers(&[64], seed)) };
        Ok(Sample { parts: vec![part(id.index), part(id.index + 1)] })
    }
}

fn settings() -> TrainSettings {
    TrainSettings {
        batch_size: 4,
        max_epochs: 2,
        patience_epochs: 5,
        clip_norm: Some(1.0),
        optimiser: OptimiserSettings::plain(Rule::ADAM),
        schedule: ScheduleSettings::constant(1e-3),
        seed: 11,
        precision: Precision::Fp32,
        checkpoint_every_batches: 2,
    }
}

fn train(folder: &Path, device: &Device, stop: &dyn Fn() -> bool) -> Result<(MResUNet, Outcome)> {
    let network = MResUNet::new(&MResUNetConfig { width: 2, seed: 4, ..MResUNetConfig::default() })?;
    network.parameters().to_device(device)?;
    let objective = |network: &MResUNet, batch: &Batch, pass: &Pass| {
        mse(&network.forward(&Value::constant(batch.parts[0].clone()), pass)?, &batch.parts[1])
    };
    let sources = Sources { train: Arc::new(Noise), validation: Arc::new(Noise) };
    let outcome = Trainer::new(&network, objective, settings(), serde_json::json!({}), folder).run(&sources, stop)?;
    Ok((network, outcome))
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A training on a device, stopped and taken up again, is the one that was not stopped; its files serve the CPU.
fn check_training(device: &Device) -> Result<()> {
    let (whole, stopped) = (temporary(), temporary());
    let (network, _) = train(whole.path(), device, &|| false)?;
    let left = Cell::new(7);
    let stop = || {
        left.set(left.get() - 1);
        left.get() < 0
    };
    let (_, outcome) = train(stopped.path(), device, &stop)?;
    assert!(matches!(outcome, Outcome::Interrupted { n_steps: 7 }), "{outcome:?}");
    train(stopped.path(), device, &|| false)?;
    for name in ["weights.safetensors", "curve.csv", "checkpoint.safetensors"] {
        let bytes = |folder: &Path| std::fs::read(folder.join(name)).expect("a finished training leaves it");
        assert!(bytes(whole.path()) == bytes(stopped.path()), "{name} differs after a stop");
    }
    let reader = MResUNet::new(&MResUNetConfig { width: 2, seed: 5, ..MResUNetConfig::default() })?;
    weights::load(&whole.path().join("weights.safetensors"), reader.parameters())?;
    for (a, b) in reader.parameters().iter().zip(network.parameters().iter()) {
        assert!(floats(&a.tensor()) == floats(&b.tensor()), "{} changed on its way through the file", a.name());
    }
    Ok(())
}

#[test]
fn the_checks_hold_from_cpu_to_cpu() -> Result<()> {
    check_networks(&Device::Cpu, Precision::Fp32)?;
    check_steps(&Device::Cpu, Rule::ADAM)?;
    check_training(&Device::Cpu)
}

#[test]
fn networks_on_a_gpu_agree_with_the_cpu() -> Result<()> {
    let Some(device) = gpu("networks_on_a_gpu_agree_with_the_cpu") else { return Ok(()) };
    Precision::ALL.into_iter().try_for_each(|precision| check_networks(&device, precision))
}

#[test]
fn optimisers_on_a_gpu_agree_with_the_cpu() -> Result<()> {
    let Some(device) = gpu("optimisers_on_a_gpu_agree_with_the_cpu") else { return Ok(()) };
    [Rule::ADAM, Rule::Sgd { momentum: 0.9 }, Rule::Nesterov { momentum: 0.9 }]
        .into_iter()
        .try_for_each(|rule| check_steps(&device, rule))
}

#[test]
fn training_on_a_gpu_resumes_to_the_same_bits_and_its_files_serve_the_cpu() -> Result<()> {
    let Some(device) = gpu("training_on_a_gpu_resumes_to_the_same_bits") else { return Ok(()) };
    check_training(&device)
}

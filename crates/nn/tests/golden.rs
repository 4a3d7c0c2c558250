//! Layers, losses, optimisers and two networks agree with PyTorch 2.15.0 (tests/golden/make_torch.py).

use arcmin_nn::layers::{BatchNorm, BatchNormSettings};
use arcmin_nn::loss::{bce_with_logits, cross_entropy, gaussian_nll, mixture_nll, mse};
use arcmin_nn::networks::{MResUNet, MResUNetConfig, Network, UNet, UNetConfig, UNetForm};
use arcmin_nn::ops::{instance_norm, leaky_relu, max_pool2d, selu, upsample_bilinear2, upsample_nearest2};
use arcmin_nn::optimise::{Optimiser, OptimiserSettings, Rule};
use arcmin_nn::{Builder, Gradients, Init, Pass, Result, Value, weights};
use candle_core::{Device, Tensor};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

fn golden() -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/torch.json");
    serde_json::from_slice(&std::fs::read(path).expect("the golden file")).expect("JSON")
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

/// `sin(1.7 i + k)`.
fn wave(n: usize, k: f64) -> Vec<f32> {
    (0..n).map(|i| (1.7 * i as f64 + k).sin() as f32).collect()
}

fn tensor(values: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape, &Device::Cpu).expect("as many values as the shape has")
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
}

/// Largest difference over the largest expected number.
fn close(what: &str, got: &[f32], expected: &Json, tolerance: f64) {
    let expected = numbers(expected);
    assert!(got.len() >= expected.len(), "{what}: {} numbers instead of {}", got.len(), expected.len());
    let size = expected.iter().fold(1e-6f64, |m, x| m.max(x.abs()));
    for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
        let error = (f64::from(*got) - expected).abs() / size;
        assert!(error <= tolerance, "{what}[{i}]: {got} instead of {expected}");
    }
}

/// A graph's end whose gradient is the wave that the script sends back.
fn sent_back(y: &Value) -> Result<Gradients> {
    let back = tensor(&wave(y.tensor().elem_count(), 2.0), y.dims());
    Value::operation(&[y], tensor(&[0.0], &[]), move |_| Ok(vec![Some(back)])).backward()
}

/// Rounding of f32 through a handful of operations.
const TOLERANCE: f64 = 2e-6;

#[test]
fn batch_normalisation() -> Result<()> {
    let golden = &golden()["batch_norm"];
    let builder = Builder::new(0, Init::Torch);
    let norm = BatchNorm::new(&builder, 2, BatchNormSettings::default())?;
    let parameters = builder.finish();
    let named = |name: &str| parameters.named(name).expect("a batch normalisation has it").clone();
    named("weight").set(&tensor(&[0.5, -1.5], &[2]))?;
    named("bias").set(&tensor(&[0.1, 0.2], &[2]))?;
    let (x, id) = Value::input(tensor(&wave(48, 0.3), &[2, 3, 4, 2]));
    let y = norm.forward(&x, &Pass::training(0, 0))?;
    close("output", &floats(y.tensor()), &golden["output"], TOLERANCE);
    let gradients = sent_back(&y)?;
    let of = |id| floats(gradients.of_leaf(id).expect("recorded"));
    close("x gradient", &of(id), &golden["x_gradient"], TOLERANCE);
    close("weight gradient", &of(named("weight").id()), &golden["weight_gradient"], TOLERANCE);
    // A sum of 24 numbers of size one that leaves 0.01: rounding is that of the terms.
    close("bias gradient", &of(named("bias").id()), &golden["bias_gradient"], 100.0 * TOLERANCE);
    close("running mean", &floats(&named("running_mean").tensor()), &golden["running_mean"], TOLERANCE);
    close("running variance", &floats(&named("running_var").tensor()), &golden["running_var"], TOLERANCE);
    let y = norm.forward(&x, &Pass::evaluation())?;
    close("evaluated", &floats(y.tensor()), &golden["evaluated"], TOLERANCE);
    Ok(())
}

#[test]
fn layers_without_weights() -> Result<()> {
    let golden = golden();
    type Layer = fn(&Value) -> Result<Value>;
    let layers: [(&str, Layer); 6] = [
        ("instance_norm", |x| instance_norm(x, 1e-5)),
        ("bilinear", upsample_bilinear2),
        ("nearest", upsample_nearest2),
        ("max_pool", |x| max_pool2d(x, 2)),
        ("selu", selu),
        ("leaky_relu", |x| leaky_relu(x, 0.2)),
    ];
    for (name, layer) in layers {
        let (x, id) = Value::input(tensor(&wave(48, 0.3), &[2, 3, 4, 2]));
        let y = layer(&x)?;
        close(name, &floats(y.tensor()), &golden[name]["output"], TOLERANCE);
        let gradients = sent_back(&y)?;
        close(name, &floats(gradients.of_leaf(id).expect("recorded")), &golden[name]["x_gradient"], TOLERANCE);
    }
    Ok(())
}

#[test]
fn losses() -> Result<()> {
    let golden = golden();
    let check = |name: &str, p: Vec<f32>, shape: &[usize], loss: &dyn Fn(&Value) -> Result<Value>| -> Result<()> {
        let (p, id) = Value::input(tensor(&p, shape));
        let value = loss(&p)?;
        close(name, &[value.scalar()? as f32], &serde_json::json!([golden[name]["loss"]]), TOLERANCE);
        let gradients = value.backward()?;
        close(name, &floats(gradients.of_leaf(id).expect("recorded")), &golden[name]["gradient"], TOLERANCE);
        Ok(())
    };
    let scaled = |by: f32, n| wave(n, 0.0).into_iter().map(|x| by * x).collect::<Vec<f32>>();
    let t = wave(6, 1.0);
    let labels = tensor(&[0.0, 1.0, 1.0, 0.0, 1.0, 0.25], &[6]);
    check("mse", wave(6, 0.0), &[6], &|p| mse(p, &tensor(&t, &[6])))?;
    check("bce", scaled(5.0, 6), &[6], &|p| bce_with_logits(p, &labels, 2.5))?;
    check("cross_entropy", scaled(3.0, 12), &[4, 3], &|p| cross_entropy(p, &[0, 2, 1, 2], Some(&[0.5, 1.0, 3.0])))?;
    check("gaussian", wave(8, 0.0), &[4, 2], &|p| gaussian_nll(p, &tensor(&t[..4], &[4])))?;
    check("mixture", wave(18, 0.0), &[3, 6], &|p| mixture_nll(p, &tensor(&t[..3], &[3])))
}

#[test]
fn optimiser_steps() -> Result<()> {
    let golden = golden();
    for (name, rule) in
        [("adam", Rule::ADAM), ("sgd", Rule::Sgd { momentum: 0.9 }), ("nesterov", Rule::Nesterov { momentum: 0.9 })]
    {
        // A matrix, since vectors do not decay.
        let builder = Builder::new(0, Init::Torch);
        let channels = arcmin_nn::layers::Channels::new(5, 1);
        arcmin_nn::layers::Linear::new(&builder, channels, arcmin_nn::layers::Bias::Without, Default::default())?;
        let parameters = builder.finish();
        let w = parameters.named("weight").expect("a matrix").clone();
        w.set(&tensor(&wave(5, 0.5), &[5, 1]))?;
        let settings = OptimiserSettings { weight_decay: 0.1, ..OptimiserSettings::plain(rule) };
        let mut optimiser = Optimiser::new(settings, &parameters)?;
        for _ in 0..5 {
            let gradient: Vec<f32> = floats(&w.tensor()).iter().zip(wave(5, 3.0)).map(|(w, c)| w * w + c).collect();
            let gradient = tensor(&gradient, &[5, 1]);
            let leaf = Value::leaf(w.tensor(), w.id());
            let gradients =
                Value::operation(&[&leaf], tensor(&[0.0], &[]), move |_| Ok(vec![Some(gradient)])).backward()?;
            optimiser.step(&parameters, &gradients, 0.05)?;
        }
        close(name, &floats(&w.tensor()), &golden[name], TOLERANCE);
    }
    Ok(())
}

/// Writes the weights that the script gives its network, in PyTorch's names and layouts.
fn write_state_dict(path: &Path, shapes: &Json) {
    let mut tensors = BTreeMap::new();
    for (k, entry) in shapes.as_array().expect("a list").iter().enumerate() {
        let name = entry[0].as_str().expect("a name");
        let shape: Vec<usize> = numbers(&entry[1]).into_iter().map(|n| n as usize).collect();
        let row: usize = shape.iter().skip(1).product();
        let scale = if shape.len() > 1 { 2.0 / (row as f64).sqrt() } else { 0.3 };
        let centre = if name.ends_with("norm.weight") || name.ends_with("running_var") { 1.0 } else { 0.0 };
        let values = wave(shape.iter().product(), k as f64);
        let bytes: Vec<u8> = values.iter().flat_map(|v| (centre + scale as f32 * v).to_le_bytes()).collect();
        tensors.insert(name.to_owned(), (shape, bytes));
    }
    let views = tensors.iter().map(|(name, (shape, bytes))| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).expect("four bytes an element"))
    });
    std::fs::write(path, safetensors::serialize(views, None).expect("serialisable"))
        .expect("the folder can be written");
}

/// Loss, output and gradients of a network whose weights come from a PyTorch state dict.
#[test]
fn networks() -> Result<()> {
    let golden = golden();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let later = UNetConfig { width: 2, n_pools: 2, form: UNetForm::TransposeConv, ..UNetConfig::default() };
    let networks: [(&str, Box<dyn Network>); 2] = [
        ("mresunet", Box::new(MResUNet::new(&MResUNetConfig { width: 4, dropout_rate: 0.0, ..Default::default() })?)),
        ("unet", Box::new(UNet::new(&later)?)),
    ];
    // Rounding grows through 28 normalised layers, and Winograd's differs from PyTorch's.
    let tolerance = 3e-4;
    for (name, network) in networks {
        let golden = &golden[name];
        let path = folder.path().join("state.safetensors");
        write_state_dict(&path, &golden["shapes"]);
        weights::load(&path, network.parameters())?;
        let (x, id) = Value::input(tensor(&wave(512, 0.3), &[2, 16, 16, 1]));
        let y = network.forward(&x, &Pass::training(0, 0))?;
        close(name, &floats(y.tensor()), &golden["output"], tolerance);
        let loss = mse(&y, &tensor(&wave(512, 2.0), &[2, 16, 16, 1]))?;
        close(name, &[loss.scalar()? as f32], &serde_json::json!([golden["loss"]]), tolerance);
        let gradients = loss.backward()?;
        close(name, &floats(gradients.of_leaf(id).expect("recorded")), &golden["x_gradient"], tolerance);
        for parameter in network.parameters().trained() {
            let gradient = gradients.of_leaf(parameter.id()).expect("every parameter matters");
            let norm = floats(gradient).iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            let sum: f64 = floats(gradient).iter().map(|g| f64::from(*g)).sum();
            let [expected_sum, expected_norm] = numbers(&golden["gradients"][parameter.name()])[..] else { panic!() };
            // A bias before a normalisation has no gradient but rounding.
            let size = expected_norm.max(1e-3);
            let what = format!("{name}, {}", parameter.name());
            assert!((norm - expected_norm).abs() < 1e-3 * size, "{what}: norm {norm} instead of {expected_norm}");
            let root = (parameter.n_elements() as f64).sqrt();
            assert!((sum - expected_sum).abs() < 1e-3 * size * root, "{what}: sum {sum} instead of {expected_sum}");
        }
    }
    Ok(())
}

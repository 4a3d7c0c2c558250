//! The forms for devices, run on the CPU, agree with the kernels on slices: values, gradients, training steps.

use super::forced;
use crate::loss::{bce_with_logits, cross_entropy, gaussian_nll, log_mse, mixture_nll, mse};
use crate::networks::{
    DeepszResnet, DeepszResnetConfig, MResUNet, MResUNetConfig, Network, PlanckVgg, PlanckVggConfig, UNet, UNetConfig,
    UNetForm,
};
use crate::ops::{
    BatchStatistics, add, append_vector, avg_pool2d, batch_norm, channel_affine, concat, dropout, global_avg_pool,
    instance_norm, leaky_relu, max_pool2d, relu, selu, upsample_bilinear2, upsample_nearest2,
};
use crate::optimise::{Optimiser, OptimiserSettings, Rule, Slots, clip_by_global_norm, loss_and_norm};
use crate::{Builder, Gradients, Init, Parameter, Pass, Result, Role, Value, random};
use candle_core::{Device, Tensor};
use rand::RngExt;

type Op = dyn Fn(&Value) -> Result<Value>;
/// The loss of a network on one batch.
type Loss = Box<dyn Fn(&dyn Network, &Pass) -> Result<Value>>;

/// Relative to the largest number of a tensor.
const TOLERANCE: f64 = 1e-5;

fn numbers(shape: &[usize], seed: u64) -> Tensor {
    let mut stream = random::stream(seed, "numbers", 0);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.random_range(-1.0f32..1.0)).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).expect("as many values as the shape has")
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
}

fn largest(x: &[f32]) -> f64 {
    x.iter().fold(0.0, |largest, x| largest.max(f64::from(x.abs())))
}

/// Largest difference over the largest number. `scale` is a size below which differences are rounding, whatever the
/// tensor's own size.
fn distance(what: &str, found: &Tensor, expected: &Tensor, scale: f64) -> f64 {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let (found, expected) = (floats(found), floats(expected));
    let differences: Vec<f32> = found.iter().zip(&expected).map(|(a, b)| a - b).collect();
    largest(&differences) / largest(&expected).max(scale)
}

fn assert_close(what: &str, found: &Tensor, expected: &Tensor, scale: f64) {
    let error = distance(what, found, expected, scale);
    assert!(error <= TOLERANCE, "{what}: off by {error:.2e} of the largest");
}

/// Output, and gradients of `sum weights output` by all inputs.
fn outcome(inputs: &[Tensor], op: &dyn Fn(&[Value]) -> Result<Value>) -> Result<Vec<Tensor>> {
    let leaves: Vec<_> = inputs.iter().map(|x| Value::input(x.clone())).collect();
    let values: Vec<Value> = leaves.iter().map(|(value, _)| value.clone()).collect();
    let y = op(&values)?;
    let weights = numbers(y.dims(), 99);
    let output = y.tensor().clone();
    let end = Value::operation(&[&y], numbers(&[1], 0), move |_| Ok(vec![Some(weights)]));
    let gradients = end.backward()?;
    let of = |id| gradients.of_leaf(id).expect("the sum depends on each input").clone();
    Ok(std::iter::once(output).chain(leaves.iter().map(|(_, id)| of(*id))).collect())
}

fn compare(name: &str, inputs: &[Tensor], op: impl Fn(&[Value]) -> Result<Value>) -> Result<()> {
    let expected = outcome(inputs, &op)?;
    let found = forced::on(|| outcome(inputs, &op))?;
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_close(&format!("{name}, tensor {i}"), found, expected, 1e-3);
    }
    Ok(())
}

#[test]
fn activations_and_joins_agree() -> Result<()> {
    let x = numbers(&[2, 5, 7, 3], 1);
    let y = numbers(&[2, 5, 7, 4], 2);
    compare("relu", std::slice::from_ref(&x), |x| relu(&x[0]))?;
    compare("leaky relu", std::slice::from_ref(&x), |x| leaky_relu(&x[0], 0.2))?;
    compare("selu", &[(&x * 4.0)?], |x| selu(&x[0]))?;
    compare("add", &[x.clone(), numbers(x.dims(), 3)], |x| add(&x[0], &x[1]))?;
    compare("twice", std::slice::from_ref(&x), |x| add(&x[0], &x[0]))?;
    compare("concat", &[x.clone(), y], |x| concat(&x[0], &x[1]))?;
    compare("append", std::slice::from_ref(&x), |x| append_vector(&x[0], &numbers(&[2, 3], 4)))?;
    compare("dropout", &[numbers(&[40_000], 5)], |x| dropout(&x[0], 0.3, &Pass::training(1, 2)))
}

#[test]
fn pooling_and_upsampling_agree() -> Result<()> {
    for shape in [[2, 6, 8, 3], [1, 7, 9, 2], [3, 4, 5, 17]] {
        let x = [numbers(&shape, 1)];
        for side in [1, 2, 3] {
            compare("max pooling", &x, |x| max_pool2d(&x[0], side))?;
            compare("average pooling", &x, |x| avg_pool2d(&x[0], side))?;
        }
        compare("global pooling", &x, |x| global_avg_pool(&x[0]))?;
        compare("nearest", &x, |x| upsample_nearest2(&x[0]))?;
        compare("bilinear", &x, |x| upsample_bilinear2(&x[0]))?;
    }
    // Equal values: the first takes the gradient in both.
    compare("ties", &[Tensor::ones((1, 4, 4, 2), candle_core::DType::F32, &Device::Cpu)?], |x| max_pool2d(&x[0], 2))?;
    compare("bilinear of one pixel", &[numbers(&[1, 1, 1, 2], 3)], |x| upsample_bilinear2(&x[0]))
}

#[test]
fn normalisations_agree() -> Result<()> {
    // 13 x 17 rows cannot be cut, 1009 is a prime, 6 x 20 x 20 is cut twice; means of up to ten deviations.
    for (shape, offset) in [(vec![3, 13, 17, 5], 0.0), (vec![1009, 7], 5.0), (vec![6, 20, 20, 4], 2.0)] {
        let c = shape[shape.len() - 1];
        let x = (numbers(&shape, 1) + offset)?;
        let inputs = [x, numbers(&[c], 2), numbers(&[c], 3), numbers(&shape, 4)];
        fn norm(x: &[Value], residual: Option<&Value>) -> Result<(Value, BatchStatistics)> {
            batch_norm(&x[0], &x[1], &x[2], residual, 1e-5)
        }
        compare("batch norm", &inputs[..3], |x| Ok(norm(x, None)?.0))?;
        compare("batch norm and residual", &inputs, |x| Ok(norm(x, Some(&x[3]))?.0))?;
        let values = inputs.clone().map(Value::constant);
        let (expected, found) = (norm(&values, None)?.1, forced::on(|| norm(&values, None))?.1);
        assert_close("batch mean", &found.mean, &expected.mean, 0.1);
        assert_close("batch variance", &found.variance, &expected.variance, 0.0);
        let variance = numbers(&[c], 5).sqr()?;
        compare("running statistics", &inputs, |x| {
            channel_affine(&x[0], &x[1], &x[2], Some(&x[3]), [&numbers(&[c], 6), &variance], 1e-3)
        })?;
    }
    compare("instance norm", &[numbers(&[3, 13, 17, 5], 1)], |x| instance_norm(&x[0], 1e-5))
}

#[test]
fn running_statistics_agree() -> Result<()> {
    let run = || -> Result<Vec<Tensor>> {
        let builder = Builder::new(1, Init::Torch);
        let norm = crate::layers::BatchNorm::new(&builder, 4, crate::layers::BatchNormSettings::default())?;
        for step in 0..3 {
            norm.forward(&Value::constant(numbers(&[2, 3, 5, 4], step)), &Pass::training(1, step))?;
        }
        let is_running = |role| matches!(role, Role::RunningMean | Role::RunningVariance);
        Ok(builder.finish().iter().filter(|p| is_running(p.role())).map(|p| p.tensor()).collect())
    };
    for (found, expected) in forced::on(run)?.iter().zip(&run()?) {
        assert_close("running statistics", found, expected, 0.1);
    }
    Ok(())
}

#[test]
fn losses_agree() -> Result<()> {
    let (p, t) = (numbers(&[7, 1], 1), numbers(&[7, 1], 2));
    let positive = |x: &Tensor| x.abs()?.affine(1.0, 0.1);
    compare("mse", std::slice::from_ref(&p), |x| mse(&x[0], &t))?;
    compare("log mse", &[positive(&p)?], |x| log_mse(&x[0], &positive(&t)?))?;
    let labels = t.abs()?;
    for scale in [1.0, 90.0] {
        compare("bce", &[(&p * scale)?], |x| bce_with_logits(&x[0], &labels, 3.0))?;
        let logits = [(numbers(&[5, 3], 3) * scale)?];
        compare("cross-entropy", &logits, |x| cross_entropy(&x[0], &[0, 2, 1, 1, 0], None))?;
        compare("weighted", &logits, |x| cross_entropy(&x[0], &[0, 2, 1, 1, 0], Some(&[1.0, 5.0, 0.2])))?;
    }
    let target = numbers(&[7], 4);
    compare("gaussian", &[numbers(&[7, 2], 5)], |x| gaussian_nll(&x[0], &target))?;
    compare("mixture", &[numbers(&[7, 9], 6)], |x| mixture_nll(&x[0], &target))?;
    // A loss within a larger graph: its gradient is scaled by what comes from behind.
    compare("twice the loss", &[p], |x| add(&mse(&x[0], &t)?, &mse(&x[0], &t)?))
}

#[test]
fn a_nan_does_not_vanish() -> Result<()> {
    let poisoned = |i: usize| {
        let mut values = vec![0.5f32; 16];
        values[i] = f32::NAN;
        Value::constant(Tensor::from_vec(values, (1, 4, 4, 1), &Device::Cpu).expect("16 pixels"))
    };
    for i in 0..16 {
        let x = poisoned(i);
        let ops: [&Op; 6] = [&relu, &selu, &|x| max_pool2d(x, 2), &|x| avg_pool2d(x, 2), &upsample_bilinear2, &|x| {
            mse(x, &Tensor::zeros((1, 4, 4, 1), candle_core::DType::F32, &Device::Cpu)?)
        }];
        for (number, op) in ops.into_iter().enumerate() {
            let y = forced::on(|| op(&x))?;
            assert!(floats(y.tensor()).iter().any(|y| y.is_nan()), "operation {number}, pixel {i}");
        }
    }
    Ok(())
}

/// A network with a loss on one batch, in training.
type Case = (&'static str, Box<dyn Network>, Loss);

fn image_loss(views: usize) -> Loss {
    let (x, t) = (numbers(&[2, 16, 16, views], 1), numbers(&[2, 16, 16, 1], 2));
    Box::new(move |network, pass| mse(&network.forward(&Value::constant(x.clone()), pass)?, &t))
}

/// The networks, with their dropout: the mask is the same in both forms.
fn networks() -> Result<Vec<Case>> {
    let unet =
        |form| UNet::new(&UNetConfig { n_views: 2, width: 4, n_pools: 2, form, seed: 3, ..UNetConfig::default() });
    let resnet = DeepszResnetConfig { width: 4, hidden_width: 8, seed: 3, ..DeepszResnetConfig::default() };
    let (cutouts, maps, masses) = (numbers(&[6, 32, 32, 3], 4), numbers(&[4, 30, 30, 1], 5), numbers(&[4, 1], 6));
    let classify = move |network: &dyn Network, pass: &Pass| {
        let logits = network.forward(&Value::constant(cutouts.clone()), pass)?;
        cross_entropy(&logits, &[0, 1, 1, 0, 1, 0], None)
    };
    let weigh =
        move |network: &dyn Network, pass: &Pass| mse(&network.forward(&Value::constant(maps.clone()), pass)?, &masses);
    let mresunet = MResUNetConfig { width: 4, seed: 3, ..MResUNetConfig::default() };
    let vgg = PlanckVggConfig { width: 4, seed: 3, ..PlanckVggConfig::default() };
    Ok(vec![
        ("mresunet", Box::new(MResUNet::new(&mresunet)?), image_loss(1)),
        ("deepsz_resnet", Box::new(DeepszResnet::new(&resnet)?), Box::new(classify)),
        ("planck_vgg", Box::new(PlanckVgg::new(&vgg)?), Box::new(weigh)),
        ("unet of 2018", Box::new(unet(UNetForm::Zbontar2018)?), image_loss(2)),
        ("later unet", Box::new(unet(UNetForm::TransposeConv)?), image_loss(2)),
    ])
}

/// Loss and gradients of one training pass, and the answer in use.
fn trained(network: &dyn Network, loss: &dyn Fn(&dyn Network, &Pass) -> Result<Value>) -> Result<(f64, Gradients)> {
    let value = loss(network, &Pass::training(1, 0))?;
    Ok((value.scalar()?, value.backward()?))
}

/// What `run` gives while every weight is off by about its last bit.
fn shaken<T>(network: &dyn Network, run: impl FnOnce() -> Result<T>) -> Result<T> {
    let parameters = network.parameters();
    let before: Vec<Tensor> = parameters.iter().map(|p| p.tensor().copy()).collect::<candle_core::Result<_>>()?;
    for (i, parameter) in parameters.trained().enumerate() {
        let value = parameter.tensor();
        parameter.set(&(&value * numbers(value.dims(), 1000 + i as u64).affine(1.2e-7, 1.0)?)?)?;
    }
    let result = run();
    parameters.iter().zip(&before).try_for_each(|(p, value)| p.set(value))?;
    result
}

#[test]
fn networks_and_their_gradients_agree() -> Result<()> {
    for (name, network, loss) in networks()? {
        let parameters = network.parameters();
        let (expected_loss, expected) = trained(&*network, &*loss)?;
        let (found_loss, found) = forced::on(|| trained(&*network, &*loss))?;
        let shaken = shaken(&*network, || Ok(trained(&*network, &*loss)?.1))?;
        let error = (found_loss / expected_loss - 1.0).abs();
        assert!(error < TOLERANCE, "{name}: loss {found_loss} instead of {expected_loss}");
        let gradient = |gradients: &Gradients, id| gradients.of_leaf(id).expect("every parameter matters").clone();
        let of_all = parameters.trained().map(|p| largest(&floats(&gradient(&expected, p.id()))));
        // Biases before a normalisation have no gradient but rounding: errors are also measured by the largest of all.
        let scale = of_all.fold(0.0, f64::max);
        // A normalisation over few values, or a rectifier close to its kink, magnifies rounding: where weights that are off by
        // their last bit change a gradient, so may another order of sums, of which there are several.
        let off = |gradients: &Gradients| {
            let distance =
                |p: &Parameter| distance(p.name(), &gradient(gradients, p.id()), &gradient(&expected, p.id()), scale);
            parameters.trained().map(distance).fold(0.0, f64::max)
        };
        let (error, bound) = (off(&found), TOLERANCE.max(5.0 * off(&shaken)));
        assert!(bound < 2e-3, "{name}: the bound is too loose to tell anything, {bound:.1e}");
        assert!(error <= bound, "{name}: a gradient is off by {error:.1e} of the largest, {bound:.1e} allowed");
        let in_use = || loss(&*network, &Pass::evaluation())?.scalar();
        let (found, expected) = (forced::on(in_use)?, in_use()?);
        assert!((found / expected - 1.0).abs() < TOLERANCE, "{name} in use: {found} instead of {expected}");
    }
    Ok(())
}

#[test]
fn steps_of_the_optimisers_agree() -> Result<()> {
    let (_, network, loss) = networks()?.remove(2);
    let parameters = network.parameters();
    let first: Vec<Tensor> = parameters.iter().map(|p| p.tensor().copy()).collect::<candle_core::Result<_>>()?;
    let (loss_value, gradients) = trained(&*network, &*loss)?;
    for rule in [Rule::ADAM, Rule::Sgd { momentum: 0.9 }, Rule::Nesterov { momentum: 0.9 }] {
        let settings = OptimiserSettings { rule, weight_decay: 0.01, bias_rate_factor: 2.0 };
        let run = || -> Result<(Vec<Tensor>, Vec<Slots>)> {
            parameters.iter().zip(&first).try_for_each(|(p, value)| p.set(value))?;
            let mut optimiser = Optimiser::new(settings, parameters)?;
            for _ in 0..3 {
                optimiser.step(parameters, &gradients, 1e-3)?;
            }
            let weights = parameters.iter().map(|p| p.tensor().copy()).collect::<candle_core::Result<_>>()?;
            Ok((weights, optimiser.slots()?))
        };
        let (expected, memory) = run()?;
        let (found, found_memory) = forced::on(run)?;
        for ((found, expected), parameter) in found.iter().zip(&expected).zip(parameters.iter()) {
            assert_close(&format!("{rule:?}, {}", parameter.name()), found, expected, 0.0);
        }
        for (found, expected) in found_memory.iter().flatten().zip(memory.iter().flatten()) {
            let n = expected.len();
            let [found, expected] = [found, expected].map(|x| Tensor::from_slice(x, n, &Device::Cpu));
            assert_close("the memory", &found?, &expected?, 0.0);
        }
    }
    // The norm and the clipping to it.
    let loss_value = Tensor::new(loss_value as f32, &Device::Cpu)?;
    let norms = || loss_and_norm(&loss_value, parameters, &gradients);
    let ((l0, n0), (l1, n1)) = (norms()?, forced::on(norms)?);
    assert!(l0 == l1 && (n0 / n1 - 1.0).abs() < TOLERANCE, "{l0} {n0} and {l1} {n1}");
    let clipped = || -> Result<Vec<Tensor>> {
        let (_, mut gradients) = trained(&*network, &*loss)?;
        clip_by_global_norm(parameters, &mut gradients, 0.5 * n0)?;
        Ok(parameters.trained().filter_map(|p| gradients.of_leaf(p.id()).cloned()).collect())
    };
    for (found, expected) in forced::on(clipped)?.iter().zip(&clipped()?) {
        assert_close("clipped", found, expected, n0 * 0.1);
    }
    Ok(())
}

#[test]
fn a_parameter_without_a_gradient_stays() -> Result<()> {
    let run = || -> Result<(Vec<Tensor>, Vec<Slots>)> {
        let (_, network, loss) = networks()?.remove(2);
        let parameters = network.parameters();
        let mut optimiser = Optimiser::new(OptimiserSettings::plain(Rule::ADAM), parameters)?;
        for left_out in [None, Some(2), None, Some(0)] {
            let (_, mut gradients) = trained(&*network, &*loss)?;
            if let Some(i) = left_out {
                gradients.take(parameters.trained().nth(i).expect("it has more").id());
            }
            optimiser.step(parameters, &gradients, 1e-4)?;
        }
        Ok((parameters.iter().map(|p| p.tensor()).collect(), optimiser.slots()?))
    };
    let ((expected, memory), (found, found_memory)) = (run()?, forced::on(run)?);
    for (found, expected) in found.iter().zip(&expected) {
        assert_close("weights", found, expected, 1e-2);
    }
    for (found, expected) in found_memory.iter().zip(&memory) {
        let n = expected[0].len();
        let [found, expected] = [found, expected].map(|slots| Tensor::from_slice(&slots[0], n, &Device::Cpu));
        assert_close("the memory", &found?, &expected?, 1e-2);
    }
    Ok(())
}

#[test]
fn an_optimiser_follows_its_parameters() -> Result<()> {
    let (_, network, loss) = networks()?.remove(2);
    let (_, gradients) = trained(&*network, &*loss)?;
    let mut optimiser = Optimiser::new(OptimiserSettings::plain(Rule::ADAM), network.parameters())?;
    optimiser.step(network.parameters(), &gradients, 1e-3)?;
    let slots = optimiser.slots()?;
    forced::on(|| optimiser.step(network.parameters(), &gradients, 1e-3))?;
    assert!(slots != optimiser.slots()?);
    let forced_slots = forced::on(|| optimiser.slots())?;
    assert!(forced_slots == optimiser.slots()?);
    optimiser.step(network.parameters(), &gradients, 1e-3)?;
    let mut straight = Optimiser::new(OptimiserSettings::plain(Rule::ADAM), network.parameters())?;
    for _ in 0..3 {
        straight.step(network.parameters(), &gradients, 1e-3)?;
    }
    for (found, expected) in optimiser.slots()?.iter().flatten().zip(straight.slots()?.iter().flatten()) {
        let n = expected.len();
        let [found, expected] = [found, expected].map(|x| Tensor::from_slice(x, n, &Device::Cpu));
        assert_close("the memory", &found?, &expected?, 0.0);
    }
    Ok(())
}

//! Laws of whole networks, at widths of a few channels.

use arcmin_nn::loss::{cross_entropy, mse};
use arcmin_nn::networks::{
    CellNet, CellNetConfig, DeepszResnet, DeepszResnetConfig, DropoutPlace, MResUNet, MResUNetConfig, Network,
    PlanckVgg, PlanckVggConfig, Residuals, UNet, UNetConfig, UNetForm,
};
use arcmin_nn::optimise::{Optimiser, OptimiserSettings, Rule};
use arcmin_nn::{Pass, Result, Value};
use candle_core::{Device, Tensor};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

fn numbers(shape: &[usize], seed: u64) -> Tensor {
    let mut stream = Xoshiro256PlusPlus::seed_from_u64(seed);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.random_range(-1.0f32..1.0)).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).expect("as many values as the shape has")
}

fn mresunet(residuals: Residuals, dropout_rate: f32) -> Result<MResUNet> {
    MResUNet::new(&MResUNetConfig { width: 4, dropout_rate, residuals, seed: 3, ..MResUNetConfig::default() })
}

fn unet(form: UNetForm) -> Result<UNet> {
    UNet::new(&UNetConfig { n_views: 2, width: 4, n_pools: 2, form, seed: 3, ..UNetConfig::default() })
}

fn cell_net() -> Result<CellNet> {
    let dilations = vec![1, 2];
    CellNet::new(&CellNetConfig { in_channels: 2, out_channels: 3, width: 8, dilations, seed: 3 })
}

/// Each network with a loss on one batch, in training.
type Case = (&'static str, Box<dyn Network>, Box<dyn Fn(&dyn Network, &Pass) -> Result<Value>>);

fn cases() -> Result<Vec<Case>> {
    let image_loss = |shape: [usize; 4]| {
        let (x, t) = (numbers(&shape, 1), numbers(&[shape[0], shape[1], shape[2], 1], 2));
        Box::new(move |network: &dyn Network, pass: &Pass| {
            mse(&network.forward(&Value::constant(x.clone()), pass)?, &t)
        })
    };
    let resnet = DeepszResnetConfig { width: 4, hidden_width: 8, seed: 3, ..DeepszResnetConfig::default() };
    let cutouts = numbers(&[6, 32, 32, 3], 4);
    let (maps, masses) = (numbers(&[4, 30, 30, 1], 5), numbers(&[4, 1], 6));
    let vgg = PlanckVggConfig { width: 4, dropout_rate: 0.0, seed: 3, ..PlanckVggConfig::default() };
    Ok(vec![
        ("mresunet", Box::new(mresunet(Residuals::Added, 0.0)?), image_loss([2, 16, 16, 1])),
        (
            "deepsz_resnet",
            Box::new(DeepszResnet::new(&resnet)?),
            Box::new(move |network, pass| {
                let logits = network.forward(&Value::constant(cutouts.clone()), pass)?;
                cross_entropy(&logits, &[0, 1, 1, 0, 1, 0], None)
            }),
        ),
        (
            "planck_vgg",
            Box::new(PlanckVgg::new(&vgg)?),
            Box::new(move |network, pass| mse(&network.forward(&Value::constant(maps.clone()), pass)?, &masses)),
        ),
        ("cell_net", Box::new(cell_net()?), {
            let (x, t) = (numbers(&[2, 32, 32, 2], 1), numbers(&[2, 16, 16, 3], 2));
            Box::new(move |network, pass| mse(&network.forward(&Value::constant(x.clone()), pass)?, &t))
        }),
        ("unet of 2018", Box::new(unet(UNetForm::Zbontar2018)?), image_loss([2, 16, 16, 2])),
        ("later unet", Box::new(unet(UNetForm::TransposeConv)?), image_loss([2, 16, 16, 2])),
    ])
}

/// Moves all trained parameters by `by` times a direction of unit length, drawn from `seed`.
fn shift(network: &dyn Network, seed: u64, by: f64) -> Result<()> {
    for (i, parameter) in network.parameters().trained().enumerate() {
        let direction = numbers(parameter.tensor().dims(), seed + i as u64);
        let scale = by / (network.parameters().n_trained() as f64 / 3.0).sqrt();
        parameter.set(&(parameter.tensor() + (direction * scale)?)?)?;
    }
    Ok(())
}

#[test]
fn gradients_agree_with_differences_along_random_directions() -> Result<()> {
    for (name, network, loss) in cases()? {
        let gradients = loss(&*network, &Pass::training(1, 0))?.backward()?;
        let mut norm = 0.0;
        for parameter in network.parameters().trained() {
            let gradient = gradients.of_leaf(parameter.id()).expect("every parameter matters");
            norm += f64::from(gradient.sqr()?.sum_all()?.to_scalar::<f32>()?);
        }
        // A projection of the gradient on a random direction is norm / sqrt(n) at large: errors are measured by that.
        let scale = (norm / network.parameters().n_trained() as f64).sqrt();
        for seed in [100, 300, 500] {
            let mut slope = 0.0;
            for (i, parameter) in network.parameters().trained().enumerate() {
                let direction = numbers(parameter.tensor().dims(), seed + i as u64);
                let gradient = gradients.of_leaf(parameter.id()).expect("every parameter matters");
                slope += f64::from((gradient * direction)?.sum_all()?.to_scalar::<f32>()?);
            }
            slope /= (network.parameters().n_trained() as f64 / 3.0).sqrt();
            // The rectifiers' kinks add an error that falls with the step, rounding one that rises with it.
            let step = 4e-4;
            let evaluate = |by: f64| -> Result<f64> {
                shift(&*network, seed, by)?;
                let value = loss(&*network, &Pass::training(1, 0))?.scalar()?;
                shift(&*network, seed, -by)?;
                Ok(value)
            };
            let difference = (evaluate(step)? - evaluate(-step)?) / (2.0 * step);
            let error = (difference - slope).abs() / scale.max(slope.abs());
            assert!(error < 0.05, "{name}, direction {seed}: slope {slope}, difference {difference}, scale {scale}");
        }
    }
    Ok(())
}

#[test]
fn each_network_learns_one_batch_by_heart() -> Result<()> {
    for (name, network, loss) in cases()? {
        let parameters = network.parameters();
        let mut optimiser = Optimiser::new(OptimiserSettings::plain(Rule::ADAM), parameters)?;
        let first = loss(&*network, &Pass::training(1, 0))?.scalar()?;
        for step in 0..80 {
            let gradients = loss(&*network, &Pass::training(1, step))?.backward()?;
            optimiser.step(parameters, &gradients, 8e-3)?;
        }
        let last = loss(&*network, &Pass::training(1, 0))?.scalar()?;
        assert!(last < 0.3 * first, "{name}: the loss went from {first} to {last}");
    }
    Ok(())
}

/// The mistake of a public re-implementation: its residual connections never run.
#[test]
fn residual_connections_carry_something() -> Result<()> {
    let (added, cut) = (mresunet(Residuals::Added, 0.0)?, mresunet(Residuals::Cut, 0.0)?);
    let x = Value::constant(numbers(&[2, 16, 16, 1], 1));
    let outputs = [&added, &cut].map(|network| network.forward(&x, &Pass::evaluation()));
    let [with, without] = outputs.map(|y| y.and_then(|y| Ok(y.tensor().flatten_all()?.to_vec1::<f32>()?)));
    let (with, without) = (with?, without?);
    let difference: f32 = with.iter().zip(&without).map(|(a, b)| (a - b).powi(2)).sum();
    let size: f32 = with.iter().map(|a| a.powi(2)).sum();
    assert!(difference > 0.01 * size, "cutting the residuals changes {difference} of {size}");
    // With convolutions of later sub-stages at zero, only the residual connections reach from input to output.
    for network in [&added, &cut] {
        for parameter in network.parameters().trained().filter(|p| !p.name().contains(".0.conv")) {
            if parameter.name().starts_with("encoder.0") && parameter.name().contains("conv") {
                parameter.set(&parameter.tensor().zeros_like()?)?;
            }
        }
    }
    let reaches = |network: &MResUNet| -> Result<bool> {
        let gradients = mse(&network.forward(&x, &Pass::training(0, 0))?, &numbers(&[2, 16, 16, 1], 2))?.backward()?;
        let first = network.parameters().named("encoder.0.0.conv.weight").expect("the first kernel");
        let gradient = gradients.of_leaf(first.id()).expect("it is recorded");
        Ok(gradient.abs()?.sum_all()?.to_scalar::<f32>()? > 0.0)
    };
    assert!(reaches(&added)? && !reaches(&cut)?);
    Ok(())
}

#[test]
fn dropout_works_where_it_is_asked_for() -> Result<()> {
    let x = Value::constant(numbers(&[2, 16, 16, 1], 1));
    for dropout_place in [DropoutPlace::Decoder, DropoutPlace::Encoder] {
        let config = MResUNetConfig { width: 4, dropout_rate: 0.3, dropout_place, ..MResUNetConfig::default() };
        let network = MResUNet::new(&config)?;
        let run = |pass: Pass| -> Result<Vec<f32>> {
            Ok(network.forward(&x, &pass)?.tensor().flatten_all()?.to_vec1::<f32>()?)
        };
        assert_ne!(run(Pass::training(1, 0))?, run(Pass::training(1, 1))?, "{dropout_place:?}");
        assert_eq!(run(Pass::evaluation())?, run(Pass::evaluation())?, "{dropout_place:?}");
    }
    Ok(())
}

#[test]
fn the_fully_convolutional_form_agrees_on_single_cutouts() -> Result<()> {
    let config = DeepszResnetConfig { width: 4, hidden_width: 8, seed: 5, ..DeepszResnetConfig::default() };
    let network = DeepszResnet::new(&config)?;
    let x = Value::constant(numbers(&[6, 32, 32, 3], 7));
    // A training pass moves the running statistics away from 0 and 1, so that folding them in is tested.
    network.forward(&x, &Pass::training(1, 0))?;
    let single = network.forward(&x, &Pass::evaluation())?.tensor().flatten_all()?.to_vec1::<f32>()?;
    let map = network.forward_map(&x)?;
    assert_eq!(map.dims(), [6, 1, 1, 2]);
    let map = map.tensor().flatten_all()?.to_vec1::<f32>()?;
    let largest = single.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    for (a, b) in single.iter().zip(&map) {
        assert!((a - b).abs() < 1e-5 * largest, "{single:?} and {map:?}");
    }
    assert!(network.forward_map(&Value::constant(numbers(&[1, 40, 32, 3], 1))).is_err());
    Ok(())
}

#[test]
fn a_unet_sees_amplitudes_only_through_its_scales() -> Result<()> {
    let network = UNet::new(&UNetConfig { width: 4, n_pools: 2, n_scales: 1, ..UNetConfig::default() })?;
    let image = numbers(&[1, 16, 16, 1], 1);
    let run = |factor: f64, scale: f32| -> Result<Vec<f32>> {
        let x = Value::constant((&image * factor)?);
        let scales = Tensor::from_slice(&[scale], (1, 1), &Device::Cpu)?;
        Ok(network.forward_with_scales(&x, &scales, &Pass::evaluation())?.tensor().flatten_all()?.to_vec1::<f32>()?)
    };
    let (one, thousand, told) = (run(10.0, 0.0)?, run(10_000.0, 0.0)?, run(10.0, 3.0)?);
    let far = |a: &[f32], b: &[f32]| a.iter().zip(b).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(far(&one, &thousand) < 0.05, "{}", far(&one, &thousand));
    assert!(far(&one, &told) > 0.2, "{}", far(&one, &told));
    Ok(())
}

#[test]
fn networks_refuse_images_they_do_not_take() -> Result<()> {
    let network = mresunet(Residuals::Added, 0.0)?;
    for shape in [[1, 12, 16, 1], [1, 16, 16, 2], [0, 16, 16, 1]] {
        let error =
            network.forward(&Value::constant(numbers(&shape, 1)), &Pass::evaluation()).expect_err("a wrong shape");
        assert!(error.to_string().contains("multiples of 8"), "{error}");
    }
    assert!(MResUNet::new(&MResUNetConfig { width: 1, ..MResUNetConfig::default() }).is_err());
    Ok(())
}

/// What lies beyond the reach changes nothing, so that pieces of a map that overlap by it give the answers of the whole map.
#[test]
fn a_cell_depends_on_what_lies_within_its_reach() -> Result<()> {
    let network = cell_net()?;
    let reach = network.reach_pixels();
    assert_eq!(reach, 8);
    let answer = |x: &Tensor| -> Result<Vec<Vec<f32>>> {
        let y = network.forward(&Value::constant(x.clone()), &Pass::evaluation())?;
        Ok(y.tensor().squeeze(0)?.narrow(0, 20, 1)?.squeeze(0)?.to_vec2::<f32>()?)
    };
    let x = numbers(&[1, 48, 80, 2], 7);
    let whole = answer(&x)?;
    // Row 40 is the first of cell 20; its reach goes from row 32 on, and to the right of column 36 - 8 from cell 18 on.
    let mut values = x.flatten_all()?.to_vec1::<f32>()?;
    for (i, value) in values.iter_mut().enumerate() {
        let (row, column) = (i / 2 / 80, i / 2 % 80);
        if row < 40 - reach || column < 36 - reach {
            *value += 1.0;
        }
    }
    let changed = answer(&Tensor::from_vec(values, (1, 48, 80, 2), &Device::Cpu)?)?;
    let difference = |cells: std::ops::Range<usize>| {
        let pairs = cells.flat_map(|cell| whole[cell].iter().zip(&changed[cell]));
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max)
    };
    assert!(difference(18..40) < 1e-5 && difference(17..18) > 1e-3, "{} {}", difference(18..40), difference(17..18));
    Ok(())
}

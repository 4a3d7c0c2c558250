//! Training steps and inference of whole networks, as `nn.py` does them with PyTorch.
//!
//! The weights of the mResUNet and of the cell network are left in a file that PyTorch opens, so that both must give the same answer.

use anyhow::{Result, bail};
use arcmin_nn::loss::{cross_entropy, mse};
use arcmin_nn::networks::{
    CellNet, CellNetConfig, DeepszResnet, DeepszResnetConfig, MResUNet, MResUNetConfig, Network,
};
use arcmin_nn::optimise::{Optimiser, OptimiserSettings, Rule};
use arcmin_nn::{Pass, Value, weights};
use candle_core::{Device, Tensor};

/// Seconds of a network, `NAME` or `NAME:WIDTH`: of one `step` (forward, backward, Adam) or one `forward` (inference), which `best` measures, and the rms of the
/// first answer where the peer has the same weights.
pub(crate) fn run(
    network: &str,
    pass: &str,
    n: usize,
    best: impl Fn(&mut dyn FnMut()) -> f64,
) -> Result<(f64, Option<f64>)> {
    let (name, width) = network.split_once(':').unwrap_or((network, "64"));
    match name {
        "mresunet" => {
            let network = MResUNet::new(&MResUNetConfig { width: width.parse()?, ..Default::default() })?;
            let (x, t) = (images(&[n, 40, 40, 1])?, images(&[n, 40, 40, 1])?);
            let loss = |pass: &Pass| mse(&network.forward(&Value::constant(x.clone()), pass)?, &t);
            let check = shared_answer(name, &network, &x)?;
            Ok((time(&network, pass, &x, &loss, best)?, Some(check)))
        }
        "cellnet" => {
            let dilations = vec![1, 2, 4, 1, 2, 4];
            let config = CellNetConfig { in_channels: 6, out_channels: 6, width: width.parse()?, dilations, seed: 0 };
            let network = CellNet::new(&config)?;
            // Pieces of the size that is trained on, or a whole tile.
            let side = if pass == "step" { 160 } else { 1024 };
            let (x, t) = (images(&[n, side, side, 6])?, images(&[n, side / 2, side / 2, 6])?);
            let loss = |pass: &Pass| mse(&network.forward(&Value::constant(x.clone()), pass)?, &t);
            let check = shared_answer(name, &network, &x)?;
            Ok((time(&network, pass, &x, &loss, best)?, Some(check)))
        }
        "resnet" => {
            let network = DeepszResnet::new(&DeepszResnetConfig { width: width.parse()?, ..Default::default() })?;
            let x = images(&[n, 32, 32, 3])?;
            let classes: Vec<u32> = (0..n as u32).map(|i| i % 2).collect();
            let loss =
                |pass: &Pass| cross_entropy(&network.forward(&Value::constant(x.clone()), pass)?, &classes, None);
            Ok((time(&network, pass, &x, &loss, best)?, None))
        }
        _ => bail!("network {name} is none of mresunet, resnet, cellnet"),
    }
}

/// Leaves the weights for the peer; the rms of the answer.
fn shared_answer(name: &str, network: &impl Network, x: &Tensor) -> Result<f64> {
    let file = std::env::temp_dir().join(format!("arcmin-peers-{name}.safetensors"));
    weights::save(&file, network.parameters(), "")?;
    let answer = network.forward(&Value::constant(x.clone()), &Pass::evaluation())?;
    Ok(f64::from(answer.tensor().sqr()?.mean_all()?.to_scalar::<f32>()?).sqrt())
}

fn time(
    network: &impl Network,
    pass: &str,
    x: &Tensor,
    loss: &dyn Fn(&Pass) -> arcmin_nn::Result<Value>,
    best: impl Fn(&mut dyn FnMut()) -> f64,
) -> Result<f64> {
    let parameters = network.parameters();
    let mut optimiser = Optimiser::new(OptimiserSettings::plain(Rule::ADAM), parameters)?;
    let mut n_steps = 0;
    let mut step = || -> arcmin_nn::Result<()> {
        let gradients = loss(&Pass::training(1, n_steps))?.backward()?;
        n_steps += 1;
        optimiser.step(parameters, &gradients, 1e-3)
    };
    let forward = || network.forward(&Value::constant(x.clone()), &Pass::evaluation()).map(drop);
    Ok(match pass {
        "step" => best(&mut || step().expect("a finite training step")),
        "forward" => best(&mut || forward().expect("images that the network takes")),
        _ => bail!("pass {pass} is neither step nor forward"),
    })
}

fn images(shape: &[usize]) -> Result<Tensor> {
    let pixel = |i: usize| (i * 7919 % 1009) as f32 / 1009.0 - 0.5;
    Ok(Tensor::from_vec((0..shape.iter().product()).map(pixel).collect::<Vec<f32>>(), shape, &Device::Cpu)?)
}

//! The residual network of Lin21, which tells whether a cutout of three bands holds a cluster.
//!
//! Two 3x3 convolutions (the second of stride 2) and a 2x2 max pooling, then bottlenecks of He et al. 2015 in groups of 3,
//! 4 and 6 with the stride in the first 1x1 convolution of a group, all with batch normalisation and ReLU and without
//! bias; the 2x2 pixels left of a 32x32 cutout are flattened, normalised, and pass two layers of 256 with ReLU to two
//! logits. With `width` 64 these are 9,695,938 parameters. Differs from the published code, which has a ReLU on the
//! logits: a mistake.

use super::{Network, check_images, check_positive};
use crate::floats::{tensor, to_vec};
use crate::layers::{BatchNorm, BatchNormSettings, Bias, Channels, Conv, Linear};
use crate::ops::{Activation, ConvOptions, conv2d, flatten_channels_first, max_pool2d, relu};
use crate::{Builder, Init, Parameters, Pass, Result, Value};
use candle_core::Tensor;

/// Bottlenecks of each group.
const GROUPS: [usize; 3] = [3, 4, 6];
/// Channels out of a bottleneck over those inside.
const EXPANSION: usize = 4;
/// Side of a cutout in pixels.
const CUTOUT_SIDE: usize = 32;
/// Side of what is left of a cutout before it is flattened.
const LAST_SIDE: usize = 2;
/// Pixels of the input from one answer of the fully convolutional form to the next.
const STEP: usize = CUTOUT_SIDE / LAST_SIDE;

/// What a [`DeepszResnet`] is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct DeepszResnetConfig {
    /// Bands of the input; 3 in the paper.
    pub in_channels: usize,
    /// Channels inside the first group's bottlenecks; 64 in the paper.
    pub width: usize,
    /// Outputs of the two hidden layers; 256 in the paper.
    pub hidden_width: usize,
    /// Of the first weights.
    pub seed: u64,
}

impl Default for DeepszResnetConfig {
    fn default() -> Self {
        Self { in_channels: 3, width: 64, hidden_width: 256, seed: 0 }
    }
}

/// The network. Cutouts `[n, 32, 32, bands]` to logits `[n, 2]`: without, with a cluster.
///
/// ```
/// use arcmin_nn::networks::{DeepszResnet, DeepszResnetConfig, Network};
/// use arcmin_nn::{Pass, Value};
/// use candle_core::{DType, Device, Tensor};
///
/// let network = DeepszResnet::new(&DeepszResnetConfig { width: 4, hidden_width: 8, ..Default::default() })?;
/// let cutouts = Value::constant(Tensor::zeros((5, 32, 32, 3), DType::F32, &Device::Cpu)?);
/// assert_eq!(network.forward(&cutouts, &Pass::evaluation())?.dims(), [5, 2]);
/// let tile = Value::constant(Tensor::zeros((1, 64, 96, 3), DType::F32, &Device::Cpu)?);
/// assert_eq!(network.forward_map(&tile)?.dims(), [1, 3, 5, 2]);
/// # Ok::<(), arcmin_nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DeepszResnet {
    config: DeepszResnetConfig,
    stem: [ConvNorm; 2],
    bottlenecks: Vec<Bottleneck>,
    head: Head,
    parameters: Parameters,
}

/// A convolution without bias and its batch normalisation.
#[derive(Clone, Debug)]
struct ConvNorm {
    conv: Conv,
    norm: BatchNorm,
}

impl ConvNorm {
    /// `names` are those of the convolution and of the normalisation.
    fn new(builder: &Builder, names: [&str; 2], kernel: usize, channels: Channels, stride: usize) -> Result<Self> {
        let settings = ConvOptions { stride, padding: kernel / 2, ..ConvOptions::default() };
        Ok(Self {
            conv: Conv::new(&builder.part(names[0]), kernel, channels, Bias::Without, settings)?,
            norm: BatchNorm::new(&builder.part(names[1]), channels.output, BatchNormSettings::default())?,
        })
    }

    fn forward(&self, x: &Value, pass: &Pass) -> Result<Value> {
        self.norm.forward(&self.conv.forward(x, pass)?, pass)
    }

    fn forward_and_add(&self, x: &Value, residual: &Value, pass: &Pass) -> Result<Value> {
        self.norm.forward_and_add(&self.conv.forward(x, pass)?, residual, pass)
    }
}

/// 1x1 to fewer channels, 3x3, 1x1 to more, added to the input or to its projection.
#[derive(Clone, Debug)]
struct Bottleneck {
    reduce: ConvNorm,
    middle: ConvNorm,
    expand: ConvNorm,
    projection: Option<ConvNorm>,
}

impl Bottleneck {
    fn new(builder: &Builder, n_input: usize, n_inside: usize, stride: usize) -> Result<Self> {
        let n_output = EXPANSION * n_inside;
        let projected = stride != 1 || n_input != n_output;
        let projection = |builder: &Builder| {
            ConvNorm::new(&builder.part("downsample"), ["0", "1"], 1, Channels::new(n_input, n_output), stride)
        };
        Ok(Self {
            reduce: ConvNorm::new(builder, ["conv1", "bn1"], 1, Channels::new(n_input, n_inside), stride)?,
            middle: ConvNorm::new(builder, ["conv2", "bn2"], 3, Channels::new(n_inside, n_inside), 1)?,
            expand: ConvNorm::new(builder, ["conv3", "bn3"], 1, Channels::new(n_inside, n_output), 1)?,
            projection: projected.then(|| projection(builder)).transpose()?,
        })
    }

    fn forward(&self, x: &Value, pass: &Pass) -> Result<Value> {
        let inside = relu(&self.reduce.forward(x, pass)?)?;
        let inside = relu(&self.middle.forward(&inside, pass)?)?;
        let shortcut = match &self.projection {
            Some(projection) => projection.forward(x, pass)?,
            None => x.clone(),
        };
        relu(&self.expand.forward_and_add(&inside, &shortcut, pass)?)
    }
}

/// From features to logits.
#[derive(Clone, Debug)]
struct Head {
    norm: BatchNorm,
    hidden: [Linear; 2],
    last: Linear,
}

impl Head {
    fn new(builder: &Builder, n_features: usize, n_hidden: usize) -> Result<Self> {
        let layer = |name: &str, n_input, n_output, activation| {
            Linear::new(&builder.part(name), Channels::new(n_input, n_output), Bias::With, activation)
        };
        Ok(Self {
            norm: BatchNorm::new(&builder.part("bn_features"), n_features, BatchNormSettings::default())?,
            hidden: [
                layer("fc1", n_features, n_hidden, Activation::Relu)?,
                layer("fc2", n_hidden, n_hidden, Activation::Relu)?,
            ],
            last: layer("fc3", n_hidden, 2, Activation::None)?,
        })
    }

    /// Normalisation and first layer as one kernel `[2, 2, c, hidden]` and bias: `W (a x + b) + c = (W a) x + (W b + c)`.
    fn as_kernel(&self, n_channels: usize) -> Result<(Tensor, Tensor)> {
        let (a, b) = self.norm.factors()?;
        let first = &self.hidden[0];
        let weight = first.weight().tensor();
        let n_hidden = weight.dims()[1];
        let mut bias = to_vec("a bias", &first.bias().expect("it has one").tensor())?;
        let taps = LAST_SIDE * LAST_SIDE;
        let mut kernel = vec![0.0; taps * n_channels * n_hidden];
        for (feature, row) in to_vec("a weight", &weight)?.chunks_exact(n_hidden).enumerate() {
            // Features are numbered channel by channel, the kernel tap by tap.
            let (channel, tap) = (feature / taps, feature % taps);
            let first = (tap * n_channels + channel) * n_hidden;
            let kernel = &mut kernel[first..first + n_hidden];
            for ((kernel, bias), weight) in kernel.iter_mut().zip(&mut bias).zip(row) {
                *kernel = weight * a[feature];
                *bias += weight * b[feature];
            }
        }
        let kernel = tensor(kernel, &[LAST_SIDE, LAST_SIDE, n_channels, n_hidden])?;
        Ok((kernel.to_device(weight.device())?, tensor(bias, &[n_hidden])?.to_device(weight.device())?))
    }
}

impl DeepszResnet {
    /// With first weights drawn from the seed.
    ///
    /// # Errors
    /// When a size of the configuration is zero.
    pub fn new(config: &DeepszResnetConfig) -> Result<Self> {
        check_positive("in_channels", config.in_channels)?;
        check_positive("width", config.width)?;
        check_positive("hidden_width", config.hidden_width)?;
        let builder = Builder::new(config.seed, Init::HeNormalFanOut);
        let width = config.width;
        let stem = [
            ConvNorm::new(&builder, ["conv1", "bn1"], 3, Channels::new(config.in_channels, width), 1)?,
            ConvNorm::new(&builder, ["conv2", "bn2"], 3, Channels::new(width, width), 2)?,
        ];
        let mut n_channels = width;
        let mut bottlenecks = Vec::new();
        for (group, &n_blocks) in GROUPS.iter().enumerate() {
            let n_inside = width << group;
            for block in 0..n_blocks {
                let stride = if group > 0 && block == 0 { 2 } else { 1 };
                let part = builder.part(format_args!("layer{}.{block}", group + 1));
                bottlenecks.push(Bottleneck::new(&part, n_channels, n_inside, stride)?);
                n_channels = EXPANSION * n_inside;
            }
        }
        let n_features = n_channels * LAST_SIDE * LAST_SIDE;
        let head = Head::new(&builder.with_init(Init::Torch), n_features, config.hidden_width)?;
        Ok(Self { config: config.clone(), stem, bottlenecks, head, parameters: builder.finish() })
    }

    /// Features `[n, h / 16, w / 16, 16 width]` of images `[n, h, w, bands]`.
    fn features(&self, images: &Value, pass: &Pass) -> Result<Value> {
        let mut x = images.clone();
        for layer in &self.stem {
            x = relu(&layer.forward(&x, pass)?)?;
        }
        x = max_pool2d(&x, 2)?; // [n, h / 4, w / 4, width]
        for bottleneck in &self.bottlenecks {
            x = bottleneck.forward(&x, pass)?;
        }
        Ok(x)
    }

    /// The fully convolutional form: logits `[n, h / 16 - 1, w / 16 - 1, 2]` of every 32x32 window of a larger image, 16
    /// pixels apart, with running statistics.
    ///
    /// The convolutions are shared by overlapping windows, which a window's features pay for with seeing beyond its edge
    /// where a single cutout is padded with zeros: on a 32x32 image the answer is that of `forward`, elsewhere it is
    /// that of a network trained on padded cutouts shown unpadded ones.
    ///
    /// # Errors
    /// When the sides of the images are not multiples of 16 or below 32.
    pub fn forward_map(&self, images: &Value) -> Result<Value> {
        check_images(images, self.config.in_channels, STEP, CUTOUT_SIDE)?;
        let pass = Pass::evaluation();
        let features = self.features(images, &pass)?;
        let n_channels = features.dims()[3];
        let (kernel, bias) = self.head.as_kernel(n_channels)?;
        let settings = ConvOptions::default().then(Activation::Relu);
        let hidden = conv2d(&features, &Value::constant(kernel), Some(&Value::constant(bias)), &settings)?;
        let [n, h, w, c] = [0, 1, 2, 3].map(|axis| hidden.dims()[axis]);
        let rows = crate::ops::reshape(&hidden, &[n * h * w, c])?;
        let logits = self.head.last.forward(&self.head.hidden[1].forward(&rows, &pass)?, &pass)?;
        crate::ops::reshape(&logits, &[n, h, w, 2])
    }
}

impl Network for DeepszResnet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn forward(&self, images: &Value, pass: &Pass) -> Result<Value> {
        check_images(images, self.config.in_channels, CUTOUT_SIDE, CUTOUT_SIDE)?;
        let features = flatten_channels_first(&self.features(images, pass)?)?; // [n, 4 c]
        let mut x = self.head.norm.forward(&features, pass)?;
        for layer in &self.head.hidden {
            x = layer.forward(&x, pass)?; // [n, hidden]
        }
        self.head.last.forward(&x, pass) // [n, 2]
    }
}

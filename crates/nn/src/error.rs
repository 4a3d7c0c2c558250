//! What can go wrong with networks.

use std::path::PathBuf;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Errors of layers, networks, training and weight files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor has another shape than the layer needs.
    #[error("{what} needs shape {expected}, got {got:?}")]
    Shape {
        /// The layer or argument.
        what: String,
        /// The shape in words, as `[n, h, w, 3]`.
        expected: String,
        /// The shape given.
        got: Vec<usize>,
    },
    /// A tensor holds something else than 32-bit floats.
    #[error("{what} needs f32, got {got}")]
    Dtype {
        /// The layer or argument.
        what: String,
        /// Type given.
        got: String,
    },
    /// Tensors of one operation lie on different devices.
    #[error("{what} does not lie on the CPU, but what it is used with does: move both to one device")]
    Device {
        /// The operation.
        what: String,
    },
    /// The CPU was asked for what only tensor cores do.
    #[error(
        "precision {precision} needs a CUDA device, but the network lies on the CPU: take f32, or move it by Parameters::to_device"
    )]
    Precision {
        /// The precision asked for.
        precision: &'static str,
    },
    /// A number of a configuration is outside its domain.
    #[error("{what} = {value} is not usable: it must be {must}")]
    Setting {
        /// Name of the setting.
        what: &'static str,
        /// Its value.
        value: String,
        /// What holds for usable values.
        must: &'static str,
    },
    /// `backward` was called on a value that does not depend on any parameter.
    #[error("the value does not depend on any parameter, so it has no gradients; run the network in a recording pass")]
    NoGradient,
    /// The loss is NaN or infinite.
    #[error(
        "the loss of batch {batch} of epoch {epoch} is {loss} (samples {samples:?}): lower the learning rate, clip gradients or check these samples"
    )]
    NonFiniteLoss {
        /// Number of the epoch, from 0.
        epoch: u64,
        /// Number of the batch within the epoch, from 0.
        batch: u64,
        /// The loss.
        loss: f64,
        /// Indices of the batch's samples.
        samples: Vec<u64>,
    },
    /// A gradient is NaN or infinite.
    #[error(
        "the gradient of {parameter} is not finite at batch {batch} of epoch {epoch} (samples {samples:?}): lower the learning rate or check these samples"
    )]
    NonFiniteGradient {
        /// Name of the parameter.
        parameter: String,
        /// Number of the epoch, from 0.
        epoch: u64,
        /// Number of the batch within the epoch, from 0.
        batch: u64,
        /// Indices of the batch's samples.
        samples: Vec<u64>,
    },
    /// A sample could not be made or read.
    #[error("sample {index}: {source}")]
    Sample {
        /// Index of the sample in its source.
        index: u64,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Samples of one batch differ in shape.
    #[error("sample {index} has shape {got:?}, the others of its batch {expected:?}")]
    SampleShape {
        /// Index of the sample in its source.
        index: u64,
        /// Shape of the batch's first sample.
        expected: Vec<usize>,
        /// Shape of this one.
        got: Vec<usize>,
    },
    /// A source without samples.
    #[error("the {what} source has no samples")]
    NoSamples {
        /// Training or validation.
        what: &'static str,
    },
    /// The thread that prefetches samples ended without an answer.
    #[error("the thread that reads samples has ended before its work was done")]
    LoaderStopped,
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no weight file, or is cut short.
    #[error("{}: not a whole safetensors file ({reason}); copy it again", path.display())]
    WeightFile {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// A weight file of another method, or of a form that this program does not read.
    #[error("{}: its metadata is not that of {of} ({reason}); give a file that `{command}` wrote", path.display())]
    ForeignWeights {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        of: &'static str,
        /// What is wrong.
        reason: String,
        /// The command that writes such files.
        command: &'static str,
    },
    /// A weight file belongs to another network.
    #[error(
        "{}: its tensors are not this network's: missing {missing:?}, unexpected {unexpected:?}", path.display()
    )]
    WeightNames {
        /// The file.
        path: PathBuf,
        /// Names the network needs and the file lacks.
        missing: Vec<String>,
        /// Names of the file that the network does not know.
        unexpected: Vec<String>,
    },
    /// A tensor of a weight file has another shape.
    #[error("{}: {name} has shape {got:?}, the network needs {expected:?}", path.display())]
    WeightShape {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        name: String,
        /// Shape in PyTorch's layout.
        expected: Vec<usize>,
        /// Shape in the file.
        got: Vec<usize>,
    },
    /// A tensor of a weight file has a type that is not read.
    #[error("{}: {name} is of type {got}; save the weights as float32", path.display())]
    WeightDtype {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        name: String,
        /// Its type.
        got: String,
    },
    /// A tensor of a weight file holds NaN or infinite numbers.
    #[error("{}: {name} holds {count} NaN or infinite values", path.display())]
    WeightNonFinite {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        name: String,
        /// How many.
        count: usize,
    },
    /// A checkpoint was written under another configuration.
    #[error(
        "{}: the checkpoint belongs to another configuration: {}; restore the configuration or start in a new folder",
        path.display(), differences.join("; ")
    )]
    OtherConfig {
        /// The checkpoint.
        path: PathBuf,
        /// One line a difference, as `key: checkpoint has A, now B`.
        differences: Vec<String>,
    },
    /// A checkpoint that cannot be understood.
    #[error("{}: not a whole checkpoint ({reason}); remove it to start again", path.display())]
    Checkpoint {
        /// The checkpoint.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Tensor arithmetic failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

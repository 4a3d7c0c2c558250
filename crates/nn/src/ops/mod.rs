//! Operations on [`Value`](crate::Value)s, each with its gradient, on the device where their tensors lie.
//!
//! All arguments of an operation lie on one device.

mod activation;
mod batch_norm;
mod conv;
mod dropout;
mod instance_norm;
mod join;
mod moments;
mod pool;
mod select;
mod upsample;

pub use activation::{leaky_relu, relu, selu};
pub use arcmin_conv::Activation;
pub(crate) use batch_norm::{BatchStatistics, batch_norm, channel_affine, inverse_deviation};
pub use conv::{ConvOptions, Precision, Winograd, conv2d, linear, transpose_conv2x2};
pub(crate) use conv::{check_precision, reshape};
pub use dropout::dropout;
pub use instance_norm::instance_norm;
pub use join::{add, append_vector, concat, flatten_channels_first};
pub use pool::{avg_pool2d, global_avg_pool, max_pool2d};
pub use select::{channels, pixel};
pub use upsample::{upsample_bilinear2, upsample_nearest2};

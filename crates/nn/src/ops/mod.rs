//! Operations on [`Value`](crate::Value)s, each with its gradient.

mod activation;
mod batch_norm;
mod conv;
mod dropout;
mod instance_norm;
mod join;
mod moments;
mod pool;
mod upsample;

pub use activation::{leaky_relu, relu, selu};
pub use arcmin_conv::Activation;
pub(crate) use batch_norm::{Affine, BatchStatistics, batch_norm, channel_affine};
pub(crate) use conv::reshape;
pub use conv::{ConvOptions, Winograd, conv2d, linear, transpose_conv2x2};
pub use dropout::dropout;
pub use instance_norm::instance_norm;
pub use join::{add, append_vector, concat, flatten_channels_first};
pub use pool::{avg_pool2d, global_avg_pool, max_pool2d};
pub use upsample::{upsample_bilinear2, upsample_nearest2};

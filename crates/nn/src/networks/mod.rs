//! The networks of the papers and our own, each with its width as an option.

mod cell_net;
mod deepsz_resnet;
mod mresunet;
mod planck_vgg;
mod sub_stage;
mod unet;

pub use cell_net::{CellNet, CellNetConfig};
pub use deepsz_resnet::{DeepszResnet, DeepszResnetConfig};
pub use mresunet::{DropoutPlace, MResUNet, MResUNetConfig};
pub use planck_vgg::{PlanckVgg, PlanckVggConfig};
pub use sub_stage::Residuals;
pub use unet::{UNet, UNetConfig, UNetForm};

use crate::{Error, Parameters, Pass, Result, Value};

/// Something with weights that turns images into an answer.
pub trait Network {
    /// All of its tensors.
    fn parameters(&self) -> &Parameters;

    /// The answer to images `[n, h, w, c]`.
    ///
    /// # Errors
    /// When the images have a shape that the network does not take.
    fn forward(&self, images: &Value, pass: &Pass) -> Result<Value>;
}

/// Checks that images have `n_channels` channels and sides that are multiples of `multiple`, at least `least`.
fn check_images(images: &Value, n_channels: usize, multiple: usize, least: usize) -> Result<()> {
    let fits = |side: usize| side >= least && side.is_multiple_of(multiple);
    match *images.dims() {
        [n, h, w, c] if n > 0 && c == n_channels && fits(h) && fits(w) => Ok(()),
        _ => Err(Error::Shape {
            what: "the network's input".to_owned(),
            expected: format!(
                "[n, h, w, {n_channels}] with n above zero, h and w multiples of {multiple} and at least {least}"
            ),
            got: images.dims().to_vec(),
        }),
    }
}

/// Checks a size of a configuration.
fn check_positive(what: &'static str, value: usize) -> Result<()> {
    match value {
        0 => Err(Error::Setting { what, value: "0".to_owned(), must: "above zero" }),
        _ => Ok(()),
    }
}

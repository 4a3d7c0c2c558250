//! The network's output image, taken apart.

use arcmin_nn::ops::{channels, pixel};
use arcmin_nn::{Result, Value};

/// What a batch of cutouts is answered with.
pub(crate) struct Answer {
    /// SZ profiles over the input's scale, with the mass over the mean mass in the central pixel, `[n, h, w, 1]`.
    pub(crate) profile: Value,
    /// Mixtures, `[n, 3 k]`; `None` where a point is all.
    pub(crate) mixture: Option<Value>,
}

impl Answer {
    /// Takes apart `[n, h, w, 1 + 3 k]`.
    pub(crate) fn new(output: &Value) -> Result<Self> {
        let &[_, h, w, c] = output.dims() else { unreachable!("the network answers with images") };
        if c == 1 {
            return Ok(Self { profile: output.clone(), mixture: None });
        }
        let mixture = pixel(&channels(output, 1..c)?, [h / 2, w / 2])?;
        Ok(Self { profile: channels(output, 0..1)?, mixture: Some(mixture) })
    }
}

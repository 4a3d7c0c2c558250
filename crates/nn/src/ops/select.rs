//! Pieces of images: some of their channels, one of their pixels.

use crate::floats::image_shape;
use crate::{Error, Result, Value};
use std::ops::Range;

/// Some channels of every pixel: `[n, h, w, c]` gives `[n, h, w, channels.len()]`.
///
/// # Errors
/// When the image has fewer channels, or none is asked for.
pub fn channels(x: &Value, channels: Range<usize>) -> Result<Value> {
    let [n, h, w, c] = image_shape("a choice of channels", x.tensor())?;
    let len = channels.len();
    if len == 0 || channels.end > c {
        let expected = format!("[{n}, {h}, {w}, c] with more than {} channels", channels.start.max(channels.end - 1));
        return Err(Error::Shape { what: "a choice of channels".to_owned(), expected, got: x.dims().to_vec() });
    }
    let chosen = x.tensor().narrow(3, channels.start, len)?.contiguous()?;
    Ok(Value::operation(&[x], chosen, move |gradient| {
        Ok(vec![Some(gradient.pad_with_zeros(3, channels.start, c - channels.end)?.contiguous()?)])
    }))
}

/// The channels of one pixel: `[n, h, w, c]` gives `[n, c]`.
///
/// # Errors
/// When the image has no such pixel.
pub fn pixel(x: &Value, [row, column]: [usize; 2]) -> Result<Value> {
    let [n, h, w, c] = image_shape("a choice of a pixel", x.tensor())?;
    if row >= h || column >= w {
        let expected = format!("[{n}, h, w, {c}] with h above {row} and w above {column}");
        return Err(Error::Shape { what: "a choice of a pixel".to_owned(), expected, got: x.dims().to_vec() });
    }
    let chosen = x.tensor().narrow(1, row, 1)?.narrow(2, column, 1)?.contiguous()?.reshape((n, c))?;
    Ok(Value::operation(&[x], chosen, move |gradient| {
        let square = gradient.reshape((n, 1, 1, c))?.pad_with_zeros(1, row, h - row - 1)?;
        Ok(vec![Some(square.pad_with_zeros(2, column, w - column - 1)?.contiguous()?)])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor};

    fn image() -> Tensor {
        Tensor::arange(0f32, 24.0, &Device::Cpu).expect("numbers").reshape((2, 2, 2, 3)).expect("24 of them")
    }

    fn gradient(choose: impl Fn(&Value) -> Result<Value>) -> (Vec<f32>, Vec<f32>) {
        let (x, id) = Value::input(image());
        let chosen = choose(&x).expect("in the image");
        let values = chosen.tensor().flatten_all().expect("a tensor").to_vec1::<f32>().expect("floats");
        let gradients = chosen.backward().expect("x is a leaf");
        let gradient = gradients.of_leaf(id).expect("chosen from x").flatten_all().expect("a tensor");
        (values, gradient.to_vec1::<f32>().expect("floats"))
    }

    #[test]
    fn what_is_chosen_is_where_the_gradient_goes() {
        for (values, gradient) in [gradient(|x| channels(x, 1..3)), gradient(|x| pixel(x, [1, 0]))] {
            let chosen: Vec<f32> = (0..24).map(|i| i as f32).filter(|i| gradient[*i as usize] == 1.0).collect();
            assert_eq!(chosen, values);
            assert_eq!(gradient.iter().filter(|g| **g == 0.0).count(), 24 - values.len());
        }
        assert_eq!(gradient(|x| pixel(x, [1, 0])).0, [6.0, 7.0, 8.0, 18.0, 19.0, 20.0]);
    }

    #[test]
    fn pieces_outside_are_refused() {
        let x = Value::constant(image());
        assert!(matches!(channels(&x, 2..4), Err(Error::Shape { .. })));
        assert!(matches!(channels(&x, 1..1), Err(Error::Shape { .. })));
        assert!(matches!(pixel(&x, [2, 0]), Err(Error::Shape { .. })));
    }
}

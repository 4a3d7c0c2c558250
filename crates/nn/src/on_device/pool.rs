//! Pooling over squares of pixels.

use crate::{Result, Value};
use candle_core::{DType, Tensor};

/// Squares of `side` pixels that tile an image `[n, h, w, c]`.
#[derive(Clone, Copy)]
struct Squares {
    input: [usize; 4],
    side: usize,
}

impl Squares {
    fn new(x: &Value, side: usize) -> Self {
        Self { input: [0, 1, 2, 3].map(|axis| x.dims()[axis]), side }
    }

    fn output_shape(&self) -> [usize; 4] {
        let [n, h, w, c] = self.input;
        [n, h / self.side, w / self.side, c]
    }

    /// The first pixels of all squares, the second ones, and so on in reading order, each `[n ho, 1, wo, c]`.
    fn pixels(&self, x: &Tensor) -> candle_core::Result<Vec<Tensor>> {
        let [n, ho, wo, c] = self.output_shape();
        let side = self.side;
        let whole = x.narrow(1, 0, ho * side)?.narrow(2, 0, wo * side)?.contiguous()?;
        let squares = whole.reshape((n * ho, side, wo, side * c))?;
        (0..side * side).map(|i| squares.narrow(1, i / side, 1)?.narrow(3, i % side * c, c)).collect()
    }

    /// A tensor of the output's shape beside [`Squares::pixels`].
    fn beside(&self, y: &Tensor) -> candle_core::Result<Tensor> {
        let [n, ho, wo, c] = self.output_shape();
        y.contiguous()?.reshape((n * ho, 1, wo, c))
    }

    /// The inverse of [`Squares::pixels`]; what no square covers becomes zero.
    fn assembled(&self, pixels: &[Tensor]) -> candle_core::Result<Tensor> {
        let ([n, h, w, c], [_, ho, wo, _], side) = (self.input, self.output_shape(), self.side);
        let rows = pixels.chunks_exact(side).map(|row| Tensor::cat(row, 3)).collect::<candle_core::Result<Vec<_>>>()?;
        let whole = Tensor::cat(&rows, 1)?.reshape((n, ho * side, wo * side, c))?;
        whole.pad_with_zeros(1, 0, h - ho * side)?.pad_with_zeros(2, 0, w - wo * side)
    }
}

pub(crate) fn max_pool2d(x: &Value, side: usize) -> Result<Value> {
    let squares = Squares::new(x, side);
    let pixels = squares.pixels(x.tensor())?;
    let (mut largest, mut sum) = (pixels[0].clone(), pixels[0].clone());
    for pixel in &pixels[1..] {
        (largest, sum) = (largest.maximum(pixel)?, (sum + pixel)?);
    }
    // The device's maximum passes over a NaN, which must not vanish.
    let largest = (largest + sum.affine(0.0, 0.0)?)?;
    let output = largest.contiguous()?.reshape(squares.output_shape().as_slice())?;
    let (x_kept, kept) = (x.tensor().clone(), output.clone());
    Ok(Value::operation(&[x], output, move |gradient| {
        let (gradient, largest) = (squares.beside(&gradient)?, squares.beside(&kept)?);
        let mut free = largest.ones_like()?;
        let mut parts = Vec::new();
        for pixel in squares.pixels(&x_kept)? {
            // Of equal values the first one takes the gradient.
            let takes = (pixel.eq(&largest)?.to_dtype(DType::F32)? * &free)?;
            free = (free - &takes)?;
            parts.push((&gradient * takes)?);
        }
        Ok(vec![Some(squares.assembled(&parts)?)])
    }))
}

pub(crate) fn avg_pool2d(x: &Value, side: usize) -> Result<Value> {
    let squares = Squares::new(x, side);
    let share = 1.0 / (side * side) as f64;
    let pixels = squares.pixels(x.tensor())?;
    let mut sum = pixels[0].contiguous()?;
    for pixel in &pixels[1..] {
        sum = (sum + pixel)?;
    }
    let output = sum.affine(share, 0.0)?.reshape(squares.output_shape().as_slice())?;
    Ok(Value::operation(&[x], output, move |gradient| {
        let part = squares.beside(&gradient)?.affine(share, 0.0)?;
        Ok(vec![Some(squares.assembled(&vec![part; side * side])?)])
    }))
}

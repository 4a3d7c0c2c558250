//! Laws that hold for every size: gradients of linear operations are their transposes, normalisations normalise.

use arcmin_nn::ops::{
    add, avg_pool2d, concat, flatten_channels_first, global_avg_pool, instance_norm, max_pool2d, upsample_bilinear2,
    upsample_nearest2,
};
use arcmin_nn::{Result, Value};
use candle_core::{Device, Tensor};
use proptest::prelude::*;

fn wave(shape: &[usize], k: f64) -> Tensor {
    let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (1.7 * i as f64 + k).sin() as f32).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).expect("as many values as the shape has")
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
}

fn dot(x: &Tensor, y: &Tensor) -> f64 {
    floats(x).iter().zip(floats(y)).map(|(x, y)| f64::from(*x) * f64::from(y)).sum()
}

/// `<A x, y>` and `<x, A' y>`.
fn both_sides(op: impl Fn(&Value) -> Result<Value>, shape: &[usize]) -> Result<(f64, f64)> {
    let (x, id) = Value::input(wave(shape, 0.3));
    let ax = op(&x)?;
    let y = wave(ax.dims(), 2.0);
    let left = dot(ax.tensor(), &y);
    let end = Value::operation(&[&ax], wave(&[1], 0.0), move |_| Ok(vec![Some(y)]));
    let gradients = end.backward()?;
    Ok((left, dot(x.tensor(), gradients.of_leaf(id).expect("a leaf"))))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gradients_of_linear_operations_are_their_transposes(n in 1usize..4, h in 2usize..9, w in 2usize..9, c in 1usize..20) {
        let shape = [n, h, w, c];
        let other = Value::constant(Tensor::zeros((n, h, w, 3), candle_core::DType::F32, &Device::Cpu).expect("a shape"));
        type Op<'a> = (&'a str, Box<dyn Fn(&Value) -> Result<Value> + 'a>);
        let ops: [Op; 7] = [
            ("nearest", Box::new(upsample_nearest2)),
            ("bilinear", Box::new(upsample_bilinear2)),
            ("average", Box::new(|x| avg_pool2d(x, 2))),
            ("global", Box::new(global_avg_pool)),
            ("flatten", Box::new(flatten_channels_first)),
            ("concat", Box::new(|x| concat(x, &other))),
            ("twice", Box::new(|x| add(x, x))),
        ];
        for (name, op) in ops {
            let (left, right) = both_sides(op, &shape).expect("a shape that every operation takes");
            // Sums of up to 5000 products of size one in f32.
            prop_assert!((left - right).abs() < 1e-4 * (1.0 + left.abs()), "{name} on {shape:?}: {left} and {right}");
        }
    }

    #[test]
    fn an_instance_has_mean_zero_and_deviation_one(n in 1usize..3, h in 2usize..9, w in 2usize..9, c in 1usize..6) {
        let x = Value::constant((wave(&[n, h, w, c], 0.4) * 50.0).and_then(|x| x + 1000.0).expect("arithmetic"));
        let y = floats(instance_norm(&x, 1e-5).expect("an image").tensor());
        for image in y.chunks_exact(h * w * c) {
            for channel in 0..c {
                let values: Vec<f64> = image.iter().skip(channel).step_by(c).map(|v| f64::from(*v)).collect();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
                // A mean of 1000 costs three of the seven digits.
                prop_assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-2, "mean {mean}, variance {variance}");
            }
        }
    }

    #[test]
    fn the_largest_pixel_survives_pooling(n in 1usize..3, h in 2usize..9, w in 2usize..9, c in 1usize..20) {
        let (h, w) = (h / 2 * 2, w / 2 * 2);
        let x = wave(&[n, h, w, c], 0.4);
        let largest = |t: &Tensor| floats(t).into_iter().fold(f32::NEG_INFINITY, f32::max);
        let pooled = max_pool2d(&Value::constant(x.clone()), 2).expect("an image");
        prop_assert_eq!(largest(pooled.tensor()), largest(&x));
    }
}

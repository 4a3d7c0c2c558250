//! The record of one pass, from which gradients come.
//!
//! candle records graphs itself; this one is ours because candle's backward pass zero-fills each gradient and adds to it in
//! a fresh allocation, on a pool of threads that spins against the one of the kernels: together a third of a training
//! step of the mResUNet. Here a gradient that is the first to arrive is moved into place, a node's memory is freed as
//! soon as its gradient has passed, and an operation keeps what it likes in its closure. Tensors are candle's, wherever
//! they lie.

use crate::floats::{tensor, to_vec, with_floats};
use crate::{Error, Result, kernel, on_device};
use candle_core::Tensor;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes the gradient of the output; gives one for each input that has a record.
type Backward = Box<dyn FnOnce(Tensor) -> Result<Vec<Option<Tensor>>> + Send>;

/// Name of a leaf of the graph: gradients are looked up by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeafId(u64);

/// A number that no other call gives: inputs of a node have smaller ones than the node.
fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl LeafId {
    /// A name not used before.
    pub(crate) fn fresh() -> Self {
        Self(next_number())
    }
}

/// A tensor and how it came about.
#[derive(Clone)]
pub struct Value(Arc<Node>);

struct Node {
    tensor: Tensor,
    record: Option<Record>,
}

struct Record {
    number: u64,
    origin: Origin,
}

enum Origin {
    Leaf(LeafId),
    Operation { inputs: Vec<Value>, backward: Mutex<Option<Backward>> },
}

impl Value {
    /// A value whose gradient nobody asks for.
    pub fn constant(tensor: Tensor) -> Self {
        Self(Arc::new(Node { tensor, record: None }))
    }

    /// A value whose gradient [`Gradients::of_leaf`] will tell.
    pub fn leaf(tensor: Tensor, id: LeafId) -> Self {
        let record = Record { number: next_number(), origin: Origin::Leaf(id) };
        Self(Arc::new(Node { tensor, record: Some(record) }))
    }

    /// A leaf under a new name, for gradients with respect to an input.
    pub fn input(tensor: Tensor) -> (Self, LeafId) {
        let id = LeafId::fresh();
        (Self::leaf(tensor, id), id)
    }

    /// The result of an operation. `backward` turns the gradient of `output` into one gradient an input, in their order;
    /// it may give `None` for inputs that do not [need](Self::needs_gradient) one.
    pub fn operation(
        inputs: &[&Value],
        output: Tensor,
        backward: impl FnOnce(Tensor) -> Result<Vec<Option<Tensor>>> + Send + 'static,
    ) -> Self {
        if !inputs.iter().any(|input| input.needs_gradient()) {
            return Self::constant(output);
        }
        let inputs = inputs.iter().map(|&input| input.clone()).collect();
        let origin = Origin::Operation { inputs, backward: Mutex::new(Some(Box::new(backward))) };
        Self(Arc::new(Node { tensor: output, record: Some(Record { number: next_number(), origin }) }))
    }

    /// The tensor.
    pub fn tensor(&self) -> &Tensor {
        &self.0.tensor
    }

    /// Sizes of the tensor's axes.
    pub fn dims(&self) -> &[usize] {
        self.0.tensor.dims()
    }

    /// Whether the value depends on a leaf.
    pub fn needs_gradient(&self) -> bool {
        self.0.record.is_some()
    }

    /// The number held by a value of one element.
    ///
    /// # Errors
    /// When it has more elements.
    pub fn scalar(&self) -> Result<f64> {
        match to_vec("a scalar", self.tensor())?.as_slice() {
            &[number] => Ok(f64::from(number)),
            _ => Err(Error::Shape {
                what: "a scalar".to_owned(),
                expected: "of one element".to_owned(),
                got: self.dims().to_vec(),
            }),
        }
    }

    /// Gradients of the sum of this value's elements with respect to every leaf that it depends on.
    ///
    /// # Errors
    /// [`Error::NoGradient`] when there is no such leaf; whatever an operation reports.
    pub fn backward(self) -> Result<Gradients> {
        let Some(record) = &self.0.record else { return Err(Error::NoGradient) };
        let ones = self.tensor().ones_like()?;
        let mut arrived = HashMap::from([(record.number, ones)]);
        let mut waiting = BTreeMap::from([(record.number, self)]);
        let mut gradients = Gradients::default();
        // A node's number is above those of its inputs, so the largest one waiting has all its gradients.
        while let Some((number, value)) = waiting.pop_last() {
            let gradient = arrived.remove(&number).expect("a value waits only once its gradient has arrived");
            let record = value.0.record.as_ref().expect("only recorded values wait");
            match &record.origin {
                Origin::Leaf(id) => accumulate(&mut gradients.0, *id, gradient)?,
                Origin::Operation { inputs, backward } => {
                    let backward = backward.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let backward = backward.ok_or(Error::NoGradient)?;
                    for (input, gradient) in inputs.iter().zip(backward(gradient)?) {
                        if let (Some(record), Some(gradient)) = (&input.0.record, gradient) {
                            accumulate(&mut arrived, record.number, gradient)?;
                            waiting.entry(record.number).or_insert_with(|| input.clone());
                        }
                    }
                }
            }
        }
        Ok(gradients)
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value({:?}, {})", self.dims(), if self.needs_gradient() { "recorded" } else { "constant" })
    }
}

/// Puts the first gradient of `key` in its place and adds later ones.
fn accumulate<K: std::hash::Hash + Eq>(into: &mut HashMap<K, Tensor>, key: K, gradient: Tensor) -> Result<()> {
    let sum = match into.remove(&key) {
        None => gradient,
        Some(first) => add(&first, &gradient)?,
    };
    into.insert(key, sum);
    Ok(())
}

/// Sum of two tensors of one shape.
pub(crate) fn add(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    if x.dims() != y.dims() {
        return Err(Error::Shape {
            what: "an addition".to_owned(),
            expected: format!("{:?}", x.dims()),
            got: y.dims().to_vec(),
        });
    }
    if on_device::holds("an addition", x)? {
        return Ok((x + y)?);
    }
    let sum = with_floats("an addition", x, |x| {
        with_floats("an addition", y, |y| {
            kernel::map2(
                x,
                y,
                #[inline(always)]
                |x, y| x + y,
            )
        })
    })??;
    tensor(sum, x.dims())
}

/// Gradients by leaf.
#[derive(Debug, Default)]
pub struct Gradients(HashMap<LeafId, Tensor>);

impl Gradients {
    /// The gradient of a leaf, if the differentiated value depends on it.
    pub fn of_leaf(&self, id: LeafId) -> Option<&Tensor> {
        self.0.get(&id)
    }

    /// Takes the gradient of a leaf out.
    pub(crate) fn take(&mut self, id: LeafId) -> Option<Tensor> {
        self.0.remove(&id)
    }

    /// Puts the gradient of a leaf in the place of the one that was there.
    pub(crate) fn replace(&mut self, id: LeafId, gradient: Tensor) {
        self.0.insert(id, gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(x: &Value) -> Value {
        let out = add(x.tensor(), x.tensor()).expect("same shapes");
        Value::operation(&[x], out, |g| Ok(vec![Some(add(&g, &g)?)]))
    }

    fn sum(x: &Value, y: &Value) -> Value {
        Value::operation(&[x, y], add(x.tensor(), y.tensor()).expect("same shapes"), |g| {
            Ok(vec![Some(g.clone()), Some(g)])
        })
    }

    #[test]
    fn gradients_of_several_consumers_add_up() {
        let (x, id) = Value::input(tensor(vec![1.0, 2.0], &[2]).expect("two elements"));
        // y = 2x + 2x + x, once through a shared node and once directly
        let d = double(&x);
        let y = sum(&sum(&d, &d), &x);
        let gradients = y.backward().expect("x is a leaf");
        let gradient = gradients.of_leaf(id).expect("y depends on x").to_vec1::<f32>().expect("a vector");
        assert_eq!(gradient, [5.0, 5.0]);
    }

    #[test]
    fn constants_leave_no_record() {
        let x = Value::constant(tensor(vec![1.0], &[1]).expect("one element"));
        assert!(!double(&x).needs_gradient());
        assert!(matches!(double(&x).backward(), Err(Error::NoGradient)));
    }
}

//! Floats that a map may hold.

/// A pixel's value: `f32` or `f64`. Transforms compute in f64 whatever the map holds.
pub trait Sample: Copy + Send + Sync + Default + 'static {
    /// The value in f64.
    fn to_f64(self) -> f64;
    /// The value rounded to this type.
    fn from_f64(value: f64) -> Self;
}

impl Sample for f64 {
    fn to_f64(self) -> f64 {
        self
    }
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl Sample for f32 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

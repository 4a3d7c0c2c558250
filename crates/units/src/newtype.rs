//! The one macro behind the scalar newtypes.

/// Defines a transparent `f64` newtype with `new`, `value`, ordering and a `Display` that names the unit.
///
/// There is no `From<f64>`, no `Deref` and no arithmetic: a conversion is a named method of the type.
macro_rules! scalar_newtype {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            /// Wraps a number that is already in this unit.
            pub const fn new(value: f64) -> Self {
                Self(value)
            }

            /// The bare number in this unit.
            pub const fn value(self) -> f64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)?;
                f.write_str($unit)
            }
        }
    };
}

pub(crate) use scalar_newtype;

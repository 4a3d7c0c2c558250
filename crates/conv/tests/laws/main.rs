//! What holds for every algorithm and instruction set, by the public API alone.

mod passes;
mod tensor;
mod twin;

//! Laws of the workspace itself: the direction of its dependencies.

#[test]
fn placeholder() {}

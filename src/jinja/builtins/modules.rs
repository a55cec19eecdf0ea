//! `modules`: the parts of Python's library that templates may use.
//!
//! In: nothing. Out: the object `modules`.
//! Knows nothing of a render.

use minijinja::Value;

use super::group;

/// The object `modules`.
pub fn modules() -> Value {
    group("modules", vec![])
}

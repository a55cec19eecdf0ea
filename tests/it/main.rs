//! One test binary for everything a user sees.

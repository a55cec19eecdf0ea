//! The plan, carried out: workers, retries, cancellation, and what became of each node.
//!
//! In: `Plan`, `Adapter`. Out: [`Event`]s while it goes on, [`RunResults`] at the end.
//! Does not know what a step means, and prints nothing.

pub mod cancel;
pub mod event;
pub mod results;

pub use cancel::Cancel;
pub use event::Event;
pub use results::{NodeResult, RunResults, Status};

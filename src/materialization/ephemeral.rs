//! `ephemeral`: only a part of other nodes' queries.

use super::{Input, Materialization, Work};
use crate::diagnostic::Diagnostics;

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "ephemeral",
    work: |_: &Input<'_>| -> Result<Work, Diagnostics> { Ok(Work::Nothing) },
    keys: &[],
};

//! Approximate counts. Values are exact here, as those of Redshift may differ by a few percent.

use super::{Call, How, Kind, Row, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Sql, Translator};

const SKETCH: How = How::Refused(
    "sketches (`hllsketch`) are not emulated",
    "use `hll(x)` or `approximate count(distinct x)`",
);

/// HyperLogLog functions: <https://docs.aws.amazon.com/redshift/latest/dg/hyperloglog-functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "hll",
        How::Native(Kind::Aggregate, hll),
        "r_HLL_function.html",
        &[
            ("SELECT HLL(region) FROM sales", "2"),
            ("SELECT HLL(qty) FROM sales WHERE id > 9", "0"),
        ],
    ),
    row("hll_cardinality", SKETCH, "r_HLL_CARDINALITY.html", &[]),
    row("hll_combine", SKETCH, "r_HLL_COMBINE.html", &[]),
    row(
        "hll_combine_sketches",
        SKETCH,
        "r_HLL_COMBINE_SKETCHES.html",
        &[],
    ),
    row("hll_create_sketch", SKETCH, "r_HLL_CREATE_SKETCH.html", &[]),
];

/// The exact number of different values.
fn hll(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    if call.over.is_some() || call.distinct {
        return Err(translator.not_redshift(
            call.span,
            "`hll` takes neither `over` nor `distinct`",
            "",
        ));
    }
    let counted = Call {
        name: "count".to_owned(),
        args: call.args.clone(),
        distinct: true,
        ..*call
    };
    super::aggregate::count(translator, &counted)
}

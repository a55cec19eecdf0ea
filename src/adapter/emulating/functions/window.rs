//! Window functions. Aggregates take `over` too; they are in `aggregate`.

use super::{Call, How, Kind, Returns, Row, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Sql, Translator};
use crate::adapter::emulating::types::Type;

const BIG: Returns = Returns::Is(Type::Int8);
const FLOAT: Returns = Returns::Is(Type::Float8);
const SAME: Returns = Returns::SameAs(0);

/// Window functions: <https://docs.aws.amazon.com/redshift/latest/dg/c_Window_functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "cume_dist",
        How::Window("cume_dist", 0, 0, FLOAT),
        "r_WF_CUME_DIST.html",
        &[(
            "SELECT CUME_DIST() OVER (ORDER BY id) FROM sales ORDER BY id LIMIT 1",
            "0.2",
        )],
    ),
    row(
        "dense_rank",
        How::Window("dense_rank", 0, 0, BIG),
        "r_WF_DENSE_RANK.html",
        &[(
            "SELECT DENSE_RANK() OVER (ORDER BY region) FROM sales WHERE region IS NOT NULL ORDER BY id LIMIT 1 OFFSET 2",
            "2",
        )],
    ),
    row(
        "first_value",
        How::Window("first_value", 1, 1, SAME),
        "r_WF_first_value.html",
        &[
            (
                "SELECT FIRST_VALUE(rep) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM sales LIMIT 1",
                "ann",
            ),
            (
                "SELECT FIRST_VALUE(rep) OVER (ORDER BY id) FROM sales LIMIT 1",
                "ERROR",
            ),
        ],
    ),
    row(
        "lag",
        How::Window("lag", 1, 2, SAME),
        "r_WF_LAG.html",
        &[
            (
                "SELECT LAG(amt IGNORE NULLS) OVER (ORDER BY id) FROM sales ORDER BY id LIMIT 1 OFFSET 3",
                "20.50",
            ),
            (
                "SELECT LAG(amt,1) IGNORE NULLS OVER (ORDER BY id) FROM sales ORDER BY id LIMIT 1 OFFSET 3",
                "20.50",
            ),
            (
                "SELECT LAG(id,2) OVER (ORDER BY id) FROM sales ORDER BY id LIMIT 1 OFFSET 2",
                "1",
            ),
            ("SELECT LAG(id,1,0) OVER (ORDER BY id) FROM sales", "ERROR"),
            ("SELECT LAG(id,-1) OVER (ORDER BY id) FROM sales", "ERROR"),
            (
                "SELECT LAG(id,0) OVER (ORDER BY id) FROM sales LIMIT 1",
                "1",
            ),
        ],
    ),
    row(
        "last_value",
        How::Window("last_value", 1, 1, SAME),
        "r_WF_last_value.html",
        &[
            (
                "SELECT LAST_VALUE(amt IGNORE NULLS) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM sales ORDER BY id LIMIT 1 OFFSET 2",
                "20.50",
            ),
            (
                "SELECT LAST_VALUE(id) OVER (ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 1 PRECEDING) FROM sales",
                "ERROR",
            ),
            (
                "SELECT LAST_VALUE(id) OVER (ORDER BY id ROWS BETWEEN -1 PRECEDING AND CURRENT ROW) FROM sales",
                "ERROR",
            ),
            (
                "SELECT LAST_VALUE(id) OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING) FROM sales ORDER BY id LIMIT 1 OFFSET 3",
                "2",
            ),
        ],
    ),
    row(
        "lead",
        How::Window("lead", 1, 2, SAME),
        "r_WF_LEAD.html",
        &[(
            "SELECT LEAD(id) OVER (ORDER BY id) FROM sales ORDER BY id LIMIT 1",
            "2",
        )],
    ),
    row(
        "nth_value",
        How::Window("nth_value", 2, 2, SAME),
        "r_WF_NTH.html",
        &[
            (
                "SELECT NTH_VALUE(rep, 2) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM sales LIMIT 1",
                "bob",
            ),
            (
                "SELECT NTH_VALUE(rep, 0) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM sales LIMIT 1",
                "ERROR",
            ),
            (
                "SELECT MAX(n) FROM (SELECT NTH_VALUE(rep, id) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS n FROM sales)",
                "eve",
            ),
            (
                "SELECT NTH_VALUE(rep, id - 1) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM sales",
                "ERROR",
            ),
        ],
    ),
    row(
        "ntile",
        How::Window("ntile", 1, 1, BIG),
        "r_WF_NTILE.html",
        &[
            (
                "SELECT NTILE(2) OVER (ORDER BY id) FROM sales ORDER BY id LIMIT 1 OFFSET 4",
                "2",
            ),
            ("SELECT NTILE(0) OVER (ORDER BY id) FROM sales", "ERROR"),
        ],
    ),
    row(
        "percent_rank",
        How::Window("percent_rank", 0, 0, FLOAT),
        "r_WF_PERCENT_RANK.html",
        &[(
            "SELECT PERCENT_RANK() OVER (ORDER BY id) FROM sales ORDER BY id LIMIT 1 OFFSET 1",
            "0.25",
        )],
    ),
    row(
        "rank",
        How::Window("rank", 0, 0, BIG),
        "r_WF_RANK.html",
        &[
            (
                "SELECT RANK() OVER (ORDER BY region) FROM sales WHERE region IS NOT NULL ORDER BY id LIMIT 1 OFFSET 2",
                "3",
            ),
            (
                "SELECT rep FROM (SELECT rep, RANK() OVER (ORDER BY amt DESC) r FROM sales) WHERE r = 1",
                "cat",
            ),
        ],
    ),
    row(
        "ratio_to_report",
        How::Native(Kind::Window, ratio_to_report),
        "r_WF_RATIO_TO_REPORT.html",
        &[(
            "SELECT ROUND(RATIO_TO_REPORT(qty) OVER (),4) FROM sales WHERE id IN (1,3) ORDER BY id LIMIT 1",
            "0.2500",
        )],
    ),
    row(
        "row_number",
        How::Window("row_number", 0, 0, BIG),
        "r_WF_ROW_NUMBER.html",
        &[
            (
                "SELECT rep FROM sales QUALIFY ROW_NUMBER() OVER (ORDER BY id DESC)=1",
                "eve",
            ),
            (
                "SELECT ROW_NUMBER() OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) FROM sales",
                "ERROR",
            ),
        ],
    ),
];

fn ratio_to_report(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    let over = translator.over(call)?;
    let x = &args[0].text;
    Ok(Sql::typed(
        format!(
            "(CAST({x} AS {}) / sum({x}){over})",
            translator.engine.type_name(Type::Float8)
        ),
        Type::Float8,
    ))
}

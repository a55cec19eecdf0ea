//! The window of a function: its partitions, its order and its frame.

use std::borrow::Cow;

use sqlparser::ast::{Expr, WindowFrame, WindowFrameBound, WindowFrameUnits};
use sqlparser::tokenizer::Span;

use super::Call;
use crate::adapter::Refusal;
use crate::adapter::emulating::grouping::trimmed;
use crate::adapter::emulating::translator::{Sql, Translator};
use crate::adapter::emulating::types::Type;

impl Translator<'_> {
    /// ` OVER (…)` of a call, or nothing.
    pub fn over(&mut self, call: &Call<'_>) -> Result<String, Refusal> {
        let Some(spec) = call.over else {
            return Ok(String::new());
        };
        if sorts_itself(&call.name) && !spec.order_by.is_empty() {
            return Err(self.not_redshift(
                call.span,
                format!("`{}` takes no `order by` in its window", call.name),
                "leave it out, or say it in `within group (order by …)`",
            ));
        }
        let mut parts = Vec::new();
        if !spec.partition_by.is_empty() {
            let mut columns = Vec::new();
            for expr in &spec.partition_by {
                match expr {
                    Expr::Tuple(parts) => columns.extend(self.exprs(parts)?),
                    _ => columns.push(self.expr(expr)?),
                }
            }
            // PostgreSQL's `jsonb` knows itself which values are equal.
            let known = |value: &Sql| self.on_postgres() && value.is(Type::Super);
            let key = |value: &Sql| match known(value) {
                true => value.text.clone(),
                false => trimmed(value),
            };
            let columns: Vec<String> = columns.iter().map(key).collect();
            parts.push(format!("PARTITION BY {}", columns.join(", ")));
        }
        if !spec.order_by.is_empty() {
            parts.push(format!("ORDER BY {}", self.window_order(&spec.order_by)?));
        }
        self.counts_rows(call)?;
        let frame = Frame::of(&call.name);
        match (&spec.window_frame, frame) {
            (Some(_), Frame::Never) => {
                return Err(self.not_redshift(
                    call.span,
                    format!("`{}` takes no frame (`rows …`)", call.name),
                    "leave the frame out",
                ));
            }
            (None, Frame::WithOrder) if !spec.order_by.is_empty() => {
                return Err(self.not_redshift(
                    call.span,
                    format!("`{}` over an `order by` needs a frame", call.name),
                    "add `rows between unbounded preceding and current row`, or what you mean",
                ));
            }
            (Some(frame), _) => parts.push(self.frame(frame, call.span)?),
            (None, _) => {}
        }
        Ok(format!(" OVER ({})", parts.join(" ")))
    }

    fn frame(&mut self, frame: &WindowFrame, span: Span) -> Result<String, Refusal> {
        if frame.units != WindowFrameUnits::Rows {
            return Err(self.not_redshift(
                span,
                "a frame is counted in `rows`",
                "write `rows between …`",
            ));
        }
        let start = self.bound(&frame.start_bound, span)?;
        let Some(end) = &frame.end_bound else {
            self.in_order(&start, &CURRENT, span)?;
            return Ok(format!("ROWS {}", start.text));
        };
        let end = self.bound(end, span)?;
        self.in_order(&start, &end, span)?;
        Ok(format!("ROWS BETWEEN {} AND {}", start.text, end.text))
    }

    /// `unsigned_value PRECEDING` and its like:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_Window_function_synopsis.html>.
    fn bound(&mut self, bound: &WindowFrameBound, span: Span) -> Result<Bound, Refusal> {
        let (rows, side, word) = match bound {
            WindowFrameBound::CurrentRow => return Ok(CURRENT),
            WindowFrameBound::Preceding(rows) => (rows, -1, "PRECEDING"),
            WindowFrameBound::Following(rows) => (rows, 1, "FOLLOWING"),
        };
        let Some(rows) = rows else {
            let text = format!("UNBOUNDED {word}").into();
            return Ok(Bound {
                side: 2 * side,
                text,
            });
        };
        let rows = self.expr(rows)?;
        if rows.whole_number().is_none_or(|rows| rows < 0) {
            return Err(self.not_redshift(
                span,
                "the rows of a frame are counted by a whole number from 0 on",
                "write such as `2 preceding`",
            ));
        }
        let text = format!("{} {word}", rows.text).into();
        Ok(Bound { side, text })
    }

    fn in_order(&self, start: &Bound, end: &Bound, span: Span) -> Result<(), Refusal> {
        let wrong = match (start.side, end.side) {
            (2, _) => "a frame begins with `unbounded following`, where nothing is left",
            (_, -2) => "a frame ends with `unbounded preceding`, where nothing has begun",
            (start, end) if start > end => "a frame ends before it begins",
            _ => return Ok(()),
        };
        let help = "write its earlier end first: `rows between 1 preceding and 1 following`";
        Err(self.not_redshift(span, wrong, help))
    }

    /// `nth_value(x, 0)` and `ntile(0)` count from 1:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_WF_NTH.html>, <https://docs.aws.amazon.com/redshift/latest/dg/r_WF_NTILE.html>.
    fn counts_rows(&mut self, call: &Call<'_>) -> Result<(), Refusal> {
        if matches!(call.name.as_str(), "lag" | "lead") {
            return self.looks_back(call);
        }
        if !matches!(call.name.as_str(), "nth_value" | "ntile") {
            return Ok(());
        }
        let args = self.arguments(call, 1, 2)?;
        match args.last().and_then(Sql::whole_number) {
            Some(rows) if rows < 1 => Err(self.not_redshift(
                call.span,
                format!("`{}` counts from 1", call.name),
                "write a number above 0",
            )),
            _ => Ok(()),
        }
    }

    /// `lag(x, -1)` is `lead(x, 1)` on both engines, and no page tells what it is on Redshift.
    fn looks_back(&mut self, call: &Call<'_>) -> Result<(), Refusal> {
        let args = self.arguments(call, 1, 2)?;
        match args.get(1).and_then(Sql::whole_number) {
            Some(rows) if rows < 0 => Err(self.unsupported(
                call.span,
                format!("`{}` over {rows} rows is not emulated", call.name),
                "no page of Amazon's tells what a negative offset means: write `lead` for `lag`, and the other way round",
            )),
            _ => Ok(()),
        }
    }
}

/// One end of a frame.
struct Bound {
    /// Before the row (-1), at it (0), behind it (1); as far as there are rows (-2, 2).
    side: i32,
    text: Cow<'static, str>,
}

const CURRENT: Bound = Bound {
    side: 0,
    text: Cow::Borrowed("CURRENT ROW"),
};

/// Whether a function looks at all rows of its partition, in an order of its own or in none.
fn sorts_itself(name: &str) -> bool {
    matches!(
        name,
        "listagg" | "median" | "percentile_cont" | "percentile_disc" | "ratio_to_report"
    )
}

/// When a window function takes a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Never,
    /// Needed once there is an `order by`.
    WithOrder,
}

impl Frame {
    fn of(name: &str) -> Self {
        match name {
            "row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" | "ntile"
            | "lag" | "lead" | "listagg" | "median" | "percentile_cont" | "percentile_disc"
            | "ratio_to_report" => Self::Never,
            _ => Self::WithOrder,
        }
    }
}

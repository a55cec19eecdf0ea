//! The window of a function: its partitions, its order and its frame.

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
        let start = self.bound(&frame.start_bound)?;
        Ok(match &frame.end_bound {
            Some(end) => format!("ROWS BETWEEN {start} AND {}", self.bound(end)?),
            None => format!("ROWS {start}"),
        })
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> Result<String, Refusal> {
        let of = |translator: &mut Self, rows: &Option<Box<Expr>>| {
            rows.as_ref().map_or(Ok("UNBOUNDED".to_owned()), |rows| {
                translator.expr(rows).map(|rows| rows.text)
            })
        };
        Ok(match bound {
            WindowFrameBound::CurrentRow => "CURRENT ROW".to_owned(),
            WindowFrameBound::Preceding(rows) => format!("{} PRECEDING", of(self, rows)?),
            WindowFrameBound::Following(rows) => format!("{} FOLLOWING", of(self, rows)?),
        })
    }
}

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

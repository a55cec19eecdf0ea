//! Rows on their way into a table, in batches by column.
//!
//! In: rows of [`Cell`]s. Out: the appender of DuckDB, fed with a batch at a time. Memory: one batch.

use std::sync::Arc;

use duckdb::Appender;
use duckdb::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder,
    Int16Builder, Int32Builder, Int64Builder, StringBuilder, Time64MicrosecondBuilder,
    TimestampMicrosecondBuilder,
};
use duckdb::arrow::datatypes::{DataType, Field, Schema};
use duckdb::arrow::record_batch::RecordBatch;

use super::connection::Session;
use super::error;
use crate::adapter::copy::{Cell, Column, Sink};
use crate::adapter::emulating::Type;
use crate::adapter::{Error, ErrorClass};
use crate::relation::Relation;

/// Rows of a batch: a few of DuckDB's vectors.
const BATCH: usize = 8 * 2048;

/// Appends rows to a table.
pub(super) struct Append<'a> {
    session: &'a Session,
    appender: Appender<'a>,
    schema: Arc<Schema>,
    builders: Vec<Builder>,
    waiting: usize,
}

impl<'a> Append<'a> {
    /// Opens the table for rows of these columns.
    pub(super) fn open(
        session: &'a Session,
        into: &Relation,
        columns: &[Column],
    ) -> Result<Self, Error> {
        let fold = |name: &str| {
            if session.config.emulates_redshift {
                name.to_lowercase()
            } else {
                name.to_owned()
            }
        };
        let names = columns
            .iter()
            .map(|column| fold(&column.name))
            .collect::<Vec<_>>();
        let names = names.iter().map(String::as_str).collect::<Vec<_>>();
        let table = fold(&into.identifier);
        let appender = if into.schema.is_empty() {
            session
                .connection
                .appender_with_columns_to_catalog_and_db(&table, "temp", "main", &names)
        } else {
            session.connection.appender_with_columns_to_catalog_and_db(
                &table,
                &session.config.database,
                &fold(&into.schema),
                &names,
            )
        }
        .map_err(|cause| error::of_duckdb(&cause))?;
        let builders = columns
            .iter()
            .map(|column| Builder::new(column.kind))
            .collect::<Vec<_>>();
        let fields = builders
            .iter()
            .zip(&names)
            .map(|(builder, name)| Field::new(*name, builder.data_type(), true))
            .collect::<Vec<_>>();
        Ok(Self {
            session,
            appender,
            schema: Arc::new(Schema::new(fields)),
            builders,
            waiting: 0,
        })
    }

    /// Gives the last rows to the table.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.hand_over()?;
        self.appender
            .flush()
            .map_err(|cause| error::of_duckdb(&cause))
    }

    fn hand_over(&mut self) -> Result<(), Error> {
        self.session.check_cancelled()?;
        if self.waiting == 0 {
            return Ok(());
        }
        self.waiting = 0;
        let arrays = self.builders.iter_mut().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|cause| Error::new(ErrorClass::Internal, cause.to_string()))?;
        self.appender
            .append_record_batch(batch)
            .map_err(|cause| error::of_duckdb(&cause))
    }
}

impl Append<'_> {
    /// Adds the value of a column to the row that is being made.
    pub(super) fn push(&mut self, column: usize, cell: &Cell<'_>) {
        if let Some(builder) = self.builders.get_mut(column) {
            builder.push(cell);
        }
    }

    /// Ends a row, all of whose columns were pushed.
    pub(super) fn end_row(&mut self) -> Result<(), Error> {
        self.waiting += 1;
        if self.waiting == BATCH {
            self.hand_over()?;
        }
        Ok(())
    }
}

impl Sink for Append<'_> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Error> {
        for (builder, cell) in self.builders.iter_mut().zip(cells) {
            builder.push(cell);
        }
        self.end_row()
    }
}

/// The values of one column.
enum Builder {
    Bool(BooleanBuilder),
    Int2(Int16Builder),
    Int4(Int32Builder),
    Int8(Int64Builder),
    Float4(Float32Builder),
    Float8(Float64Builder),
    Decimal(Decimal128Builder, DataType),
    Text(StringBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder, DataType),
}

/// The value of a cell of the right kind, or NULL; cells are made for their column, so no other kind comes here.
macro_rules! take {
    ($builder:expr, $cell:expr, $pattern:pat => $value:expr) => {
        match $cell {
            $pattern => $builder.append_value($value),
            _ => $builder.append_null(),
        }
    };
}

impl Builder {
    fn new(kind: Type) -> Self {
        match kind {
            Type::Bool => Self::Bool(BooleanBuilder::new()),
            Type::Int2 => Self::Int2(Int16Builder::new()),
            Type::Int4 => Self::Int4(Int32Builder::new()),
            Type::Int8 => Self::Int8(Int64Builder::new()),
            Type::Float4 => Self::Float4(Float32Builder::new()),
            Type::Float8 => Self::Float8(Float64Builder::new()),
            Type::Decimal(precision, scale) => {
                let kind = DataType::Decimal128(precision, scale.cast_signed());
                Self::Decimal(Decimal128Builder::new().with_data_type(kind.clone()), kind)
            }
            Type::Date => Self::Date(Date32Builder::new()),
            Type::Time => Self::Time(Time64MicrosecondBuilder::new()),
            Type::Timestamp | Type::TimestampTz => {
                let builder = TimestampMicrosecondBuilder::new();
                let zone = (kind == Type::TimestampTz).then(|| Arc::from("UTC"));
                let kind =
                    DataType::Timestamp(duckdb::arrow::datatypes::TimeUnit::Microsecond, zone);
                Self::Timestamp(builder.with_data_type(kind.clone()), kind)
            }
            _ => Self::Text(StringBuilder::new()),
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Bool(_) => DataType::Boolean,
            Self::Int2(_) => DataType::Int16,
            Self::Int4(_) => DataType::Int32,
            Self::Int8(_) => DataType::Int64,
            Self::Float4(_) => DataType::Float32,
            Self::Float8(_) => DataType::Float64,
            Self::Decimal(_, kind) | Self::Timestamp(_, kind) => kind.clone(),
            Self::Text(_) => DataType::Utf8,
            Self::Date(_) => DataType::Date32,
            Self::Time(_) => DataType::Time64(duckdb::arrow::datatypes::TimeUnit::Microsecond),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the conversion has checked the value against its column's type"
    )]
    fn push(&mut self, cell: &Cell<'_>) {
        match self {
            Self::Bool(builder) => take!(builder, cell, Cell::Bool(value) => *value),
            Self::Int2(builder) => take!(builder, cell, Cell::Int(value) => *value as i16),
            Self::Int4(builder) => take!(builder, cell, Cell::Int(value) => *value as i32),
            Self::Int8(builder) => take!(builder, cell, Cell::Int(value) => *value),
            Self::Float4(builder) => take!(builder, cell, Cell::Float(value) => *value as f32),
            Self::Float8(builder) => take!(builder, cell, Cell::Float(value) => *value),
            Self::Decimal(builder, _) => take!(builder, cell, Cell::Decimal(value) => *value),
            Self::Text(builder) => take!(builder, cell, Cell::Text(value) => value),
            Self::Date(builder) => take!(builder, cell, Cell::Date(value) => *value),
            Self::Time(builder) => take!(builder, cell, Cell::Time(value) => *value),
            Self::Timestamp(builder, _) => take!(builder, cell, Cell::Timestamp(value) => *value),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(builder) => Arc::new(builder.finish()),
            Self::Int2(builder) => Arc::new(builder.finish()),
            Self::Int4(builder) => Arc::new(builder.finish()),
            Self::Int8(builder) => Arc::new(builder.finish()),
            Self::Float4(builder) => Arc::new(builder.finish()),
            Self::Float8(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder, _) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder, _) => Arc::new(builder.finish()),
        }
    }
}

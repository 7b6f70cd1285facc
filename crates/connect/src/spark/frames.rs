//! Rows of a server as a frame of polars, and the other way round.
use super::error::SparkError;
use super::rows::Rows;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{
    DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema, TimeUnit as ArrowUnit,
};
use polars::prelude::*;
use std::sync::Arc;

/// Returns rows as a frame.
///
/// # Errors
/// If a column has a type that has no counterpart here.
pub(super) fn frame(rows: &Rows) -> Result<DataFrame, SparkError> {
    let batch = rows.batch();
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let columns: Result<Vec<Column>, SparkError> = columns
        .map(|(field, array)| {
            let series = series(array).ok_or_else(|| {
                SparkError::Rows(format!(
                    "column {} is {}, which has no counterpart here; CAST it in the query",
                    field.name(),
                    field.data_type()
                ))
            })?;
            Ok(series?
                .with_name(field.name().as_str().into())
                .into_column())
        })
        .collect();
    DataFrame::new(batch.num_rows(), columns?).map_err(wrong)
}

/// Returns a column; `None` for a type that has no counterpart.
fn series(array: &ArrayRef) -> Option<Result<Series, SparkError>> {
    macro_rules! numbers {
        ($arrow:ty, $polars:ty) => {{
            let column: ChunkedArray<$polars> = array.as_primitive::<$arrow>().iter().collect();
            Ok(column.into_series())
        }};
    }
    let texts = |texts: &mut dyn Iterator<Item = Option<&str>>| {
        Ok(texts.collect::<StringChunked>().into_series())
    };
    let bytes = |bytes: &mut dyn Iterator<Item = Option<&[u8]>>| {
        Ok(bytes.collect::<BinaryChunked>().into_series())
    };
    let cast = |series: Result<Series, SparkError>, to: &DataType| {
        series.and_then(|series| series.cast(to).map_err(wrong))
    };
    Some(match array.data_type() {
        ArrowType::Boolean => Ok(array
            .as_boolean()
            .iter()
            .collect::<BooleanChunked>()
            .into_series()),
        ArrowType::Int8 => {
            let column: Int32Chunked = array
                .as_primitive::<Int8Type>()
                .iter()
                .map(|n| n.map(i32::from))
                .collect();
            Ok(column.into_series())
        }
        ArrowType::Int16 => {
            let column: Int32Chunked = array
                .as_primitive::<Int16Type>()
                .iter()
                .map(|n| n.map(i32::from))
                .collect();
            Ok(column.into_series())
        }
        ArrowType::Int32 => numbers!(Int32Type, polars::datatypes::Int32Type),
        ArrowType::Int64 => numbers!(Int64Type, polars::datatypes::Int64Type),
        ArrowType::Float32 => numbers!(Float32Type, polars::datatypes::Float32Type),
        ArrowType::Float64 => numbers!(Float64Type, polars::datatypes::Float64Type),
        ArrowType::Utf8 => texts(&mut array.as_string::<i32>().iter()),
        ArrowType::LargeUtf8 => texts(&mut array.as_string::<i64>().iter()),
        ArrowType::Utf8View => texts(&mut array.as_string_view().iter()),
        ArrowType::Binary => bytes(&mut array.as_binary::<i32>().iter()),
        ArrowType::LargeBinary => bytes(&mut array.as_binary::<i64>().iter()),
        ArrowType::BinaryView => bytes(&mut array.as_binary_view().iter()),
        ArrowType::Date32 => cast(
            numbers!(Date32Type, polars::datatypes::Int32Type),
            &DataType::Date,
        ),
        ArrowType::Timestamp(ArrowUnit::Microsecond, zone) => {
            let zone = zone.as_ref().map(|_| TimeZone::UTC);
            let to = DataType::Datetime(TimeUnit::Microseconds, zone);
            cast(
                numbers!(TimestampMicrosecondType, polars::datatypes::Int64Type),
                &to,
            )
        }
        _ => return None,
    })
}

/// Returns a frame as a stream of Arrow's IPC format, the form in which a client sends rows.
///
/// # Errors
/// If a column has a type that has no counterpart there.
pub(super) fn ipc(frame: &DataFrame) -> Result<Vec<u8>, SparkError> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for column in frame.columns() {
        let array = array(column).map_err(wrong)?.ok_or_else(|| {
            SparkError::Rows(format!(
                "column {} is {}, which a server cannot be sent; cast it to numbers or texts",
                column.name(),
                column.dtype()
            ))
        })?;
        fields.push(ArrowField::new(
            column.name().as_str(),
            array.data_type().clone(),
            true,
        ));
        arrays.push(array);
    }
    let schema = Arc::new(ArrowSchema::new(fields));
    let failed = |error: arrow_schema::ArrowError| SparkError::Rows(error.to_string());
    let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(failed)?;
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &schema).map_err(failed)?;
    writer
        .write(&batch)
        .and_then(|()| writer.finish())
        .map_err(failed)?;
    drop(writer);
    Ok(bytes)
}

fn array(column: &Column) -> PolarsResult<Option<ArrayRef>> {
    Ok(Some(match column.dtype() {
        DataType::Boolean => Arc::new(BooleanArray::from_iter(column.bool()?.iter())),
        DataType::Int64 => Arc::new(Int64Array::from_iter(column.i64()?.iter())),
        DataType::Int32 => Arc::new(Int32Array::from_iter(column.i32()?.iter())),
        DataType::Float64 => Arc::new(Float64Array::from_iter(column.f64()?.iter())),
        DataType::String => Arc::new(StringArray::from_iter(column.str()?.iter())),
        DataType::Binary => Arc::new(BinaryArray::from_iter(column.binary()?.iter())),
        DataType::UInt32 => {
            let wide = column.cast(&DataType::Int64)?;
            Arc::new(Int64Array::from_iter(wide.i64()?.iter()))
        }
        _ => return Ok(None),
    }))
}

fn wrong(error: PolarsError) -> SparkError {
    SparkError::Rows(error.to_string())
}

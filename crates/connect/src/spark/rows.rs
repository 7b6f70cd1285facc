//! Rows that a server sends, in Arrow's columns.
use super::error::SparkError;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, DataType};

/// Some rows of a query.
pub struct Rows {
    batch: RecordBatch,
}

impl Rows {
    /// Reads one message's rows: a stream of Arrow's IPC format.
    pub(super) fn read(bytes: &[u8]) -> Result<Vec<Self>, SparkError> {
        let failed = |error: ArrowError| SparkError::Rows(error.to_string());
        let batches = StreamReader::try_new(bytes, None).map_err(failed)?;
        let rows = batches.map(|batch| batch.map(|batch| Self { batch }));
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Returns whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the columns.
    pub(super) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// Returns a column whose type `is` what is wanted, which `words` names.
    fn column(
        &self,
        name: &str,
        is: impl Fn(&DataType) -> bool,
        words: &str,
    ) -> Result<&ArrayRef, SparkError> {
        let column = self.batch.column_by_name(name);
        let column =
            column.ok_or_else(|| SparkError::Rows(format!("there is no column {name}")))?;
        match column.data_type() {
            found if is(found) => Ok(column),
            found => Err(SparkError::Rows(format!(
                "column {name} is {found}, not {words}"
            ))),
        }
    }

    /// Returns a column of whole numbers of any width.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn numbers(&self, name: &str) -> Result<Numbers<'_>, SparkError> {
        use DataType::{Int8, Int16, Int32, Int64};
        let is = |found: &DataType| matches!(found, Int8 | Int16 | Int32 | Int64);
        let column = self.column(name, is, "a whole number")?;
        Ok(Numbers { column })
    }

    /// Returns a column of texts.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn texts(&self, name: &str) -> Result<Texts<'_>, SparkError> {
        use DataType::{LargeUtf8, Utf8, Utf8View};
        let is = |found: &DataType| matches!(found, Utf8 | LargeUtf8 | Utf8View);
        let column = self.column(name, is, "a text")?;
        Ok(Texts { column })
    }

    /// Returns a column of bytes.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn bytes(&self, name: &str) -> Result<Blobs<'_>, SparkError> {
        use DataType::{Binary, BinaryView, LargeBinary};
        let is = |found: &DataType| matches!(found, Binary | LargeBinary | BinaryView);
        let column = self.column(name, is, "bytes")?;
        Ok(Blobs { column })
    }

    /// Returns a column of truth values.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn truths(&self, name: &str) -> Result<Truths<'_>, SparkError> {
        let is = |found: &DataType| matches!(found, DataType::Boolean);
        let column = self.column(name, is, "a truth value")?;
        Ok(Truths { column })
    }

    /// Returns a column of lists of whole numbers.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn lists(&self, name: &str) -> Result<Lists<'_>, SparkError> {
        let is = |found: &DataType| matches!(found, DataType::List(_) | DataType::LargeList(_));
        let column = self.column(name, is, "a list")?;
        Ok(Lists { column })
    }
}

/// A column of whole numbers.
pub struct Numbers<'a> {
    column: &'a ArrayRef,
}

impl Numbers<'_> {
    /// Returns the number in a row; `None` for null. The first row is 0.
    pub fn get(&self, row: usize) -> Option<i64> {
        number(self.column, row)
    }

    /// Returns the number in a row, which must not be null.
    ///
    /// # Errors
    /// If it is null.
    pub fn at(&self, row: usize) -> Result<i64, SparkError> {
        self.get(row)
            .ok_or_else(|| SparkError::Rows("a number is missing".to_owned()))
    }
}

fn number(column: &ArrayRef, row: usize) -> Option<i64> {
    if column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::Int8 => column.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        _ => column.as_primitive::<Int64Type>().value(row),
    })
}

/// A column of texts.
pub struct Texts<'a> {
    column: &'a ArrayRef,
}

impl Texts<'_> {
    /// Returns the text in a row; `None` for null.
    pub fn get(&self, row: usize) -> Option<&str> {
        if self.column.is_null(row) {
            return None;
        }
        Some(match self.column.data_type() {
            DataType::LargeUtf8 => self.column.as_string::<i64>().value(row),
            DataType::Utf8View => self.column.as_string_view().value(row),
            _ => self.column.as_string::<i32>().value(row),
        })
    }

    /// Returns the text in a row, which must not be null.
    ///
    /// # Errors
    /// If it is null.
    pub fn at(&self, row: usize) -> Result<&str, SparkError> {
        self.get(row)
            .ok_or_else(|| SparkError::Rows("a text is missing".to_owned()))
    }
}

/// A column of bytes.
pub struct Blobs<'a> {
    column: &'a ArrayRef,
}

impl Blobs<'_> {
    /// Returns the bytes in a row; `None` for null.
    pub fn get(&self, row: usize) -> Option<&[u8]> {
        if self.column.is_null(row) {
            return None;
        }
        Some(match self.column.data_type() {
            DataType::LargeBinary => self.column.as_binary::<i64>().value(row),
            DataType::BinaryView => self.column.as_binary_view().value(row),
            _ => self.column.as_binary::<i32>().value(row),
        })
    }
}

/// A column of truth values.
pub struct Truths<'a> {
    column: &'a ArrayRef,
}

impl Truths<'_> {
    /// Returns the value in a row; null is false.
    pub fn get(&self, row: usize) -> bool {
        !self.column.is_null(row) && self.column.as_boolean().value(row)
    }
}

/// A column of lists of whole numbers.
pub struct Lists<'a> {
    column: &'a ArrayRef,
}

impl Lists<'_> {
    /// Returns the numbers of the list in a row, without nulls; none for null.
    pub fn get(&self, row: usize) -> Vec<i64> {
        if self.column.is_null(row) {
            return Vec::new();
        }
        let values = match self.column.data_type() {
            DataType::LargeList(_) => self.column.as_list::<i64>().value(row),
            _ => self.column.as_list::<i32>().value(row),
        };
        (0..values.len())
            .filter_map(|at| number(&values, at))
            .collect()
    }
}

//! Converts data frames, series and columns of polars to grids.
use super::shown_range::ShownRange;
use super::{Grid, Head, TableCell, counted, instant, number, value};
use crate::{Render, Rich};
use polars::prelude::{
    AnyValue, ChunkedArray, Column, DataFrame, DataType, IntoSeries, PolarsDataType, Series,
};

impl Grid {
    /// Returns the grid of a data frame.
    pub fn of(frame: &DataFrame) -> Grid {
        let (height, width) = frame.shape();
        let mut grid = of_columns(frame.columns(), height);
        grid.caption = format!(
            "{} × {}",
            counted(height, "row", "rows"),
            counted(width, "column", "columns"),
        );
        grid
    }

    /// Returns the grid of a series.
    pub fn of_series(series: &Series) -> Grid {
        of_column(&series.clone().into())
    }
}

impl Render for DataFrame {
    fn render(&self) -> Rich {
        Grid::of(self).render()
    }
}

impl Render for Series {
    fn render(&self) -> Rich {
        Grid::of_series(self).render()
    }
}

/// A column that repeats one value is rendered without allocating all its rows.
impl Render for Column {
    fn render(&self) -> Rich {
        of_column(self).render()
    }
}

/// The type that `column.i64()?` and similar methods return.
impl<T: PolarsDataType> Render for ChunkedArray<T>
where
    ChunkedArray<T>: IntoSeries,
{
    fn render(&self) -> Rich {
        self.clone().into_series().render()
    }
}

/// Returns the grid of a column, whose caption has the number of values and nulls.
fn of_column(column: &Column) -> Grid {
    let mut grid = of_columns(std::slice::from_ref(column), column.len());
    grid.caption = counted(column.len(), "value", "values");
    if column.null_count() > 0 {
        let nulls = counted(column.null_count(), "of them null", "of them null");
        grid.caption = format!("{}, {nulls}", grid.caption);
    }
    grid
}

/// Returns the grid of some columns, without a caption.
fn of_columns(columns: &[Column], height: usize) -> Grid {
    // Convert the shown cells, column by column.
    let (across, down) = (
        ShownRange::of_columns(columns.len()),
        ShownRange::of_rows(height),
    );
    let (mut heads, mut cells) = (Vec::new(), Vec::new());
    for (shown, place) in across.places().enumerate() {
        if let Some(gap) = across.gap().filter(|gap| gap.before == shown) {
            heads.push(Head {
                dtype: format!("{} more", super::grouped(gap.left_out as i64)),
                ..Head::text("…")
            });
            cells.push(vec![TableCell::Ellipsis; down.places().count()]);
        }
        let column = &columns[place];
        heads.push(Head::of(column.name(), column.dtype()));
        cells.push(column_cells(column, &down));
    }
    // Turn the columns into rows.
    let mut cells: Vec<_> = cells.into_iter().map(Vec::into_iter).collect();
    let row = |_| cells.iter_mut().filter_map(Iterator::next).collect();
    Grid {
        rows: down.places().map(row).collect(),
        gap: down.gap(),
        heads,
        ..Grid::default()
    }
}

/// Returns the shown cells of a column.
fn column_cells(column: &Column, down: &ShownRange) -> Vec<TableCell> {
    let value = |place| column.get(place).unwrap_or(AnyValue::Null);
    let values: Vec<AnyValue> = down.places().map(value).collect();
    let texts = match column.dtype() {
        dtype if dtype.is_float() => number::floats(&values),
        DataType::Datetime(..) => instant::datetimes(&values),
        _ => return values.iter().map(value::cell).collect(),
    };
    let cell = |text: Option<String>| text.map_or(TableCell::Null, TableCell::Value);
    texts.into_iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;
    use std::time::{Duration, Instant};

    fn value(text: &str) -> TableCell {
        TableCell::Value(text.to_owned())
    }

    #[test]
    fn a_long_frame_shows_its_first_and_last_rows() {
        let frame = df!("n" => (0..1_000i64).collect::<Vec<_>>()).unwrap();
        let grid = Grid::of(&frame);
        assert_eq!(grid.caption, "1,000 rows × 1 column");
        assert_eq!(grid.rows.len(), 12);
        assert_eq!(grid.rows[7], [value("7")]);
        assert_eq!(grid.rows[11], [value("999")]);
        assert_eq!(grid.gap.unwrap().left_out, 988);
    }

    #[test]
    fn two_dozen_rows_are_shown_whole() {
        let frame = df!("n" => (0..24i64).collect::<Vec<_>>()).unwrap();
        assert_eq!(Grid::of(&frame).rows.len(), 24);
        assert_eq!(Grid::of(&frame).gap, None);
    }

    #[test]
    fn null_is_not_the_text_null() {
        let frame = df!("s" => [Some("null"), None]).unwrap();
        assert_eq!(Grid::of(&frame).rows, [[value("null")], [TableCell::Null]]);
    }

    #[test]
    fn a_wide_frame_leaves_out_its_middle_and_says_how_much() {
        let columns = (0..100)
            .map(|i| Column::new(format!("c{i}").into(), [i]))
            .collect();
        let grid = Grid::of(&DataFrame::new(1, columns).unwrap());
        assert_eq!(grid.caption, "1 row × 100 columns");
        assert_eq!(grid.heads.len(), 19);
        let gap = &grid.heads[12];
        assert_eq!((gap.name.as_str(), gap.dtype.as_str()), ("…", "82 more"));
        assert_eq!(grid.heads[18].name, "c99");
        assert_eq!(grid.rows[0][18], value("99"));
    }

    #[test]
    fn a_frame_of_nothing_has_its_shape() {
        assert_eq!(Grid::of(&DataFrame::empty()).caption, "0 rows × 0 columns");
        let rows_only = DataFrame::new(5, Vec::new()).unwrap();
        assert_eq!(Grid::of(&rows_only).caption, "5 rows × 0 columns");
        let column = Column::new_empty("a".into(), &DataType::Int64);
        let grid = Grid::of(&DataFrame::new(0, vec![column]).unwrap());
        assert_eq!((grid.heads.len(), grid.rows.len()), (1, 0));
    }

    #[test]
    fn a_series_says_how_many_of_its_values_are_null() {
        let series = Series::new("n".into(), [Some(1i64), None]);
        assert_eq!(Grid::of_series(&series).caption, "2 values, 1 of them null");
        assert_eq!(Grid::of_series(&series.head(Some(1))).caption, "1 value");
        let rich = series.i64().unwrap().render();
        assert_eq!(rich, series.render());
    }

    #[test]
    fn only_what_is_shown_is_formatted() {
        let one_value = Column::new_scalar("s".into(), Scalar::from(7i64), 10_000_000);
        let numbers = Column::new("n".into(), (0..10_000_000i64).collect::<Vec<_>>());
        let long = DataFrame::new(10_000_000, vec![one_value.clone(), numbers]).unwrap();
        let narrow =
            (0..1_000_000).map(|i| Column::new_scalar(format!("c{i}").into(), Scalar::from(i), 1));
        let wide = DataFrame::new(1, narrow.collect()).unwrap();
        let begin = Instant::now();
        assert!(
            long.render()
                .get("text/plain")
                .unwrap()
                .contains("9,999,988")
        );
        assert!(
            wide.render()
                .get("text/plain")
                .unwrap()
                .contains("999,982 more")
        );
        assert!(one_value.render().parts().len() == 2);
        assert!(
            begin.elapsed() < Duration::from_millis(50),
            "{:?}",
            begin.elapsed()
        );
    }

    #[test]
    fn ten_megabytes_in_a_cell_make_a_small_output() {
        let long = "x".repeat(10_000_000);
        let texts = Column::new(long.as_str().into(), [long.as_str()]);
        let lists = Column::new("l".into(), [Series::new("".into(), [long.as_str()])]);
        let frame = DataFrame::new(1, vec![texts, lists]).unwrap();
        let bytes: usize = frame.render().parts().iter().map(|part| part.1.len()).sum();
        assert!(bytes < 10_000, "{bytes}");
    }
}

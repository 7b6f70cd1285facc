//! Expected beside actual: what differs, and where first.
use super::value::{Value, counted};
use polars::prelude::{AnyValue, DataFrame, SortMultipleOptions};

/// How an answer differs from what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In words.
    pub what: String,
    /// The first row that differs, if rows were compared.
    pub row: Option<usize>,
}

/// The difference, or `None` if the answer is right.
pub fn difference(expected: &Value, actual: &Value) -> Option<Difference> {
    match (expected, actual) {
        (expected, actual) if expected.is_refusal() != actual.is_refusal() => told(format!(
            "expected {}, but the answer is {}",
            in_short(expected),
            in_short(actual)
        )),
        (Value::Frame(expected), Value::Frame(actual)) => frames(expected, actual),
        (expected, actual) if in_short(expected) == in_short(actual) => None,
        (Value::Text(expected), Value::Text(actual)) => match findings(expected, actual) {
            Some((_, found)) => told(found.to_owned()),
            None => told(format!(
                "expected {expected:?}, but the answer is {actual:?}"
            )),
        },
        (expected, actual) => told(format!(
            "expected {}, but the answer is {}",
            in_short(expected),
            in_short(actual)
        )),
    }
}

/// Returns what two texts of a trial say after the same beginning, or `None` if they have no
/// such beginning. A trial writes `SUBJECT: FINDING`, where the subject is the case and the
/// finding what came of the answer.
pub(super) fn findings<'a>(expected: &'a str, actual: &'a str) -> Option<(&'a str, &'a str)> {
    let (subject, wanted) = expected.split_once(": ")?;
    let (same, found) = actual.split_once(": ")?;
    (subject == same).then_some((wanted, found))
}

fn told(what: String) -> Option<Difference> {
    Some(Difference { what, row: None })
}

/// Returns a value in a few words: a table by its size.
fn in_short(value: &Value) -> String {
    match (value, value.line()) {
        (_, Some(line)) => line,
        (Value::Frame(frame), None) => format!("a table of {}", counted(frame.height(), "row")),
        (value, None) => format!("{value:?}"),
    }
}

/// Columns that a sentence names.
const MOST_NAMED: usize = 12;

fn frames(expected: &DataFrame, actual: &DataFrame) -> Option<Difference> {
    if expected.get_column_names() != actual.get_column_names() {
        let columns = |frame: &DataFrame| {
            let names = frame.get_column_names_owned();
            let shown = names.iter().take(MOST_NAMED).map(|name| name.as_str());
            let more = match names.len().saturating_sub(MOST_NAMED) {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            shown.collect::<Vec<_>>().join(", ") + &more
        };
        return told(format!(
            "the columns are {}, expected {}",
            columns(actual),
            columns(expected)
        ));
    }
    for (wanted, column) in expected.columns().iter().zip(actual.columns()) {
        if wanted.dtype() != column.dtype() {
            return told(format!(
                "column `{}` is {}, expected {}: cast it, or a union with other views fails",
                column.name(),
                column.dtype(),
                wanted.dtype()
            ));
        }
    }
    let row = first_difference(expected, actual)?;
    // Readers count from one.
    let nth = row + 1;
    let what = if same_rows_in_order(expected, actual) {
        format!("the rows are right but their order is not, from row {nth} on: sort them")
    } else if row >= actual.height() {
        format!(
            "row {nth} is missing: {} rows, expected {}",
            actual.height(),
            expected.height()
        )
    } else if row >= expected.height() {
        format!(
            "row {nth} is one too many: {} rows, expected {}",
            actual.height(),
            expected.height()
        )
    } else {
        format!(
            "row {nth} differs in {}",
            differing_columns(expected, actual, row).join(", ")
        )
    };
    Some(Difference {
        what,
        row: Some(row),
    })
}

/// The first row in which two frames of the same columns differ.
fn first_difference(expected: &DataFrame, actual: &DataFrame) -> Option<usize> {
    let rows = expected.height().max(actual.height());
    (0..rows).find(|row| {
        *row >= expected.height()
            || *row >= actual.height()
            || !differing_columns(expected, actual, *row).is_empty()
    })
}

/// The names of the columns in which one row differs. Null equals null.
pub(super) fn differing_columns(
    expected: &DataFrame,
    actual: &DataFrame,
    row: usize,
) -> Vec<String> {
    let pairs = expected.columns().iter().zip(actual.columns());
    let value =
        |column: &polars::prelude::Column| column.get(row).unwrap_or(AnyValue::Null).into_static();
    let differing = pairs.filter(|(wanted, column)| !same(&value(wanted), &value(column)));
    differing
        .map(|(wanted, _)| format!("`{}`", wanted.name()))
        .collect()
}

/// Whether two values are equal. Numbers with a fraction may be off in the last digits: sums in
/// another order are.
fn same(expected: &AnyValue, actual: &AnyValue) -> bool {
    match (expected, actual) {
        (AnyValue::Float64(expected), AnyValue::Float64(actual)) => {
            let most = 1e-9 * expected.abs().max(actual.abs());
            expected == actual || (expected - actual).abs() <= most
        }
        _ => expected == actual,
    }
}

fn same_rows_in_order(expected: &DataFrame, actual: &DataFrame) -> bool {
    let sorted = |frame: &DataFrame| {
        frame.sort(
            frame.get_column_names_owned(),
            SortMultipleOptions::default(),
        )
    };
    match (sorted(expected), sorted(actual)) {
        (Ok(expected), Ok(actual)) => first_difference(&expected, &actual).is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    fn told_of(actual: DataFrame) -> Difference {
        let expected = df!("url" => ["a", "b"], "count" => [1i64, 2]).unwrap();
        difference(&Value::Frame(expected), &Value::Frame(actual)).expect("they differ")
    }

    #[test]
    fn a_fraction_may_be_off_in_its_last_digits() {
        let frame = |rate: f64| Value::Frame(df!("rate" => [rate]).unwrap());
        let (third, almost) = (frame(1.0 / 3.0), frame(1.0 - 2.0 / 3.0));
        assert_eq!(difference(&third, &almost), None);
        assert!(difference(&third, &frame(0.333_333)).is_some());
        assert!(difference(&frame(0.0), &frame(1e-12)).is_some());
    }

    #[test]
    fn equal_frames_do_not_differ() {
        let frame = df!("a" => [Some(1), None]).unwrap();
        assert_eq!(
            difference(&Value::Frame(frame.clone()), &Value::Frame(frame)),
            None
        );
    }

    #[test]
    fn the_first_wrong_row_is_named() {
        let wrong = told_of(df!("url" => ["a", "b"], "count" => [1i64, 3]).unwrap());
        assert_eq!(wrong.what, "row 2 differs in `count`");
        assert_eq!(wrong.row, Some(1));
    }

    #[test]
    fn missing_and_surplus_rows_are_told() {
        let missing = told_of(df!("url" => ["a"], "count" => [1i64]).unwrap());
        assert_eq!(missing.what, "row 2 is missing: 1 rows, expected 2");
        let surplus = told_of(df!("url" => ["a", "b", "c"], "count" => [1i64, 2, 3]).unwrap());
        assert_eq!(surplus.what, "row 3 is one too many: 3 rows, expected 2");
    }

    #[test]
    fn a_wrong_order_is_not_called_a_wrong_answer() {
        let unsorted = told_of(df!("url" => ["b", "a"], "count" => [2i64, 1]).unwrap());
        assert_eq!(
            unsorted.what,
            "the rows are right but their order is not, from row 1 on: sort them"
        );
    }

    #[test]
    fn what_a_trial_found_is_said_without_its_subject() {
        let text = |text: &str| Value::Text(text.to_owned());
        let found = |actual: &str| difference(&text("7 pages: all is well"), &text(actual));
        let wrong = found("7 pages: page 3 is nowhere: look again").unwrap();
        assert_eq!(wrong.what, "page 3 is nowhere: look again");
        assert_eq!(found("7 pages: all is well"), None);
        let other = found("no pages").unwrap();
        assert!(
            other.what.ends_with("but the answer is \"no pages\""),
            "{other:?}"
        );
        let number = difference(&Value::Int(3), &Value::Int(4)).unwrap();
        assert_eq!(number.what, "expected 3, but the answer is 4");
    }

    #[test]
    fn an_answer_where_a_refusal_is_expected_is_called_so() {
        let refusal = || Value::Frame(Value::refusal().unwrap());
        let table = || Value::Frame(df!("rank" => [1i64, 2]).unwrap());
        let missing = difference(&refusal(), &table()).unwrap();
        assert_eq!(
            missing.what,
            "expected a refusal, `Err(text)`, but the answer is a table of 2 rows"
        );
        let surplus = difference(&table(), &refusal()).unwrap();
        assert!(
            surplus.what.starts_with("expected a table of 2 rows"),
            "{surplus:?}"
        );
        assert_eq!(difference(&refusal(), &refusal()), None);
    }

    #[test]
    fn names_and_types_come_before_values() {
        let named = told_of(df!("url" => ["a", "b"], "n" => [1i64, 2]).unwrap());
        assert_eq!(named.what, "the columns are url, n, expected url, count");
        let typed = told_of(df!("url" => ["a", "b"], "count" => [1u32, 2]).unwrap());
        assert!(
            typed
                .what
                .starts_with("column `count` is u32, expected i64"),
            "{}",
            typed.what
        );
    }
}

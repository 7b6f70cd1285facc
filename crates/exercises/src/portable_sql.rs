//! Exercise 4.4: one text of SQL that engines of different conventions agree about.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use polars::prelude::{Column, DataFrame, IntoLazy, PolarsResult, df, polars_bail, polars_err};
use polars::sql::SQLContext;
use sqlparser::ast::{BinaryOperator, DataType, Expr, VisitMut, VisitorMut};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The reader's function.
pub type Function = fn() -> String;

/// Runs the reader's query once by the conventions of each engine.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (query, views) = (function(), inputs.frame("page_views")?);
    let mut answers = DataFrame::empty();
    for convention in Convention::ALL {
        let mut engine = SQLContext::new();
        engine.register("page_views", views.clone().lazy());
        let mut rows = engine.execute(&convention.rewritten(&query)?)?.collect()?;
        let names = vec![convention.name(); rows.height()];
        rows.insert_column(0, Column::new("engine".into(), names))?;
        if answers.width() == 0 {
            answers = rows;
        } else if let Err(error) = answers.vstack_mut(&rows) {
            let name = convention.name();
            polars_bail!(ComputeError: "the columns of the answer have other types with {name}: {error}");
        }
    }
    Ok(Value::Frame(answers))
}

/// What an engine means by `%`, by `/` and by a `CAST` to an integer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Convention {
    /// A remainder has the sign of the divisor, integers are divided with a fraction, and a cast to an
    /// integer drops the fraction.
    Here,
    /// A remainder has the sign of the dividend.
    Spark,
    /// That, integers are divided without a fraction, and a cast to an integer rounds to the nearest
    /// one: of two that are equally near, to that further from 0, as for a number with a decimal point.
    Postgres,
}

impl Convention {
    const ALL: [Convention; 3] = [Convention::Here, Convention::Spark, Convention::Postgres];

    fn name(self) -> &'static str {
        match self {
            Convention::Here => "this machine",
            Convention::Spark => "as Spark",
            Convention::Postgres => "as PostgreSQL",
        }
    }

    /// Writes a query so that the engine of this machine answers it by this convention.
    fn rewritten(self, query: &str) -> PolarsResult<String> {
        if self == Convention::Here {
            return Ok(query.to_owned());
        }
        let error =
            |error: ParserError| polars_err!(ComputeError: "the query cannot be read: {error}");
        let mut statements = Parser::parse_sql(&GenericDialect, query).map_err(error)?;
        match statements.visit(&mut Rewriter(self)) {
            ControlFlow::Break(found) => Err(error(found)),
            ControlFlow::Continue(()) => Ok(statements
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; ")),
        }
    }
}

/// Puts an expression with the meaning of a convention in place of a remainder, a quotient, or a number
/// that is cast to an integer.
struct Rewriter(Convention);

/// Returns whether an expression has a fraction, as far as its text says: an operand with a decimal
/// point, or of a type with one, makes it one.
fn has_fraction(text: &str) -> bool {
    let text = text.to_uppercase();
    ["DOUBLE", "FLOAT", "REAL", "DECIMAL", "."]
        .iter()
        .any(|word| text.contains(word))
}

/// Returns whether a type is one of integers.
fn is_integer(data_type: &DataType) -> bool {
    let name = data_type.to_string().to_uppercase();
    let mut integers = ["BIGINT", "INT", "SMALLINT", "TINYINT"].iter();
    integers.any(|integer| name.starts_with(integer)) && !name.starts_with("INTERVAL")
}

/// Reads an expression.
fn parsed(text: &str) -> Result<Expr, ParserError> {
    Parser::new(&GenericDialect)
        .try_with_sql(text)?
        .parse_expr()
}

impl VisitorMut for Rewriter {
    type Break = ParserError;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<ParserError> {
        // A cast: what is cast is rounded before. The type stays.
        if let Expr::Cast {
            expr: number,
            data_type,
            ..
        } = expr
        {
            let a = format!("({number})");
            if self.0 != Convention::Postgres || !is_integer(data_type) || !has_fraction(&a) {
                return ControlFlow::Continue(());
            }
            // Halves are made of whole numbers, so that a quotient around it is judged as before.
            let text = format!(
                "(CASE WHEN {a} < 0 THEN 0 - FLOOR((1 - 2 * {a}) / 2) ELSE FLOOR((2 * {a} + 1) / 2) END)"
            );
            return match parsed(&text) {
                Ok(rounded) => {
                    **number = rounded;
                    ControlFlow::Continue(())
                }
                Err(error) => ControlFlow::Break(error),
            };
        }

        // A remainder or a quotient.
        let Expr::BinaryOp { left, op, right } = &*expr else {
            return ControlFlow::Continue(());
        };
        let (a, b) = (format!("({left})"), format!("({right})"));
        let with_fraction = has_fraction(&a) || has_fraction(&b);
        let text = match op {
            BinaryOperator::Modulo => {
                format!(
                    "(CASE WHEN {a} < 0 AND {a} % {b} <> 0 THEN {a} % {b} - {b} ELSE {a} % {b} END)"
                )
            }
            BinaryOperator::Divide if self.0 == Convention::Postgres && !with_fraction => {
                format!("(CASE WHEN {a} < 0 THEN 0 - (0 - {a}) // {b} ELSE {a} // {b} END)")
            }
            _ => return ControlFlow::Continue(()),
        };
        match parsed(&text) {
            Ok(parsed) => *expr = parsed,
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

/// Exercise 4.4.
pub static EXERCISE: Exercise = Exercise {
    id: "04_4_portable_sql",
    name: "portable_sql",
    title: "Exercise 4.4, one query for several engines",
    signature: "fn daily_shares() -> String",
    hints: &[
        "Name each type that engines choose differently: `CAST(COUNT(*) AS BIGINT)`. And ask of each `%` what it gives for a \
         time before 1970, and of each `/` what it gives for two integers.",
        "The start of a day is `t - (t % 86400 + 86400) % 86400` on every engine. `COUNT(user_id)` counts the rows in which \
         it is not null. A quotient with a fraction on every engine has an operand with one: `100.0 * n / m`.",
        "SELECT the start of the day as `ts` in a subquery `(SELECT url, user_id, .. AS ts FROM page_views) AS days`, then \
         `CAST(FLOOR(100.0 * COUNT(user_id) / COUNT(*)) AS BIGINT) AS known_percent`, `GROUP BY url, ts ORDER BY url, ts`.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[|inputs| answer(|| "SELECT * FROM page_views".to_owned(), inputs)],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let views = inputs.frame("page_views")?;
    let (urls, users) = (views.column("url")?.str()?, views.column("user_id")?.i64()?);
    let times = views.column("true_as_of_secs")?.i64()?;
    let mut days: BTreeMap<(String, i64), (i64, i64)> = BTreeMap::new();
    for ((url, user), secs) in urls.iter().zip(users.iter()).zip(times.iter()) {
        let (Some(url), Some(secs)) = (url, secs) else {
            polars_bail!(ComputeError: "a page view has a URL and a time");
        };
        let day = secs.div_euclid(86_400) * 86_400;
        let counts = days.entry((url.to_owned(), day)).or_default();
        counts.0 += 1;
        counts.1 += i64::from(user.is_some());
    }
    let rows = || {
        Convention::ALL
            .iter()
            .flat_map(|convention| days.iter().map(move |day| (convention.name(), day)))
    };
    Ok(Value::Frame(df!(
        "engine" => rows().map(|row| row.0).collect::<Vec<_>>(),
        "url" => rows().map(|row| row.1.0.0.as_str()).collect::<Vec<_>>(),
        "ts" => rows().map(|row| row.1.0.1).collect::<Vec<_>>(),
        "page_views" => rows().map(|row| row.1.1.0).collect::<Vec<_>>(),
        "known_percent" => rows().map(|row| 100 * row.1.1.1 / row.1.1.0).collect::<Vec<_>>(),
    )?))
}

/// A page, seconds, a user.
type View<'a> = (&'a str, i64, Option<i64>);

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let [home, blog] = ["mysite.com/", "mysite.com/blog"].map(|page| draw.page(page));
    let (home, blog) = (home.as_str(), blog.as_str());
    // The start of August 7, 2015, or of another day.
    let day = 1_438_905_600 + 86_400 * draw.number(0, 1..1_000);
    let user = draw.number(7, 8..10_000);
    let early = -86_400 * draw.number(1, 2..300);
    let case = |name, about, why, views: &[View]| {
        let columns = df!(
            "url" => views.iter().map(|view| view.0).collect::<Vec<_>>(),
            "cookie" => views.iter().map(|view| view.2.is_none().then_some("ABCDE")).collect::<Vec<_>>(),
            "user_id" => views.iter().map(|view| view.2).collect::<Vec<_>>(),
            "true_as_of_secs" => views.iter().map(|view| view.1).collect::<Vec<_>>(),
        );
        let columns: PolarsResult<DataFrame> = columns;
        Case {
            name,
            about,
            why,
            inputs: Inputs::new().with(
                "page_views",
                Value::Frame(columns.expect("columns of one length")),
            ),
        }
    };
    let mut drawn = || {
        let secs = day * draw.below(2) - 200_000 + draw.below(400_000);
        let user = (draw.below(3) > 0).then(|| draw.below(50));
        ([home, blog][draw.below(2) as usize], secs, user)
    };
    let random: Vec<View> = (0..60).map(|_| drawn()).collect();
    vec![
        case(
            "all_known",
            "two page views on a day, both with a user id",
            "each engine has a type of its own for a count and for a quotient, so the query names the type",
            &[
                (home, day + 5_000, Some(user)),
                (home, day + 70_000, Some(user)),
            ],
        ),
        case(
            "half",
            "one of two page views has a user id",
            "a count of a column leaves out nulls, and 1 / 2 is 0 on some engines and 0.5 on others",
            &[(home, day + 5_000, Some(user)), (home, day + 70_000, None)],
        ),
        case(
            "two_of_three",
            "two of three page views have a user id",
            "a whole percent is rounded down on every engine, and a CAST alone does that on some only",
            &[
                (blog, day + 86_399, Some(user)),
                (blog, day, None),
                (blog, day + 1, Some(user + 1)),
            ],
        ),
        case(
            "before_1970",
            "the page views are from the last second of a day before 1970, and from its middle",
            "the remainder of a negative time is negative on some engines, and then the day is the next one",
            &[
                (home, early + 86_399, Some(user)),
                (home, early + 43_200, Some(user)),
            ],
        ),
        case(
            "random",
            "sixty page views of some days around 1970 and of today",
            "what holds for chosen rows must hold for all",
            &random,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        portable_sql::daily_shares, stub: || todo!(), mutants:
        casts_the_fraction, counts_nulls, divides_the_time, fraction_first, remainder_once, rounds,
        types_of_the_engine, types_of_the_quotient,
    }

    #[test]
    fn each_convention_has_its_own_rest_quotient_and_cast() {
        let told = |convention: Convention| {
            let query = "SELECT t % 7 AS rest, t / 2 AS half, t / 2.0 AS exact, \
                         CAST(t / 2.0 AS BIGINT) AS whole, CAST(t AS BIGINT) AS same FROM times";
            let times = df!("t" => [-3i64, 5]).unwrap();
            let mut engine = SQLContext::new();
            engine.register("times", times.lazy());
            let query = convention.rewritten(query).unwrap();
            let rows = engine.execute(&query).unwrap().collect().unwrap();
            let column = |name: &str| -> Vec<f64> {
                let column = rows
                    .column(name)
                    .unwrap()
                    .cast(&polars::prelude::DataType::Float64);
                column.unwrap().f64().unwrap().into_no_null_iter().collect()
            };
            ["rest", "half", "exact", "whole", "same"].map(column)
        };
        let same = [-3.0, 5.0];
        assert_eq!(
            told(Convention::Here),
            [[4.0, 5.0], [-1.5, 2.5], [-1.5, 2.5], [-1.0, 2.0], same]
        );
        assert_eq!(
            told(Convention::Spark),
            [[-3.0, 5.0], [-1.5, 2.5], [-1.5, 2.5], [-1.0, 2.0], same]
        );
        assert_eq!(
            told(Convention::Postgres),
            [[-3.0, 5.0], [-1.0, 2.0], [-1.5, 2.5], [-2.0, 3.0], same]
        );
    }
}

//! Exercise 4.2: the order of the rows on a disk, for two mixes of queries.
//!
//! A query takes one seek if its rows are neighbours on the disk. The judging process sorts the
//! rows of a case by the columns that an answer names, and counts the seeks of all queries of the
//! mix with the chapter's own code. Every order that takes one seek a query is right.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value, counted};
use calendar::Granularity;
use lessons::serving_layer::block_runs;
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The reader's function.
pub type Function = fn(&str) -> Vec<&'static str>;

/// Feeds the reader's function. Returns the names of columns, one a row.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let columns = function(inputs.text("mix")?);
    Ok(Value::Frame(df!("column" => columns)?))
}

/// Asks for the columns, sorts the rows by them, and says which query takes more than one seek.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let Value::Frame(answered) = ask.ask(inputs)? else {
        return Err(AttemptError::Error("columns are a table".to_owned()));
    };
    let names = answered.column("column")?.str()?;
    let mut key = Vec::new();
    for name in names.iter().flatten() {
        let Some(compare) = column(name) else {
            let error = format!(
                "there is no column {name:?}; the columns are {}",
                COLUMNS.join(", ")
            );
            return Err(AttemptError::Error(error));
        };
        key.push(compare);
        // More columns than there are change nothing, and cost time.
        if key.len() == MOST_COLUMNS {
            break;
        }
    }
    let layout = Layout::of(inputs)?;
    let found = layout.seeks_too_much(&key);
    Ok(Value::Text(layout.about(found.as_deref().unwrap_or(RIGHT))))
}

/// The most columns of an answer that are looked at.
const MOST_COLUMNS: usize = 16;

/// Exercise 4.2.
pub static EXERCISE: Exercise = Exercise {
    id: "04_2_index_layout",
    name: "index_layout",
    title: "Exercise 4.2, the order of the rows for two mixes of queries",
    signature: "fn index_layout(mix: &str) -> Vec<&'static str>",
    hints: &[
        "A query takes one seek if its rows are neighbours. Take the first mix: what have the rows of every query in \
         common? That column comes first. Then look at the rows that have it in common, and ask again.",
        "For graphs, every query names a page, two of them a granularity as well, and one of these a range of time: \
         that is the order of the columns. For lists, which column does every query name? A range must come behind \
         the columns that are given by `=`, and the page, which one query only narrows down, behind both.",
        "`match mix { \"graphs\" => vec![\"url\", ..], _ => vec![\"granularity\", ..] }`. Both orders have the three \
         columns `url`, `granularity` and `ts`.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[
        |inputs| answer(|_| Vec::new(), inputs),
        |inputs| answer(|_| COLUMNS.to_vec(), inputs),
    ],
    trial: Some(trial),
};

const RIGHT: &str = "every query takes 1 seek";

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Text(Layout::of(inputs)?.about(RIGHT)))
}

/// A row of a view.
#[derive(Clone, Debug)]
struct Row {
    url: String,
    granularity: String,
    ts: i64,
    count: i64,
}

/// The columns of a view.
const COLUMNS: [&str; 4] = ["url", "granularity", "ts", "count"];

/// Compares two rows by one column.
type Compare = fn(&Row, &Row) -> Ordering;

/// Returns how rows are compared by the column of this name.
fn column(name: &str) -> Option<Compare> {
    match name {
        "url" => Some(|a, b| a.url.cmp(&b.url)),
        "granularity" => Some(|a, b| a.granularity.cmp(&b.granularity)),
        "ts" => Some(|a, b| a.ts.cmp(&b.ts)),
        "count" => Some(|a, b| a.count.cmp(&b.count)),
        _ => None,
    }
}

/// The rows of a case, and the queries that they are laid out for.
struct Layout {
    mix: Mix,
    rows: Vec<Row>,
}

/// What a store is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mix {
    /// Graphs of one page.
    Graphs,
    /// Lists of the pages of an hour.
    Lists,
}

/// A query: the condition in SQL, and the places of its rows in the order of arrival.
struct Query {
    condition: String,
    places: BTreeSet<usize>,
}

impl Layout {
    /// # Errors
    /// If there is no such mix, or no row.
    fn of(inputs: &Inputs) -> PolarsResult<Self> {
        let mix = match inputs.text("mix")?.as_str() {
            "graphs" => Mix::Graphs,
            "lists" => Mix::Lists,
            other => polars_bail!(InvalidOperation: "there is no mix {other}"),
        };
        let rows = rows(inputs.frame("rows")?)?;
        if rows.is_empty() {
            polars_bail!(InvalidOperation: "no query finds anything in an empty view");
        }
        Ok(Layout { mix, rows })
    }

    fn about(&self, found: &str) -> String {
        let first = { self.rows.iter() }.map(|row| row.url.as_str()).min();
        format!(
            "{} of {} and other pages: {found}",
            counted(self.rows.len(), "row"),
            first.unwrap_or_default()
        )
    }

    /// Returns the first query that takes more than one seek if the rows are sorted by `key`, in
    /// words. Rows that are equal by the key stay as they arrived.
    fn seeks_too_much(&self, key: &[Compare]) -> Option<String> {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by(|&a, &b| {
            let by_column = key
                .iter()
                .map(|compare| compare(&self.rows[a], &self.rows[b]));
            by_column.fold(Ordering::Equal, Ordering::then)
        });
        for query in self.queries() {
            let on_disk = (0..)
                .zip(&order)
                .filter(|(_, row)| query.places.contains(row));
            let positions: Vec<u64> = on_disk.map(|(position, _)| position).collect();
            let seeks = block_runs(&positions, 1).len();
            if seeks > 1 {
                // Readers count from one, and twenty places are enough to see what is wrong.
                let mut shown: Vec<String> = { positions.iter().take(20) }
                    .map(|position| (position + 1).to_string())
                    .collect();
                if positions.len() > 20 {
                    shown.push("...".to_owned());
                }
                return Some(format!(
                    "{seeks} seeks for WHERE {}, because its rows are number {} on the disk",
                    query.condition,
                    shown.join(", ")
                ));
            }
        }
        None
    }

    /// Returns all queries of the mix that find a row.
    fn queries(&self) -> Vec<Query> {
        // Conditions are grouped by what they say, in the order of the handout's table.
        let mut queries: BTreeMap<(u8, String), BTreeSet<usize>> = BTreeMap::new();
        let mut wanted = |kind: u8, condition: String, place: usize| {
            queries.entry((kind, condition)).or_default().insert(place);
        };
        for (place, row) in self.rows.iter().enumerate() {
            let Row {
                url,
                granularity,
                ts,
                ..
            } = row;
            match self.mix {
                Mix::Graphs => {
                    wanted(0, format!("url = '{url}'"), place);
                    let of_page = format!("url = '{url}' AND granularity = '{granularity}'");
                    wanted(1, of_page.clone(), place);
                    let same =
                        |other: &&Row| other.url == *url && other.granularity == *granularity;
                    for from in self.starts(same).range(..=*ts) {
                        wanted(2, format!("{of_page} AND ts >= {from}"), place);
                    }
                }
                Mix::Lists => {
                    let code = format!("granularity = '{granularity}'");
                    let of_hour = format!("{code} AND ts = {ts}");
                    wanted(0, of_hour.clone(), place);
                    let site = url.split('/').next().unwrap_or_default();
                    wanted(1, format!("{of_hour} AND url LIKE '{site}/%'"), place);
                    let same = |other: &&Row| other.granularity == *granularity;
                    for from in self.starts(same).range(..=*ts) {
                        wanted(2, format!("{code} AND ts >= {from}"), place);
                    }
                }
            }
        }
        let query = |((_, condition), places)| Query { condition, places };
        queries.into_iter().map(query).collect()
    }

    /// Returns the first and the middle time of some rows: ranges begin there.
    fn starts(&self, of: impl Fn(&&Row) -> bool) -> BTreeSet<i64> {
        let times: BTreeSet<i64> = self.rows.iter().filter(of).map(|row| row.ts).collect();
        let middle = times.len() / 2;
        let (first, middle) = (times.iter().next(), times.iter().nth(middle));
        first.into_iter().chain(middle).copied().collect()
    }
}

fn rows(frame: &DataFrame) -> PolarsResult<Vec<Row>> {
    let (urls, codes) = (
        frame.column("url")?.str()?,
        frame.column("granularity")?.str()?,
    );
    let (starts, counts) = (frame.column("ts")?.i64()?, frame.column("count")?.i64()?);
    let row = |place| {
        Some(Row {
            url: urls.get(place)?.to_owned(),
            granularity: codes.get(place)?.to_owned(),
            ts: starts.get(place)?,
            count: counts.get(place)?,
        })
    };
    match (0..frame.height()).map(row).collect() {
        Some(rows) => Ok(rows),
        None => polars_bail!(InvalidOperation: "a row has no URL, granularity, time or count"),
    }
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    mix: &str,
    rows: &[Row],
) -> Case {
    let frame = df!(
        "url" => rows.iter().map(|row| row.url.as_str()).collect::<Vec<_>>(),
        "granularity" => rows.iter().map(|row| row.granularity.as_str()).collect::<Vec<_>>(),
        "ts" => rows.iter().map(|row| row.ts).collect::<Vec<_>>(),
        "count" => rows.iter().map(|row| row.count).collect::<Vec<_>>(),
    );
    let inputs = Inputs::new()
        .with("mix", Value::Text(mix.to_owned()))
        .with("rows", Value::Frame(frame.expect("columns of one length")));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

const HOUR: i64 = Granularity::Hour.secs();
const DAY: i64 = Granularity::Day.secs();

/// 2015-08-05 00:00 UTC.
const AUG_5: i64 = 1_438_732_800;

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let start = AUG_5 + draw.number(0, -300..300) * DAY;
    let [about, blog, docs, other] = [
        "mysite.com/about",
        "mysite.com/blog",
        "mysite.com/docs",
        "foo.com/",
    ]
    .map(|page| draw.page(page));
    let more = draw.number(0, 1..400);
    let row = |url: &str, granularity: &str, hours: i64, count: i64| Row {
        url: url.to_owned(),
        granularity: granularity.to_owned(),
        ts: start + hours * HOUR,
        count: count + more,
    };
    // Hours of pages in the order of arrival. The counts have another order than the hours.
    let arrived = |pages: [&str; 2], hours: [i64; 3]| -> Vec<Row> {
        let counts = [[5, 4], [9, 8], [2, 1]];
        let of_hour = |(hour, counts): (i64, [i64; 2])| {
            { pages.into_iter().zip(counts) }.map(move |(page, count)| (page, hour, count))
        };
        let rows = hours.into_iter().zip(counts).flat_map(of_hour);
        rows.map(|(page, hour, count)| row(page, "h", hour, count))
            .collect()
    };
    let with_days = [
        row(&blog, "d", 0, 90),
        row(&blog, "h", 0, 5),
        row(&blog, "h", 1, 9),
        row(&blog, "d", 24, 80),
        row(&blog, "h", 24, 2),
    ];
    let mut random = |site: &str| -> Vec<Row> {
        let mut rows = Vec::new();
        for page in 0..3 {
            for hour in 0..30 {
                let page = format!("{site}{page}");
                rows.push(row(&page, "h", hour, draw.below(500)));
                if hour % 24 == 0 {
                    rows.push(row(&page, "d", hour, draw.below(500)));
                }
            }
        }
        draw.shuffle(&mut rows);
        rows
    };
    let random_graphs = random(&blog);
    let mut random_lists = random(&blog);
    random_lists.extend(random(&other));
    vec![
        case(
            "page",
            "the graph of a page, of two pages whose rows arrived hour by hour",
            "a graph has one page and many times: sorted by time, each hour of the page costs a seek",
            "graphs",
            &arrived([&blog, &docs], [0, 1, 2]),
        ),
        case(
            "granularities",
            "the days of a page that has rows of hours as well",
            "sorted by page and time, the hours of a day lie between its row and that of the next day",
            "graphs",
            &with_days,
        ),
        case(
            "pages_of_days",
            "the graph of a page, of two pages with hours and days",
            "sorted by granularity first, the hours of all pages lie between the days and the hours of a page",
            "graphs",
            &[
                row(&blog, "h", 0, 5),
                row(&docs, "d", 0, 50),
                row(&docs, "h", 0, 6),
                row(&blog, "d", 0, 40),
            ],
        ),
        case(
            "late",
            "the last hours of a page, of which one arrived late",
            "a range of time is one seek only if the rows of a page are in the order of time",
            "graphs",
            &arrived([&blog, &docs], [2, 0, 1]),
        ),
        case(
            "hour",
            "the list of the pages of an hour",
            "in the order that is right for graphs, a list of an hour costs a seek for each page: no single order \
             serves both mixes",
            "lists",
            &arrived([&blog, &docs], [0, 1, 2]),
        ),
        case(
            "hours",
            "the pages of the last hours, while there are rows of days as well",
            "sorted by time first, the rows of days lie between the hours: a range comes behind the columns that are \
             given by `=`",
            "lists",
            &[
                row(&blog, "h", 23, 5),
                row(&blog, "d", 24, 50),
                row(&blog, "h", 24, 6),
                row(&blog, "d", 48, 40),
                row(&blog, "h", 48, 7),
            ],
        ),
        case(
            "site",
            "the list of the pages of one site in an hour, while another site has some as well",
            "the pages of a site are neighbours only if the rows of an hour are in the order of their URLs, not of their \
             counts",
            "lists",
            &[
                row(&about, "h", 0, 5),
                row(&other, "h", 0, 6),
                row(&docs, "h", 0, 7),
            ],
        ),
        case(
            "random_graphs",
            "graphs of pages whose rows are in an order drawn by lot",
            "what holds for chosen rows must hold for all",
            "graphs",
            &random_graphs,
        ),
        case(
            "random_lists",
            "lists of hours and days whose rows are in an order drawn by lot",
            "what holds for chosen rows must hold for all",
            "lists",
            &random_lists,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        index_layout::index_layout, stub: |_| todo!(), mutants:
        as_they_arrived, by_count, by_granularity, by_time, lists_by_count, lists_by_time, lists_for_graphs,
        lists_without_the_page, no_such_column, one_order_for_both, page_then_time, without_time,
    }

    fn both(mix: &str) -> Vec<&'static str> {
        match mix {
            "graphs" => vec!["url", "granularity", "ts"],
            _ => vec!["granularity", "ts", "url"],
        }
    }

    #[test]
    fn one_order_for_each_mix_takes_the_fewest_seeks() {
        for seed in (0..8).chain([READERS_SEED]) {
            let verdict = verdict_with(seed, both);
            assert_eq!(verdict.status, Status::Passed, "{}", verdict.reason());
        }
    }

    #[test]
    fn no_other_order_of_the_three_columns_is_right() {
        let columns = ["url", "granularity", "ts"];
        let mut passed = Vec::new();
        for mix in ["graphs", "lists"] {
            for order in [
                [0, 1, 2],
                [0, 2, 1],
                [1, 0, 2],
                [1, 2, 0],
                [2, 0, 1],
                [2, 1, 0],
            ] {
                let order = order.map(|place| columns[place]);
                let verdict = judge(&EXERCISE, READERS_SEED, &|inputs| {
                    let columns = match inputs.text("mix")? == mix {
                        true => order.to_vec(),
                        false => both(inputs.text("mix")?),
                    };
                    Ok(Value::Frame(df!("column" => columns)?))
                });
                if verdict.status == Status::Passed {
                    passed.push((mix, order));
                }
            }
        }
        assert_eq!(
            passed,
            [
                ("graphs", ["url", "granularity", "ts"]),
                ("lists", ["granularity", "ts", "url"]),
            ]
        );
    }

    #[test]
    fn the_likeliest_mistake_is_shown_on_three_rows() {
        let verdict = verdict(page_then_time::FUNCTION);
        let failed = verdict.failed.as_ref().unwrap();
        assert_eq!(failed.inputs.frame("rows").unwrap().height(), 3);
        let reason = verdict.reason();
        assert!(reason.starts_with("2 seeks for WHERE url = "), "{reason}");
        assert!(
            reason.ends_with("its rows are number 1, 3 on the disk"),
            "{reason}"
        );
    }
}

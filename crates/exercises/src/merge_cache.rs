//! Exercise 6.4: write back to a cache of merged sketches.
//!
//! A merged sketch is right for one generation of the batch views. So its key has the generation,
//! and what was read of an older one than is served now is not written.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lambda::batch::Sketch;
use lambda::batch::sketch::{Precision, SketchError};
use lambda::datum::PersonId;
use lessons::layers::merge_cache::{MergeCache, PublishedViews};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// The reader's function: the cache, the views, and the hours from the first number to before the
/// second. Returns the uniques of these hours.
pub type Function = fn(&mut MergeCache, &mut PublishedViews, i64, i64) -> Result<i64, SketchError>;

/// A query: the hours, and how many generations are published before it and while it reads.
struct Ask {
    from: i64,
    until: i64,
    before: u64,
    meanwhile: u64,
}

/// What a query did: its answer, how often it read the views, what it wrote, and how many entries of
/// older generations it left beside that.
struct Asked {
    uniques: i64,
    reads: u64,
    written: String,
    left: u64,
}

/// Asks the reader's function all queries, one after another, with one cache. Returns a row for each.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (mut views, asks) = situation(inputs)?;
    let mut cache = MergeCache::new();
    let mut rows = Vec::new();
    for ask in &asks {
        views.publish(ask.before);
        views.publish_while_reading(ask.meanwhile);
        let (before, reads) = (uniques_of(&cache), views.reads());
        let uniques = match function(&mut cache, &mut views, ask.from, ask.until) {
            Ok(uniques) => uniques,
            Err(error) => polars_bail!(ComputeError: "the function returned an error: {error}"),
        };
        // A query that read nothing has met no publication.
        views.publish_while_reading(0);
        let after = uniques_of(&cache);
        let written: Vec<_> = { after.iter() }
            .filter(|(key, uniques)| before.get(key) != Some(uniques))
            .collect();
        let newest = written.iter().map(|(key, _)| key.0).max();
        let left = newest.map_or(0, |newest| {
            after.keys().filter(|key| key.0 < newest).count() as u64
        });
        let entry = |(_, uniques): &(&(u64, i64, i64), &i64)| sketch_of(**uniques);
        rows.push(Asked {
            uniques,
            reads: views.reads() - reads,
            written: written.iter().map(entry).collect::<Vec<_>>().join(", "),
            left,
        });
    }
    table(&rows)
}

/// What a sketch in the cache is, in words.
fn sketch_of(uniques: i64) -> String {
    format!("a sketch of {uniques}")
}

fn uniques_of(cache: &MergeCache) -> BTreeMap<(u64, i64, i64), i64> {
    let entries = cache.iter();
    entries
        .map(|(key, sketch)| (*key, sketch.uniques()))
        .collect()
}

fn table(rows: &[Asked]) -> PolarsResult<Value> {
    Ok(Value::Frame(df!(
        "uniques" => rows.iter().map(|row| row.uniques).collect::<Vec<_>>(),
        "reads" => rows.iter().map(|row| row.reads as i64).collect::<Vec<_>>(),
        "written" => rows.iter().map(|row| row.written.as_str()).collect::<Vec<_>>(),
        "left" => rows.iter().map(|row| row.left as i64).collect::<Vec<_>>(),
    )?))
}

/// The sketches of each generation, by hour.
type Generations = BTreeMap<u64, BTreeMap<i64, Sketch>>;

fn generations(inputs: &Inputs) -> PolarsResult<Generations> {
    let frame = inputs.frame("views")?;
    let column = |name: &str| frame.column(name)?.i64();
    let (numbers, hours, persons) = (column("generation")?, column("hour")?, column("person")?);
    let Ok(first) = u64::try_from(*inputs.int("first")?) else {
        polars_bail!(InvalidOperation: "the first generation has a negative number");
    };
    // The first generation is served even if it has no visitors.
    let mut all = Generations::from([(first, BTreeMap::new())]);
    for row in 0..frame.height() {
        let (Some(number), Some(hour), Some(person)) =
            (numbers.get(row), hours.get(row), persons.get(row))
        else {
            polars_bail!(InvalidOperation: "row {row} of views lacks a value");
        };
        let Some(number) = u64::try_from(number).ok().filter(|number| *number >= first) else {
            polars_bail!(InvalidOperation: "row {row} of views is of a generation before the first");
        };
        let hours = all.entry(number).or_default();
        hours
            .entry(hour)
            .or_insert_with(|| Sketch::new(Precision::DEFAULT))
            .add(&PersonId::UserId(person));
    }
    Ok(all)
}

fn situation(inputs: &Inputs) -> PolarsResult<(PublishedViews, Vec<Ask>)> {
    let frame = inputs.frame("queries")?;
    let column = |name: &str| frame.column(name)?.i64();
    let (from, until) = (column("from")?, column("until")?);
    let (before, meanwhile) = (column("published")?, column("meanwhile")?);
    let mut asks = Vec::new();
    for row in 0..frame.height() {
        let (Some(from), Some(until), Some(before @ 0..), Some(meanwhile @ 0..)) = (
            from.get(row),
            until.get(row),
            before.get(row),
            meanwhile.get(row),
        ) else {
            polars_bail!(InvalidOperation: "row {row} of queries lacks a value, or publishes a negative number");
        };
        asks.push(Ask {
            from,
            until,
            before: before as u64,
            meanwhile: meanwhile as u64,
        });
    }
    Ok((PublishedViews::new(generations(inputs)?), asks))
}

/// Exercise 6.4.
pub static EXERCISE: Exercise = Exercise {
    id: "06_4_merge_cache",
    name: "merge_cache",
    title: "Exercise 6.4, a cache of merged sketches",
    signature: "fn uniques(cache: &mut MergeCache, views: &mut PublishedViews, from: i64, until: i64) -> Result<i64, SketchError>",
    hints: &[
        "Two generations of the views may give two answers for the same hours. What must be in the key, so that an \
         entry is never found for a generation that it is not of? Look into the cache before you read.",
        "After a miss: merge the parts into `views.empty()`. `read` says of which generation they are, and \
         `views.generation()` which one is served after the read. Are they the same? Only then write, and first \
         remove the entries of other generations.",
        "`if let Some(hit) = cache.get(&(views.generation(), from, until)) { return Ok(hit.uniques()); }`, then \
         `let (generation, parts) = views.read(from, until);` and a loop with `all.merge(&part)?`. At the end: \
         `if generation == views.generation() { cache.retain(|key, _| key.0 == generation); \
         cache.insert((generation, from, until), all); }`. Keep the number of `all` before it is moved.",
    ],
    vocabulary: &["lessons::layers::merge_cache::PublishedViews::{generation, read, empty}"],
    cases,
    reference,
    idle: &[
        |inputs| answer(|_, _, _, _| Ok(0), inputs),
        |inputs| answer(|_, _, from, until| Ok(until - from), inputs),
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let generations = generations(inputs)?;
    let (views, asks) = situation(inputs)?;
    let mut served = views.generation();
    // The hours whose merged sketch is kept, all of one generation.
    let (mut kept_of, mut kept) = (served, Vec::new());
    let mut rows = Vec::new();
    for ask in &asks {
        served += ask.before;
        let mut all = views.empty();
        let hours = generations.get(&served).into_iter().flatten();
        for (_, sketch) in hours.filter(|(hour, _)| (ask.from..ask.until).contains(*hour)) {
            if let Err(error) = all.merge(sketch) {
                polars_bail!(ComputeError: "{error}");
            }
        }
        let (uniques, range) = (all.uniques(), (ask.from, ask.until));
        let hit = kept_of == served && kept.contains(&range);
        let meanwhile = if hit { 0 } else { ask.meanwhile };
        let writes = !hit && meanwhile == 0;
        if writes {
            if kept_of != served {
                (kept_of, kept) = (served, Vec::new());
            }
            kept.push(range);
        }
        rows.push(Asked {
            uniques,
            reads: u64::from(!hit),
            written: match writes {
                true => sketch_of(uniques),
                false => String::new(),
            },
            left: 0,
        });
        served += meanwhile;
    }
    table(&rows)
}

/// A visitor: generation, hour, person.
type Visitor = (i64, i64, i64);
/// A query: the first hour, the hour after the last, publications before it and while it reads.
type Query = (i64, i64, i64, i64);

fn inputs(first: i64, views: &[Visitor], queries: &[Query]) -> PolarsResult<Inputs> {
    let views: DataFrame = df!(
        "generation" => views.iter().map(|row| row.0).collect::<Vec<_>>(),
        "hour" => views.iter().map(|row| row.1).collect::<Vec<_>>(),
        "person" => views.iter().map(|row| row.2).collect::<Vec<_>>(),
    )?;
    let queries: DataFrame = df!(
        "from" => queries.iter().map(|row| row.0).collect::<Vec<_>>(),
        "until" => queries.iter().map(|row| row.1).collect::<Vec<_>>(),
        "published" => queries.iter().map(|row| row.2).collect::<Vec<_>>(),
        "meanwhile" => queries.iter().map(|row| row.3).collect::<Vec<_>>(),
    )?;
    let inputs = Inputs::new().with("views", Value::Frame(views));
    let inputs = inputs.with("queries", Value::Frame(queries));
    Ok(inputs.with("first", Value::Int(first)))
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let first = draw.number(3, 4..900);
    let (one, two) = (draw.number(4, 5..40), draw.number(3, 4..40));
    // Hours 0 and 1 of the first generation, with two visitors in common, and a visitor more in each
    // hour of the next generation.
    let hour = |generation: i64, hour: i64, persons: std::ops::Range<i64>| -> Vec<Visitor> {
        persons
            .map(|person| (first + generation, hour, person))
            .collect()
    };
    let both = [
        hour(0, 0, 0..one),
        hour(0, 1, one - 2..one + two - 2),
        hour(1, 0, 0..one + 1),
        hour(1, 1, one - 2..one + two + 3),
    ]
    .concat();
    let case = |name, about, why, queries: &[Query]| Case {
        name,
        about,
        why,
        inputs: inputs(first, &both, queries).expect("columns of one length"),
    };
    let visitors: Vec<Visitor> = { 0..12 }
        .flat_map(|generation| (0..6).map(move |hour| (generation, hour)))
        .filter(|(_, hour)| *hour != 4)
        .flat_map(|(generation, hour)| {
            let persons = 1 + draw.below(9);
            (0..persons)
                .map(|_| (first + generation, hour, draw.below(40)))
                .collect::<Vec<_>>()
        })
        .collect();
    let queries: Vec<Query> = (0..70)
        .map(|_| {
            let from = draw.below(5);
            let until = from + 1 + draw.below(2);
            let published = i64::from(draw.below(9) == 0);
            (from, until, published, i64::from(draw.below(6) == 0))
        })
        .collect();
    vec![
        case(
            "first",
            "a query of one hour, with an empty cache",
            "what was merged once is kept for the next query",
            &[(0, 1, 0, 0)],
        ),
        case(
            "union",
            "a query of two hours with visitors in common",
            "a visitor of two hours is one visitor",
            &[(0, 2, 0, 0)],
        ),
        case(
            "again",
            "the same query twice",
            "the second one finds the merged sketch and reads nothing",
            &[(0, 2, 0, 0), (0, 2, 0, 0)],
        ),
        case(
            "two_ranges",
            "a range, another one that begins at the same hour, and the first one again",
            "each range has a merged sketch of its own, and one does not drive out the other",
            &[(0, 1, 0, 0), (0, 2, 0, 0), (0, 1, 0, 0)],
        ),
        case(
            "published",
            "a new generation is published between two equal queries",
            "the entry is of the generation before, and must neither be found nor kept",
            &[(0, 2, 0, 0), (0, 2, 1, 0)],
        ),
        case(
            "published_meanwhile",
            "a new generation is published while a query reads",
            "what was read is of a generation that is not served any more, so it must not get into the cache",
            &[(0, 2, 0, 1), (0, 2, 0, 0), (0, 2, 0, 0)],
        ),
        case(
            "quiet",
            "hours without visitors, twice, and then one with visitors",
            "that there was no visitor is an answer too",
            &[(7, 9, 0, 0), (7, 9, 0, 0), (0, 1, 0, 0)],
        ),
        Case {
            name: "random",
            about: "seventy queries, with publications before and during them",
            why: "what holds for chosen queries must hold for all",
            inputs: inputs(first, &visitors, &queries).expect("columns of one length"),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        merge_cache::uniques, stub: |_, _, _, _| todo!(), mutants:
        adds, by_range, by_start, clears_all, empty_is_a_miss, keeps_old, names_the_new, never_writes, reads_first,
        writes_late,
    }
}

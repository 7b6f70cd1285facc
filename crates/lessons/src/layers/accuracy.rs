//! Eventual accuracy: what the speed layer gets wrong, and when it is right.
//!
//! That two identifiers are one person is said by an equiv, often later, and would change what was
//! counted before. The speed layer does not try: the next batch run knows all equivs. It uses those
//! of before the cut at which its views begin, or none, as [`Options::resolution`] says. And its
//! sketches may be smaller than those of the serving views, which have the time.
use calendar::Granularity;
use lambda::Result;
use lambda::batch::PersonIndex;
use lambda::batch::Sketch;
use lambda::batch::sketch::{Precision, SketchError};
use lambda::datum::{Equiv, PersonId};
use lambda::engine::{BatchJob, Local};
use lambda::serving::{PersonTable, ServingError, ServingOptions};
use lambda::speed::{EmbeddedLog, IdentityResolution, Log};
use lambda::{BuiltBatch, Lambda, LambdaError, Options};
use notebook::plot;
use polars::prelude::{DataFrame, df};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use show::picture::Figure;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

const TOPIC: &str = "datums";
const URL: &str = "foo.com/about";

/// The layers over an empty log in a folder.
fn opened(folder: &Path, options: Options) -> Result<(Arc<EmbeddedLog>, Lambda)> {
    let log = Arc::new(EmbeddedLog::open(folder.join("log"))?);
    log.create_topic(TOPIC, 1)?;
    let lambda = Lambda::open(folder, log.clone(), TOPIC, options)?;
    Ok((log, lambda))
}

fn person(id: &PersonId) -> String {
    serde_json::to_string(id).expect("an identifier")
}

fn view(id: &PersonId, secs: i64) -> String {
    let person = person(id);
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{secs},"page":{{"url":"{URL}"}},"person":{person}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

fn equiv(edge: &Equiv, secs: i64) -> String {
    let (one, other) = (person(&edge.id1), person(&edge.id2));
    format!(
        r#"{{"dataunit":{{"equiv":{{"id1":{one},"id2":{other}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

/// The lesson's case: an address and `sally` view a page, then turn out to be one
/// person, then a batch run; then both view the page again, and another batch run.
/// `event`; the answer of realtime views that take each `identifier` for a person, and of views that
/// know the `equivs` of before the cut; and `truth, with hindsight`: the persons that they turn out
/// to be.
pub fn sally(folder: &Path) -> Result<DataFrame> {
    let (events, by_identifier) =
        sally_with(&folder.join("identifiers"), IdentityResolution::None)?;
    let (_, by_equivs) = sally_with(&folder.join("equivs"), IdentityResolution::AtCut)?;
    let truths = vec![1i64; events.len()];
    Ok(
        df!("event" => events, "by identifier" => by_identifier, "by equivs of before the cut" => by_equivs,
        "truth, with hindsight" => truths)?,
    )
}

/// The events of [`sally`], and the answer after each.
fn sally_with(
    folder: &Path,
    resolution: IdentityResolution,
) -> Result<(Vec<&'static str>, Vec<i64>)> {
    let options = Options {
        resolution,
        ..Options::default()
    };
    let (log, mut lambda) = opened(folder, options)?;
    let ids = ["11.11.11.111", "sally"].map(|id| PersonId::Cookie(id.to_owned()));
    let half_past_one = 13 * 3600 + 1800;
    let edge = Equiv {
        id1: ids[0].clone(),
        id2: ids[1].clone(),
    };
    let lines = [
        ("1:30 pm, 11.11.11.111 views", view(&ids[0], half_past_one)),
        ("1:40 pm, sally views", view(&ids[1], half_past_one + 600)),
        (
            "2:00 pm, they are one person",
            equiv(&edge, half_past_one + 1800),
        ),
    ];
    let (mut events, mut answers) = (vec![], vec![]);
    let uniques = |lambda: &Lambda| lambda.query()?.uniques(URL, 0..Granularity::Day.secs());
    for (event, line) in lines {
        log.append(TOPIC, 0, &[(b"", line.as_bytes())])?;
        lambda.drain()?;
        events.push(event);
        answers.push(uniques(&lambda)?.value);
    }
    lambda.run_batch()?;
    events.push("a batch run ends");
    answers.push(uniques(&lambda)?.value);
    // The equiv was there before the cut.
    for (nth, id) in (1..).zip(&ids) {
        log.append(
            TOPIC,
            0,
            &[(b"", view(id, half_past_one + 5_400 + nth).as_bytes())],
        )?;
    }
    lambda.drain()?;
    events.push("3:00 pm, both view again");
    answers.push(uniques(&lambda)?.value);
    lambda.run_batch()?;
    events.push("the next batch run ends");
    answers.push(uniques(&lambda)?.value);
    Ok((events, answers))
}

/// A visit that goes on after the cut: one person views two pages of a domain ten minutes apart, and a
/// batch run comes in between. A row for each way to answer: `answer`, `visits`, `bounces`.
///
/// ```
/// use lambda_workbook::lambda::accuracy::visit_across_cut;
///
/// let folder = tempfile::tempdir()?;
/// let table = visit_across_cut(folder.path())?;
/// let column = |name| table.column(name).unwrap().i64().unwrap().to_vec();
/// assert_eq!(column("visits"), [Some(1), Some(1), Some(2), Some(1), Some(1)]);
/// assert_eq!(column("bounces"), [Some(1), Some(1), Some(2), Some(0), Some(0)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the folder cannot be written or read.
pub fn visit_across_cut(folder: &Path) -> Result<DataFrame> {
    let (log, mut lambda) = opened(folder, Options::default())?;
    let id = PersonId::Cookie("ABCDE".to_owned());
    let noon = 12 * 3600;
    let append = |lambda: &mut Lambda, secs| -> Result<()> {
        log.append(TOPIC, 0, &[(b"", view(&id, secs).as_bytes())])?;
        lambda.drain()?;
        Ok(())
    };
    append(&mut lambda, noon)?;
    lambda.run_batch()?;
    append(&mut lambda, noon + 600)?;
    let split = lambda.query()?.bounces("foo.com")?;
    lambda.run_batch()?;
    let after = lambda.query()?.bounces("foo.com")?;
    let (one, other) = (split.serving, split.realtime);
    let rows = [
        ("the serving views alone", one.visits, one.bounces),
        ("the realtime views alone", other.visits, other.bounces),
        (
            "both added",
            one.visits + other.visits,
            one.bounces + other.bounces,
        ),
        ("both merged", split.value.visits, split.value.bounces),
        (
            "after the next batch run",
            after.value.visits,
            after.value.bounces,
        ),
    ];
    Ok(df!(
        "answer" => rows.map(|row| row.0),
        "visits" => rows.map(|row| row.1),
        "bounces" => rows.map(|row| row.2),
    )?)
}

/// Minutes that a batch run takes, from its cut until its views are served.
pub const RUN_TAKES: u64 = 5;

/// The minutes of an hour's page views.
const HOUR: u64 = 60;

/// Whether a batch run takes its cut after this minute, and whether one is served after it, if one is
/// served every `every` minutes.
fn begins_and_ends(minute: u64, every: u64) -> (bool, bool) {
    let every = every.max(RUN_TAKES + 1);
    let place = minute % every;
    (place == every - 1 - RUN_TAKES, place == every - 1)
}

/// The minute after which the first batch run is served that has read the whole hour.
fn settled(every: u64) -> u64 {
    let begins = (HOUR - 1..).find(|minute| begins_and_ends(*minute, every).0);
    begins.unwrap_or(HOUR) + RUN_TAKES
}

/// A chart of lines over minutes, with a mark at the end of each batch run.
fn with_runs(table: &DataFrame, y: &str, every: u64, title: &str) -> plot::Lines {
    let ends = (0..=settled(every)).filter(|minute| begins_and_ends(*minute, every).1);
    let chart = plot::lines(table, "minute", y).by("what").title(title);
    ends.fold(chart, |chart, minute| chart.mark(minute as f64, "served"))
}

/// The error of merged uniques over many runs: in each of `runs` runs other persons come, forty in
/// each minute of an hour. A batch is served every `every` minutes, and holds what had come
/// [`RUN_TAKES`] minutes before. The serving views' sketches have precision 14, those of the realtime
/// views `bits`, and a query merges them as [`Query::uniques`](lambda::Query::uniques) does: at the
/// lower precision if there are persons of the hour after the cut. Returns, for each minute until a
/// served batch holds the whole hour and five more, the error in percent of the truth below which 5, 50
/// and 95 of 100 runs lie: `minute`, `what`, `error %`.
///
/// # Errors
/// A precision that no sketch has.
pub fn error_band(bits: u8, every: u64, runs: u64) -> Result<DataFrame> {
    const EACH_MINUTE: u64 = 40;
    let coarse = Precision::new(bits).map_err(SketchError::from)?;
    let minutes = settled(every) + 6;
    let mut errors: Vec<Vec<f64>> = vec![Vec::new(); minutes as usize];
    for run in 0..runs {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(run);
        let mut all = Sketch::new(Precision::DEFAULT);
        let mut serving = all.clone();
        // The set that is asked and, while a run works, what it read and the set since its cut; each
        // set with whether it has persons.
        let none = || (Sketch::new(coarse), false);
        let mut asked = none();
        let mut working = None;
        for (minute, errors) in (0..).zip(&mut errors) {
            for _ in 0..if minute < HOUR { EACH_MINUTE } else { 0 } {
                let person = random.next_u64();
                all.add_hash(person);
                let next = working.as_mut().map(|(_, set)| set);
                for (sketch, has) in [Some(&mut asked), next].into_iter().flatten() {
                    sketch.add_hash(person);
                    *has = true;
                }
            }
            let (begins, ends) = begins_and_ends(minute, every);
            if begins {
                working = Some((all.clone(), none()));
            }
            if ends && let Some(built) = working.take() {
                (serving, asked) = built;
            }
            let answer = match &asked {
                (_, false) => serving.estimate(),
                (recent, true) => {
                    let mut merged = serving.coarser(coarse)?;
                    merged.merge(recent)?;
                    merged.estimate()
                }
            };
            let truth = ((minute + 1).min(HOUR) * EACH_MINUTE) as f64;
            errors.push(100.0 * (answer - truth) / truth);
        }
    }
    let (mut minutes, mut what, mut error) = (Vec::new(), Vec::new(), Vec::new());
    for (minute, mut of_runs) in (0i64..).zip(errors) {
        of_runs.sort_unstable_by(f64::total_cmp);
        let at = |share: usize| of_runs[of_runs.len().saturating_sub(1) * share / 100];
        for (name, share) in BAND {
            minutes.push(minute);
            what.push(name);
            error.push(at(share));
        }
    }
    Ok(df!("minute" => minutes, "what" => what, "error %" => error)?)
}

/// Draws an [`error_band`] of 100 runs, a batch served every `every` minutes.
///
/// # Errors
/// As [`error_band`].
pub fn error_band_chart(bits: u8, every: u64) -> Result<Figure> {
    let title = format!(
        "Error of an hour's merged uniques, 100 runs, realtime sketches of precision {bits}"
    );
    let chart = with_runs(&error_band(bits, every, 100)?, "error %", every, &title);
    let [(low, _), _, (high, _)] = BAND;
    let shaded = "from 5 % to 95 %, 90 of 100 runs";
    Ok(chart.between(low, high, shaded).figure()?)
}

/// The lines of an [`error_band`], and the share of the runs that lie below each, in percent.
const BAND: [(&str, usize); 3] = [
    ("5 % of the runs are below", 5),
    ("50 % of the runs are below", 50),
    ("95 % of the runs are below", 95),
];

/// An hour in which new persons come with two identifiers, which an equiv joins a
/// minute after the second. A batch is served every `every` minutes, and holds what had come
/// [`RUN_TAKES`] minutes before; it goes on until a served batch holds the whole hour, and for five minutes more. `minute`,
/// `what` (answer or truth), `uniques`.
///
/// # Errors
/// If the folder cannot be written or read.
pub fn late_equivs(folder: &Path, every: u64, seed: u64) -> Result<DataFrame> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (mut ids, mut equivs) = (HashSet::new(), Vec::new());
    let mut late: Option<Equiv> = None;
    let arrivals = |minute: i64| {
        let mut lines = Vec::new();
        let secs = minute * 60;
        if let Some(edge) = late.take() {
            lines.push(equiv(&edge, secs));
            equivs.push(edge);
        }
        if minute >= HOUR as i64 {
            let index = PersonIndex::of(&equivs);
            let persons: HashSet<_> = ids.iter().map(|id| index.person(id)).collect();
            return (lines, persons.len() as i64);
        }
        for arrival in 0..5 + (random.next_u64() % 5) as i64 {
            let id = PersonId::UserId(minute * 100 + arrival);
            lines.push(view(&id, secs + arrival));
            ids.insert(id.clone());
            // Half of all come once more, from another device.
            if random.next_u64() % 2 == 0 {
                let other = PersonId::Cookie(format!("device-{minute}-{arrival}"));
                lines.push(view(&other, secs + 20 + arrival));
                ids.insert(other.clone());
                let edge = Equiv {
                    id1: id,
                    id2: other,
                };
                match late {
                    None => late = Some(edge),
                    Some(_) => {
                        lines.push(equiv(&edge, secs + 40));
                        equivs.push(edge);
                    }
                }
            }
        }
        let index = PersonIndex::of(&equivs);
        let persons: HashSet<_> = ids.iter().map(|id| index.person(id)).collect();
        (lines, persons.len() as i64)
    };
    let truth = "truth, by what is known";
    let (log, lambda) = opened(folder, Options::default())?;
    an_hour(&log, lambda, every, truth, arrivals)
}

/// Draws [`late_equivs`].
///
/// # Errors
/// As [`late_equivs`].
pub fn late_equivs_chart(folder: &Path, every: u64, seed: u64) -> Result<Figure> {
    let title =
        format!("Uniques of an hour while equivs come late, a batch served every {every} minutes");
    Ok(with_runs(&late_equivs(folder, every, seed)?, "uniques", every, &title).figure()?)
}

/// The largest error of [`late_equivs`] for some distances of batch runs, each on files of its own: a
/// row for each, `minutes between runs`, `largest error`, in persons, and `error %`, the same in percent
/// of the persons of that minute, rounded.
///
/// # Errors
/// As [`late_equivs`].
pub fn drift(folder: &Path, distances: &[u64], seed: u64) -> Result<DataFrame> {
    let (mut errors, mut percent) = (Vec::new(), Vec::new());
    for every in distances {
        let table = late_equivs(&folder.join(every.to_string()), *every, seed)?;
        let uniques: Vec<i64> = table.column("uniques")?.i64()?.iter().flatten().collect();
        let off = uniques
            .chunks_exact(2)
            .map(|pair| (pair[0] - pair[1], pair[1]));
        let (error, truth) = off.max_by_key(|(error, _)| *error).unwrap_or_default();
        errors.push(error);
        percent.push((100.0 * error as f64 / truth.max(1) as f64).round() as i64);
    }
    Ok(df!(
        "minutes between runs" => distances.iter().map(|every| *every as i64).collect::<Vec<_>>(),
        "largest error" => errors,
        "error %" => percent,
    )?)
}

/// The persons of [`returning`], each with a device and an account.
const RETURNING: u64 = 300;

/// The lines of each minute of an hour, and the persons that they show by the equivs that have come.
type Minutes = Vec<(Vec<String>, i64)>;

/// Makes an hour in which 300 persons come and come back, ten page views a minute, each from the
/// device or by the account. Returns the equivs of three persons of four, which have come before, and
/// the minutes: in each of them one equiv more comes.
fn returning_persons(seed: u64) -> (Vec<String>, Minutes) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut equivs: Vec<Equiv> = (0..RETURNING)
        .map(|nth| Equiv {
            id1: PersonId::Cookie(format!("device-{nth}")),
            id2: PersonId::UserId(nth as i64),
        })
        .collect();
    let later = equivs.split_off(RETURNING as usize * 3 / 4);
    let before = equivs.iter().map(|edge| equiv(edge, 0)).collect();

    let mut ids = HashSet::new();
    let mut later = later.into_iter();
    let minutes = (0..settled(RETURNING_EVERY) as i64 + 6).map(|minute| {
        let mut lines = Vec::new();
        if minute < HOUR as i64 {
            for nth in 0..10 {
                let person = random.next_u64() % RETURNING;
                let id = match random.next_u64() % 2 {
                    0 => PersonId::Cookie(format!("device-{person}")),
                    _ => PersonId::UserId(person as i64),
                };
                lines.push(view(&id, minute * 60 + nth));
                ids.insert(id);
            }
            if let Some(edge) = later.next() {
                lines.push(equiv(&edge, minute * 60 + 30));
                equivs.push(edge);
            }
        }
        let index = PersonIndex::of(&equivs);
        let persons: HashSet<_> = ids.iter().map(|id| index.person(id)).collect();
        (lines, persons.len() as i64)
    });
    let minutes = minutes.collect();
    (before, minutes)
}

/// Minutes between two batch runs of [`returning`].
const RETURNING_EVERY: u64 = 30;

/// The two ways to name visitors in realtime views, as [`returning`] calls them: each identifier is a
/// person, or the equivs of before the cut say who is.
const WAYS: [(&str, IdentityResolution); 2] = [
    ("by identifier", IdentityResolution::None),
    ("by equivs", IdentityResolution::AtCut),
];

/// The two errors of each way in [`returning`].
const RUNS: [&str; 2] = ["median", "worst run"];

/// The error of merged uniques while persons come back who are known: in each of `runs` runs, 300
/// persons view a page from a device and by an account, and the equivs of three persons of four were
/// read by a batch before the hour. A batch is served every 30 minutes, and holds what had come
/// [`RUN_TAKES`] minutes before. Each run is made twice, with realtime views that take each
/// identifier for a person, and with views that know the equivs of before the cut. The truth is what
/// a batch run that begins at this minute would count. Returns for each minute and way two errors in
/// percent, `minute`, `what`, `error %`: the `median` of the runs, and that of the `worst run`. Of an
/// even number of runs the median is the upper one of the two in the middle.
///
/// # Errors
/// If the folder cannot be written or read.
pub fn returning(folder: &Path, runs: u64) -> Result<DataFrame> {
    let (mut minutes, mut what, mut error) = (Vec::new(), Vec::new(), Vec::new());
    for (way, resolution) in WAYS {
        let mut errors: Vec<Vec<f64>> = Vec::new();
        for run in 0..runs {
            let place = folder.join(format!("{resolution:?}-{run}"));
            let table = returning_run(&place, resolution, run)?;
            let uniques = table.column("uniques")?.i64()?;
            let uniques: Vec<i64> = uniques.iter().flatten().collect();
            errors.resize(uniques.len() / 2, Vec::new());
            for (errors, pair) in errors.iter_mut().zip(uniques.chunks_exact(2)) {
                errors.push(100.0 * (pair[0] - pair[1]) as f64 / pair[1] as f64);
            }
        }
        let names = RUNS.map(|run| format!("{way}, {run}"));
        for (minute, mut of_runs) in (0i64..).zip(errors) {
            of_runs.sort_unstable_by(f64::total_cmp);
            let median = of_runs[of_runs.len() / 2];
            let worst = of_runs[of_runs.len() - 1];
            for (name, value) in names.iter().zip([median, worst]) {
                minutes.push(minute);
                what.push(name.clone());
                error.push(value);
            }
        }
    }
    Ok(df!("minute" => minutes, "what" => what, "error %" => error)?)
}

/// One run of [`returning`]: the merged answer and the truth of each minute.
fn returning_run(folder: &Path, resolution: IdentityResolution, run: u64) -> Result<DataFrame> {
    let options = Options {
        resolution,
        ..Options::default()
    };
    let (log, mut lambda) = opened(folder, options)?;
    let (before, hour) = returning_persons(run);
    let before: Vec<(&[u8], &[u8])> = { before.iter() }
        .map(|line| (&b""[..], line.as_bytes()))
        .collect();
    log.append(TOPIC, 0, &before)?;
    lambda.run_batch()?;
    let mut hour = hour.into_iter();
    let arrivals = |_| hour.next().unwrap_or_default();
    an_hour(&log, lambda, RETURNING_EVERY, "truth", arrivals)
}

/// Draws a table of [`returning`]: the medians as thick lines, and the worst runs as thin ones in the same
/// colours.
///
/// # Errors
/// If a column is missing.
pub fn returning_chart(table: &DataFrame) -> Result<Figure> {
    let title = "Error when known persons come back: the median (thin: the worst run)";
    let chart = with_runs(table, "error %", RETURNING_EVERY, title);
    let chart = WAYS.iter().fold(chart, |chart, (way, _)| {
        let [median, worst] = RUNS.map(|run| format!("{way}, {run}"));
        chart.thin(&worst, &median)
    });
    Ok(chart.figure()?)
}

/// What the table of persons costs, for some numbers of persons with a device and an account. A row
/// for each: `persons`, `bytes`, `bytes each`, and `entries read`, the mean over a lookup of every
/// device and account.
///
/// # Errors
/// If the folder cannot be written or read.
pub fn table_cost(folder: &Path, persons: &[i64]) -> Result<DataFrame> {
    let (mut bytes, mut each, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for &persons in persons {
        // A batch run over the equivs alone.
        let folder = folder.join(persons.to_string());
        let failed = |doing| {
            let path = folder.clone();
            move |source| {
                LambdaError::from(ServingError::Io {
                    doing,
                    path,
                    source,
                })
            }
        };
        std::fs::create_dir_all(&folder).map_err(failed("make"))?;
        let ids = |nth: i64| {
            let device = PersonId::Cookie(format!("device-{nth}"));
            [device, PersonId::UserId(nth)]
        };
        let lines: String = (0..persons)
            .map(|nth| {
                let [id1, id2] = ids(nth);
                equiv(&Equiv { id1, id2 }, 0) + "\n"
            })
            .collect();
        let input = folder.join("equivs.jsonl");
        std::fs::write(&input, lines).map_err(failed("write"))?;
        let job = BatchJob {
            visits: true,
            ..BatchJob::of(input)
        };
        let (views, how) = (folder.join("views"), ServingOptions::default());
        let served = BuiltBatch::compute(&Local::default(), &job, &views, how, &|_| {})?;
        let served = served.publish()?;

        // Its table of persons.
        let (Some(home), Some(version)) = (served.folder(), served.version()) else {
            continue;
        };
        let table = PersonTable::open(&home, version)?;
        let mut entries = 0;
        for id in (0..persons).flat_map(ids) {
            entries += u64::from(table.person_counted(&id)?.1);
        }
        bytes.push(table.bytes() as i64);
        each.push(table.bytes() as i64 / persons.max(1));
        let mean = entries as f64 / (2 * persons.max(1)) as f64;
        read.push((10.0 * mean).round() / 10.0);
    }
    Ok(df!("persons" => persons, "bytes" => bytes, "bytes each" => each, "entries read" => read)?)
}

/// An hour in which forty persons come a minute, each once, into realtime views
/// whose sketches have a lower precision than those of the serving views. Columns as
/// in [`late_equivs`].
///
/// # Errors
/// A precision that no sketch has.
pub fn small_sketches(folder: &Path, bits: u8, every: u64) -> Result<DataFrame> {
    let options = Options {
        realtime_precision: Precision::new(bits).map_err(SketchError::from)?,
        ..Options::default()
    };
    let arrivals = |minute: i64| {
        let persons = if minute < HOUR as i64 { 40 } else { 0 };
        let views = (0..persons).map(|nth| view(&PersonId::UserId(minute * 40 + nth), minute * 60));
        (views.collect(), (minute + 1).min(HOUR as i64) * 40)
    };
    let (log, lambda) = opened(folder, options)?;
    an_hour(&log, lambda, every, "truth", arrivals)
}

/// The merged uniques of an hour after each of its minutes, until a served batch holds all of it and
/// for five minutes more, beside the truth.
fn an_hour(
    log: &EmbeddedLog,
    mut lambda: Lambda,
    every: u64,
    truth: &'static str,
    mut arrivals: impl FnMut(i64) -> (Vec<String>, i64),
) -> Result<DataFrame> {
    let (mut minutes, mut what, mut uniques) = (vec![], vec![], vec![]);
    let mut working = None;
    for minute in 0..settled(every) + 6 {
        let (lines, true_uniques) = arrivals(minute as i64);
        let record = |line| -> (&[u8], &[u8]) { (b"", str::as_bytes(line)) };
        let records: Vec<_> = lines.iter().map(|line| record(line)).collect();
        log.append(TOPIC, 0, &records)?;
        lambda.drain()?;
        let (begins, ends) = begins_and_ends(minute, every);
        if begins {
            working = Some(lambda.begin_batch()?);
        }
        if ends && let Some((batch, cut)) = working.take() {
            let built = lambda.build(batch, &cut)?;
            lambda.publish(built)?;
            lambda.expire()?;
        }
        let hour = 0..Granularity::Hour.secs();
        let answer = lambda.query()?.uniques(URL, hour)?.value;
        for (name, value) in [("answer", answer), (truth, true_uniques)] {
            minutes.push(minute as i64);
            what.push(name);
            uniques.push(value);
        }
    }
    Ok(df!("minute" => minutes, "what" => what, "uniques" => uniques)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sally_is_two_until_the_batch_run_and_after_it_one_for_views_that_know_equivs() {
        let folder = tempfile::tempdir().unwrap();
        let table = sally(folder.path()).unwrap();
        let answers = |name| table.column(name).unwrap().i64().unwrap().to_vec();
        assert_eq!(answers("by identifier"), [1, 2, 2, 1, 2, 1].map(Some));
        let by_equivs = answers("by equivs of before the cut");
        assert_eq!(by_equivs, [1, 2, 2, 1, 1, 1].map(Some));
    }

    /// Rule: the equivs of before the cut take most of the error of persons who come back, in every
    /// run and minute; what is left are the equivs that have come since. Both are right when a
    /// served batch holds the whole hour, and the truth is what that batch counts.
    #[test]
    fn equivs_of_before_the_cut_take_most_of_the_error_of_known_persons() {
        let folder = tempfile::tempdir().unwrap();
        for run in 0..3 {
            let [by_identifier, by_equivs] = WAYS.map(|(way, resolution)| {
                let place = folder.path().join(format!("{way}-{run}"));
                let table = returning_run(&place, resolution, run).unwrap();
                let uniques = numbers(&table);
                { uniques.chunks(2) }
                    .map(|pair| pair[0] - pair[1])
                    .collect::<Vec<i64>>()
            });
            for (minute, (raw, known)) in by_identifier.iter().zip(&by_equivs).enumerate() {
                assert!(0 <= *known && known <= raw, "run {run}, minute {minute}");
            }
            let before_served = RETURNING_EVERY as usize - 2;
            let (raw, known) = (by_identifier[before_served], by_equivs[before_served]);
            assert!(raw > 20 && 4 * known < raw, "run {run}: {raw}, {known}");
            assert!(by_equivs[..HOUR as usize].iter().any(|known| *known > 0));
            let end = settled(RETURNING_EVERY) as usize;
            assert_eq!(by_identifier[end..], [0; 6]);
            assert_eq!(by_equivs[end..], [0; 6]);
        }
    }

    #[test]
    fn the_table_of_persons_grows_with_them_and_a_lookup_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let table = table_cost(folder.path(), &[100, 10_000]).unwrap();
        let each = table.column("bytes each").unwrap().i64().unwrap();
        assert!(each.iter().flatten().all(|bytes| (40..60).contains(&bytes)));
        let read = table.column("entries read").unwrap().f64().unwrap();
        assert!(read.iter().flatten().all(|read| read < 10.0), "{table}");
    }

    /// Rule: while persons of the hour are after the cut, the band is about as wide as the standard
    /// error of the coarser sketch says, right after a run too; once a served batch holds the whole
    /// hour, it is that of the serving views.
    #[test]
    fn the_error_of_merged_uniques_is_a_band_of_the_coarser_sketch() {
        let table = error_band(6, 20, 100).unwrap();
        let errors = table.column("error %").unwrap().f64().unwrap();
        let errors: Vec<f64> = errors.iter().flatten().collect();
        let standard = 100.0 * Precision::new(6).unwrap().standard_error();
        let width = |minute: usize| errors[3 * minute + 2] - errors[3 * minute];
        for minute in [19, 25, 30, 39, 45, 50, 59, 65, 78] {
            let relative = width(minute) / (2.0 * 1.645 * standard);
            assert!(
                (0.5..1.6).contains(&relative),
                "minute {minute}: {relative}"
            );
        }
        for minute in [79, 80, 84] {
            assert!(width(minute) < 6.0, "minute {minute}: {}", width(minute));
        }
    }

    fn numbers(table: &DataFrame) -> Vec<i64> {
        let uniques = table.column("uniques").unwrap().i64().unwrap();
        uniques.iter().flatten().collect()
    }

    #[test]
    fn small_sketches_are_off_by_their_error_and_a_batch_mends_that() {
        let folder = tempfile::tempdir().unwrap();
        let table = small_sketches(folder.path(), 6, 20).unwrap();
        let errors: Vec<f64> = numbers(&table)
            .chunks(2)
            .map(|pair| (pair[0] - pair[1]) as f64 / pair[1] as f64)
            .collect();
        let of = |bits| Precision::new(bits).unwrap().standard_error();
        assert!(
            errors.iter().all(|error| error.abs() < 4.0 * of(6)),
            "{errors:?}"
        );
        assert!(
            errors.iter().any(|error| error.abs() > 0.5 * of(6)),
            "{errors:?}"
        );
        assert_eq!(errors.len(), 85);
        assert!(errors[79].abs() < 3.0 * of(14), "{errors:?}");
    }

    /// Rule: a served batch takes most of the error away, what came during its run keeps some, and
    /// the first one that has read the whole hour leaves none.
    #[test]
    fn the_answer_is_never_below_the_truth_and_meets_it_once_a_batch_holds_the_hour() {
        let folder = tempfile::tempdir().unwrap();
        let table = late_equivs(folder.path(), 20, 1).unwrap();
        let over: Vec<i64> = numbers(&table)
            .chunks(2)
            .map(|pair| pair[0] - pair[1])
            .collect();
        assert!(over.iter().all(|over| *over >= 0), "{over:?}");
        for served in [19, 39, 59] {
            let (before, after) = (over[served - 1], over[served]);
            assert!(0 < after && 2 * after < before, "{over:?}");
        }
        assert!(over[78] > 0, "{over:?}");
        assert_eq!(over[79..], [0; 6], "{over:?}");
    }

    #[test]
    fn the_largest_error_grows_with_the_time_between_runs() {
        let folder = tempfile::tempdir().unwrap();
        let table = drift(folder.path(), &[10, 30], 1).unwrap();
        let errors = table.column("largest error").unwrap().i64().unwrap();
        assert!(errors.get(0) < errors.get(1), "{table}");
    }
}

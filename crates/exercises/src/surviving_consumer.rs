//! Exercise 5.2: a consumer that survives a crash between work and commit.
//!
//! One write may hold up to ten events, and the number of writes is limited, so the consumer must
//! count a batch in memory first. The consumer is run once without a crash, and its writes are counted. Then the process
//! crashes at these writes, before or after they take effect, and the consumer is started
//! again: the two moments that every real consumer must survive.
use super::attempt::AttemptError;
use super::compare::difference;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value};
use lambda::faults::{Crash, CrashPoint, Crashes};
use lessons::speed_layer::{SimulatedDisk, SimulatedMachine};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail, polars_err};
use std::collections::BTreeMap;

/// The reader's function.
pub type Function = fn(&[String], &mut SimulatedDisk) -> Result<(), Crash>;

/// Runs one process: the reader's function, on a disk that an earlier process may have
/// written to, until it ends or crashes. Returns its writes, a value a row; a write of nothing
/// is a row without a name.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let urls = inputs.frame("log")?.column("url")?.str()?;
    let log: Vec<String> = urls.iter().flatten().map(str::to_owned).collect();
    // A case begins with an empty disk.
    let stored = inputs.frame("disk").map_or(Ok(BTreeMap::new()), values)?;
    let crashes = crash(inputs)?.map(|(write, stored)| match stored {
        true => CrashPoint::after(write as u64),
        false => CrashPoint::before(write as u64),
    });
    let machine = SimulatedMachine::holding(stored, Crashes::at(crashes));
    let ended = function(&log, &mut machine.start());
    if ended.is_err() && !machine.is_crashed() {
        polars_bail!(ComputeError: "the function returned Err(Crash), but the process had not crashed");
    }
    let mut rows: Vec<(i64, Option<String>, Option<i64>)> = Vec::new();
    for (write, values) in (0..).zip(machine.writes()) {
        if values.is_empty() {
            rows.push((write, None, None));
        }
        let named = values.into_iter();
        rows.extend(named.map(|(name, value)| (write, Some(name), Some(value))));
    }
    let writes: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let (names, values): (Vec<_>, Vec<_>) = rows.into_iter().map(|row| (row.1, row.2)).unzip();
    let frame = df!("write" => writes, "name" => names, "value" => values);
    Ok(Value::Frame(frame?))
}

/// A crash of a process: the number of its own write, from 0, and whether that write takes
/// effect.
type CrashAt = (i64, bool);

/// Most events that one write may add to the counts. What a crash repeats is at most that much.
const BATCH: usize = 10;

/// Returns the most writes that one process may make. A right answer needs one for each batch. The
/// bound leaves room for the mistake of two, and for a few more; without it, writes of nothing could
/// take up every crash.
fn most_writes(log: &DataFrame) -> usize {
    2 * log.height().div_ceil(BATCH) + 3
}

/// Returns by how much a write raises counts in all. A number that falls does not count.
fn raised(disk: &BTreeMap<String, i64>, values: &[(String, i64)]) -> i64 {
    let counts = values.iter().filter(|(name, _)| name != "offset");
    let raised = counts.map(|(name, value)| value - disk.get(name).copied().unwrap_or(0));
    raised.filter(|raised| *raised > 0).sum()
}

/// Runs the answer without a crash, and then with each planned sequence of crashes, until a run
/// leaves a wrong disk. Returns the disk of the last run.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let right = reference(inputs)?;
    let (mut disk, writes) = run(inputs, &[], ask)?;
    for plan in plans(inputs, writes)? {
        if difference(&right, &Value::Frame(disk.clone())).is_some() {
            break;
        }
        (disk, _) = run(inputs, &plan, ask)?;
    }
    Ok(Value::Frame(disk))
}

/// Starts processes until one ends without a crash, and returns what is on the disk, and the
/// number of all writes. Process `n` crashes at `plan[n]`. The disk is here, and each process
/// has a memory of its own: what survives a crash is on the disk.
fn run(inputs: &Inputs, plan: &[CrashAt], ask: Ask) -> Result<(DataFrame, usize), AttemptError> {
    let log = inputs.frame("log")?;
    let mut disk = begun(inputs)?;
    let mut written = 0;
    for start in 0..=plan.len() {
        // Start a process. It numbers its own writes from 0.
        ask.forget();
        let crash = plan.get(start).copied();
        let process = Inputs::new()
            .with("log", Value::Frame(log.clone()))
            .with("crash", Value::Frame(crash_frame(crash)?))
            .with("disk", Value::Frame(frame(&disk)?));
        let Value::Frame(writes) = ask.ask(&process)? else {
            return Err(AttemptError::Error("writes are a table".to_owned()));
        };
        let writes = writes_of(&writes)?;
        if writes.len() > most_writes(log) {
            return Err(AttemptError::Error(format!(
                "{} writes for a log of {} events: at most {} are allowed, two for each {BATCH} events and three more",
                writes.len(),
                log.height(),
                most_writes(log)
            )));
        }

        // Apply its writes up to the crash. What follows it never happened.
        let mut crashed = false;
        for (write, values) in (0..).zip(writes) {
            let stored = crash.filter(|crash| crash.0 == write).map(|crash| crash.1);
            written += 1;
            let more = raised(&disk, &values);
            if more > BATCH as i64 {
                return Err(AttemptError::Error(format!(
                    "a write raises the counts by {more} in all: at most {BATCH} events are allowed in one write"
                )));
            }
            if stored != Some(false) {
                disk.extend(values);
            }
            crashed = stored.is_some();
            if crashed {
                break;
            }
        }
        if !crashed {
            break;
        }
    }
    Ok((frame(&disk)?, written))
}

/// Reads the planned runs of a case, each a sequence of crashes. `writes` is the number of
/// writes that the answer makes without a crash.
///
/// The rows with one number in `run` are the crashes of the first process, of the second, and
/// so on. A process crashes at `write`, which is the number of its own write from 1, or `last`,
/// or `each` for a run for each write, or such as `40 %` for the write at that share of all.
fn plans(inputs: &Inputs, writes: usize) -> PolarsResult<Vec<Vec<CrashAt>>> {
    let crashes = inputs.frame("crashes")?;
    let (runs, at, stored) = (
        crashes.column("run")?.i64()?,
        crashes.column("write")?.str()?,
        crashes.column("stored")?.bool()?,
    );
    let writes = writes as i64;
    let mut plans: BTreeMap<i64, Vec<Vec<CrashAt>>> = BTreeMap::new();
    for ((run, at), stored) in runs.iter().zip(at.iter()).zip(stored.iter()) {
        let (Some(run), Some(at), Some(stored)) = (run, at, stored) else {
            polars_bail!(InvalidOperation: "a crash has a run, a write and whether it is stored");
        };
        let number = |text: &str| -> PolarsResult<i64> {
            let number = text.parse();
            number.map_err(|_| polars_err!(InvalidOperation: "`{at}` is no write"))
        };
        let places = match (at, at.strip_suffix(" %")) {
            ("each", _) => 0..writes,
            ("last", _) => writes - 1..writes,
            (_, Some(share)) => {
                let place = number(share)? * writes / 100;
                place..place + 1
            }
            _ => number(at)? - 1..number(at)?,
        };
        // Every run so far goes on with every one of these crashes.
        let so_far = plans.remove(&run).unwrap_or_else(|| vec![Vec::new()]);
        let longer = so_far.iter().flat_map(|plan| {
            let crashes = places.clone().map(|write| (write, stored));
            crashes.map(|crash| plan.iter().copied().chain([crash]).collect())
        });
        plans.insert(run, longer.collect());
    }
    Ok(plans.into_values().flatten().collect())
}

/// Reads the writes that [`answer`] returns, in their order.
fn writes_of(frame: &DataFrame) -> PolarsResult<Vec<Vec<(String, i64)>>> {
    if frame.height() == 0 {
        return Ok(Vec::new());
    }
    let (writes, names, values) = (
        frame.column("write")?.i64()?,
        frame.column("name")?.str()?,
        frame.column("value")?.i64()?,
    );
    let mut all: BTreeMap<i64, Vec<(String, i64)>> = BTreeMap::new();
    for ((write, name), value) in writes.iter().zip(names.iter()).zip(values.iter()) {
        let values = all.entry(write.unwrap_or_default()).or_default();
        values.extend(name.map(str::to_owned).zip(value));
    }
    Ok(all.into_values().collect())
}

/// Returns the write at which this process crashes, if it does.
fn crash(inputs: &Inputs) -> PolarsResult<Option<CrashAt>> {
    let frame = inputs.frame("crash")?;
    let (at, stored) = (
        frame.column("write")?.i64()?,
        frame.column("stored")?.bool()?,
    );
    Ok(at.iter().flatten().zip(stored.iter().flatten()).next())
}

fn crash_frame(crash: Option<CrashAt>) -> PolarsResult<DataFrame> {
    df!(
        "write" => crash.iter().map(|crash| crash.0).collect::<Vec<_>>(),
        "stored" => crash.iter().map(|crash| crash.1).collect::<Vec<_>>(),
    )
}

/// Returns what is on a disk and not 0, by name.
fn frame(disk: &BTreeMap<String, i64>) -> PolarsResult<DataFrame> {
    let stored: Vec<(&str, i64)> = { disk.iter() }
        .filter(|(_, value)| **value != 0)
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    df!(
        "name" => stored.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        "value" => stored.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
    )
}

/// Reads what [`frame`] returns.
fn values(frame: &DataFrame) -> PolarsResult<BTreeMap<String, i64>> {
    let (names, values) = (frame.column("name")?.str()?, frame.column("value")?.i64()?);
    let names = names.iter().flatten().map(str::to_owned);
    Ok(names.zip(values.iter().flatten()).collect())
}

/// Exercise 5.2.
pub static EXERCISE: Exercise = Exercise {
    id: "05_2_surviving_consumer",
    name: "surviving_consumer",
    title: "Exercise 5.2, a consumer that survives a crash",
    signature: "fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash>",
    hints: &[
        "When the process starts again, its variables are gone. The offset it goes on from must come from the \
         disk: `disk.get(\"offset\")` is 0 on an empty one.",
        "Between two writes the process can crash. If the count is written first, it is written again after the \
         crash; if the offset is, the count never comes. So there must be no moment between them.",
        "Take up to ten events, and raise their counts in a map first: \
         `*counts.entry(url.as_str()).or_insert_with(|| disk.get(url)) += 1`. A page that comes twice is raised twice. \
         Put the offset after the last of them into the same map, and write all of it at once: \
         `disk.write(&counts.into_iter().collect::<Vec<_>>())?`.",
    ],
    vocabulary: &[
        "lambda::faults::Crash",
        "lessons::speed_layer::simulated_disk::SimulatedDisk",
    ],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _| Ok(()), inputs)],
    trial: Some(trial),
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let mut disk = begun(inputs)?;
    let done = disk.get("offset").map_or(0, |offset| *offset as usize);
    let urls = inputs.frame("log")?.column("url")?.str()?;
    for url in urls.iter().flatten().skip(done) {
        for name in [url, "offset"] {
            *disk.entry(name.to_owned()).or_default() += 1;
        }
    }
    Ok(Value::Frame(frame(&disk)?))
}

/// Returns what is on the disk before the first process starts.
fn begun(inputs: &Inputs) -> PolarsResult<BTreeMap<String, i64>> {
    inputs.frame("begun").map_or(Ok(BTreeMap::new()), values)
}

/// A row of the table of crashes that a case has; see [`plans`].
type CrashRow<'a> = (i64, &'a str, bool);

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    log: &[&str],
    crashes: &[CrashRow],
) -> Case {
    let crashes = df!(
        "run" => crashes.iter().map(|crash| crash.0).collect::<Vec<_>>(),
        "write" => crashes.iter().map(|crash| crash.1).collect::<Vec<_>>(),
        "stored" => crashes.iter().map(|crash| crash.2).collect::<Vec<_>>(),
    );
    let log = df!("url" => log);
    let inputs = Inputs::new()
        .with("log", Value::Frame(log.expect("a column")))
        .with("crashes", Value::Frame(crashes.expect("three columns")));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let (home, blog) = (draw.page("mysite.com/"), draw.page("mysite.com/blog"));
    let pages = [home.as_str(), blog.as_str(), "mysite.com/x"];
    let mut drawn_log =
        |events| -> Vec<&str> { (0..events).map(|_| pages[draw.below(3) as usize]).collect() };
    // Two batches and a part of one; and nine batches and a part of one.
    let (few, log) = (drawn_log(24), drawn_log(97));
    // Three runs with one crash each and one with two crashes: nine processes with the one
    // that counts the writes.
    let shares: Vec<String> = (0..5).map(|_| format!("{} %", draw.below(100))).collect();
    let drawn: Vec<CrashRow> = [0, 1, 2, 3, 3]
        .into_iter()
        .zip(&shares)
        .map(|(run, share)| (run, share.as_str(), draw.below(2) == 0))
        .collect();
    let mut used = case(
        "used",
        "a disk with the counts of earlier logs, and one event of this log already counted",
        "a consumer goes on from what is on the disk; it never counts from the beginning",
        &few,
        &[(0, "1", true)],
    );
    let begun = BTreeMap::from([
        (pages[0].to_owned(), draw.below(90) + 10),
        (pages[1].to_owned(), draw.below(90) + 10),
        ("offset".to_owned(), 1),
    ]);
    let begun = Value::Frame(frame(&begun).expect("columns of one length"));
    used.inputs = used.inputs.with("begun", begun);
    vec![
        case(
            "calm",
            "24 events, and nothing goes wrong",
            "the counts and the offset must be on the disk, for the last events too",
            &few,
            &[],
        ),
        case(
            "not_stored",
            "the process crashes before one of its writes takes effect; each write is tried",
            "a consumer that commits the offset first never comes back to that event",
            &few,
            &[(0, "each", false)],
        ),
        case(
            "stored",
            "the process crashes after one of its writes took effect; each write is tried",
            "a consumer that counts first and commits later counts that event twice",
            &few,
            &[(0, "each", true)],
        ),
        case(
            "second_stored",
            "each process crashes after its second write took effect, up to four times",
            "with work and commit in two writes, this may be either of them",
            &few,
            &[(0, "2", true); 4],
        ),
        case(
            "last",
            "the process crashes after its last write took effect",
            "after the restart nothing is left to do",
            &few,
            &[(0, "last", true)],
        ),
        case(
            "again",
            "the process crashes at its first write, and four more processes do after it",
            "a restart may be followed by another",
            &few,
            &[
                (0, "1", false),
                (0, "1", true),
                (0, "1", false),
                (0, "1", false),
                (0, "1", true),
            ],
        ),
        used,
        case(
            "empty",
            "an empty log",
            "a consumer that finds nothing must end",
            &[],
            &[],
        ),
        case(
            "random",
            "97 events, and crashes at writes drawn by lot, each run with one or two of them",
            "what holds for chosen points must hold for all",
            &log,
            &drawn,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        surviving_consumer::consume, stub: |_, _| todo!(), mutants:
        all_at_once, begins_again, commits_at_the_end, commits_first, counts_first, full_batches_only,
        offset_in_memory, one_by_one, raises_once, skips_one, starts_over, writes_nothing_first,
        writes_too_often,
    }
}

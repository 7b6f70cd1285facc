//! Exercise 4.2: a consumer that survives a crash between work and commit.
//!
//! The process crashes at given writes, before or after they take effect, and the consumer
//! is started again: the two moments that every real consumer must survive.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value};
use lambda::faults::{Crash, CrashPoint, Crashes};
use lessons::speed_layer::{SimulatedDisk, SimulatedMachine};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
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
    let crashes = crashes(inputs)?.into_iter();
    let crashes = crashes.map(|(write, stored)| match stored {
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

/// Starts processes until one ends without a crash, and returns what is on the disk. The disk
/// is here, and each process has a memory of its own: what survives a crash is on the disk.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let crashes = crashes(inputs)?;
    let mut disk: BTreeMap<String, i64> = BTreeMap::new();
    let mut written = 0;
    for start in 0..=crashes.len() {
        // Start a process. It numbers its own writes from 0.
        if start > 0 {
            ask.forget();
        }
        let left = crashes.range(written..);
        let left: Vec<(i64, bool)> = left
            .map(|(write, stored)| (write - written, *stored))
            .collect();
        let process = Inputs::new()
            .with("log", Value::Frame(inputs.frame("log")?.clone()))
            .with("crashes", Value::Frame(crash_frame(&left)?))
            .with("disk", Value::Frame(frame(&disk)?));
        let Value::Frame(writes) = ask.ask(&process)? else {
            return Err(AttemptError::Error("writes are a table".to_owned()));
        };

        // Apply its writes up to the crash. What follows it never happened.
        let mut crashed = false;
        for values in writes_of(&writes)? {
            let stored = crashes.get(&written);
            written += 1;
            if stored != Some(&false) {
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
    Ok(Value::Frame(frame(&disk)?))
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

/// Returns the writes at which the process crashes, each with whether it takes effect. The last
/// crash that is given for a write counts.
fn crashes(inputs: &Inputs) -> PolarsResult<BTreeMap<i64, bool>> {
    let frame = inputs.frame("crashes")?;
    let (at, stored) = (
        frame.column("write")?.i64()?,
        frame.column("stored")?.bool()?,
    );
    Ok(at.iter().flatten().zip(stored.iter().flatten()).collect())
}

fn crash_frame(crashes: &[(i64, bool)]) -> PolarsResult<DataFrame> {
    df!(
        "write" => crashes.iter().map(|crash| crash.0).collect::<Vec<_>>(),
        "stored" => crashes.iter().map(|crash| crash.1).collect::<Vec<_>>(),
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

/// Exercise 4.2.
pub static EXERCISE: Exercise = Exercise {
    id: "04_2_surviving_consumer",
    name: "surviving_consumer",
    title: "Exercise 4.2, a consumer that survives a crash",
    signature: "fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash>",
    hints: &[
        "When the process starts again, its variables are gone. The offset it goes on from must come from the \
         disk: `disk.get(\"offset\")` is 0 on an empty one.",
        "Between two writes the process can crash. If the count is written first, it is written again after the \
         crash; if the offset is, the count never comes. So there must be no moment between them.",
        "`disk.write(&[(url, disk.get(url) + 1), (\"offset\", offset + 1)])?` stores both or none. Whether the \
         process crashed before or after it, the disk says where to go on.",
    ],
    vocabulary: &[
        "lambda::faults::Crash",
        "lessons::speed_layer::simulated_disk::SimulatedDisk",
    ],
    cases,
    reference,
    trial: Some(trial),
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let mut disk = BTreeMap::new();
    for url in inputs.frame("log")?.column("url")?.str()?.iter().flatten() {
        for name in [url, "offset"] {
            *disk.entry(name.to_owned()).or_default() += 1;
        }
    }
    Ok(Value::Frame(frame(&disk)?))
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    log: &[&str],
    crashes: &[(i64, bool)],
) -> Case {
    let crashes = crash_frame(crashes);
    let log = df!("url" => log);
    let inputs = Inputs::new()
        .with("log", Value::Frame(log.expect("a column")))
        .with("crashes", Value::Frame(crashes.expect("two columns")));
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
    let log: Vec<&str> = (0..30).map(|_| pages[draw.below(3) as usize]).collect();
    let crashes: Vec<(i64, bool)> = (0..8)
        .map(|_| (draw.below(35), draw.below(2) == 0))
        .collect();
    let three = [pages[0], pages[1], pages[0]];
    vec![
        case(
            "calm",
            "three events, and nothing goes wrong",
            "the counts and the offset must be on the disk",
            &three,
            &[],
        ),
        case(
            "not_stored",
            "the process crashes before its second write takes effect",
            "a consumer that commits the offset first never comes back to that event",
            &three,
            &[(1, false)],
        ),
        case(
            "stored",
            "the process crashes after its first write took effect",
            "a consumer that counts first and commits later counts that event twice",
            &three,
            &[(0, true)],
        ),
        case(
            "second_stored",
            "the process crashes after its second write took effect",
            "with work and commit in two writes, this may be either of them",
            &three,
            &[(1, true)],
        ),
        case(
            "last",
            "the process crashes after its last write took effect",
            "after the restart nothing is left to do",
            &three,
            &[(2, true)],
        ),
        case(
            "again",
            "the process crashes at every write",
            "a restart may be followed by another",
            &three,
            &[(0, false), (1, true), (2, false), (3, false), (4, true)],
        ),
        case(
            "empty",
            "an empty log",
            "a consumer that finds nothing must end",
            &[],
            &[],
        ),
        case(
            "random",
            "thirty events and some crashes drawn by lot",
            "what holds for chosen points must hold for all",
            &log,
            &crashes,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        surviving_consumer::consume, stub: |_, _| todo!(), mutants:
        begins_again, commits_at_the_end, commits_first, counts_first, offset_in_memory, skips_one,
    }
}

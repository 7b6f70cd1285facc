//! Exercise 6: a consumer that survives a crash between work and commit.
//!
//! The process crashes at given writes, before or after they take effect, and the consumer
//! is started again: the two moments that every real consumer must survive.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lambda::faults::{Crash, CrashPoint, Crashes};
use lessons::speed_layer::{SimulatedDisk, SimulatedMachine};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::BTreeMap;

/// The reader's function.
pub type Function = fn(&[String], &mut SimulatedDisk) -> Result<(), Crash>;

/// Runs the reader's function until it comes to its end, and gives the disk.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let urls = inputs.frame("log")?.column("url")?.str()?;
    let log: Vec<String> = urls.iter().flatten().map(str::to_owned).collect();
    let crashes = inputs.frame("crashes")?;
    let (at, stored) = (
        crashes.column("write")?.i64()?,
        crashes.column("stored")?.bool()?,
    );
    let points = at.iter().flatten().zip(stored.iter().flatten());
    // The last crash that is given for a write counts.
    let points: BTreeMap<i64, bool> = points.collect();
    let points = points.into_iter().map(|(write, stored)| match stored {
        true => CrashPoint::after(write as u64),
        false => CrashPoint::before(write as u64),
    });
    let machine = SimulatedMachine::new(Crashes::at(points));
    for _ in 0..=crashes.height() {
        let ended = function(&log, &mut machine.start());
        if !machine.is_crashed() {
            if ended.is_err() {
                polars_bail!(ComputeError: "the function returned Err(Crash), but the process had not crashed");
            }
            break;
        }
    }
    Ok(Value::Frame(frame(&machine)?))
}

fn frame(machine: &SimulatedMachine) -> PolarsResult<DataFrame> {
    let (names, values): (Vec<String>, Vec<i64>) = machine.stored().into_iter().unzip();
    df!("name" => names, "value" => values)
}

/// Exercise 6.
pub static EXERCISE: Exercise = Exercise {
    id: "06_surviving_consumer",
    name: "surviving_consumer",
    title: "Exercise 6, a consumer that survives a crash",
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
    outcome: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let machine = SimulatedMachine::new(Crashes::at([]));
    let mut disk = machine.start();
    for url in inputs.frame("log")?.column("url")?.str()?.iter().flatten() {
        let values = [(url, disk.get(url) + 1), ("offset", disk.get("offset") + 1)];
        disk.write(&values).expect("no crash is asked for");
    }
    Ok(Value::Frame(frame(&machine)?))
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    log: &[&str],
    crashes: &[(i64, bool)],
) -> Case {
    let crashes = df!(
        "write" => crashes.iter().map(|crash| crash.0).collect::<Vec<_>>(),
        "stored" => crashes.iter().map(|crash| crash.1).collect::<Vec<_>>(),
    );
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

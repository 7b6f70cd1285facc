//! Exercise 11.1: a repair, from what monitoring shows of an incident.
//!
//! The function gets the signs, hour by hour, and says what to do. The judging process makes the
//! incident, and the repair on a copy of it, and compares the answers with the page views that
//! happened, one by one. So more than one function can be right.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value};
use lessons::capstone::{Cause, HourSigns, Incident, Remedy, incident};
use polars::prelude::{PolarsResult, df, polars_bail};

/// The reader's function.
pub type Function = fn(&[HourSigns]) -> Remedy;

/// Feeds the reader's function: the remedy that it names, as a row.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (name, numbers) = match function(&HourSigns::of(inputs.frame("signs")?)?) {
        Remedy::Nothing => (NOTHING, [0, 0, 0]),
        Remedy::CorrectClock {
            site,
            from,
            seconds,
        } => (CLOCK, [site as i64, from, seconds]),
        Remedy::Rewind { partition, offset } => (REWIND, [partition as i64, offset as i64, 0]),
        Remedy::RollBack { batch } => (ROLL_BACK, [batch as i64, 0, 0]),
        Remedy::Publish { cut } => (PUBLISH, [cut[0] as i64, cut[1] as i64, 0]),
    };
    let [a, b, c] = numbers.map(|number| [number]);
    let frame = df!("remedy" => [name], "a" => a, "b" => b, "c" => c);
    Ok(Value::Frame(frame?))
}

const NOTHING: &str = "nothing";
const CLOCK: &str = "correct the clock";
const REWIND: &str = "rewind";
const ROLL_BACK: &str = "roll back";
const PUBLISH: &str = "publish";

/// Reads what [`answer`] made.
fn remedy(value: &Value) -> PolarsResult<Remedy> {
    let Value::Frame(frame) = value else {
        polars_bail!(ComputeError: "a remedy is a row");
    };
    let name = frame.column("remedy")?.str()?.get(0).unwrap_or_default();
    let number = |column: &str| -> PolarsResult<i64> {
        Ok(frame.column(column)?.i64()?.get(0).unwrap_or_default())
    };
    let (a, b, c) = (number("a")?, number("b")?, number("c")?);
    Ok(match name {
        NOTHING => Remedy::Nothing,
        CLOCK => Remedy::CorrectClock {
            site: a as usize,
            from: b,
            seconds: c,
        },
        REWIND => Remedy::Rewind {
            partition: a as usize,
            offset: b as u64,
        },
        ROLL_BACK => Remedy::RollBack { batch: a as u64 },
        PUBLISH => Remedy::Publish {
            cut: [a as u64, b as u64],
        },
        _ => polars_bail!(ComputeError: "there is no remedy {name:?}"),
    })
}

/// The incidents of a case.
fn incidents(inputs: &Inputs) -> PolarsResult<Vec<Incident>> {
    let seeds = inputs.frame("incidents")?.column("incident")?.i64()?;
    let all: Vec<Incident> = { seeds.iter().flatten() }
        .map(|seed| incident(seed as u64))
        .collect();
    match all.is_empty() {
        true => polars_bail!(InvalidOperation: "a case has an incident"),
        false => Ok(all),
    }
}

/// Asks for a remedy of each incident, from its signs alone, and applies it. What is compared is the
/// finding of the first that is not right.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let incidents = incidents(inputs)?;
    for incident in &incidents {
        let asked = Inputs::new().with("signs", Value::Frame(incident.signs()?));
        let remedy = remedy(&ask.ask(&asked)?)?;
        let found = finding(incident, remedy);
        if found != RIGHT {
            return Ok(about(&incidents, incident, &found));
        }
    }
    Ok(about(&incidents, &incidents[0], RIGHT))
}

const RIGHT: &str = "every page view is counted once, under its hour";

/// What a remedy comes to, in words.
fn finding(incident: &Incident, remedy: Remedy) -> String {
    let after = incident.repair(remedy);
    match after.is_right() && after.read_again > after.least {
        true => format!(
            "the answers are right, but {} records were read again, and {} are enough",
            after.read_again, after.least
        ),
        false => after.finding(),
    }
}

fn about(all: &[Incident], incident: &Incident, finding: &str) -> Value {
    Value::Text(match all {
        [one] => format!("incident {}: {finding}", one.seed()),
        [first, ..] => {
            let (n, first) = (all.len(), first.seed());
            match finding == RIGHT {
                true => format!("{n} incidents from {first} on: {finding}"),
                false => format!(
                    "{n} incidents from {first} on: of {}, {finding}",
                    incident.seed()
                ),
            }
        }
        [] => finding.to_owned(),
    })
}

/// Exercise 11.1.
pub static EXERCISE: Exercise = Exercise {
    id: "11_1_incident_repair",
    name: "incident_repair",
    title: "Exercise 11.1, a repair from what monitoring shows",
    signature: "fn repair(hours: &[HourSigns]) -> Remedy",
    hints: &[
        "Write down for each cause the one sign that has not ended by itself, or that can never be right: times that are not those \
         of acceptance; a cut that is not what was read; fewer page views by cookies than the hour before; a position that moved by more than was \
         processed; a position before the end of the log in the *last* hour.",
        "`hours.last()` shows what is so now, and `hours.windows(2)` gives each hour with the one before: \
         `for pair in hours.windows(2) { let (before, hour) = (&pair[0], &pair[1]); .. }`. Read the numbers of the repair off the hour in which \
         the sign begins.",
        "The clock: `from` is the first hour with `ahead[site].abs() > 60`, and `seconds` is `-60` times the minutes, rounded. A rewind begins at the \
         position before the jump, or where the position stands, but not before `cut[partition]` of the last hour: what the batch holds need not be read again. \
         A roll back leads to the batch of the hour before the drop, and the cut to publish is `read` of the last hour.",
    ],
    vocabulary: &[
        "lessons::capstone::incident::signs",
        "lessons::capstone::incident::cause::Remedy",
    ],
    cases,
    reference,
    idle: &[|inputs| answer(|_| Remedy::Nothing, inputs)],
    trial: Some(trial),
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let incidents = incidents(inputs)?;
    Ok(about(&incidents, &incidents[0], RIGHT))
}

/// Returns the first seed from `from` on whose incident has a cause, and is so.
fn seed_of(from: u64, cause: Cause, is_so: impl Fn(&Incident) -> bool) -> u64 {
    let mut seeds = (from..).filter(|seed| Cause::drawn_by(*seed) == cause);
    let found = seeds.find(|seed| is_so(&incident(*seed)));
    found.expect("there is an incident of every kind")
}

fn case(name: &'static str, about: &'static str, why: &'static str, seeds: &[u64]) -> Case {
    let seeds: Vec<i64> = seeds.iter().map(|seed| *seed as i64).collect();
    let frame = df!("incident" => seeds).expect("one column");
    let inputs = Inputs::new().with("incidents", Value::Frame(frame));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let mut start = |readers: i64| draw.number(readers, 1_000..1_000_000) as u64;
    let [clock, behind, cut, bad, skip, lost, late, drawn] =
        [10, 20, 30, 40, 50, 60, 70, 80].map(&mut start);
    let last = |incident: &Incident| *incident.hours().last().expect("an incident has hours");
    let is_ahead = move |incident: &Incident| last(incident).ahead.iter().any(|ahead| *ahead > 60);
    // Whether the batch that is served now holds records that the speed layer has not reached.
    let is_late = move |incident: &Incident| {
        let last = last(incident);
        (0..2).any(|partition| last.position[partition] < last.cut[partition])
    };
    let clock = seed_of(clock, Cause::ClockOff, is_ahead);
    let behind = seed_of(behind, Cause::ClockOff, |incident| !is_ahead(incident));
    let cut = seed_of(cut, Cause::StaleCut, |_| true);
    let bad = seed_of(bad, Cause::BadDeployment, |_| true);
    let skip = seed_of(skip, Cause::SkippingConsumer, |_| true);
    let lost = seed_of(lost, Cause::LostPartition, |incident| !is_late(incident));
    let late = seed_of(late, Cause::LostPartition, is_late);
    let drawn: Vec<u64> = (drawn..drawn + 12).collect();
    vec![
        case(
            "clock",
            "the clock of a site is ahead",
            "page views under a wrong hour are in no sum of lost or doubled ones, and in every chart",
            &[clock],
        ),
        case(
            "clock_behind",
            "the clock of a site is behind",
            "a clock can be wrong in both directions",
            &[behind],
        ),
        case(
            "cut",
            "a batch was published with the cut of the batch before",
            "both layers answer for the same records, so they are counted twice; nothing has to be computed again",
            &[cut],
        ),
        case(
            "deployment",
            "from some batch on the code leaves out the page views of cookies",
            "the batch before is kept for this: it is right, and the speed layer can answer for what came since",
            &[bad],
        ),
        case(
            "skip",
            "a consumer was down, and went on at the end of the log",
            "its lag is 0, so a chart of the lag shows nothing; the records are in the log and must be read",
            &[skip],
        ),
        case(
            "partition",
            "a partition has no consumer",
            "its lag grows for good; that of a pause or of a network that is cut goes back to 0",
            &[lost],
        ),
        case(
            "after_a_batch",
            "a partition has no consumer, and since then a batch was served",
            "what the batch holds need not be read again, and reading it costs what a batch run was to save",
            &[late],
        ),
        case(
            "random",
            "twelve incidents, drawn by lot",
            "what holds for chosen incidents must hold for all",
            &drawn,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        incident_repair::repair, stub: |_| todo!(), mutants:
        adds_what_is_ahead, an_hour_late, another_site, first_lag, from_the_beginning, goes_on_at_the_end,
        ignores_the_cut, lag_alone, new_version, only_ahead, publishes_the_end, publishes_what_is_published,
        rolls_back_to_the_bad_one,
    }
}

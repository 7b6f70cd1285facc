//! Exercise 10.3: O and P of timed runs, and where the job settles.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::systems::{CostError, CostModel, Fit, TimedRun};
use polars::prelude::*;

/// O, P, the steady state, and that after the change.
type AttemptAnswer = (f64, f64, Option<f64>, Option<f64>);

/// The reader's function.
pub type Function = fn(&DataFrame, i64) -> PolarsResult<AttemptAnswer>;

/// Feeds the reader's function, and rounds what it gives.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    frame(function(inputs.frame("runs")?, *inputs.int("percent")?)?)
}

fn frame((overhead, processing, before, after): AttemptAnswer) -> PolarsResult<Value> {
    // Four digits: how sums are ordered shall not matter. And no -0.
    let round = |value: f64| (value * 1e4).round() / 1e4 + 0.0;
    let columns = df!(
        "overhead_h" => [round(overhead)],
        "processing" => [round(processing)],
        "settles_at_h" => [before.map(round)],
        "after_change_h" => [after.map(round)],
    );
    Ok(Value::Frame(columns?))
}

/// Exercise 10.3.
pub static EXERCISE: Exercise = Exercise {
    id: "10_3_cost_model",
    name: "cost_model",
    title: "Exercise 10.3, what a batch job settles at",
    signature: "fn cost_model(runs: &DataFrame, percent: i64) -> PolarsResult<(f64, f64, Option<f64>, Option<f64>)>",
    hints: &[
        "First the line through all runs from which the squared distances are least: its slope is P, and where it meets H = 0 is O. \
         Then the steady state: in T = O + P x H, let H become T.",
        "With the means h and t, the slope is the sum of (H - h)(T - t) by the sum of (H - h)^2, and O = t - P h. \
         T = O + P T gives T = O / (1 - P), where P is below 1.",
        "`let settles = |p: f64| (p < 1.0).then(|| o / (1.0 - p));` and the answer is `(o, p, settles(p), settles(p * percent as f64 / 100.0))`: \
         the change is one of P, and O stays.",
    ],
    vocabulary: &[],
    cases,
    reference,
    idle: &[],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    let runs = inputs.frame("runs")?;
    let (data, took) = (runs.column("data_h")?.f64()?, runs.column("took_h")?.f64()?);
    let runs: Vec<TimedRun> = data
        .into_no_null_iter()
        .zip(took.into_no_null_iter())
        .map(|(data, took)| TimedRun { data, took })
        .collect();
    let job = Fit::of(&runs)?.job;
    // Noise may put O or P below 0; the exercise speaks of jobs.
    if job.overhead() <= 0.0 || job.processing() <= 0.0 {
        polars_bail!(InvalidOperation: "these runs make no job");
    }
    let settles = |job: CostModel| match job.steady_state() {
        Ok(hours) => Ok(Some(hours)),
        Err(CostError::NoSteadyState(_)) => Ok(None),
        Err(error) => Err(error),
    };
    let changed = job.slowed(*inputs.int("percent")? as f64 / 100.0);
    frame((
        job.overhead(),
        job.processing(),
        settles(job)?,
        settles(changed)?,
    ))
}

fn cases(seed: u64) -> Vec<Case> {
    let case = |name, about, why, runs: &[(f64, f64)], percent: i64| {
        let columns = df!(
            "data_h" => runs.iter().map(|run| run.0).collect::<Vec<_>>(),
            "took_h" => runs.iter().map(|run| run.1).collect::<Vec<_>>(),
        );
        let runs = Value::Frame(columns.expect("columns of one length"));
        let inputs = Inputs::new()
            .with("runs", runs)
            .with("percent", Value::Int(percent));
        Case {
            name,
            about,
            why,
            inputs,
        }
    };
    let mut draw = Draw::of(seed);
    let mut overhead = |readers: i64| draw.number(readers, 101..400) as f64 / 100.0;
    let [o1, o2, o3, o4, o5] = [200, 300, 100, 150, 50].map(&mut overhead);
    let p = draw.number(50, 20..70) as f64 / 100.0;
    let [more, failing] = [draw.number(50, 30..80), draw.number(125, 121..140)];
    let line = |o: f64, p: f64, sizes: &[f64]| -> Vec<(f64, f64)> {
        sizes.iter().map(|h| (*h, o + p * h)).collect()
    };
    let sizes = [1.0, 2.0, 4.0, 8.0];
    // The runs between lie above the line from the first to the last.
    let mut noisy = line(o3, p, &sizes);
    for (run, up) in noisy.iter_mut().zip([0.0, 1.0, 0.5, 0.0]) {
        run.1 += up;
    }
    let drawn: Vec<(f64, f64)> = (0..12)
        .map(|_| {
            let size = 1.0 + draw.below(400) as f64 / 10.0;
            (size, 2.0 + 0.6 * size + draw.below(100) as f64 / 100.0)
        })
        .collect();
    vec![
        case(
            "no_change",
            "four runs on a line, and nothing changes",
            "the job settles where a run reads the data of its own time",
            &line(o1, p, &sizes),
            100,
        ),
        case(
            "more_machines",
            "P becomes smaller",
            "what more machines share is the work on data; the overhead stays",
            &line(o2, p, &sizes),
            more,
        ),
        case(
            "noise",
            "the runs do not lie on a line",
            "two runs make a line, and their noise with it; all of them make a better one",
            &noisy,
            100,
        ),
        case(
            "falls_behind",
            "with more failures P passes 1",
            "no number of hours is right: each run leaves more than it has done",
            &line(o4, 0.9, &sizes),
            failing,
        ),
        case(
            "catches_up",
            "P is above 1, and more machines bring it below",
            "that a job falls behind today says nothing of it on a larger cluster",
            &line(o5, 1.2, &sizes),
            more,
        ),
        case(
            "random",
            "twelve runs drawn by lot",
            "what holds for chosen runs must hold for all",
            &drawn,
            90,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        cost_model::cost_model, stub: |_, _| todo!(), mutants:
        changes_the_time, divides_p, first_and_last, gives_up, last_run, negative_hours, through_zero,
    }
}

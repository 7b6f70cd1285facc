//! Exercise 9.1: a replayed view takes the place of a wrong one.
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use lessons::microbatch::by_hand::LoggedView;
use lessons::systems::{AskedVersion, Replacement, ViewProgram};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};

/// The reader's function.
pub type Function = fn(&mut Replacement, &[LoggedView], usize);

/// Feeds the reader's function: run after run, tick after tick.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let (log, at_most) = (log(inputs)?, *inputs.int("at_most")? as usize);
    let mut rows = Rows::default();
    for (run, ticks) in runs(inputs)? {
        // Before the first tick the old program has read what there is.
        let Some((before, after)) = ticks.split_first() else {
            continue;
        };
        let mut old = ViewProgram::as_sent();
        for record in &log[..before.end] {
            old.read(record);
        }
        let mut view = Replacement::of(old, ViewProgram::normalising());
        for (tick, kept) in (1..).zip(after) {
            function(&mut view, &log[kept.from..kept.end], at_most);
            rows.push(run, tick, &view);
        }
    }
    rows.frame()
}

/// What was found after each tick.
#[derive(Default)]
struct Rows {
    runs: Vec<i64>,
    ticks: Vec<i64>,
    asked: Vec<&'static str>,
    counts: Vec<Option<String>>,
    old_next: Vec<Option<i64>>,
    new_next: Vec<i64>,
}

impl Rows {
    fn push(&mut self, run: i64, tick: i64, view: &Replacement) {
        let counts = |view: &ViewProgram| {
            let counts = view.counts().iter();
            let counts: Vec<String> = counts
                .map(|(page, count)| format!("{page} {count}"))
                .collect();
            counts.join(", ")
        };
        self.runs.push(run);
        self.ticks.push(tick);
        self.asked.push(match view.asked {
            AskedVersion::Old => "old",
            AskedVersion::New => "new",
        });
        self.counts.push(view.answers().map(counts));
        self.old_next.push(view.old.as_ref().map(ViewProgram::next));
        self.new_next.push(view.new.next());
    }

    fn frame(self) -> PolarsResult<Value> {
        Ok(Value::Frame(df!(
            "run" => self.runs,
            "tick" => self.ticks,
            "asked" => self.asked,
            "counts" => self.counts,
            "old_next" => self.old_next,
            "new_next" => self.new_next,
        )?))
    }
}

/// The records that the log keeps at a tick: from the first offset to before the second.
#[derive(Clone, Copy)]
struct KeptRecords {
    from: usize,
    end: usize,
}

/// The whole log, with offsets from 0.
fn log(inputs: &Inputs) -> PolarsResult<Vec<LoggedView>> {
    let urls = inputs.frame("log")?.column("url")?.str()?;
    let mut log = Vec::new();
    for (offset, url) in (0..).zip(urls.iter()) {
        let Some(url) = url else {
            polars_bail!(ComputeError: "a record has a URL");
        };
        let url = url.to_owned();
        log.push(LoggedView { offset, url });
    }
    Ok(log)
}

/// The ticks of each run.
fn runs(inputs: &Inputs) -> PolarsResult<Vec<(i64, Vec<KeptRecords>)>> {
    let (ticks, length) = (inputs.frame("ticks")?, inputs.frame("log")?.height());
    let [run, from, end] = ["run", "from", "end"].map(|name| ticks.column(name)?.i64());
    let rows = run?.iter().zip(from?.iter()).zip(end?.iter());
    let mut runs: Vec<(i64, Vec<KeptRecords>)> = Vec::new();
    for row in rows {
        let ((Some(run), Some(from)), Some(end)) = row else {
            polars_bail!(ComputeError: "a tick has a run and two offsets");
        };
        if from < 0 || from > end || end > length as i64 {
            polars_bail!(ComputeError: "a log keeps records from an offset to its end");
        }
        let (from, end) = (from as usize, end as usize);
        if runs.last().is_none_or(|last| last.0 != run) {
            runs.push((run, Vec::new()));
        }
        if let Some((_, ticks)) = runs.last_mut() {
            ticks.push(KeptRecords { from, end });
        }
    }
    Ok(runs)
}

/// Exercise 9.1.
pub static EXERCISE: Exercise = Exercise {
    id: "09_1_switch_over",
    name: "switch_over",
    title: "Exercise 9.1, a replayed view takes the place of a wrong one",
    signature: "fn tick(view: &mut Replacement, log: &[LoggedView], at_most: usize)",
    hints: &[
        "Three steps: the old program reads on, if it is still there; the new one reads on, but no more than `at_most` \
         records; then both are compared. Which number of each says how far it has read?",
        "A program reads on by `program.read(record)` with the record whose offset is `program.next()`, as long as the log has \
         it: `log.iter().find(|record| record.offset == program.next())`. After its step the old program stands at the end of \
         the log, so the new one has caught up when both have the same `next()`.",
        "A helper `read_on(program, log, at_most)` with `for _ in 0..at_most { let Some(record) = .. else { return }; \
         program.read(record); }` serves both: `if let Some(old) = &mut view.old { read_on(old, log, log.len()); }`, then the new one. \
         If `view.old.as_ref().is_some_and(|old| old.next() == view.new.next())`: `view.asked = AskedVersion::New; view.old = None;`.",
    ],
    vocabulary: &[
        "lessons::systems::two_versions::{ViewProgram, Replacement, AskedVersion}",
        "lessons::microbatch::by_hand::LoggedView",
    ],
    cases,
    reference,
    idle: &[
        |inputs| answer(|_, _, _| (), inputs),
        |inputs| answer(|view, _, _| view.asked = AskedVersion::New, inputs),
    ],
    trial: None,
};

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    for (_, ticks) in runs(inputs)? {
        let goes_on =
            |pair: &[KeptRecords]| pair[0].from <= pair[1].from && pair[1].from <= pair[0].end;
        if !ticks
            .windows(2)
            .all(|pair| goes_on(pair) && pair[0].end <= pair[1].end)
        {
            polars_bail!(ComputeError: "a log grows, and keeps what the old program has not read");
        }
    }
    if *inputs.int("at_most")? < 1 {
        polars_bail!(ComputeError: "a program may read a record in each tick");
    }
    answer(
        |view, log, at_most| {
            let Some(end) = log.last().map(|record| record.offset + 1) else {
                // Nothing is kept: both have read all of nothing, or the new one lacks records.
                if view
                    .old
                    .as_ref()
                    .is_some_and(|old| old.next() == view.new.next())
                {
                    view.old = None;
                    view.asked = AskedVersion::New;
                }
                return;
            };
            if let Some(old) = &mut view.old {
                let next = old.next();
                log.iter()
                    .filter(|record| record.offset >= next)
                    .for_each(|record| old.read(record));
            }
            let next = view.new.next();
            if log.first().is_some_and(|record| record.offset <= next) {
                let unread = log.iter().filter(|record| record.offset >= next);
                unread
                    .take(at_most)
                    .for_each(|record| view.new.read(record));
            }
            if view.new.next() == end {
                view.old = None;
                view.asked = AskedVersion::New;
            }
        },
        inputs,
    )
}

/// Ticks of one run: the first offset that the log keeps, and its end.
type Ticks<'a> = &'a [(i64, i64)];

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    urls: &[&str],
    runs: &[Ticks],
    at_most: i64,
) -> Case {
    let rows = || {
        (1i64..)
            .zip(runs)
            .flat_map(|(run, ticks)| ticks.iter().map(move |tick| (run, *tick)))
    };
    let ticks = df!(
        "run" => rows().map(|row| row.0).collect::<Vec<_>>(),
        "from" => rows().map(|row| row.1.0).collect::<Vec<_>>(),
        "end" => rows().map(|row| row.1.1).collect::<Vec<_>>(),
    );
    let end = rows().map(|row| row.1.1).max().unwrap_or(0) as usize;
    let log: Vec<&str> = urls.iter().cycle().take(end).copied().collect();
    let log: PolarsResult<DataFrame> = df!("url" => log);
    Case {
        name,
        about,
        why,
        inputs: Inputs::new()
            .with("log", Value::Frame(log.expect("one column")))
            .with("ticks", Value::Frame(ticks.expect("columns of one length")))
            .with("at_most", Value::Int(at_most)),
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let [home, blog] = ["foo.com/", "foo.com/blog"].map(|page| draw.page(page));
    let urls = [
        format!("http://{home}"),
        format!("http://{}", home.to_uppercase().replace("/", ":80/")),
        format!("http://{blog}?from=mail"),
        "http://bad url/".to_owned(),
        format!("http://{blog}"),
    ];
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let k = draw.number(2, 3..7);
    let random = drawn(&mut draw, k);
    let random: Vec<Ticks> = random.iter().map(Vec::as_slice).collect();
    vec![
        case(
            "quiet",
            "nothing new comes while the log is replayed",
            "users are answered from the old view until the new one has all that the old one has; then the old one is deleted",
            &urls,
            &[&[(0, 3 * k), (0, 3 * k), (0, 3 * k), (0, 3 * k), (0, 3 * k)]],
            k,
        ),
        case(
            "fresh",
            "one record comes after the replay has begun",
            "for users a wrong program that reads on is better than one that stands still; and the last record counts too",
            &urls,
            &[&[
                (0, 2 * k),
                (0, 2 * k + 1),
                (0, 2 * k + 1),
                (0, 2 * k + 1),
                (0, 2 * k + 1),
            ]],
            k,
        ),
        case(
            "no_faster",
            "as many records come in each tick as the new program may read",
            "a replay that is no faster than the traffic never catches up, and then there is nothing to switch to",
            &urls,
            &[&[(0, 1), (0, k + 1), (0, 2 * k + 1), (0, 3 * k + 1)]],
            k,
        ),
        case(
            "after_it",
            "more records come at once after the switch than the new program may read",
            "the old view is gone, so the new one answers, though it is behind for a while",
            &urls,
            &[&[(0, k), (0, k), (0, 3 * k), (0, 3 * k), (0, 3 * k)]],
            k,
        ),
        case(
            "gone",
            "the log deletes a record before the new program has read it",
            "a view without the records that are gone would look whole: Kappa stands on a log that keeps everything",
            &urls,
            &[&[
                (0, 3 * k),
                (0, 3 * k),
                (k + 1, 3 * k),
                (k + 1, 3 * k),
                (k + 1, 3 * k),
            ]],
            k,
        ),
        case(
            "random",
            "four replacements, with records that come by lot",
            "what holds for chosen logs must hold for all",
            &urls,
            &random,
            k,
        ),
    ]
}

/// Four runs: in the last one the log deletes what was not yet read.
fn drawn(draw: &mut Draw, k: i64) -> Vec<Vec<(i64, i64)>> {
    let mut run = |run: i64| {
        let (mut from, mut end) = (0, 2 * k + draw.below(2 * k));
        let mut ticks = vec![(from, end)];
        for tick in 1..9 {
            // At some ticks nothing comes, at others more than a program may read.
            end += [0, 0, 1, draw.below(k), draw.below(3 * k)][draw.below(5) as usize];
            if run == 3 && tick == 2 {
                from = k + 1;
            }
            ticks.push((from, end));
        }
        ticks
    };
    (0..4).map(&mut run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        switch_over::tick, stub: |_, _, _| todo!(), mutants:
        at_once, behind_it_reads_all, by_position, end_of_the_last_tick, keeps_both, never, old_stands_still,
        one_too_early, reads_everything, skips_what_is_gone, switches_back,
    }
}

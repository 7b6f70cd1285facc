//! Page views, unique visitors and visits, maintained incrementally: each fact that comes changes
//! exactly the rows of the views that depend on it, whenever it comes and in whatever order.
//!
//! The views are written as functions of *all* facts, in [`views::maintain`], without a word on
//! order, windows or retries. What has to change when a fact is added is found by
//! differential-dataflow, from what its operators keep in memory: every distinct page view, every
//! identifier of a person, and what was counted.
//!
//! The program is asked on standard input and answers on standard output, one line of JSON each.
//! It keeps nothing on the disk: after a crash it must be given all facts again.
mod views;

use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use views::{Counts, PageView};

/// What is asked.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    /// Adds facts, and waits until all views contain them.
    Take {
        /// Page views: (second, URL, domain, identifier of the person, nonce).
        views: Vec<PageView>,
        /// Pairs of identifiers of one person.
        equivs: Vec<(String, String)>,
    },
    /// Returns (page views, unique visitors) of a URL in some hours, each given by its first second.
    ByHour { url: String, hours: Vec<i64> },
    /// Returns (visits, bounces) of a domain.
    Bounces { domain: String },
    /// Returns the number of rows of the views that change when facts are added, since the last
    /// such question.
    Changed,
}

/// What is answered.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Done(bool),
    Pairs(Vec<(i64, i64)>),
    Pair(i64, i64),
    Number(i64),
}

fn main() -> anyhow::Result<()> {
    timely::execute_directly(|worker| -> Result<(), String> {
        let counts = Counts::default();
        let mut inputs = views::maintain(worker, &counts);
        let mut out = std::io::stdout().lock();
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|error| format!("standard input: {error}"))?;
            let answer: Result<Answer, String> = match serde_json::from_str(&line) {
                Err(error) => Err(format!("the question cannot be read: {error}")),
                Ok(Question::Take { views, equivs }) => {
                    inputs.take(worker, views, equivs);
                    Ok(Answer::Done(true))
                }
                Ok(Question::ByHour { url, hours }) => {
                    let of = |hour: &i64| counts.of_hour(&url, *hour);
                    Ok(Answer::Pairs(hours.iter().map(of).collect()))
                }
                Ok(Question::Bounces { domain }) => {
                    let (visits, bounces) = counts.bounces(&domain);
                    Ok(Answer::Pair(visits, bounces))
                }
                Ok(Question::Changed) => Ok(Answer::Number(counts.changed())),
            };
            let text = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
            writeln!(out, "{text}")
                .and_then(|()| out.flush())
                .map_err(|error| format!("standard output: {error}"))?;
        }
        Ok(())
    })
    .map_err(anyhow::Error::msg)
}

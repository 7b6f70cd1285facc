//! The timeline of expiry (figures 12.9 to 12.12), from a run with a clock by hand.
//!
//! An event a minute. Batch runs take 10, 15 and 18 minutes, each begins when the
//! one before has ended. At each moment: which minutes are in the serving views,
//! and which in each set of realtime views.
use calendar::Granularity;
use lambda::Result;
use lambda::speed::{Clock, EmbeddedLog, Log, ManualClock};
use lambda::{Lambda, Options};
use polars::prelude::{DataFrame, df};
use std::path::Path;
use std::sync::Arc;

const TOPIC: &str = "minutes";
const MINUTE: i64 = 60_000;

/// One stretch of minutes that a view holds at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub moment: String,
    /// "serving", or a set of realtime views.
    pub part: String,
    /// Whether queries use it.
    pub used: bool,
    /// Minutes, from the first up to but without the last.
    pub from: u64,
    pub to: u64,
}

/// Runs batches that take so many minutes, and looks at three moments of each: just
/// before it ends, when it is served, and when the realtime views have expired.
pub fn timeline(folder: &Path, minutes: &[u64]) -> Result<Vec<Held>> {
    let clock = ManualClock::default();
    let log = Arc::new(EmbeddedLog::open(folder.join("log"))?);
    log.create_topic(TOPIC, 1)?;
    let mut lambda = Lambda::open(folder, log.clone(), TOPIC, Options::default())?;
    let mut held = Vec::new();
    for (run, minutes) in (1..).zip(minutes) {
        let (batch, cut) = lambda.begin_batch()?;
        for _ in 0..*minutes {
            let line = view(clock.now() / 1000);
            log.append(TOPIC, 0, &[(b"", line.as_bytes())])?;
            clock.advance(MINUTE);
        }
        lambda.drain()?;
        look(&lambda, format!("just before run {run} ends"), &mut held)?;
        let built = lambda.build(batch, &cut)?;
        lambda.publish(built)?;
        lambda.expire()?;
        look(&lambda, format!("run {run} has ended"), &mut held)?;
    }
    // Every minute is in the answer, once.
    let asked = lambda
        .query()?
        .page_views("foo.com/", 0..Granularity::Day.secs())?;
    debug_assert_eq!(asked.value, clock.now() / MINUTE);
    Ok(held)
}

fn view(secs: i64) -> String {
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{secs},"page":{{"url":"foo.com/"}},"person":{{"user_id":1}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

fn look(lambda: &Lambda, moment: String, held: &mut Vec<Held>) -> Result<()> {
    let served = lambda.served();
    let mut add = |part: &str, used, from, to| {
        held.push(Held {
            moment: moment.clone(),
            part: part.to_owned(),
            used,
            from,
            to,
        });
    };
    add("serving", true, 0, lambda.cut()[0]);
    for (batch, _) in lambda.realtime().held()? {
        let since = lambda.realtime().since(batch)?;
        // The sets take turns: a set's first batch is odd or even.
        let part = if batch % 2 == 0 { "set A" } else { "set B" };
        add(
            part,
            batch == served.batch(),
            since.cut[0],
            since.offsets[0],
        );
    }
    Ok(())
}

impl Held {
    /// One row for each: `moment`, `part`, `used`, `from`, `to`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        df!(
            "moment" => rows.iter().map(|r| r.moment.as_str()).collect::<Vec<_>>(),
            "part" => rows.iter().map(|r| r.part.as_str()).collect::<Vec<_>>(),
            "used" => rows.iter().map(|r| r.used).collect::<Vec<_>>(),
            "from" => rows.iter().map(|r| r.from as i64).collect::<Vec<_>>(),
            "to" => rows.iter().map(|r| r.to as i64).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_fifteen_and_eighteen_minutes() {
        let folder = tempfile::tempdir().unwrap();
        let held = timeline(folder.path(), &[10, 15, 18]).unwrap();
        let at = |moment: &str, part: &str| {
            held.iter()
                .find(|h| h.moment == moment && h.part == part)
                .map(|h| (h.from, h.to, h.used))
        };
        // Figure 12.9: nothing is served yet, ten minutes are in the speed layer.
        assert_eq!(at("run 1 has ended", "serving"), Some((0, 0, true)));
        assert_eq!(at("run 1 has ended", "set B"), Some((0, 10, true)));
        // 12.10: ten minutes are served, 15 in the speed layer.
        assert_eq!(at("run 2 has ended", "serving"), Some((0, 10, true)));
        assert_eq!(at("run 2 has ended", "set A"), Some((10, 25, true)));
        assert_eq!(at("run 2 has ended", "set B"), None);
        // 12.11: just before the third ends, 33 minutes are.
        assert_eq!(at("just before run 3 ends", "set A"), Some((10, 43, true)));
        assert_eq!(at("just before run 3 ends", "set B"), Some((25, 43, false)));
        assert_eq!(at("run 3 has ended", "serving"), Some((0, 25, true)));
        assert_eq!(at("run 3 has ended", "set B"), Some((25, 43, true)));
        assert_eq!(Held::frame(&held).width(), 5);
    }
}

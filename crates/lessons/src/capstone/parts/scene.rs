//! What happens in a week, as a list from which things can be left out.
use crate::capstone::arrivals::arrivals;
use crate::capstone::error::Result;
use crate::capstone::truth::Said;
use crate::capstone::week::{BEGIN, HOURS, Week};
use crate::speed_layer::Arrival;
use dataset::random::Random;
use lambda::speed::event::{Fact, Who, read};
use std::collections::HashMap;
use std::ops::Range;

/// Offsets of a partition over which duplicates are found.
pub(super) const WINDOW: usize = 6;

/// A page view on its way to a site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub hour: i64,
    pub site: usize,
    /// Its number in [`WeekScene::views`].
    pub view: usize,
}

/// Where a process is when it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// While it reads: it goes back, and reads some events a second time in one update.
    Reading,
    /// Between the writes of two rows.
    BetweenRows,
    /// After all rows, before its position in the log is stored.
    BeforeCommit,
}

/// A batch run.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchRun {
    pub begins: i64,
    pub ends: i64,
    /// Whether it succeeds.
    pub is_ok: bool,
}

/// The page views of a week, and everything that happens in it.
#[derive(Clone, Debug)]
pub(super) struct WeekScene {
    pub views: Vec<Arrival>,
    /// By view: its identity, for a [`Window`](lambda::speed::Window).
    pub identities: Vec<u128>,
    pub sent: Vec<Sent>,
    pub crashes: Vec<(i64, Moment)>,
    pub cut: Option<Range<i64>>,
    pub runs: Vec<BatchRun>,
    /// Hours in which the log has deleted records that the window needs.
    pub short_log: Option<Range<i64>>,
}

impl WeekScene {
    /// Returns the page views and the faults of a week. The week before it is left out.
    pub fn of(week: &Week) -> Result<Self> {
        let (truth, lines) = arrivals(week)?;
        let mut scene = Self {
            views: Vec::new(),
            identities: Vec::new(),
            sent: Vec::new(),
            crashes: Vec::new(),
            cut: week.partition.clone(),
            runs: Vec::new(),
            short_log: None,
        };
        let mut numbers: HashMap<u32, usize> = HashMap::new();
        for line in lines {
            let is_view =
                matches!(truth.said[line.line as usize], Said::View { secs, .. } if secs >= BEGIN);
            if !is_view || line.at < BEGIN {
                continue;
            }
            let text = &truth.lines[line.line as usize];
            let Ok(Fact::View(view)) = read(text.as_bytes()) else {
                continue;
            };
            let number = *numbers.entry(line.line).or_insert_with(|| {
                let person = match &view.who {
                    Who::User(id) => format!("user {id}"),
                    Who::Cookie(cookie) => format!("cookie {cookie}"),
                };
                let arrival = Arrival::new(view.secs, &view.url, &person, view.nonce);
                scene.views.push(arrival);
                scene.identities.push(view.identity());
                scene.views.len() - 1
            });
            scene.sent.push(Sent {
                hour: (line.at - BEGIN) / 3_600,
                site: line.site as usize,
                view: number,
            });
        }
        let mut random = Random::new(&[week.seed, 0x5CE1]);
        let moments = [Moment::BetweenRows, Moment::BeforeCommit, Moment::Reading];
        let crashes = week.crashes.iter().enumerate();
        scene.crashes = crashes.map(|(n, hour)| (*hour, moments[n % 3])).collect();
        scene.crashes.dedup_by_key(|crash| crash.0);
        // A third of the runs fail: what is served, and what the speed layer answers, must stay.
        let every = week.batch_every;
        let begins = (every..HOURS - week.batch_takes).step_by(every as usize);
        scene.runs = begins
            .enumerate()
            .map(|(n, begins)| BatchRun {
                begins,
                ends: begins + week.batch_takes,
                is_ok: n % 3 != 1,
            })
            .collect();
        let short = HOURS / 2 + random.below(HOURS as u64 / 4) as i64;
        scene.short_log = Some(short..short + 30);
        Ok(scene)
    }
}

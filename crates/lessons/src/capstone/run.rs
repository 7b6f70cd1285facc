//! The week, hour by hour: what happens to the layers.
//!
//! The simulation sends what comes, turns the clock, cuts the network, deploys, and plans
//! crashes. It gives orders to a node, and gives an order again to the next node after a
//! crash: so every client here is one that retries.
use super::account::{Account, Audit};
use super::arrivals::{SITES, SentLine, arrivals};
use super::deployment::Code;
use super::error::{CapstoneError, Result};
use super::host::{Here, Host};
use super::node::NodeConfig;
use super::order::{LinkState, NodeReply, Order};
use super::reading::{History, Mark};
use super::schedule::RunningBatch;
use super::truth::Truth;
use super::week::{BEGIN, HOURS, Week};
use dataset::random::Random;
use lambda::speed::Tables;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

/// Lines that a client sends at a time.
const AT_A_TIME: usize = 200;
/// How often in a row a node may crash at one order.
const CRASHES: u32 = 50;

/// Runs a week with a node in this process, in a folder. `each` is shown the week so
/// far after every step.
///
/// ```
/// use lambda_workbook::capstone::{Week, here};
/// let folder = tempfile::tempdir()?;
/// let history = here(folder.path(), &Week::drawn(1, 300), &mut |_| ())?;
/// let account = history.account.expect("the week is over");
/// assert!(account.is_clean(), "{account}");
/// assert_eq!((account.lost(), account.doubled()), (0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn here(folder: &Path, week: &Week, each: &mut dyn FnMut(&History)) -> Result<History> {
    let mut start = |config| -> Result<Box<dyn Host>> { Ok(Box::new(Here::open(folder, config)?)) };
    run(week, &mut start, each)
}

/// Runs a week with the node that `start` makes.
pub fn run(
    week: &Week,
    start: &mut dyn FnMut(NodeConfig) -> Result<Box<dyn Host>>,
    each: &mut dyn FnMut(&History),
) -> Result<History> {
    week.check()?;
    let (truth, arrivals) = arrivals(week)?;
    let config = NodeConfig {
        consumer: week.consumer,
        window: week.window,
        log: week.log.clone(),
        store: week.store.as_deref().map(|address| {
            let address = address.trim_end_matches('/');
            format!("{address}/{}", name_of_its_own(week))
        }),
        engine: week.engine.clone(),
        topic: match week.log {
            None => "datums".to_owned(),
            Some(_) => name_of_its_own(week),
        },
        pages: truth.pages.clone(),
        hours: BEGIN - HOURS * 3_600..BEGIN + HOURS * 3_600,
    };
    let tables = config.store.clone();
    let mut simulation = Simulation::new(week, truth, start(config)?);
    let mut arrivals = arrivals.into_iter().peekable();
    let mut until = |secs: i64| -> Vec<SentLine> {
        let due = |arrival: &SentLine| arrival.at < secs;
        std::iter::from_fn(|| arrivals.next_if(due)).collect()
    };
    // The week before: it is served when ours begins.
    for hour in (-HOURS..0).step_by(week.step as usize) {
        simulation.time(hour)?;
        simulation.send(&until(BEGIN + (hour + week.step) * 3_600))?;
    }
    simulation.time(0)?;
    simulation.run_batch()?;
    simulation.marks.clear();
    for hour in (0..HOURS).step_by(week.step as usize) {
        let come = until(BEGIN + (hour + week.step) * 3_600);
        simulation.step(hour, &come)?;
        each(&simulation.history);
    }
    simulation.close()?;
    each(&simulation.history);
    let Simulation { history, host, .. } = simulation;
    if let Some(address) = tables {
        // The node first: it has them open. After an error they stay, to be looked at.
        drop(host);
        Tables::at(&address)?.remove_all()?;
    }
    Ok(history)
}

/// Returns a name for the topic or the tables of a week. A system elsewhere may hold those of other
/// weeks.
fn name_of_its_own(week: &Week) -> String {
    let number = RandomState::new().hash_one(());
    format!("week-{}-{number:016x}", week.seed)
}

pub(super) struct Simulation<'a> {
    pub(super) week: &'a Week,
    pub(super) truth: Truth,
    pub(super) host: Box<dyn Host>,
    pub(super) random: Random,
    pub(super) secs: i64,
    pub(super) link: LinkState,
    /// Acknowledged lines, by their numbers, in order.
    pub(super) taken: Vec<u32>,
    pub(super) audit: Audit,
    /// By batch served: its code.
    pub(super) codes: BTreeMap<u64, Code>,
    /// What is deployed from the bad batch on, until it is mended.
    pub(super) mended: bool,
    pub(super) running: Option<RunningBatch>,
    pub(super) next_begin: i64,
    pub(super) expire_at: Option<i64>,
    pub(super) wrong_since: Option<i64>,
    pub(super) marks: Vec<Mark>,
    pub(super) history: History,
}

impl<'a> Simulation<'a> {
    fn new(week: &'a Week, truth: Truth, host: Box<dyn Host>) -> Self {
        Self {
            week,
            truth,
            host,
            random: Random::new(&[week.seed, 0xC4A5]),
            secs: BEGIN,
            link: LinkState::Whole,
            taken: Vec::new(),
            audit: Audit::default(),
            codes: BTreeMap::new(),
            mended: false,
            running: None,
            next_begin: week.batch_every,
            expire_at: None,
            wrong_since: None,
            marks: Vec::new(),
            history: History {
                week: week.clone(),
                readings: Vec::new(),
                account: None,
            },
        }
    }

    /// Gives an order to the node, and to the next one after a crash, until there is a reply.
    pub(super) fn tell(&mut self, order: &Order) -> Result<NodeReply> {
        for _ in 0..CRASHES {
            match self.host.tell(order)? {
                Some(NodeReply::Refused(reason)) => {
                    let order = order.to_string();
                    return Err(CapstoneError::Refused { order, reason });
                }
                Some(reply) => return Ok(reply),
                None => {
                    self.audit.crashes += 1;
                    self.marks.push(Mark::Crash(order.to_string()));
                    self.host.restart()?;
                    // A new process does not know the time and the state of the network.
                    self.host.tell(&Order::Time(self.secs))?;
                    self.host.tell(&Order::Network(self.link))?;
                }
            }
        }
        Err(CapstoneError::CrashLoop {
            order: order.to_string(),
            times: CRASHES,
        })
    }

    fn time(&mut self, hour: i64) -> Result<()> {
        self.secs = BEGIN + hour * 3_600;
        self.tell(&Order::Time(self.secs)).map(|_| ())
    }

    /// Clients send what has come; each line until it is acknowledged.
    fn send(&mut self, come: &[SentLine]) -> Result<()> {
        for site in 0..SITES {
            let here = come.iter().filter(|arrival| arrival.site == site);
            let here: Vec<u32> = here.map(|arrival| arrival.line).collect();
            for lines in here.chunks(AT_A_TIME) {
                let text = |line: &u32| self.truth.lines[*line as usize].clone();
                let order = Order::Take {
                    site,
                    lines: lines.iter().map(text).collect(),
                };
                self.tell(&order)?;
                self.taken.extend_from_slice(lines);
            }
        }
        Ok(())
    }

    /// One step of the week.
    fn step(&mut self, hour: i64, come: &[SentLine]) -> Result<()> {
        self.time(hour)?;
        let end = hour + self.week.step;
        let crashes = self.week.crashes.iter();
        let here = crashes.filter(|crash| (hour..end).contains(*crash)).count();
        let mut planned: Vec<u64> = (0..here).map(|_| self.random.below(4)).collect();
        let mut crash = |simulation: &mut Self, place: u64, long: bool| {
            if let Some(found) = planned.iter().position(|planned| *planned == place) {
                planned.swap_remove(found);
                let draw = simulation.random.word();
                simulation.host.plan_crash(draw, long);
            }
        };
        self.network(hour, end)?;
        let due = |run: &RunningBatch| run.due <= hour;
        crash(self, 0, self.running.as_ref().is_some_and(due));
        self.batches(hour)?;
        crash(self, 1, false);
        self.send(come)?;
        crash(self, 2, false);
        self.tell(&Order::Apply)?;
        crash(self, 3, false);
        self.look(end, come.len() as u64)
    }

    fn network(&mut self, hour: i64, end: i64) -> Result<()> {
        let Some(cut) = self.week.partition.clone() else {
            return Ok(());
        };
        let now_cut = cut.start < end && hour < cut.end;
        let (link, mark) = match (now_cut, self.link) {
            (true, LinkState::Whole) => (LinkState::Cut(None), Mark::Cut),
            (false, LinkState::Cut(_)) => (LinkState::Whole, Mark::Healed),
            _ => return Ok(()),
        };
        if let NodeReply::Linked(link) = self.tell(&Order::Network(link))? {
            self.link = link;
        }
        self.marks.push(mark);
        Ok(())
    }

    /// The network is whole, everything is applied, and a batch run holds it all.
    fn close(&mut self) -> Result<()> {
        self.time(HOURS)?;
        self.link = LinkState::Whole;
        self.tell(&Order::Network(LinkState::Whole))?;
        (self.running, self.mended) = (None, true);
        self.tell(&Order::Apply)?;
        // One that was begun before holds what came until then; the next holds all.
        self.run_batch()?;
        self.run_batch()?;
        self.tell(&Order::Apply)?;
        self.look(HOURS, 0)?;
        let last = self.codes.keys().next_back().copied().unwrap_or(0);
        let mut master = Vec::new();
        for batch in 1..=last {
            if let NodeReply::Lines(lines) = self.tell(&Order::Master(batch))? {
                master.extend(lines);
            }
        }
        self.history.account = Some(Account::of(
            &self.history,
            &self.truth,
            &self.taken,
            &self.audit,
            &master,
        ));
        Ok(())
    }
}

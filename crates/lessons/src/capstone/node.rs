//! A node: the log of both sites, the layers over it, and what it is told to do.
use super::arrivals::SITES;
use super::error::{CapstoneError, Result};
use super::faulty_log::{FAR, FaultyLog};
use super::order::{Answers, LinkState, NodeReply, Order};
use super::sites::{Counters, came_at};
use super::truth::{DOMAIN, HOME};
use super::week::Consumer;
use calendar::Span;
use lambda::faults::When;
use lambda::speed::{self, Clock, EmbeddedLog, Log, ManualClock, RealtimeStoreOptions, SpeedError};
use lambda::{Lambda, LambdaError, Options};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Records of a partition that the updater takes at a time.
const MOST: usize = 2_000;

/// How a node is made. The same at every start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeConfig {
    pub consumer: Consumer,
    pub window: usize,
    /// Address of the log; `None` for one in the node's folder.
    pub log: Option<String>,
    /// Address of the store of the realtime views, with the text with which the names of its tables
    /// begin; `None` for one in the node's folder.
    pub store: Option<String>,
    /// Address of the engine of the batch layer; `None` for that of this machine.
    pub engine: Option<String>,
    /// Name of the topic.
    pub topic: String,
    /// What is asked of it: these pages, over these hours.
    pub pages: Vec<String>,
    pub hours: Range<i64>,
}

/// The layers in a folder, in one process.
pub struct Node {
    config: NodeConfig,
    wire: Arc<FaultyLog>,
    lambda: Lambda,
    clock: Arc<ManualClock>,
    sites: Vec<Counters>,
}

impl Node {
    /// Opens what is in a folder, or makes it.
    pub fn open(folder: &Path, config: NodeConfig) -> Result<Self> {
        let clock = Arc::new(ManualClock::default());
        let log: Arc<dyn Log> = match &config.log {
            Some(address) => speed::open(address)?,
            None => Arc::new(EmbeddedLog::open(folder.join("log"))?),
        };
        let topic = config.topic.as_str();
        let wire = FaultyLog::new(log);
        wire.create_topic(topic, SITES)?;
        let wire = Arc::new(wire);
        let store = RealtimeStoreOptions {
            clock: clock.clone(),
            ..RealtimeStoreOptions::default()
        };
        let options = match &config.store {
            // Views have no times to live, so they need no clock.
            Some(address) => Options::with_store(address)?,
            None => Options {
                store: store.into(),
                ..Options::default()
            },
        };
        let options = Options {
            window: config.window,
            resolution: config.consumer.resolution(),
            ..options
        };
        let precision = options.realtime_precision;
        let log: Arc<dyn Log> = wire.clone();
        let lambda = config.consumer.layers(folder, log, topic, options)?;
        let site = |site| {
            let served = lambda.served().pinned();
            Counters::new(site, precision, config.window, served)
        };
        let mut node = Self {
            sites: (0..SITES).map(site).collect(),
            config,
            wire,
            lambda,
            clock,
        };
        // Counters are held in memory alone: a new process counts again.
        node.count()?;
        Ok(node)
    }

    /// Plans a crash at one of the next calls to the log.
    pub(super) fn crash_in(&self, calls: u64, when: When) {
        self.wire.crash_in(calls, when);
    }

    pub(super) fn is_crashed(&self) -> bool {
        self.wire.is_crashed()
    }

    /// Does what it is told.
    pub fn obey(&mut self, order: &Order) -> Result<NodeReply> {
        match order {
            Order::Time(secs) => self.clock.set(secs * 1_000),
            Order::Network(link) => return self.link(*link),
            Order::Take { site, lines } => self.take(*site, lines)?,
            Order::Apply => self.apply()?,
            Order::Begin => {
                let (batch, cut) = self.lambda.begin_batch()?;
                return Ok(NodeReply::Begun { batch, cut });
            }
            Order::Serve { batch, cut, code } => {
                // Told again after a crash: it may be served already.
                if self.lambda.served().batch() < *batch {
                    let engine = code.engine(self.config.engine.as_deref())?;
                    let run = self.lambda.build_by(engine.as_ref(), *batch, cut)?;
                    self.lambda.publish(run)?;
                }
                self.tell_sites()?;
            }
            Order::Expire => self.lambda.expire()?,
            Order::RollBack(batch) => {
                self.lambda.roll_back(*batch)?;
                self.tell_sites()?;
            }
            Order::Ask => return self.answer(),
            Order::Log { site, from } => return self.records(*site, *from),
            Order::Master(batch) => {
                let text = self.lambda.master().added(*batch)?;
                let lines = String::from_utf8_lossy(&text);
                return Ok(NodeReply::Lines(lines.lines().map(str::to_owned).collect()));
            }
        }
        Ok(NodeReply::Done)
    }

    fn secs(&self) -> i64 {
        self.clock.now() / 1_000
    }

    fn link(&mut self, link: LinkState) -> Result<NodeReply> {
        let link = match link {
            LinkState::Whole => LinkState::Whole,
            LinkState::Cut(None) => {
                LinkState::Cut(Some(self.wire.near().end(&self.config.topic, FAR)?))
            }
            cut => cut,
        };
        self.wire.set_cut(match link {
            LinkState::Whole => None,
            LinkState::Cut(end) => end,
        });
        self.tell_sites()?;
        self.meet()?;
        Ok(NodeReply::Linked(link))
    }

    /// A record's key says when its site took it.
    fn take(&self, site: u32, lines: &[String]) -> Result<()> {
        let key = self.secs().to_be_bytes();
        let record = |line| -> (&[u8], &[u8]) { (&key, str::as_bytes(line)) };
        let records: Vec<_> = lines.iter().map(|line| record(line)).collect();
        self.wire.append(&self.config.topic, site, &records)?;
        Ok(())
    }

    fn apply(&mut self) -> Result<()> {
        while self.lambda.realtime().lag()? > 0 {
            self.lambda.step(MOST)?;
        }
        self.count()?;
        self.meet()
    }

    fn count(&mut self) -> Result<()> {
        for site in &mut self.sites {
            site.count(self.wire.near(), &self.config.topic)?;
        }
        Ok(())
    }

    /// The sites exchange what they have counted, if they reach each other.
    fn meet(&mut self) -> Result<()> {
        if self.wire.cut().is_none() {
            let now = self.secs();
            let (near, far) = self.sites.split_at_mut(1);
            near[0].meet(&mut far[0], now)?;
        }
        Ok(())
    }

    /// The near site serves what is served; the far one, what it could hear of. A process that was
    /// killed during a partition finds the views in its folder, and reads their cut from there.
    fn tell_sites(&mut self) -> Result<()> {
        let reached = if self.wire.cut().is_none() { 2 } else { 1 };
        let now = self.secs();
        for (place, site) in self.sites.iter_mut().enumerate() {
            if place >= reached && site.knows_cut() {
                continue;
            }
            site.serve(
                self.lambda.served(),
                self.wire.near(),
                &self.config.topic,
                now,
            )?;
        }
        Ok(())
    }

    fn answer(&self) -> Result<NodeReply> {
        let merged = match self.merged() {
            Ok(answers) => Ok(Box::new(answers)),
            // A batch is missing between the layers: the answer is that there is none.
            Err(CapstoneError::Layer(LambdaError::Speed(
                error @ (SpeedError::MissingBatch { .. } | SpeedError::UnknownBatch { .. }),
            ))) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        let (pages, hours) = (&self.config.pages, &self.config.hours);
        let sites = self.sites.iter();
        let sites: Result<Vec<_>> = sites.map(|site| site.answer(pages, HOME, hours)).collect();
        let (mut waiting, mut oldest) = (0, None::<i64>);
        if let Ok(answers) = &merged {
            for (partition, &seen) in (0..).zip(&answers.seen) {
                let near = self.wire.near();
                waiting += near.end(&self.config.topic, partition)? - seen;
                let next = near.read(&self.config.topic, partition, seen, 1)?;
                let came = next.iter().next().map(|record| came_at(&record));
                oldest = [oldest, came].into_iter().flatten().min();
            }
        }
        Ok(NodeReply::Answered {
            merged,
            sites: sites?,
            waiting,
            oldest,
        })
    }

    fn merged(&self) -> Result<Answers> {
        let hours = || self.config.hours.clone();
        let query = self.lambda.query()?;
        let mut answers = Answers {
            seen: query.seen(),
            cut: self.lambda.cut(),
            batch: self.lambda.served().batch(),
            ..Answers::default()
        };
        for page in &self.config.pages {
            let cells = query.page_views_by_hour(page, hours())?;
            answers.cells.push(cells.into_iter().collect());
            let span = Span::of_hours_in(&hours());
            let found = self.lambda.served().page_views(page, span)?;
            answers.serving += found.map_or(0, |found| found.value);
        }
        answers.uniques = query.uniques(HOME, hours())?.value;
        let bounces = query.bounces(DOMAIN)?.value;
        (answers.visits, answers.bounces) = (bounces.visits, bounces.bounces);
        Ok(answers)
    }

    fn records(&self, site: u32, from: u64) -> Result<NodeReply> {
        let records = self
            .wire
            .near()
            .read(&self.config.topic, site, from, usize::MAX)?;
        let text = |record: lambda::speed::Record<'_>| {
            let line = String::from_utf8_lossy(record.value).into_owned();
            (came_at(&record), line)
        };
        Ok(NodeReply::Records(records.iter().map(text).collect()))
    }
}

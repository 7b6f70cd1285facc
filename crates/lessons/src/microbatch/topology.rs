//! A topology: operators, each fed by another, from the log to the states.
//!
//! Rows have named fields. A function adds fields to a row and keeps the others;
//! an aggregate makes rows of its keys and its value. Where rows must come
//! together by key, they go to the partition of that key: there the batch waits
//! for all its workers.
//!
//! *Batch-local* operators know nothing but the batch. *Stateful* ones keep
//! something across batches, and are where care is needed (section 16.3 of *Big
//! Data*).
use super::aggregate::Aggregate;
use super::build;
use super::distinct::DistinctWithin;
use super::error::Result;
use super::event_time::EventTime;
use super::exchange::{Exchange, Groups, Keys, Repartition};
use super::sessions::Sessions;
use super::stored::Kind;
use super::value::{FieldValue, Owned};
use lambda::speed::Record;
use std::collections::HashMap;

/// What takes the rows that a function makes: values in the order of the fields
/// that it was declared with.
pub type Emit<'e> = dyn FnMut(&[FieldValue<'_>]) + 'e;

type Decode =
    Box<dyn Fn(&Record<'_>, &mut Emit<'_>) -> std::result::Result<(), String> + Send + Sync>;
type FlatMap = Box<dyn Fn(&[FieldValue<'_>], &mut Emit<'_>) + Send + Sync>;
type Filter = Box<dyn Fn(&[FieldValue<'_>]) -> bool + Send + Sync>;

/// What an operator does.
pub(super) enum OperatorKind {
    Source(Decode),
    FlatMap(FlatMap),
    Filter(Filter),
    /// Fields of a static table by a key; rows without a match are dropped.
    Join(HashMap<Owned, Vec<Owned>>),
    /// Rows of a key come together.
    Exchange(Box<dyn Exchange>),
    /// The rows that came too late to the operator that feeds it.
    SideOutput,
}

/// An operator as it was declared.
pub(super) struct Declared {
    pub name: String,
    pub from: Option<String>,
    /// The fields that it reads.
    pub reads: Vec<String>,
    /// The fields that it adds; of an exchange, all that it makes.
    pub adds: Vec<String>,
    pub op: OperatorKind,
    /// Of a stateful one.
    pub state: Option<Kind>,
    /// The fields of its side output; empty if it has none.
    pub late: Vec<String>,
    /// In words, for the picture and the state's identity.
    pub does: String,
}

/// A topology in the making: operators in any order, named and fed by name.
#[must_use = "end it with .build()"]
pub struct TopologyBuilder {
    name: String,
    nodes: Vec<Declared>,
    time: Option<EventTime>,
}

/// A topology that can run: see [`Topology::of`].
pub struct Topology {
    pub(super) name: String,
    pub(super) nodes: Vec<Operator>,
    /// What is expected of the event times of the source's rows.
    pub(super) time: Option<EventTime>,
    /// The place of the event time among the source's fields.
    pub(super) time_at: Option<usize>,
    /// The most exchanges that a row passes.
    pub(super) phases: usize,
}

/// An operator in its place.
pub(super) struct Operator {
    pub name: String,
    pub does: String,
    pub op: OperatorKind,
    pub state: Option<Kind>,
    pub parent: Option<usize>,
    pub children: Vec<usize>,
    /// Exchanges before it.
    pub phase: usize,
    /// Places in its input of the fields that it reads.
    pub reads: Vec<usize>,
    /// Places in its input of the fields that somebody after it reads.
    pub keeps: Vec<usize>,
    /// Its fields: those of its input that it keeps, then those that it adds.
    pub fields: Vec<String>,
}

impl Operator {
    /// Whether it reads the side output of the operator that feeds it.
    pub(super) fn is_side_output(&self) -> bool {
        matches!(self.op, OperatorKind::SideOutput)
    }
}

/// An operator as a picture shows it.
#[derive(Clone, Copy, Debug)]
pub struct Pipe<'t> {
    pub name: &'t str,
    /// In words.
    pub does: &'t str,
    /// The place of the operator that feeds it.
    pub from: Option<usize>,
    /// Whether its rows go to the worker of their key first. False where they are with it already,
    /// because the operator that feeds it has the same keys.
    pub by_key: bool,
    /// Of a stateful one; all others are batch-local.
    pub state: Option<Kind>,
}

impl Topology {
    /// Begins a topology with a name.
    ///
    /// ```
    /// use lambda_workbook::microbatch::{Count, FieldValue, Kind, Topology};
    ///
    /// let topology = Topology::of("word count")
    ///     .source("lines", &["line"], |record, emit| {
    ///         let line = std::str::from_utf8(record.value).map_err(|e| e.to_string())?;
    ///         emit(&[FieldValue::Text(line)]);
    ///         Ok(())
    ///     })
    ///     .flat_map("words", "lines", &["line"], &["word"], |row, emit| {
    ///         row[0].text().split(' ').for_each(|word| emit(&[word.into()]));
    ///     })
    ///     .state("counts", "words", &["word"], Count, "count", Kind::Transactional)
    ///     .build()?;
    /// assert_eq!(topology.states(), ["counts"]);
    ///
    /// let missing = Topology::of("word count")
    ///     .source("lines", &["line"], |_, _| Ok(()))
    ///     .state("counts", "lines", &["word"], Count, "count", Kind::Opaque)
    ///     .build();
    /// assert!(missing.err().unwrap().to_string().contains("reads field \"word\""));
    /// # Ok::<(), lambda_workbook::microbatch::MicroBatchError>(())
    /// ```
    pub fn of(name: &str) -> TopologyBuilder {
        TopologyBuilder {
            name: name.to_owned(),
            nodes: Vec::new(),
            time: None,
        }
    }

    /// What it computes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of its states.
    pub fn states(&self) -> Vec<&str> {
        let states = self.nodes.iter().filter(|node| node.state.is_some());
        states.map(|node| node.name.as_str()).collect()
    }

    /// Its operators in the order of the data, for a picture.
    pub fn pipes(&self) -> Vec<Pipe<'_>> {
        let pipes = self.nodes.iter().map(|node| Pipe {
            name: &node.name,
            does: &node.does,
            from: node.parent,
            by_key: self.moves_rows(node),
            state: node.state,
        });
        pipes.collect()
    }

    /// Whether rows go to the worker of their key before an operator. They stay where they are if the
    /// operator that feeds it has sent them by the same keys.
    fn moves_rows(&self, node: &Operator) -> bool {
        let Some(keys) = self.keys_of(node) else {
            return false;
        };
        let parent = node.parent.map(|parent| &self.nodes[parent]);
        parent.and_then(|parent| self.keys_of(parent)) != Some(keys)
    }

    /// The fields by which an operator sends rows to workers; `None` if it sends none.
    fn keys_of(&self, node: &Operator) -> Option<Vec<&str>> {
        let OperatorKind::Exchange(exchange) = &node.op else {
            return None;
        };
        let count = match exchange.keys() {
            Keys::First(count) => count,
            Keys::All => node.reads.len(),
        };
        let input = &self.nodes[node.parent?].fields;
        let keys = node.reads.iter().take(count);
        Some(keys.map(|place| input[*place].as_str()).collect())
    }

    /// What tells it from others: states that were made by it can only be gone on
    /// with by the same.
    pub(super) fn identity(&self) -> String {
        let states = self.nodes.iter().filter_map(|node| {
            let kind = node.state?;
            Some(format!("{}: {} ({})", node.name, node.does, kind.name()))
        });
        let time = self.time.as_ref();
        let time = time.map(|time| format!("event time {}: {}", time.field(), time.words()));
        let parts: Vec<String> = time.into_iter().chain(states).collect();
        format!("{}; {}", self.name, parts.join("; "))
    }
}

fn texts(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

impl TopologyBuilder {
    fn node(
        mut self,
        name: &str,
        from: Option<&str>,
        (reads, adds): (Vec<String>, Vec<String>),
        does: String,
        op: OperatorKind,
    ) -> Self {
        self.nodes.push(Declared {
            name: name.to_owned(),
            from: from.map(str::to_owned),
            reads,
            adds,
            op,
            state: None,
            late: Vec::new(),
            does,
        });
        self
    }

    /// Says which field of the source's rows has their event time, from which the watermark is taken.
    /// A topology with [`sessions`](Self::sessions) or [`distinct`](Self::distinct) needs it.
    pub fn event_time(self, time: EventTime) -> Self {
        Self {
            time: Some(time),
            ..self
        }
    }

    /// Reads records of the log. A record that cannot be read is kept with the
    /// reason: see [`Job::rejected`](super::Job::rejected).
    pub fn source(
        self,
        name: &str,
        fields: &[&str],
        decode: impl Fn(&Record<'_>, &mut Emit<'_>) -> std::result::Result<(), String>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let op = OperatorKind::Source(Box::new(decode));
        self.node(
            name,
            None,
            (Vec::new(), texts(fields)),
            "source".to_owned(),
            op,
        )
    }

    /// Makes any number of rows of each, with more fields.
    pub fn flat_map(
        self,
        name: &str,
        from: &str,
        reads: &[&str],
        adds: &[&str],
        function: impl Fn(&[FieldValue<'_>], &mut Emit<'_>) + Send + Sync + 'static,
    ) -> Self {
        let op = OperatorKind::FlatMap(Box::new(function));
        let fields = (texts(reads), texts(adds));
        self.node(name, Some(from), fields, "function".to_owned(), op)
    }

    /// Adds a field to each row.
    pub fn map(
        self,
        name: &str,
        from: &str,
        reads: &[&str],
        add: &str,
        function: impl Fn(&[FieldValue<'_>]) -> Owned + Send + Sync + 'static,
    ) -> Self {
        self.flat_map(name, from, reads, &[add], move |row, emit| {
            emit(&[function(row).as_value()]);
        })
    }

    /// Keeps the rows for which the function says so.
    pub fn filter(
        self,
        name: &str,
        from: &str,
        reads: &[&str],
        function: impl Fn(&[FieldValue<'_>]) -> bool + Send + Sync + 'static,
    ) -> Self {
        let op = OperatorKind::Filter(Box::new(function));
        let fields = (texts(reads), Vec::new());
        self.node(name, Some(from), fields, "filter".to_owned(), op)
    }

    /// Adds the fields of a static table; rows whose key it lacks are dropped.
    pub fn join(
        self,
        name: &str,
        from: &str,
        key: &str,
        adds: &[&str],
        table: impl IntoIterator<Item = (Owned, Vec<Owned>)>,
    ) -> Self {
        let op = OperatorKind::Join(table.into_iter().collect());
        let fields = (texts(&[key]), texts(adds));
        self.node(name, Some(from), fields, format!("join by {key}"), op)
    }

    /// Sends rows to the worker of their key.
    pub fn repartition(self, name: &str, from: &str, keys: &[&str]) -> Self {
        let op = OperatorKind::Exchange(Box::new(Repartition));
        let fields = (texts(keys), Vec::new());
        self.node(
            name,
            Some(from),
            fields,
            format!("by {}", keys.join(", ")),
            op,
        )
    }

    /// Aggregates the rows of a batch by keys: batch-local.
    pub fn aggregate(
        self,
        name: &str,
        from: &str,
        keys: &[&str],
        aggregate: impl Aggregate,
        add: &str,
    ) -> Self {
        let reads = [texts(keys), aggregate.fields()].concat();
        let does = does(keys, &aggregate);
        let op = OperatorKind::Exchange(Box::new(Groups::new(aggregate, keys.len(), name, None)));
        let adds = [texts(keys), texts(&[add])].concat();
        self.node(name, Some(from), (reads, adds), does, op)
    }

    /// Aggregates the rows of all batches by keys, and keeps what it has. The next
    /// operator gets the new values of the keys that the batch had.
    pub fn state(
        mut self,
        name: &str,
        from: &str,
        keys: &[&str],
        aggregate: impl Aggregate,
        add: &str,
        kind: Kind,
    ) -> Self {
        let reads = [texts(keys), aggregate.fields()].concat();
        let does = does(keys, &aggregate);
        let op = OperatorKind::Exchange(Box::new(Groups::new(
            aggregate,
            keys.len(),
            name,
            Some(kind),
        )));
        let adds = [texts(keys), texts(&[add])].concat();
        self = self.node(name, Some(from), (reads, adds), does, op);
        self.with_state(kind)
    }

    /// Lets a row through if no row with the same keys came before, within a time; see [`DistinctWithin`].
    /// The next operator gets the keys. Its state keeps the value before the batch, as opaque ones
    /// do.
    pub fn distinct(
        mut self,
        name: &str,
        from: &str,
        keys: &[&str],
        distinct: DistinctWithin,
    ) -> Self {
        let reads = [texts(keys), texts(&[distinct.time()])].concat();
        let does = format!("by {}: {}", keys.join(", "), distinct.words());
        let op = OperatorKind::Exchange(Box::new(distinct.keyed(keys.len())));
        self = self.node(name, Some(from), (reads, texts(keys)), does, op);
        self.with_state(Kind::Opaque).with_late(texts(keys))
    }

    /// Cuts the rows of each key into sessions, which end after `gap` seconds of
    /// silence. The next operator gets each session when the watermark has passed its end: the keys,
    /// `first` and `last` second, the number of `rows`, and the `sign`, which is 1. If a late row makes
    /// the session longer, it gets the same row with the sign -1, and then the longer one. So counts
    /// downstream are sums of signs; see [`Sessions`].
    /// Its state keeps the value before the batch, as opaque ones do.
    pub fn sessions(mut self, name: &str, from: &str, keys: &[&str], sessions: Sessions) -> Self {
        let reads = [texts(keys), texts(&[sessions.time()])].concat();
        let adds = [texts(keys), texts(&["first", "last", "rows", "sign"])].concat();
        let does = format!("by {}: {}", keys.join(", "), sessions.words());
        let late = [texts(keys), texts(&[sessions.time()])].concat();
        let op = OperatorKind::Exchange(Box::new(sessions.keyed(keys.len())));
        self = self.node(name, Some(from), (reads, adds), does, op);
        self.with_state(Kind::Opaque).with_late(late)
    }

    /// Reads the rows that came too late to `from`, which is declared before: the keys and the time of
    /// each. They are in none of the rows that `from` hands on.
    pub fn side_output(self, name: &str, from: &str) -> Self {
        let fed = self.nodes.iter().find(|node| node.name == from);
        let adds = fed.map(|node| node.late.clone()).unwrap_or_default();
        let does = format!("rows too late for {from}");
        self.node(
            name,
            Some(from),
            (Vec::new(), adds),
            does,
            OperatorKind::SideOutput,
        )
    }

    fn with_late(mut self, fields: Vec<String>) -> Self {
        if let Some(last) = self.nodes.last_mut() {
            last.late = fields;
        }
        self
    }

    fn with_state(mut self, kind: Kind) -> Self {
        if let Some(last) = self.nodes.last_mut() {
            last.state = Some(kind);
        }
        self
    }

    /// Checks it, and puts every operator in its place.
    ///
    /// # Errors
    /// Two operators of one name, an unknown one, a cycle, a field that is missing
    /// or there twice, no source or two, sessions or duplicates without an event time, a side output
    /// of an operator that has none.
    pub fn build(self) -> Result<Topology> {
        build::build(self.name, self.time, self.nodes)
    }
}

fn does(keys: &[&str], aggregate: &impl Aggregate) -> String {
    match keys {
        [] => aggregate.name(),
        _ => format!("{} by {}", aggregate.name(), keys.join(", ")),
    }
}

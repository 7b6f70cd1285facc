//! A worker: pushes each row through the operators, as far as they go without
//! other workers.
use super::error::{MicroBatchError, Result};
use super::exchange::{Collector, Exchange, Keys, TupleOwned};
use super::state_store::Rejected;
use super::topology::{Operator, OperatorKind, Topology};
use super::value::{FieldValue, Owned, TupleValues, encode};
use lambda::speed::Records;

pub(super) struct Worker<'t> {
    topology: &'t Topology,
    /// By operator, of exchanges.
    pub collectors: Vec<Option<Box<dyn Collector>>>,
    /// By operator, rows that it made.
    pub made: Vec<u64>,
    pub rejected: Vec<Rejected>,
    /// The latest event time of the rows that the source made.
    pub latest: Option<i64>,
    key: Vec<u8>,
    error: Option<MicroBatchError>,
}

impl<'t> Worker<'t> {
    pub(super) fn of(topology: &'t Topology) -> Self {
        let collector = |node: &Operator| match &node.op {
            OperatorKind::Exchange(exchange) => Some(exchange.collector()),
            _ => None,
        };
        Self {
            topology,
            collectors: topology.nodes.iter().map(collector).collect(),
            made: vec![0; topology.nodes.len()],
            rejected: Vec::new(),
            latest: None,
            key: Vec::new(),
            error: None,
        }
    }

    /// Reads records of a partition through the source.
    pub(super) fn read(&mut self, partition: u32, records: &Records) -> Result<()> {
        let topology = self.topology;
        let Some(OperatorKind::Source(decode)) = topology.nodes.first().map(|node| &node.op) else {
            return Ok(());
        };
        let time = topology.time_at;
        for record in records.iter() {
            let read = decode(&record, &mut |made| {
                let secs = time.and_then(|at| made.get(at)).map(FieldValue::int);
                self.latest = self.latest.max(secs);
                self.hand_on(0, &[], made);
            });
            if let Err(reason) = read {
                self.rejected.push((partition, record.offset, reason));
            }
            if self.error.is_some() {
                break;
            }
        }
        self.ended()
    }

    /// Gives rows of an exchange to what it feeds.
    pub(super) fn emit(&mut self, place: usize, row: &[FieldValue<'_>]) -> Result<()> {
        let nodes = &self.topology.nodes;
        for child in &nodes[place].children {
            if !nodes[*child].is_side_output() {
                self.push(*child, row);
            }
        }
        self.ended()
    }

    /// Gives rows of an exchange that came too late to what reads its side output.
    pub(super) fn emit_side(&mut self, place: usize, rows: &[TupleOwned]) -> Result<()> {
        let nodes = &self.topology.nodes;
        for child in &nodes[place].children {
            if nodes[*child].is_side_output() {
                for row in rows {
                    let row: TupleValues = row.iter().map(Owned::as_value).collect();
                    self.push(*child, &row);
                }
            }
        }
        self.ended()
    }

    fn ended(&mut self) -> Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }

    /// A function made these values, of an input row of which some are kept.
    fn hand_on(&mut self, place: usize, input: &[FieldValue<'_>], made: &[FieldValue<'_>]) {
        let topology = self.topology;
        let node = &topology.nodes[place];
        if made.len() + node.keeps.len() != node.fields.len() {
            self.error.get_or_insert_with(|| MicroBatchError::Topology {
                name: topology.name.clone(),
                problem: format!(
                    "{:?} made a row of {} values, and was declared with {}",
                    node.name,
                    made.len(),
                    node.fields.len() - node.keeps.len()
                ),
            });
            return;
        }
        self.made[place] += 1;
        if node.keeps.is_empty() {
            for child in &node.children {
                self.push(*child, made);
            }
            return;
        }
        let mut row: TupleValues = node.keeps.iter().map(|at| input[*at]).collect();
        row.extend(made.iter().copied());
        for child in &node.children {
            self.push(*child, &row);
        }
    }

    fn push(&mut self, place: usize, row: &[FieldValue<'_>]) {
        let topology = self.topology;
        let node = &topology.nodes[place];
        let read = |at: &usize| row[*at];
        match &node.op {
            OperatorKind::Source(_) => {}
            OperatorKind::SideOutput => self.hand_on(place, &[], row),
            OperatorKind::FlatMap(function) => {
                let reads: TupleValues = node.reads.iter().map(read).collect();
                function(&reads, &mut |made| self.hand_on(place, row, made));
            }
            OperatorKind::Filter(function) => {
                let reads: TupleValues = node.reads.iter().map(read).collect();
                if function(&reads) {
                    self.hand_on(place, row, &[]);
                }
            }
            OperatorKind::Join(table) => {
                if let Some(found) = table.get(&row[node.reads[0]].owned()) {
                    let found: TupleValues = found.iter().map(|value| value.as_value()).collect();
                    self.hand_on(place, row, &found);
                }
            }
            OperatorKind::Exchange(exchange) => self.collect(place, node, exchange.as_ref(), row),
        }
    }

    fn collect(
        &mut self,
        place: usize,
        node: &Operator,
        exchange: &dyn Exchange,
        row: &[FieldValue<'_>],
    ) {
        let (keys, others) = match exchange.keys() {
            Keys::First(keys) => node.reads.split_at(keys),
            Keys::All => (&node.reads[..], &node.keeps[..]),
        };
        self.key.clear();
        encode(keys.iter().map(|at| row[*at]), &mut self.key);
        let others: TupleValues = others.iter().map(|at| row[*at]).collect();
        let collector = self.collectors[place].as_mut();
        let added = collector
            .expect("an exchange has one")
            .add(&self.key, &others);
        if let Err(error) = added {
            self.error.get_or_insert(error);
        }
    }
}

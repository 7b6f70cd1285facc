//! Questions to the states of a job.
use super::error::{MicroBatchError, Result};
use super::exchange::{Exchange, Keys};
use super::job::Job;
use super::sessions;
use super::topology::OperatorKind;
use super::value::{FieldValue, Owned, decode, encode};
use lambda::speed::partition_of;
use polars::prelude::{Column, DataFrame, NamedFrom, Series};

impl Job {
    /// The value of a key in a state, as of the last batch that was committed.
    pub fn get(&self, state: &str, key: &[FieldValue<'_>]) -> Result<Option<Owned>> {
        let node = self.state(state)?;
        let keys = node.1.keys;
        if key.len() != keys {
            return Err(MicroBatchError::Question {
                state: state.to_owned(),
                problem: format!("its keys have {keys} values, and this one {}", key.len()),
            });
        }
        let mut bytes = Vec::new();
        encode(key.iter().copied(), &mut bytes);
        let part = self
            .store
            .part(state, partition_of(&bytes, self.options.partitions))?;
        let value = part.get(&bytes)?.and_then(|stored| stored.value);
        value.map(|value| node.1.shown(&value)).transpose()
    }

    /// A state as a table: its keys, its value, and the batch of each (0 where the
    /// state keeps none), in the order of the keys.
    pub fn table(&self, state: &str) -> Result<DataFrame> {
        let (fields, form) = self.state(state)?;
        let mut rows: Vec<(Vec<Owned>, Vec<Owned>, u64)> = Vec::new();
        for partition in 0..self.options.partitions {
            for (key, stored) in self.store.part(state, partition)?.scan()? {
                if let Some(value) = stored.value {
                    rows.push((decode(&key)?, form.values(&value)?, stored.batch));
                }
            }
        }
        rows.sort();
        let mut columns: Vec<Column> = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            let value = |row: &(Vec<Owned>, Vec<Owned>, u64)| {
                row.0
                    .get(place)
                    .or_else(|| row.1.get(place - row.0.len()))
                    .cloned()
            };
            columns.push(column(field, rows.iter().map(value).collect()));
        }
        let batches: Vec<i64> = rows.iter().map(|row| row.2 as i64).collect();
        columns.push(Series::new("batch".into(), batches).into());
        Ok(DataFrame::new(rows.len(), columns)?)
    }

    fn state(&self, state: &str) -> Result<(&[String], Form<'_>)> {
        let node = self.topology.nodes.iter().find(|node| node.name == state);
        match node.map(|node| (node, &node.op)) {
            Some((node, OperatorKind::Exchange(exchange))) if node.state.is_some() => {
                let Keys::First(keys) = exchange.keys() else {
                    unreachable!("a state has keys");
                };
                Ok((
                    &node.fields,
                    Form {
                        keys,
                        exchange: exchange.as_ref(),
                    },
                ))
            }
            _ => Err(MicroBatchError::NoState {
                state: state.to_owned(),
                known: self
                    .topology
                    .states()
                    .iter()
                    .map(|s| (*s).to_owned())
                    .collect(),
            }),
        }
    }

    /// Records that could not be read: partition, offset, reason.
    pub fn rejected(&self) -> Result<Vec<(u32, u64, String)>> {
        self.store.rejected()
    }

    /// Returns the number of rows that came too late: for the sessions of a state, or to be told from
    /// duplicates.
    pub fn late(&self, state: &str) -> Result<i64> {
        let part = |partition| self.store.part(state, partition);
        (0..self.options.partitions)
            .map(|p| sessions::late(&part(p)?))
            .sum()
    }
}

/// How a state's bytes are read.
struct Form<'a> {
    keys: usize,
    exchange: &'a dyn Exchange,
}

impl Form<'_> {
    fn values(&self, bytes: &[u8]) -> Result<Vec<Owned>> {
        self.exchange.values(bytes)
    }

    fn shown(&self, bytes: &[u8]) -> Result<Owned> {
        let first = self.values(bytes)?.into_iter().next();
        first.ok_or(MicroBatchError::Damaged {
            what: "a value of a state is empty",
        })
    }
}

fn column(name: &str, values: Vec<Option<Owned>>) -> Column {
    let texts = values
        .iter()
        .any(|value| matches!(value, Some(Owned::Text(_))));
    let series = if texts {
        let text = |value: &Option<Owned>| value.as_ref().map(|v| v.as_value().to_string());
        Series::new(name.into(), values.iter().map(text).collect::<Vec<_>>())
    } else {
        let int = |value: &Option<Owned>| value.as_ref().map(|value| value.as_value().int());
        Series::new(name.into(), values.iter().map(int).collect::<Vec<_>>())
    };
    series.into()
}

//! The realtime store on HBase.
use super::client::{Gateway, HBaseConnection, Kind, get_of};
use super::mutations::{Changes, check_qualifier, qualifiers_between};
use super::tables;
use super::thrift2::{
    TColumn, TColumnIncrement, TColumnValue, TCompareOp, TGet, TIncrement, TPut, TResult, TScan,
    TTHBaseServiceSyncClient,
};
use lambda::speed::{
    Atomicity, Cell, Column, Conditional, Family, Mutation, Place, Reader, RealtimeStore, Result,
    by_row, family_at,
};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Rows that are written by one call, and cells that are read by one.
const BATCH: usize = 500;
/// Bytes of the rows that are written by one call, about.
const BATCH_BYTES: usize = 1 << 20;
/// Conditional writes at the same time, each on a connection of its own.
const WRITERS: usize = 4;
/// Cells in one page of a row or of a scan.
const PAGE: usize = 1_000;
/// Cells of a row that a scan returns together.
const OF_ROW: i32 = 200;

/// A store in a table of HBase. Any number of threads and processes may use it at once.
///
/// A deletion covers what has a timestamp up to the server's time, also if it is written later,
/// until a major compaction. HBase has an option against that, `NEW_VERSION_BEHAVIOR`, but with it
/// a row of HBase 2.6.1 can become unreadable: cells of the empty qualifier and another one that
/// were deleted and written again end every read with a `NullPointerException`.
pub struct HBaseStore {
    gateway: Arc<Gateway>,
    table: String,
    families: Vec<Family>,
}

impl HBaseStore {
    /// Opens the store in a table, which is made if there is none.
    ///
    /// # Errors
    /// If HBase does not answer, or the table was made with other families.
    pub fn open(gateway: Arc<Gateway>, table: &str, families: &[Family]) -> Result<Self> {
        tables::create_or_check(&gateway, table, families)?;
        Ok(Self {
            gateway,
            table: table.to_owned(),
            families: families.to_vec(),
        })
    }

    /// Returns the families with which it was opened.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    fn name(&self) -> Vec<u8> {
        self.table.as_bytes().to_vec()
    }

    fn doing(&self, doing: &str) -> String {
        format!("{doing} the table {:?}", self.table)
    }

    fn changes(&self, mutation: &Mutation) -> Result<Changes> {
        for change in &mutation.changes {
            family_at(&self.families, change.family())?;
        }
        let changes = Changes::of(mutation, &self.families);
        changes.map_err(|problem| self.gateway.error(&self.doing("writing to"), &problem))
    }

    fn read<T>(&self, call: impl Fn(&mut HBaseConnection) -> thrift::Result<T>) -> Result<T> {
        let doing = self.doing("reading");
        self.gateway.call(Kind::Repeatable, &doing, call)
    }

    fn write<T>(
        &self,
        kind: Kind,
        call: impl Fn(&mut HBaseConnection) -> thrift::Result<T>,
    ) -> Result<T> {
        self.gateway.call(kind, &self.doing("writing to"), call)
    }

    /// Puts some rows, each atomically.
    fn put(&self, puts: &[TPut]) -> Result<()> {
        self.write(Kind::Repeatable, |connection| {
            connection.put_multiple(self.name(), puts.to_vec())
        })
    }

    /// Reads one row, as a filter or a number of versions asks.
    fn get_one(&self, get: &TGet) -> Result<Vec<TColumnValue>> {
        let mut found = self.read(|c| c.get_multiple(self.name(), vec![get.clone()]))?;
        Ok(found
            .pop()
            .map_or_else(Vec::new, |result| result.column_values))
    }

    /// Returns up to `most` cells of a row whose qualifiers are in a range.
    pub fn row_page(
        &self,
        row: &[u8],
        family: &str,
        qualifiers: Range<&[u8]>,
        most: usize,
    ) -> Result<Vec<Column>> {
        family_at(&self.families, family)?;
        if qualifiers.is_empty() || row.is_empty() {
            return Ok(Vec::new());
        }
        let get = TGet {
            columns: Some(vec![column_of(family, None)]),
            store_limit: Some(most as i32),
            filter_bytes: Some(qualifiers_between(qualifiers.start, Some(qualifiers.end))),
            ..get_of(row)
        };
        Ok(self.get_one(&get)?.into_iter().map(column).collect())
    }

    /// Returns up to about `most` cells of the rows that begin with a prefix, after a cell.
    /// There are no more if they are fewer than `most`.
    pub fn scan_page(
        &self,
        prefix: &[u8],
        family: &str,
        after: Option<(&[u8], &[u8])>,
        most: usize,
    ) -> Result<Vec<(Vec<u8>, Column)>> {
        family_at(&self.families, family)?;
        // The rest of the row that the last page ended in.
        let mut found = Vec::new();
        let mut start = prefix.to_vec();
        if let Some((row, qualifier)) = after {
            let get = TGet {
                columns: Some(vec![column_of(family, None)]),
                store_limit: Some(most as i32),
                filter_bytes: Some(qualifiers_between(&[qualifier, &[0]].concat(), None)),
                ..get_of(row)
            };
            let rest = self.get_one(&get)?.into_iter();
            found.extend(rest.map(|value| (row.to_vec(), column(value))));
            start = [row, &[0]].concat();
        }
        if found.len() >= most {
            return Ok(found);
        }
        // The rows after it.
        let wanted = most - found.len();
        let scan = TScan {
            start_row: Some(start),
            stop_row: after_prefix(prefix),
            columns: Some(vec![column_of(family, None)]),
            caching: Some(wanted as i32),
            max_versions: Some(1),
            batch_size: Some(OF_ROW),
        };
        let rows = self.read(|connection| {
            let scanner = connection.open_scanner(self.name(), scan.clone())?;
            let (mut rows, mut cells): (Vec<TResult>, usize) = (Vec::new(), 0);
            // A row may be one cell or many: a few rows first, then as many as have fitted.
            let mut ask = 16;
            while cells < wanted {
                let some = connection.get_scanner_rows(scanner, ask as i32)?;
                if some.is_empty() {
                    break;
                }
                let of_some: usize = some.iter().map(|row| row.column_values.len()).sum();
                let cells_each = of_some.div_ceil(some.len()).max(1);
                cells += of_some;
                rows.extend(some);
                ask = (wanted.saturating_sub(cells) / cells_each).clamp(1, PAGE);
            }
            connection.close_scanner(scanner)?;
            Ok(rows)
        })?;
        for TResult { row, column_values } in rows {
            let row = row.unwrap_or_default();
            let cells = column_values.into_iter();
            found.extend(cells.map(|value| (row.clone(), column(value))));
        }
        Ok(found)
    }

    fn apply_one_if(&self, conditional: &Conditional) -> Result<bool> {
        family_at(&self.families, conditional.family)?;
        let mutations = self.changes(&conditional.mutation)?.into_mutations();
        self.write(Kind::Once, |connection| {
            connection.check_and_mutate(
                self.name(),
                conditional.mutation.row.clone(),
                conditional.family.as_bytes().to_vec(),
                conditional.qualifier.clone(),
                TCompareOp::EQUAL,
                // An empty value stands for an absent cell.
                conditional.expected.clone().unwrap_or_default(),
                mutations.clone(),
            )
        })
    }
}

impl RealtimeStore for HBaseStore {
    fn atomicity(&self) -> Atomicity {
        Atomicity::Row
    }

    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(HBaseReader(self))
    }

    fn apply(&self, mutations: &[Mutation]) -> Result<()> {
        let (mut puts, mut bytes): (Vec<TPut>, usize) = (Vec::new(), 0);
        for mutation in by_row(mutations) {
            match self.changes(&mutation)?.into_put() {
                Ok(put) => {
                    let values = put.column_values.iter();
                    bytes += values
                        .map(|v| 50 + v.qualifier.len() + v.value.len())
                        .sum::<usize>();
                    puts.push(put);
                }
                Err(mutations) => self.write(Kind::Repeatable, |connection| {
                    connection.mutate_row(self.name(), mutations.clone())
                })?,
            }
            if puts.len() == BATCH || bytes > BATCH_BYTES {
                self.put(&puts)?;
                puts.clear();
                bytes = 0;
            }
        }
        match puts.is_empty() {
            true => Ok(()),
            false => self.put(&puts),
        }
    }

    fn apply_if(&self, conditionals: &[Conditional]) -> Result<Vec<bool>> {
        let apply = |some: &[Conditional]| -> Result<Vec<bool>> {
            some.iter()
                .map(|conditional| self.apply_one_if(conditional))
                .collect()
        };
        if conditionals.len() < 2 * WRITERS {
            return apply(conditionals);
        }
        let parts = conditionals.chunks(conditionals.len().div_ceil(WRITERS));
        let applied: Vec<Result<Vec<bool>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = parts.map(|some| scope.spawn(move || apply(some))).collect();
            let panics = "a conditional write returns its errors";
            threads
                .into_iter()
                .map(|thread| thread.join().expect(panics))
                .collect()
        });
        let applied: Result<Vec<Vec<bool>>> = applied.into_iter().collect();
        Ok(applied?.concat())
    }

    fn increment(
        &self,
        row: &[u8],
        family: &'static str,
        qualifier: &[u8],
        by: i64,
    ) -> Result<i64> {
        family_at(&self.families, family)?;
        check_qualifier(qualifier)
            .map_err(|problem| self.gateway.error(&self.doing("writing to"), &problem))?;
        let increment = TIncrement {
            row: row.to_vec(),
            columns: vec![TColumnIncrement {
                family: family.as_bytes().to_vec(),
                qualifier: qualifier.to_vec(),
                amount: Some(by),
            }],
        };
        let result = self.write(Kind::Once, |connection| {
            connection.increment(self.name(), increment.clone())
        })?;
        let value = result
            .column_values
            .into_iter()
            .next()
            .map(|column| column.value);
        let value = value.and_then(|value| value.try_into().ok());
        value.map(i64::from_be_bytes).ok_or_else(|| {
            let problem = "the answer has no sum; look before you do it again";
            self.gateway.error(&self.doing("writing to"), problem)
        })
    }

    /// Does nothing: the gateway offers no compaction. `workbook compact hbase` runs one.
    fn release(&self, family: &str) -> Result<()> {
        family_at(&self.families, family).map(drop)
    }
}

/// The cells of a row by family and qualifier.
type CellsOfRow = HashMap<(Vec<u8>, Vec<u8>), Cell>;

/// A reader, which sees each row as it is when it is read.
struct HBaseReader<'a>(&'a HBaseStore);

impl Reader for HBaseReader<'_> {
    fn get(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Option<Cell>> {
        let found = self.get_all(&[(row, family, qualifier)])?;
        Ok(found.into_iter().next().flatten())
    }

    fn get_all(&self, places: &[Place<'_>]) -> Result<Vec<Option<Cell>>> {
        let mut found = Vec::with_capacity(places.len());
        for some in places.chunks(BATCH) {
            // One read a row, so that cells of a row that are asked for together are from one
            // state of it.
            let mut gets: Vec<TGet> = Vec::new();
            let mut of_row: HashMap<&[u8], usize> = HashMap::new();
            for (row, family, qualifier) in some {
                family_at(&self.0.families, family)?;
                let place = *of_row.entry(row).or_insert_with(|| {
                    gets.push(get_of(row));
                    gets.len() - 1
                });
                let columns = gets[place].columns.get_or_insert_default();
                columns.push(column_of(family, Some(qualifier)));
            }
            let results = self
                .0
                .read(|c| c.get_multiple(self.0.name(), gets.clone()))?;
            let mut cells: Vec<CellsOfRow> = Vec::new();
            for result in results {
                let values = result.column_values.into_iter().map(|value| {
                    let family = value.family.clone();
                    let (qualifier, cell) = column(value);
                    ((family, qualifier), cell)
                });
                cells.push(values.collect());
            }
            for (row, family, qualifier) in some {
                let of_row = of_row.get(row).and_then(|place| cells.get(*place));
                let name = (family.as_bytes().to_vec(), qualifier.to_vec());
                found.push(of_row.and_then(|cells| cells.get(&name)).cloned());
            }
        }
        Ok(found)
    }

    fn versions(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Vec<Cell>> {
        let place = family_at(&self.0.families, family)?;
        let get = TGet {
            columns: Some(vec![column_of(family, Some(qualifier))]),
            max_versions: Some(self.0.families[place].versions as i32),
            ..get_of(row)
        };
        Ok(self
            .0
            .get_one(&get)?
            .into_iter()
            .map(|value| column(value).1)
            .collect())
    }

    fn row(&self, row: &[u8], family: &str, qualifiers: Range<&[u8]>) -> Result<Vec<Column>> {
        let (mut found, mut from): (Vec<Column>, _) = (Vec::new(), qualifiers.start.to_vec());
        loop {
            let page = self.0.row_page(row, family, &from..qualifiers.end, PAGE)?;
            let is_last = page.len() < PAGE;
            found.extend(page);
            match found.last() {
                // The smallest qualifier after the last one.
                Some((last, _)) if !is_last => from = [&last[..], &[0]].concat(),
                _ => return Ok(found),
            }
        }
    }

    fn scan(&self, prefix: &[u8], family: &str) -> Result<Vec<(Vec<u8>, Column)>> {
        let mut found: Vec<(Vec<u8>, Column)> = Vec::new();
        loop {
            let after = found
                .last()
                .map(|(row, (qualifier, _))| (&row[..], &qualifier[..]));
            let page = self.0.scan_page(prefix, family, after, PAGE)?;
            let is_last = page.len() < PAGE;
            found.extend(page);
            if is_last {
                return Ok(found);
            }
        }
    }
}

fn column_of(family: &str, qualifier: Option<&[u8]>) -> TColumn {
    TColumn {
        family: family.as_bytes().to_vec(),
        qualifier: qualifier.map(<[u8]>::to_vec),
        timestamp: None,
    }
}

fn column(value: TColumnValue) -> Column {
    let cell = Cell {
        timestamp: value.timestamp.unwrap_or_default(),
        value: value.value,
    };
    (value.qualifier, cell)
}

/// Returns the first key after all that begin with a prefix; `None` if there is none.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while end.last() == Some(&0xff) {
        end.pop();
    }
    *end.last_mut()? += 1;
    Some(end)
}

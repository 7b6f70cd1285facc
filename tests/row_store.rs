//! A realtime store that changes one row at a time, as HBase does, and can crash before and after
//! each: the embedded store, with less than it promises.
use lambda_workbook::faults::{self, Crashes};
use lambda_workbook::speed::{
    Atomicity, Cell, Column, Conditional, EmbeddedStore, FAMILIES, Mutation, Reader, RealtimeStore,
    Result, Stores,
};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What is done before the mutation of a row.
type Before = Box<dyn FnOnce() + Send>;

/// What goes wrong with the mutations of rows, which are counted from 0.
#[derive(Default)]
pub struct Trouble {
    /// Where the process crashes.
    pub crashes: Crashes<u64>,
    /// Conditional mutations that are applied and say that they are not, as a client of HBase does
    /// that has lost an answer and asked again.
    pub denied: BTreeSet<u64>,
    /// What other processes do before a mutation.
    pub before: Mutex<HashMap<u64, Before>>,
    /// How many mutations there were.
    pub next: AtomicU64,
}

impl Trouble {
    /// Returns the number of mutations so far.
    pub fn mutations(&self) -> u64 {
        self.next.load(Ordering::SeqCst)
    }

    fn count(&self) -> u64 {
        let n = self.next.fetch_add(1, Ordering::SeqCst);
        let before = self.before.lock().unwrap().remove(&n);
        if let Some(before) = before {
            before();
        }
        n
    }
}

/// The store.
pub struct RowStore {
    inner: EmbeddedStore,
    trouble: Arc<Trouble>,
}

impl RowStore {
    pub fn open(folder: &Path, trouble: Arc<Trouble>) -> Self {
        let inner = EmbeddedStore::open(folder, &FAMILIES).unwrap();
        Self { inner, trouble }
    }
}

impl RealtimeStore for RowStore {
    fn atomicity(&self) -> Atomicity {
        Atomicity::Row
    }

    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(RowReader {
            inner: self.inner.reader(),
            trouble: &self.trouble,
        })
    }

    fn apply(&self, mutations: &[Mutation]) -> Result<()> {
        for mutation in lambda_workbook::speed::by_row(mutations) {
            let n = self.trouble.count();
            faults::step(&self.trouble.crashes, n, || self.inner.apply(&[mutation]))?;
        }
        Ok(())
    }

    fn apply_if(&self, conditionals: &[Conditional]) -> Result<Vec<bool>> {
        let mut applied = Vec::new();
        for conditional in conditionals {
            let n = self.trouble.count();
            let one = std::slice::from_ref(conditional);
            let is = faults::step(&self.trouble.crashes, n, || self.inner.apply_if(one))?;
            applied.push(is == [true] && !self.trouble.denied.contains(&n));
        }
        Ok(applied)
    }

    fn increment(
        &self,
        row: &[u8],
        family: &'static str,
        qualifier: &[u8],
        by: i64,
    ) -> Result<i64> {
        self.inner.increment(row, family, qualifier, by)
    }

    fn release(&self, family: &str) -> Result<()> {
        self.inner.release(family)
    }
}

/// A reader that does not answer while the process is down.
struct RowReader<'a> {
    inner: Box<dyn Reader + 'a>,
    trouble: &'a Trouble,
}

impl Reader for RowReader<'_> {
    fn get(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Option<Cell>> {
        self.trouble.crashes.running()?;
        self.inner.get(row, family, qualifier)
    }

    fn versions(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Vec<Cell>> {
        self.trouble.crashes.running()?;
        self.inner.versions(row, family, qualifier)
    }

    fn row(&self, row: &[u8], family: &str, qualifiers: Range<&[u8]>) -> Result<Vec<Column>> {
        self.trouble.crashes.running()?;
        self.inner.row(row, family, qualifiers)
    }

    fn scan(&self, prefix: &[u8], family: &str) -> Result<Vec<(Vec<u8>, Column)>> {
        self.trouble.crashes.running()?;
        self.inner.scan(prefix, family)
    }
}

/// Stores of this kind in a folder, of which each is opened once, as a table is everywhere the
/// same.
pub struct RowStores {
    pub folder: PathBuf,
    pub trouble: Arc<Trouble>,
    pub open: Mutex<HashMap<String, Arc<RowStore>>>,
}

impl Stores for RowStores {
    fn exists(&self, name: &str) -> Result<bool> {
        Ok(self.folder.join(format!("table{name}")).exists())
    }

    fn open(&self, name: &str) -> Result<Arc<dyn RealtimeStore>> {
        let mut open = self.open.lock().unwrap();
        let store = open.entry(name.to_owned()).or_insert_with(|| {
            let folder = self.folder.join(format!("table{name}"));
            Arc::new(RowStore::open(&folder, self.trouble.clone()))
        });
        Ok(store.clone())
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.open.lock().unwrap().remove(name);
        let _ = std::fs::remove_dir_all(self.folder.join(format!("table{name}")));
        Ok(())
    }
}

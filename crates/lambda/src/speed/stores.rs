//! Where the stores of realtime views are: in folders of this machine, or in tables of a system
//! elsewhere.
use super::embedded_store::{EmbeddedStore, RealtimeStoreOptions};
use super::error::{Result, at};
use super::remote_store::RemoteStores;
use super::store::RealtimeStore;
use super::views::FAMILIES;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The names of the two stores of [`Alternating`](super::Alternating). The store of
/// [`ByCut`](super::ByCut) has the empty name.
pub(super) const SETS: [&str; 2] = ["set-a", "set-b"];

/// The stores of the views of one home, by name.
///
/// Every method returns an error if the disk refuses, or the system does not answer.
pub trait Stores: Send + Sync {
    /// Returns whether there is a store of this name.
    fn exists(&self, name: &str) -> Result<bool>;

    /// Opens the store of this name with the [families](FAMILIES) of realtime views, or makes an
    /// empty one.
    fn open(&self, name: &str) -> Result<Arc<dyn RealtimeStore>>;

    /// Removes the store of this name, if there is one. After a crash in between, the store is
    /// whole or it is removed by the next call of `exists`, `open` or `remove`.
    fn remove(&self, name: &str) -> Result<()>;
}

/// Where the stores of realtime views are.
#[derive(Clone)]
pub enum StorePlace {
    /// In a folder that the speed layer is given.
    Folder(RealtimeStoreOptions),
    /// Elsewhere.
    Elsewhere(Arc<dyn Stores>),
}

impl StorePlace {
    /// Returns the stores. `folder` is that of the realtime views.
    pub(super) fn stores(&self, folder: &Path) -> Arc<dyn Stores> {
        match self {
            Self::Folder(options) => Arc::new(Folders {
                folder: folder.to_owned(),
                options: options.clone(),
            }),
            Self::Elsewhere(stores) => stores.clone(),
        }
    }
}

impl Default for StorePlace {
    fn default() -> Self {
        Self::Folder(RealtimeStoreOptions::default())
    }
}

impl From<RealtimeStoreOptions> for StorePlace {
    fn from(options: RealtimeStoreOptions) -> Self {
        Self::Folder(options)
    }
}

/// Embedded stores in a folder. The store without a name is the folder itself.
struct Folders {
    folder: PathBuf,
    options: RealtimeStoreOptions,
}

impl Folders {
    fn path(&self, name: &str) -> PathBuf {
        match name {
            "" => self.folder.clone(),
            name => self.folder.join(name),
        }
    }

    /// Removes what an interrupted removal left. Returns its name, under which nothing is now.
    fn finish_removing(&self, name: &str) -> Result<PathBuf> {
        let path = self.path(name);
        let last = path.file_name().unwrap_or(OsStr::new("store"));
        let old = path.with_file_name(format!(".{}.old", last.to_string_lossy()));
        if old.exists() {
            fs::remove_dir_all(&old).map_err(at("clearing a set of views at", &old))?;
        }
        Ok(old)
    }
}

impl Stores for Folders {
    fn exists(&self, name: &str) -> Result<bool> {
        self.finish_removing(name)?;
        Ok(self.path(name).exists())
    }

    fn open(&self, name: &str) -> Result<Arc<dyn RealtimeStore>> {
        let options = self.options.clone();
        let store = EmbeddedStore::open_with(self.path(name), &FAMILIES, options)?;
        Ok(Arc::new(store))
    }

    fn remove(&self, name: &str) -> Result<()> {
        let path = self.path(name);
        let old = self.finish_removing(name)?;
        if path.exists() {
            // Removing a folder is not atomic, renaming it is.
            fs::rename(&path, &old).map_err(at("clearing a set of views at", &path))?;
            self.finish_removing(name)?;
        }
        Ok(())
    }
}

/// Stores in tables of a system elsewhere, whose names begin with a text of their own.
pub struct Tables {
    stores: RemoteStores,
    prefix: String,
}

impl Tables {
    /// Connects to a system at an address that ends in the prefix: `hbase://host:port/prefix`.
    ///
    /// ```
    /// use lambda_workbook::speed::Tables;
    /// // After `cargo workbook up hbase`, the tables `pages.set-a`, `pages.set-b` and `pages.views`:
    /// // Tables::at("hbase://127.0.0.1:9090/pages")?.remove_all()?;
    /// let nothing_there = Tables::at("hbase://127.0.0.1:1/pages").err().unwrap();
    /// assert!(nothing_there.to_string().contains("hbase://127.0.0.1:1"));
    /// ```
    ///
    /// # Errors
    /// If the address is none of a store, or the system does not answer.
    pub fn at(address: &str) -> Result<Self> {
        let (place, prefix) = address.rsplit_once('/').unwrap_or((address, ""));
        Ok(Self::of(RemoteStores::open(place, None)?, prefix))
    }

    /// Removes the tables of a speed layer, however its views expire. Those that are not there are
    /// passed over.
    ///
    /// # Errors
    /// If the address is none of a store, or the system does not answer.
    pub fn remove_all(&self) -> Result<()> {
        let mut names = SETS.into_iter().chain([""]);
        names.try_for_each(|name| self.remove(name))
    }

    /// Names the tables of a system: the prefix, and then the name of a store.
    pub fn of(stores: RemoteStores, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        Self { stores, prefix }
    }

    fn table(&self, name: &str) -> String {
        match name {
            "" => format!("{}.views", self.prefix),
            name => format!("{}.{name}", self.prefix),
        }
    }
}

impl Stores for Tables {
    fn exists(&self, name: &str) -> Result<bool> {
        self.stores.exists(&self.table(name))
    }

    fn open(&self, name: &str) -> Result<Arc<dyn RealtimeStore>> {
        Ok(Arc::new(self.stores.store(&self.table(name), &FAMILIES)?))
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.stores.remove(&self.table(name))
    }
}

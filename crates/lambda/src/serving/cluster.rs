//! Shard servers with replicas: reads survive the loss of any one server.
//!
//! A shard server is a thread with its own copy of a shard's files. It copies them from the
//! store when it starts, as the server of a real cluster downloads its shard from a
//! distributed file system. A request to it is a closure, sent through a channel; in a real
//! cluster it would be a message on the network.
//!
//! 1. If a replica is lost, or its files are damaged, the client asks the next replica.
//! 2. So every read is answered while each shard has one replica that is up and undamaged.
//! 3. If a shard has none left, the error names the shard and says what happened to each
//!    of its replicas. The other shards still answer.
use super::error::{Result, ServingError, io_at};
use super::folder::{identity, shard_name};
use super::header::Header;
use super::scan::Scan;
use super::shard::Shard;
use super::sharding::shard_of;
use super::store::must_not_be_backward;
use super::url_rows::UrlRows;
use crate::versions::Versions;
use calendar::Granularity;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// A request to a server: a function that it runs on its shard.
type Job = Box<dyn FnOnce(&Shard) + Send>;

/// The servers of one version of a store. They stop when the cluster is dropped.
///
/// ```
/// use lambda_workbook::calendar::Granularity::Hour;
/// use lambda_workbook::serving::{Layout, RowValue, StoreCluster, ServingError, build};
///
/// let (store, servers) = (tempfile::tempdir()?, tempfile::tempdir()?);
/// build(store.path(), Layout::counts(1), [("foo.com/", Hour, 0, RowValue::Count(5))])?;
/// let cluster = StoreCluster::start(store.path(), servers.path(), 2)?;
/// cluster.lose(0, 1);
/// assert_eq!(cluster.count("foo.com/", Hour, 0)?, Some(5)); // the other one answers
/// cluster.lose(0, 0);
/// assert!(matches!(cluster.count("foo.com/", Hour, 0), Err(ServingError::ShardLost { shard: 0, .. })));
/// cluster.restore(0, 1)?;
/// assert_eq!(cluster.count("foo.com/", Hour, 0)?, Some(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StoreCluster {
    /// The versions of the store.
    versions: Versions,
    /// The folder of the servers' files.
    folder: PathBuf,
    /// Header of the version that the servers hold.
    header: Header,
    /// The servers, by shard and then by replica.
    servers: Vec<Vec<Mutex<Server>>>,
    /// Replica to try first; rotated with each read to spread the load.
    turn: AtomicUsize,
}

impl StoreCluster {
    /// Starts `replicas` servers for each shard of the version that the store serves now.
    /// Their files are written to `folder`. A version that is published later is not seen.
    ///
    /// # Errors
    /// No replicas, a store without a version, or files that cannot be copied or opened.
    pub fn start(
        store: impl AsRef<Path>,
        folder: impl AsRef<Path>,
        replicas: usize,
    ) -> Result<Self> {
        let versions = Versions::at(store);
        let version = versions.served()?;
        let header = Header::of(&versions.folder(version), version)?;
        if replicas == 0 {
            return Err(ServingError::Layout {
                problem: "each shard needs at least one replica".into(),
            });
        }
        // All servers are lost at first; restoring a lost server starts it.
        let lost = |_| {
            (0..replicas)
                .map(|_| Mutex::new(Server::default()))
                .collect()
        };
        let cluster = Self {
            versions,
            folder: folder.as_ref().to_owned(),
            servers: (0..header.shards).map(lost).collect(),
            header,
            turn: AtomicUsize::new(0),
        };
        for shard in 0..cluster.header.shards {
            (0..replicas).try_for_each(|replica| cluster.restore(shard, replica))?;
        }
        Ok(cluster)
    }

    /// Returns the number of shards.
    pub fn shards(&self) -> u32 {
        self.header.shards
    }

    /// Returns the number of servers of each shard, including lost ones.
    pub fn replicas(&self) -> usize {
        self.servers[0].len()
    }

    /// Returns the folder with the files of a server, so that a test can damage them.
    pub fn files(&self, shard: u32, replica: usize) -> PathBuf {
        self.folder
            .join(format!("replica-{replica}"))
            .join(shard_name(shard))
    }

    /// Stops a server, after the requests that were sent to it already. Clients are not
    /// notified: they find out when they ask it.
    ///
    /// # Panics
    /// If there is no such shard or replica.
    pub fn lose(&self, shard: u32, replica: usize) {
        self.server(shard, replica).stop();
    }

    /// Starts a server with a new copy of its files from the store, after stopping it if it
    /// is running.
    ///
    /// # Errors
    /// Files that cannot be copied or opened, for example because the store no longer keeps
    /// this version. The server is lost then.
    ///
    /// # Panics
    /// If there is no such shard or replica.
    pub fn restore(&self, shard: u32, replica: usize) -> Result<()> {
        let mut server = self.server(shard, replica);
        server.stop();
        let version = self.versions.folder(self.header.version);
        let (from, to) = (version.join(shard_name(shard)), self.files(shard, replica));
        fs::create_dir_all(&to).map_err(io_at("make", &to))?;
        for entry in fs::read_dir(&from).map_err(io_at("read", &from))?.flatten() {
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            // Remove the old file instead of overwriting it: overwriting would change the
            // bytes that a process may still have mapped.
            let _ = fs::remove_file(&to);
            fs::copy(&from, &to).map_err(io_at("copy", &from))?;
        }
        let shard = Shard::open(&to, identity(self.header.version, shard))?;
        *server = Server::start(shard);
        Ok(())
    }

    /// Returns the count of the bucket that starts at `ts`; `None` if the view has no such URL
    /// or bucket.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn count(&self, url: &str, granularity: Granularity, ts: i64) -> Result<Option<i64>> {
        let count = self.ask(url, move |rows| rows.count(granularity, ts))?;
        Ok(count.flatten())
    }

    /// Returns the buckets that start in `range`, in order of time, as (start, count); `None`
    /// for a URL that the view does not hold.
    ///
    /// # Errors
    /// As [`ask`](Self::ask), and a range that ends before it starts.
    pub fn counts(
        &self,
        url: &str,
        granularity: Granularity,
        range: Range<i64>,
    ) -> Result<Option<Vec<(i64, i64)>>> {
        must_not_be_backward(&range)?;
        self.ask(url, move |rows| rows.counts(granularity, range.clone()))
    }

    /// Returns the sum over the scans of a plan; `None` for a URL that the view does not hold.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn sum(&self, url: &str, scans: &[Scan]) -> Result<Option<i64>> {
        let scans = scans.to_vec();
        self.ask(url, move |rows| rows.sum_over(&scans))
    }

    /// Runs a read of one URL on a server of its shard, and on the next replica if that one
    /// is lost or finds damage. Returns `None` for a URL that the view does not hold.
    ///
    /// # Errors
    /// [`ServingError::ShardLost`] if no replica of the shard could answer; any error of `read`
    /// that does not mean that the files of the replica are damaged.
    pub fn ask<T: Send + 'static>(
        &self,
        url: &str,
        read: impl Fn(&UrlRows<'_>) -> Result<T> + Send + Sync + 'static,
    ) -> Result<Option<T>> {
        let shard = shard_of(url, self.header.shards);
        let (url, read) = (url.to_owned(), Arc::new(read));
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut why = Vec::new(); // what happened to each replica that was asked
        for turn in 0..self.replicas() {
            let replica = (first + turn) % self.replicas();
            let (url, read) = (url.clone(), Arc::clone(&read));
            let (reply, answer) = channel();
            let job: Job = Box::new(move |shard| {
                let rows = shard.url(&url);
                let found = rows.and_then(|rows| rows.as_ref().map(&*read).transpose());
                let _ = reply.send(found);
            });
            let sent = self.server(shard, replica).send(job);
            // A lost server has no channel, and one that stops before it answers drops its end
            // of `reply`: both are `None`.
            match sent.and_then(|()| answer.recv().ok()) {
                Some(Err(error)) if is_damage(&error) => {
                    why.push(format!("replica {replica}: {error}"));
                }
                Some(answer) => return answer,
                None => why.push(format!("replica {replica} is gone")),
            }
        }
        Err(ServingError::ShardLost { shard, why })
    }

    /// Locks a server. A thread that panicked while it held the lock leaves a usable server.
    fn server(&self, shard: u32, replica: usize) -> std::sync::MutexGuard<'_, Server> {
        let server = &self.servers[shard as usize][replica];
        server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether an error is a fault of one replica, so that another may answer.
fn is_damage(error: &ServingError) -> bool {
    matches!(
        error,
        ServingError::Corrupt { .. }
            | ServingError::Missing { .. }
            | ServingError::Length { .. }
            | ServingError::Io { .. }
    )
}

/// A server: a thread that has a shard open, and the channel to it. A lost server has
/// neither.
#[derive(Debug, Default)]
struct Server {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a thread that answers requests until its channel is closed.
    fn start(shard: Shard) -> Self {
        let (sender, jobs): (_, Receiver<Job>) = channel();
        let thread = std::thread::spawn(move || jobs.into_iter().for_each(|job| job(&shard)));
        Self {
            jobs: Some(sender),
            thread: Some(thread),
        }
    }

    /// Sends a request; `None` if the server is lost.
    fn send(&self, job: Job) -> Option<()> {
        self.jobs.as_ref()?.send(job).ok()
    }

    /// Closes the channel, and waits until the thread has answered what was sent before.
    fn stop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serving::{Layout, RowValue, build};
    use calendar::Granularity::Hour;

    const SHARDS: u32 = 4;

    fn cluster(replicas: usize) -> (tempfile::TempDir, Vec<String>, StoreCluster) {
        let folder = tempfile::tempdir().unwrap();
        let urls: Vec<String> = (0..200).map(|page| format!("foo.com/{page:03}")).collect();
        let rows = urls.iter().zip(0..);
        let rows = rows.map(|(url, n)| (url.as_str(), Hour, 0, RowValue::Count(n)));
        let store = folder.path().join("store");
        build(&store, Layout::counts(SHARDS), rows).unwrap();
        let cluster = StoreCluster::start(&store, folder.path().join("servers"), replicas).unwrap();
        (folder, urls, cluster)
    }

    fn all_answered(urls: &[String], cluster: &StoreCluster) {
        for _ in 0..2 {
            for (url, n) in urls.iter().zip(0..) {
                assert_eq!(cluster.count(url, Hour, 0).unwrap(), Some(n));
            }
        }
    }

    #[test]
    fn reads_survive_the_loss_of_any_one_server() {
        let (_folder, urls, cluster) = cluster(2);
        for shard in 0..SHARDS {
            for replica in 0..2 {
                cluster.lose(shard, replica);
                all_answered(&urls, &cluster);
                cluster.restore(shard, replica).unwrap();
            }
        }
    }

    #[test]
    fn a_damaged_replica_is_passed_over() {
        let (_folder, urls, cluster) = cluster(2);
        let values = cluster.files(1, 0).join("values");
        let mut bytes = fs::read(&values).unwrap();
        bytes.iter_mut().for_each(|byte| *byte ^= 4);
        fs::write(&values, bytes).unwrap(); // in place: the server has it mapped
        all_answered(&urls, &cluster);
        cluster.lose(1, 1);
        let url = urls.iter().find(|url| shard_of(url, SHARDS) == 1).unwrap();
        let error = cluster.count(url, Hour, 0).unwrap_err().to_string();
        assert!(
            error.contains("block") && error.contains("replica 1 is gone"),
            "{error}"
        );
    }

    #[test]
    fn a_shard_without_a_replica_is_named_and_the_others_answer() {
        let (_folder, urls, cluster) = cluster(3);
        (0..3).for_each(|replica| cluster.lose(2, replica));
        for (url, n) in urls.iter().zip(0..) {
            match cluster.count(url, Hour, 0) {
                Ok(count) => assert_eq!((count, shard_of(url, SHARDS) == 2), (Some(n), false)),
                Err(ServingError::ShardLost { shard, why }) => {
                    assert_eq!((shard, shard_of(url, SHARDS), why.len()), (2, 2, 3));
                }
                Err(other) => panic!("{other}"),
            }
        }
    }

    #[test]
    #[allow(clippy::reversed_empty_ranges)] // that is the wrong use
    fn wrong_use_is_no_reason_to_ask_another_replica() {
        let (_folder, urls, cluster) = cluster(2);
        let range = cluster.counts(&urls[0], Hour, 9..0);
        assert!(matches!(range, Err(ServingError::BackwardRange { .. })));
        let plan = [Scan::plus(Hour, 9..0)];
        let sum = cluster.sum(&urls[0], &plan);
        assert!(matches!(sum, Err(ServingError::BackwardRange { .. })));
        assert_eq!(cluster.counts("none.com/", Hour, 0..9).unwrap(), None);
    }
}

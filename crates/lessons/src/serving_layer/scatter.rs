//! Scatter and gather: a query that asks all servers ends with the slowest.
//!
//! The same experiment is done in two ways. [`simulate`] draws service times and takes the
//! largest, without waiting: a million queries in a second. [`Gather`] asks real threads
//! that wait for the same times and then read real files.
//!
//! Each number of servers is asked queries of its own, so no drawn time is used twice: the
//! result for 20 servers is independent of the result for 19.
//!
//! The lesson: more servers serve more queries a second, as long as a query asks
//! one of them. A query that asks all gains nothing in throughput, and its latency
//! grows, because one slow server in a hundred is enough.
//!
//! Source: *Big Data*, Marz and Warren, chapter 10, on latency and throughput.
use super::service_time::{ServiceTime, any_slow};
use calendar::Granularity::Hour;
use lambda::serving::{Layout, Result, RowValue, Scan, Shard, Store, build};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The latencies of queries that ask a number of servers. A *percentile* is the time within
/// which that percentage of the queries is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percentiles {
    /// The number of servers that each query asks.
    pub servers: u32,
    /// The number of queries.
    pub queries: u64,
    /// The 50th percentile in milliseconds.
    pub p50: f64,
    /// The 90th percentile in milliseconds.
    pub p90: f64,
    /// The 99th percentile in milliseconds.
    pub p99: f64,
    /// The mean latency in milliseconds.
    pub mean: f64,
    /// The share of queries that waited for a slow server, from 0 to 1.
    pub slow: f64,
    /// The same share by the formula, [`any_slow`].
    pub slow_formula: f64,
    /// Throughput, if each query asks one server: queries a second when all servers are busy.
    pub one_shard_per_s: f64,
    /// Throughput, if each query asks all servers.
    pub all_shards_per_s: f64,
}

impl Percentiles {
    /// Computes the percentiles of latencies, given in any order.
    pub fn of(servers: u32, service: &ServiceTime, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let at = |share: f64| {
            let rank = (latencies.len() as f64 * share).ceil() as usize;
            latencies
                .get(rank.saturating_sub(1))
                .map_or(f64::NAN, |&time| ms(time))
        };
        let slow = latencies
            .iter()
            .filter(|&&time| time >= service.slow())
            .count();
        let total: Duration = latencies.iter().sum();
        let each = 1000.0 / ms(service.mean());
        Self {
            servers,
            queries: latencies.len() as u64,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            mean: ms(total) / latencies.len() as f64,
            slow: slow as f64 / latencies.len() as f64,
            slow_formula: any_slow(service.slow_share(), servers),
            one_shard_per_s: each * f64::from(servers),
            all_shards_per_s: each,
        }
    }
}

/// Simulates `queries` queries for each number of servers, in virtual time: no thread waits.
/// O(sum of `servers` * queries).
///
/// ```
/// use lambda_workbook::serving::{ServiceTime, simulate};
/// let rows = simulate([1, 100], 1000, &ServiceTime::LESSON, 1);
/// assert_eq!((rows[0].p50, rows[1].p50), (10.0, 1000.0)); // milliseconds
/// ```
pub fn simulate(
    servers: impl IntoIterator<Item = u32>,
    queries: u64,
    service: &ServiceTime,
    seed: u64,
) -> Vec<Percentiles> {
    let asked = |n: u32| {
        let slowest = |query| {
            let times = times_of(service, seed, n, query);
            times.into_iter().max().unwrap_or_default()
        };
        Percentiles::of(n, service, (0..queries).map(slowest).collect())
    };
    servers.into_iter().map(asked).collect()
}

/// Returns the times that `servers` servers take for one query.
///
/// ```
/// use lambda_workbook::serving::{ServiceTime, times_of};
/// assert_eq!(times_of(&ServiceTime::SPREAD, 7, 20, 0).len(), 20);
/// ```
pub fn times_of(service: &ServiceTime, seed: u64, servers: u32, query: u64) -> Vec<Duration> {
    let query = number_of(servers, query);
    let time = |server: u32| service.of(seed, query, server.into());
    (0..servers).map(time).collect()
}

/// Returns a number that no query to another number of servers has.
fn number_of(servers: u32, query: u64) -> u64 {
    u64::from(servers) << 40 | query
}

/// The function by which a server waits: `std::thread::sleep`, or one that returns at once in
/// a test.
pub type Wait = Arc<dyn Fn(Duration) + Send + Sync>;

/// Shard servers on real threads, each with its own files, and a client that asks
/// several of them and adds up their answers.
pub struct Gather {
    servers: Vec<Server>,
    service: ServiceTime,
}

struct Server {
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

/// A part of a query: its number, what to add up, where to send the sum.
struct Request {
    query: u64,
    plan: Arc<[Scan]>,
    reply: Sender<Result<i64>>,
}

impl Gather {
    /// Starts one server for each shard of the version that `store` serves.
    pub fn start(
        store: impl AsRef<Path>,
        service: ServiceTime,
        seed: u64,
        wait: Wait,
    ) -> Result<Self> {
        let version = Store::open(store)?.open_version();
        let servers = (0..version.shards().len()).map(|number| {
            let version = Arc::clone(&version);
            let (sender, requests) = channel::<Request>();
            let wait = Arc::clone(&wait);
            let thread = std::thread::spawn(move || {
                for request in requests {
                    wait(service.of(seed, request.query, number as u64));
                    let shard = &version.shards()[number];
                    let _ = request.reply.send(sum_of_shard(shard, &request.plan));
                }
            });
            Server {
                requests: Some(sender),
                thread: Some(thread),
            }
        });
        Ok(Self {
            servers: servers.collect(),
            service,
        })
    }

    /// Builds a store of 1,000 web pages in 100 shards in `folder`, and starts a server for
    /// each shard. A server sleeps for its service time before it answers.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn hundred_servers(
        folder: impl AsRef<Path>,
        service: ServiceTime,
        seed: u64,
    ) -> Result<Self> {
        let urls: Vec<String> = (0..1_000)
            .map(|page| format!("mysite.com/{page:03}"))
            .collect();
        let rows = urls
            .iter()
            .map(|url| (url.as_str(), Hour, 0, RowValue::Count(1)));
        build(&folder, Layout::counts(100), rows)?;
        Self::start(folder, service, seed, Arc::new(std::thread::sleep))
    }

    /// Returns the number of servers.
    pub fn servers(&self) -> u32 {
        self.servers.len() as u32
    }

    /// Asks the first `servers` for the sum over all their URLs. Returns the sum, and the time
    /// until the last of them had answered.
    ///
    /// # Panics
    ///
    /// With more servers than run.
    pub fn query(&self, servers: u32, query: u64, scans: &[Scan]) -> Result<(i64, Duration)> {
        let scans: Arc<[Scan]> = scans.into();
        let query = number_of(servers, query);
        let (reply, answers) = channel();
        let started = Instant::now();
        for server in &self.servers[..servers as usize] {
            let (scans, reply) = (Arc::clone(&scans), reply.clone());
            let request = Request {
                query,
                plan: scans,
                reply,
            };
            let requests = server.requests.as_ref().expect("open until dropped");
            requests
                .send(request)
                .expect("a server ends after its client");
        }
        drop(reply);
        let sum = answers.into_iter().sum::<Result<i64>>()?;
        Ok((sum, started.elapsed()))
    }

    /// Sends `queries` queries to the first `servers`, one after another, and measures them.
    /// Each asks for the page views of hour 0.
    ///
    /// # Errors
    /// If a server cannot read its files.
    pub fn measure(&self, servers: u32, queries: u64) -> Result<Percentiles> {
        let plan = [Scan::plus(Hour, 0..3_600)];
        let latencies = (0..queries).map(|query| Ok(self.query(servers, query, &plan)?.1));
        let latencies = latencies.collect::<Result<Vec<_>>>()?;
        Ok(Percentiles::of(servers, &self.service, latencies))
    }
}

fn sum_of_shard(shard: &Shard, scans: &[Scan]) -> Result<i64> {
    let one = |url: String| shard.url(&url)?.map_or(Ok(0), |rows| rows.sum_over(scans));
    shard.urls().map(one).sum()
}

impl Drop for Gather {
    fn drop(&mut self) {
        for server in &mut self.servers {
            server.requests = None;
        }
        for server in &mut self.servers {
            let _ = server.thread.take().map(JoinHandle::join);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Granularity::Day;
    use std::sync::Mutex;

    const SOME: [u32; 5] = [1, 3, 20, 50, 100];

    #[test]
    fn the_share_of_slow_queries_is_that_of_the_formula() {
        for service in [ServiceTime::LESSON, ServiceTime::SPREAD] {
            for row in simulate(SOME, 20_000, &service, 1) {
                // Four standard deviations of 20,000 independent draws.
                let off = (row.slow - row.slow_formula).abs();
                assert!(off < 4.0 * (0.25f64 / 20_000.0).sqrt(), "{row:?}");
            }
        }
    }

    #[test]
    fn more_servers_never_make_a_query_faster() {
        let rows = simulate(SOME, 2000, &ServiceTime::LESSON, 3);
        for pair in rows.windows(2) {
            assert!(pair[0].mean < pair[1].mean && pair[0].p99 <= pair[1].p99);
            assert!(pair[0].one_shard_per_s < pair[1].one_shard_per_s);
            assert_eq!(pair[0].all_shards_per_s, pair[1].all_shards_per_s);
        }
        assert_eq!(rows, simulate(SOME, 2000, &ServiceTime::LESSON, 3));
    }

    #[test]
    fn no_drawn_time_is_used_for_two_numbers_of_servers() {
        let times = |n| times_of(&ServiceTime::SPREAD, 7, n, 0);
        let (few, many) = (times(19), times(20));
        assert!(few.iter().zip(&many).all(|(a, b)| a != b));
    }

    #[test]
    fn percentiles_are_ranks_of_the_sorted_latencies() {
        let latencies = (1..=1000).rev().map(Duration::from_millis).collect();
        let row = Percentiles::of(1, &ServiceTime::LESSON, latencies);
        assert_eq!([row.p50, row.p90, row.p99], [500.0, 900.0, 990.0]);
        assert_eq!((row.mean, row.slow), (500.5, 0.001));
    }

    #[test]
    fn real_threads_wait_for_the_times_of_the_simulation_and_add_up_real_files() {
        let folder = tempfile::tempdir().unwrap();
        let urls: Vec<String> = (0..300).map(|page| format!("foo.com/{page:03}")).collect();
        let rows = urls.iter().map(|url| (&**url, Day, 0, RowValue::Count(2)));
        build(folder.path(), Layout::counts(20), rows).unwrap();
        let waits = Arc::new(Mutex::new(Vec::new()));
        let wait: Wait = {
            let waits = Arc::clone(&waits);
            Arc::new(move |time| waits.lock().unwrap().push(time))
        };
        let gather = Gather::start(folder.path(), ServiceTime::LESSON, 9, wait).unwrap();
        assert_eq!(gather.servers(), 20);
        for query in 0..50 {
            let (sum, _) = gather.query(20, query, &[Scan::plus(Day, 0..1)]).unwrap();
            assert_eq!(sum, 600);
            let mut waited = std::mem::take(&mut *waits.lock().unwrap());
            let mut drawn = times_of(&ServiceTime::LESSON, 9, 20, query);
            waited.sort();
            drawn.sort();
            assert_eq!(waited, drawn);
        }
    }
}

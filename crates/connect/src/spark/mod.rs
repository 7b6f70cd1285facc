//! A question to a Spark Connect server, to see whether it runs queries.
//!
//! Spark Connect is gRPC: protobuf messages over HTTP/2. Its clients bring an async runtime, a gRPC
//! stack and Arrow; to start a server and to see that it works, one call by hand is enough. It asks
//! for the rows of a SQL query and counts them, without decoding them.
mod grpc;
mod protobuf;

use protobuf::{Fields, Message};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The service that servers of Spark Connect offer.
const SERVICE: &str = "/spark.connect.SparkConnectService";

/// Runs a SQL query on a Spark Connect server in a session of its own, and returns the number of its
/// rows.
///
/// `address` is `host:port`. The rows themselves are thrown away, so a query should have few.
///
/// ```no_run
/// use std::time::Duration;
///
/// let rows = connect::spark::count_rows("127.0.0.1:15002", "SELECT id FROM range(3)", Duration::from_secs(60));
/// assert_eq!(rows, Ok(3));
/// ```
///
/// # Errors
/// If there is no server, it is none of Spark Connect, it refuses the query, or it has not answered
/// within `patience`. A query that fails after its first rows is not told from one that ends there.
pub fn count_rows(address: &str, sql: &str, patience: Duration) -> Result<u64, String> {
    // Field numbers are those of `spark/connect/base.proto` and `relations.proto`.
    let (session, user) = (new_session(), Message::new().text(1, "workbook"));
    let query = Message::new().message(10, Message::new().text(1, sql)); // Relation.sql
    let request = Message::new()
        .text(1, &session)
        .message(2, user.clone())
        .message(3, Message::new().message(1, query)); // Plan.root
    let method = format!("{SERVICE}/ExecutePlan");
    let answer = grpc::call(address, &method, &request.into_bytes(), patience)?;

    // Each batch of rows says how many it has.
    let mut rows = None;
    for message in &answer {
        for batch in Fields::of(message).filter_map(|field| field.bytes(2)) {
            let counts = Fields::of(batch).filter_map(|field| field.number(1));
            rows = Some(rows.unwrap_or(0) + counts.sum::<u64>());
        }
    }

    // The session would be kept for an hour. It does no harm if the server knows no such call.
    let release = Message::new().text(1, &session).message(2, user);
    let method = format!("{SERVICE}/ReleaseSession");
    let _ = grpc::call(address, &method, &release.into_bytes(), patience);
    rows.ok_or_else(|| format!("{address} answered without rows; it may have refused the query"))
}

/// Returns an identifier of a session in the form of a UUID, which servers insist on.
fn new_session() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = now.map_or(0, |now| now.as_nanos() as u64);
    let (high, low) = (nanos >> 48, nanos & 0xffff_ffff_ffff);
    format!("{:08x}-{high:04x}-4000-8000-{low:012x}", std::process::id())
}

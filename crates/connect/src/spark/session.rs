//! A session on a Spark Connect server: statements and queries in SQL, one after another.
use super::error::SparkError;
use super::frames;
use super::protocol::{
    Command, CreateDataFrameViewCommand, ExecutePlanRequest, ExecutePlanResponse,
    ExecutionProgress, LocalRelation, Operation, Plan, Relation, ReleaseSessionRequest,
    ReleaseSessionResponse, Sql, SqlCommand, StreamingQueryCommand, StreamingQueryCommandResult,
    StreamingQueryInstanceId, UserContext, WriteStreamOperationStart,
};
use super::rows::Rows;
use http::uri::PathAndQuery;
use polars::prelude::DataFrame;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

/// How long a server may take to accept a connection.
const CONNECTING: Duration = Duration::from_secs(5);
/// How often a server is asked whether it is still there while it computes, and how long it may
/// take to say so. Together they are the time after which a lost server is noticed.
const ASKED_EVERY: Duration = Duration::from_secs(2);
const MAY_TAKE: Duration = Duration::from_secs(5);
/// The longest message that is read: a batch of rows, which servers keep to about 4 MB unless a
/// single row is longer.
const LONGEST_MESSAGE: usize = 512 << 20;
/// How long a server may take to forget a session.
const RELEASING: Duration = Duration::from_secs(2);

/// A session, which a server has for one client. Temporary views and settings are of the session.
///
/// The protocol is gRPC. The crate `apache-spark-connect` speaks more of it, but needs the
/// compiler `protoc` to be built and retries a lost server for minutes without a word.
///
/// ```no_run
/// use connect::spark::Session;
///
/// let session = Session::open("127.0.0.1:15002")?;
/// session.execute("CREATE TEMPORARY VIEW views AS SELECT id % 3 AS page FROM range(300)")?;
/// let mut counts = Vec::new();
/// session.query("SELECT page, count(*) AS n FROM views GROUP BY page", |rows| {
///     let n = rows.numbers("n")?;
///     counts.extend((0..rows.len()).filter_map(|row| n.get(row)));
///     Ok(())
/// })?;
/// assert_eq!(counts, [100, 100, 100]);
/// # Ok::<(), connect::spark::SparkError>(())
/// ```
pub struct Session {
    runtime: Runtime,
    channel: Channel,
    address: String,
    id: String,
    /// How long a query may take; `None` for as long as the server is there.
    patience: Option<Duration>,
}

impl Session {
    /// Connects to the server at `host:port`.
    ///
    /// # Errors
    /// If there is none, within five seconds.
    pub fn open(address: &str) -> Result<Self, SparkError> {
        let failed = |why: String| SparkError::connect(address, why);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let endpoint = Endpoint::from_shared(format!("http://{address}"));
        let endpoint = endpoint
            .map_err(|_| failed("is no address; write sc://HOST:PORT".to_owned()))?
            .connect_timeout(CONNECTING)
            .http2_keep_alive_interval(ASKED_EVERY)
            .keep_alive_timeout(MAY_TAKE)
            .keep_alive_while_idle(true);
        let connecting = async { tokio::time::timeout(CONNECTING, endpoint.connect()).await };
        let channel = runtime
            .block_on(connecting)
            .map_err(|_| failed("no answer within 5 s".to_owned()))?
            .map_err(|error| failed(causes(&error)))?;
        Ok(Self {
            runtime,
            channel,
            address: address.to_owned(),
            id: new_session(),
            patience: None,
        })
    }

    /// Lets no query or statement take longer than this. Without it they may take as long as the
    /// server is there.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Returns the address of the server, `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Asks for the version of the server, and returns it.
    ///
    /// # Errors
    /// If it is older than Spark 4, or no Spark Connect server answers, within ten seconds. Sail,
    /// whose versions begin with 0, passes.
    pub fn check_version(&self) -> Result<String, SparkError> {
        let mut version = String::new();
        let asked = self.query("SELECT version() AS version", |rows| {
            if !rows.is_empty() {
                rows.texts("version")?.at(0)?.clone_into(&mut version);
            }
            Ok(())
        });
        asked.map_err(|error| match error {
            // The first question: no server was lost, for there was none.
            SparkError::Lost { address, why } => SparkError::Other { address, why },
            other => other,
        })?;
        match is_too_old(&version) {
            true => Err(SparkError::Version {
                address: self.address.clone(),
                version,
            }),
            false => Ok(version),
        }
    }

    /// Runs a statement that returns no rows, such as `CREATE TEMPORARY VIEW` or `INSERT`.
    ///
    /// # Errors
    /// If the server refuses it, or is lost.
    pub fn execute(&self, sql: &str) -> Result<(), SparkError> {
        self.execute_watched(sql, |_| ())
    }

    /// Runs a statement, and calls `watch` with the progress of its stages.
    ///
    /// # Errors
    /// If the server refuses it, or is lost.
    pub fn execute_watched(
        &self,
        sql: &str,
        mut watch: impl FnMut(&ExecutionProgress),
    ) -> Result<(), SparkError> {
        let command = SqlCommand {
            sql: sql.to_owned(),
            input: Some(of_sql(sql)),
        };
        let command = Operation::Command(Box::new(Command {
            sql_command: Some(command),
            ..Command::default()
        }));
        self.run(sql, command, |response| {
            response.execution_progress.iter().for_each(&mut watch);
            Ok(())
        })
    }

    /// Runs a query, and calls `each` with its rows, some thousands at a time. They are held in
    /// memory no longer than that.
    ///
    /// # Errors
    /// If the server refuses the query, or is lost, or `each` fails.
    pub fn query(
        &self,
        sql: &str,
        each: impl FnMut(&Rows) -> Result<(), SparkError>,
    ) -> Result<(), SparkError> {
        self.query_watched(sql, |_| (), each)
    }

    /// Runs a query as [`query`](Self::query) does, and calls `watch` with the progress of its
    /// stages.
    ///
    /// # Errors
    /// As for [`query`](Self::query).
    pub fn query_watched(
        &self,
        sql: &str,
        mut watch: impl FnMut(&ExecutionProgress),
        mut each: impl FnMut(&Rows) -> Result<(), SparkError>,
    ) -> Result<(), SparkError> {
        self.run(sql, Operation::Root(of_sql(sql)), |response| {
            response.execution_progress.iter().for_each(&mut watch);
            let Some(batch) = response.arrow_batch else {
                return Ok(());
            };
            Rows::read(&batch.data)?.iter().try_for_each(&mut each)
        })
    }

    /// Runs a query, and returns its rows as a frame.
    ///
    /// # Errors
    /// As for [`query`](Self::query), and if a column has a type that has no counterpart here.
    pub fn frame(&self, sql: &str) -> Result<DataFrame, SparkError> {
        self.frame_watched(sql, |_| ())
    }

    /// Runs a query as [`frame`](Self::frame) does, and calls `watch` with the progress of its
    /// stages.
    ///
    /// # Errors
    /// As for [`frame`](Self::frame).
    pub fn frame_watched(
        &self,
        sql: &str,
        watch: impl FnMut(&ExecutionProgress),
    ) -> Result<DataFrame, SparkError> {
        let mut all: Option<DataFrame> = None;
        self.query_watched(sql, watch, |rows| {
            let some = frames::frame(rows)?;
            match &mut all {
                Some(all) => {
                    let stacked = all.vstack_mut(&some).map(|_| ());
                    stacked.map_err(|error| SparkError::Rows(error.to_string()))
                }
                None => {
                    all = Some(some);
                    Ok(())
                }
            }
        })?;
        Ok(all.unwrap_or_default())
    }

    /// Makes a temporary view of a frame.
    ///
    /// # Errors
    /// If a column has a type that a server cannot be sent, the server refuses the name, or is
    /// lost.
    pub fn create_view(&self, name: &str, frame: &DataFrame) -> Result<(), SparkError> {
        let rows = LocalRelation {
            data: Some(frames::ipc(frame)?),
        };
        let rows = Relation {
            local_relation: Some(rows),
            ..Relation::default()
        };
        self.create_view_of(name, rows)
    }

    /// Makes a temporary view of a query.
    ///
    /// # Errors
    /// If the server refuses the name or the query, or is lost.
    pub fn create_view_of_sql(&self, name: &str, query: &str) -> Result<(), SparkError> {
        self.create_view_of(name, of_sql(query))
    }

    /// Makes a temporary view of a relation.
    ///
    /// # Errors
    /// If the server refuses the name or the relation, or is lost.
    pub(super) fn create_view_of(&self, name: &str, relation: Relation) -> Result<(), SparkError> {
        let command = CreateDataFrameViewCommand {
            input: Some(relation),
            name: name.to_owned(),
            replace: true,
        };
        let command = Command {
            create_dataframe_view: Some(command),
            ..Command::default()
        };
        let what = format!("(rows for the table {name})");
        self.run(&what, Operation::Command(Box::new(command)), |_| Ok(()))
    }

    /// Starts a streaming query, which goes on when this returns.
    ///
    /// # Errors
    /// If the server refuses it, or is lost.
    pub(super) fn start_stream(
        &self,
        start: WriteStreamOperationStart,
    ) -> Result<StreamingQueryInstanceId, SparkError> {
        let command = Command {
            write_stream_operation_start: Some(start),
            ..Command::default()
        };
        let mut started = None;
        self.run(
            "(a stream)",
            Operation::Command(Box::new(command)),
            |response| {
                if let Some(result) = response.write_stream_operation_start_result {
                    started = result.query_id;
                }
                Ok(())
            },
        )?;
        started.ok_or_else(|| SparkError::Rows("the server names no started stream".to_owned()))
    }

    /// Asks about a streaming query, or stops it. Returns nothing for a command without an answer.
    ///
    /// # Errors
    /// If the server does not know the query, or is lost.
    pub(super) fn ask_stream(
        &self,
        command: StreamingQueryCommand,
    ) -> Result<StreamingQueryCommandResult, SparkError> {
        let command = Command {
            streaming_query_command: Some(command),
            ..Command::default()
        };
        let mut answer = StreamingQueryCommandResult::default();
        self.run(
            "(a stream)",
            Operation::Command(Box::new(command)),
            |response| {
                if let Some(result) = response.streaming_query_command_result {
                    answer = result;
                }
                Ok(())
            },
        )?;
        Ok(answer)
    }

    /// Runs an operation, and calls `each` with every response.
    fn run(
        &self,
        sql: &str,
        operation: Operation,
        mut each: impl FnMut(ExecutePlanResponse) -> Result<(), SparkError>,
    ) -> Result<(), SparkError> {
        let request = ExecutePlanRequest {
            session_id: self.id.clone(),
            user_context: Some(user()),
            plan: Some(Plan {
                operation: Some(operation),
            }),
            client_type: Some("lambda_workbook".to_owned()),
        };
        let failed = |status: Status| SparkError::of(&self.address, sql, &status);
        let running = async {
            let mut grpc = self.grpc();
            grpc.ready()
                .await
                .map_err(|error| SparkError::connect(&self.address, causes(&error)))?;
            let path = PathAndQuery::from_static("/spark.connect.SparkConnectService/ExecutePlan");
            let codec: ProstCodec<ExecutePlanRequest, ExecutePlanResponse> = ProstCodec::default();
            let answer = grpc
                .server_streaming(Request::new(request), path, codec)
                .await;
            let mut answers: Streaming<ExecutePlanResponse> = answer.map_err(failed)?.into_inner();
            while let Some(response) = answers.message().await.map_err(failed)? {
                each(response)?;
            }
            Ok(())
        };
        let patience = self.patience.unwrap_or(Duration::MAX);
        let late = |_| {
            let why = format!("no answer within {} s", patience.as_secs());
            SparkError::Lost {
                address: self.address.clone(),
                why,
            }
        };
        self.runtime
            .block_on(async { tokio::time::timeout(patience, running).await })
            .map_err(late)?
    }

    fn grpc(&self) -> Grpc<Channel> {
        Grpc::new(self.channel.clone()).max_decoding_message_size(LONGEST_MESSAGE)
    }
}

impl Drop for Session {
    /// Tells the server to forget the session, which it would keep for an hour. A server that is
    /// gone has forgotten it, and one that does not know this call, such as Sail, does no harm.
    fn drop(&mut self) {
        let request = ReleaseSessionRequest {
            session_id: self.id.clone(),
            user_context: Some(user()),
        };
        let _ = self.runtime.block_on(async {
            let path =
                PathAndQuery::from_static("/spark.connect.SparkConnectService/ReleaseSession");
            let codec: ProstCodec<ReleaseSessionRequest, ReleaseSessionResponse> =
                ProstCodec::default();
            let mut grpc = self.grpc();
            let release = async {
                grpc.ready().await.ok()?;
                grpc.unary(Request::new(request), path, codec).await.ok()
            };
            tokio::time::timeout(RELEASING, release).await
        });
    }
}

/// Returns whether a server of this version is older than Spark 4.
fn is_too_old(version: &str) -> bool {
    let major = version.split('.').next().unwrap_or_default();
    matches!(major.parse(), Ok(1..=3))
}

/// Returns a query as a relation.
pub(super) fn of_sql(sql: &str) -> Relation {
    Relation {
        sql: Some(Sql {
            query: sql.to_owned(),
        }),
        ..Relation::default()
    }
}

fn user() -> UserContext {
    UserContext {
        user_id: "workbook".to_owned(),
    }
}

/// Returns an identifier of a session, a UUID.
fn new_session() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Returns an error with its causes, each once: transport errors hide what happened behind a word.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

/// Runs a query in a session of its own, and returns the number of its rows.
///
/// ```no_run
/// use std::time::Duration;
///
/// let rows = connect::spark::count_rows("127.0.0.1:15002", "SELECT id FROM range(3)", Duration::from_secs(60))?;
/// assert_eq!(rows, 3);
/// # Ok::<(), connect::spark::SparkError>(())
/// ```
///
/// # Errors
/// As for [`Session::open`] and [`Session::query`], and if the query takes longer than `patience`.
pub fn count_rows(address: &str, sql: &str, patience: Duration) -> Result<usize, SparkError> {
    let mut count = 0;
    let session = Session::open(address)?.with_patience(patience);
    session.query(sql, |rows| {
        count += rows.len();
        Ok(())
    })?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spark_is_asked_for_from_version_4_and_sail_from_any() {
        for (version, too_old) in [
            ("3.5.1 fd86f85e181fc2dc0f50a096855acf83a6cc5d9c", true),
            ("4.2.0 0123456789", false),
            ("10.0.0", false),
            ("0.7.2", false),
            ("", false),
        ] {
            assert_eq!(is_too_old(version), too_old, "{version}");
        }
    }
}

//! The messages of Spark Connect, as far as SQL, its rows and streams need them.
//!
//! The numbers of fields are those of `spark/connect/base.proto`, `commands.proto` and
//! `relations.proto` of Spark 4.2. The messages are written out here because a generated client
//! needs the compiler `protoc` wherever it is built.
//!
//! A `oneof` of which only some members are used is written as optional fields: the bytes are the
//! same, as long as one of them is set.
use lambda::engine::TaskProgress;
use prost::{Message, Oneof};
use std::collections::BTreeMap;

/// Who asks. Sessions of one user can see each other; each run has a session of its own.
#[derive(Clone, PartialEq, Message)]
pub struct UserContext {
    #[prost(string, tag = "1")]
    pub user_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct ExecutePlanRequest {
    #[prost(string, tag = "1")]
    pub session_id: String,
    #[prost(message, optional, tag = "2")]
    pub user_context: Option<UserContext>,
    #[prost(message, optional, tag = "3")]
    pub plan: Option<Plan>,
    #[prost(string, optional, tag = "4")]
    pub client_type: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Plan {
    #[prost(oneof = "Operation", tags = "1, 2")]
    pub operation: Option<Operation>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum Operation {
    /// A query, whose rows are returned.
    #[prost(message, tag = "1")]
    Root(Relation),
    /// A statement, which is run before it is answered.
    #[prost(message, tag = "2")]
    Command(Box<Command>),
}

#[derive(Clone, PartialEq, Message)]
pub struct Relation {
    #[prost(message, optional, tag = "2")]
    pub read: Option<Read>,
    #[prost(message, optional, tag = "10")]
    pub sql: Option<Sql>,
    #[prost(message, optional, tag = "11")]
    pub local_relation: Option<LocalRelation>,
    #[prost(message, optional, boxed, tag = "14")]
    pub deduplicate: Option<Box<Deduplicate>>,
    #[prost(message, optional, boxed, tag = "33")]
    pub with_watermark: Option<Box<WithWatermark>>,
}

/// The rows of a system, such as the records of a topic.
#[derive(Clone, PartialEq, Message)]
pub struct Read {
    #[prost(message, optional, tag = "2")]
    pub data_source: Option<DataSource>,
    #[prost(bool, tag = "3")]
    pub is_streaming: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct DataSource {
    #[prost(string, optional, tag = "1")]
    pub format: Option<String>,
    #[prost(btree_map = "string, string", tag = "3")]
    pub options: BTreeMap<String, String>,
}

/// The rows of a relation without those whose named columns an earlier row had.
#[derive(Clone, PartialEq, Message)]
pub struct Deduplicate {
    #[prost(message, optional, boxed, tag = "1")]
    pub input: Option<Box<Relation>>,
    #[prost(string, repeated, tag = "2")]
    pub column_names: Vec<String>,
    /// Whether a row is remembered only until the watermark is as much later as it may lag.
    #[prost(bool, optional, tag = "4")]
    pub within_watermark: Option<bool>,
}

/// The rows of a relation, with a column that says when each event happened.
#[derive(Clone, PartialEq, Message)]
pub struct WithWatermark {
    #[prost(message, optional, boxed, tag = "1")]
    pub input: Option<Box<Relation>>,
    #[prost(string, tag = "2")]
    pub event_time: String,
    /// How far the watermark lags behind the latest event, such as `60 seconds`.
    #[prost(string, tag = "3")]
    pub delay_threshold: String,
}

/// Rows of the client's, as a stream of Arrow's IPC format.
#[derive(Clone, PartialEq, Message)]
pub struct LocalRelation {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub data: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Sql {
    #[prost(string, tag = "1")]
    pub query: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Command {
    #[prost(message, optional, tag = "3")]
    pub create_dataframe_view: Option<CreateDataFrameViewCommand>,
    #[prost(message, optional, tag = "5")]
    pub sql_command: Option<SqlCommand>,
    #[prost(message, optional, tag = "6")]
    pub write_stream_operation_start: Option<WriteStreamOperationStart>,
    #[prost(message, optional, tag = "7")]
    pub streaming_query_command: Option<StreamingQueryCommand>,
}

/// Starts a query that goes on: it writes the rows of a stream into a sink, batch by batch.
#[derive(Clone, PartialEq, Message)]
pub struct WriteStreamOperationStart {
    #[prost(message, optional, tag = "1")]
    pub input: Option<Relation>,
    #[prost(string, tag = "2")]
    pub format: String,
    #[prost(btree_map = "string, string", tag = "3")]
    pub options: BTreeMap<String, String>,
    /// Begins a batch whenever this time has passed.
    #[prost(string, optional, tag = "5")]
    pub processing_time_interval: Option<String>,
    /// Takes what is there now, and ends.
    #[prost(bool, optional, tag = "6")]
    pub available_now: Option<bool>,
    #[prost(string, tag = "9")]
    pub output_mode: String,
    #[prost(string, optional, tag = "11")]
    pub path: Option<String>,
}

/// A run of a streaming query.
#[derive(Clone, PartialEq, Message)]
pub struct StreamingQueryInstanceId {
    /// The query, which its checkpoint remembers.
    #[prost(string, tag = "1")]
    pub id: String,
    /// The run, which each start begins anew.
    #[prost(string, tag = "2")]
    pub run_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct StreamingQueryCommand {
    #[prost(message, optional, tag = "1")]
    pub query_id: Option<StreamingQueryInstanceId>,
    #[prost(bool, optional, tag = "2")]
    pub status: Option<bool>,
    #[prost(bool, optional, tag = "4")]
    pub recent_progress: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub stop: Option<bool>,
    #[prost(bool, optional, tag = "8")]
    pub exception: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub struct CreateDataFrameViewCommand {
    #[prost(message, optional, tag = "1")]
    pub input: Option<Relation>,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(bool, tag = "4")]
    pub replace: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct SqlCommand {
    /// Deprecated in favour of `input`, which older servers do not read.
    #[prost(string, tag = "1")]
    pub sql: String,
    #[prost(message, optional, tag = "6")]
    pub input: Option<Relation>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ExecutePlanResponse {
    #[prost(message, optional, tag = "2")]
    pub arrow_batch: Option<ArrowBatch>,
    #[prost(message, optional, tag = "8")]
    pub write_stream_operation_start_result: Option<WriteStreamOperationStartResult>,
    #[prost(message, optional, tag = "9")]
    pub streaming_query_command_result: Option<StreamingQueryCommandResult>,
    #[prost(message, optional, tag = "18")]
    pub execution_progress: Option<ExecutionProgress>,
}

#[derive(Clone, PartialEq, Message)]
pub struct WriteStreamOperationStartResult {
    #[prost(message, optional, tag = "1")]
    pub query_id: Option<StreamingQueryInstanceId>,
}

#[derive(Clone, PartialEq, Message)]
pub struct StreamingQueryCommandResult {
    #[prost(message, optional, tag = "2")]
    pub status: Option<StatusResult>,
    #[prost(message, optional, tag = "3")]
    pub recent_progress: Option<RecentProgressResult>,
    #[prost(message, optional, tag = "5")]
    pub exception: Option<ExceptionResult>,
}

#[derive(Clone, PartialEq, Message)]
pub struct StatusResult {
    #[prost(bool, tag = "4")]
    pub is_active: bool,
}

/// What the last batches did, the oldest first, each a text of JSON.
#[derive(Clone, PartialEq, Message)]
pub struct RecentProgressResult {
    #[prost(string, repeated, tag = "5")]
    pub recent_progress_json: Vec<String>,
}

/// Why a query has ended; without a message it did not fail.
#[derive(Clone, PartialEq, Message)]
pub struct ExceptionResult {
    #[prost(string, optional, tag = "1")]
    pub exception_message: Option<String>,
}

/// Rows: a whole stream of Arrow's IPC format, with its schema.
#[derive(Clone, PartialEq, Message)]
pub struct ArrowBatch {
    #[prost(int64, tag = "1")]
    pub row_count: i64,
    #[prost(bytes = "bytes", tag = "2")]
    pub data: bytes::Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub struct ExecutionProgress {
    #[prost(message, repeated, tag = "1")]
    pub stages: Vec<StageInfo>,
}

impl ExecutionProgress {
    /// Returns the tasks of all stages together.
    pub fn tasks(&self) -> TaskProgress {
        let sum = |of: fn(&StageInfo) -> i64| self.stages.iter().map(of).sum::<i64>() as u64;
        TaskProgress {
            done: sum(|stage| stage.num_completed_tasks),
            known: sum(|stage| stage.num_tasks),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct StageInfo {
    #[prost(int64, tag = "2")]
    pub num_tasks: i64,
    #[prost(int64, tag = "3")]
    pub num_completed_tasks: i64,
    #[prost(int64, tag = "4")]
    pub input_bytes_read: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReleaseSessionRequest {
    #[prost(string, tag = "1")]
    pub session_id: String,
    #[prost(message, optional, tag = "2")]
    pub user_context: Option<UserContext>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReleaseSessionResponse {}

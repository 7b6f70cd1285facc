//! A client of HBase's Thrift2 gateway: connections, when to ask again, and what its errors mean.
use super::thrift2::{
    TGet, THBaseServiceSyncClient, TIOError, TTHBaseServiceSyncClient, TThriftServerType,
};
use lambda::speed::{Result, SpeedError};
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use thrift::protocol::{TBinaryInputProtocol, TBinaryOutputProtocol};
use thrift::transport::{
    ReadHalf, TBufferedReadTransport, TBufferedWriteTransport, TIoChannel, TTcpChannel, WriteHalf,
};

/// How long a gateway may take to accept a connection, and to say what it is.
const CONNECT: Duration = Duration::from_secs(4);
/// How long a gateway may take to answer a read or a write.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a gateway may take to make or remove a table.
const ADMINISTER: Duration = Duration::from_secs(90);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(200);
/// Connections that are kept open while they are not used.
const KEPT: usize = 8;

/// The options of [`HBaseStore::open`](super::HBaseStore::open).
#[derive(Clone, Copy, Debug)]
pub struct HBaseOptions {
    /// How long a call that may be repeated is tried again while HBase does not answer.
    pub patience: Duration,
}

impl Default for HBaseOptions {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(8),
        }
    }
}

/// A connection to a gateway.
pub type HBaseConnection = THBaseServiceSyncClient<
    TBinaryInputProtocol<TBufferedReadTransport<ReadHalf<TTcpChannel>>>,
    TBinaryOutputProtocol<TBufferedWriteTransport<WriteHalf<TTcpChannel>>>,
>;

/// What a call does, which says how it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It changes nothing, or the same when it comes twice: it is tried again.
    Repeatable,
    /// It must not come twice: once it was sent, it is not sent again.
    Once,
    /// It makes or removes a table, which takes longer, and is not sent again.
    Administer,
}

/// A gateway at an address. Threads may use it at once, each with a connection of its own.
pub struct Gateway {
    /// `host:port`.
    address: String,
    options: HBaseOptions,
    idle: Mutex<Vec<(HBaseConnection, TcpStream)>>,
}

/// Why one try failed.
enum Failed {
    /// No connection: nothing was sent.
    Connecting(String),
    /// The connection broke, or there was no answer in time: the call may have had its effect.
    Unknown(String),
    /// HBase refused, for a reason that passes by itself or not.
    Refused { reason: String, passing: bool },
}

impl Gateway {
    /// Connects to a gateway at `host:port`.
    ///
    /// # Errors
    /// If nothing answers there, or what answers is no Thrift2 gateway.
    pub fn open(address: &str, options: HBaseOptions) -> Result<Self> {
        let gateway = Self {
            address: address.to_owned(),
            options,
            idle: Mutex::default(),
        };
        let connection = gateway.connect();
        let connection = connection.map_err(|problem| gateway.error("connecting", &problem))?;
        gateway.keep(connection);
        Ok(gateway)
    }

    /// Returns `hbase://host:port`, for messages.
    pub fn address(&self) -> String {
        format!("hbase://{}", self.address)
    }

    /// Returns the error of something that failed.
    pub fn error(&self, doing: &str, problem: &str) -> SpeedError {
        SpeedError::Remote {
            doing: doing.to_owned(),
            address: self.address(),
            problem: problem.to_owned(),
        }
    }

    /// Calls the gateway. A repeatable call is tried again until the patience is at its end.
    ///
    /// # Errors
    /// What is wrong, and what to do. Unless the call is [`Kind::Repeatable`], it may have had its
    /// effect, and the error says so.
    pub fn call<T>(
        &self,
        kind: Kind,
        doing: &str,
        call: impl Fn(&mut HBaseConnection) -> thrift::Result<T>,
    ) -> Result<T> {
        let began = Instant::now();
        loop {
            let failed = match self.try_call(kind, &call) {
                Ok(done) => return Ok(done),
                Err(failed) => failed,
            };
            // Whether another try may be made, and can change anything.
            let again = match &failed {
                Failed::Connecting(_) => true,
                Failed::Unknown(_) => kind == Kind::Repeatable,
                Failed::Refused { passing, .. } => *passing && kind == Kind::Repeatable,
            };
            if again && began.elapsed() < self.options.patience {
                std::thread::sleep(PAUSE);
                continue;
            }
            return Err(self.error(doing, &failed.problem(kind)));
        }
    }

    fn try_call<T>(
        &self,
        kind: Kind,
        call: impl Fn(&mut HBaseConnection) -> thrift::Result<T>,
    ) -> std::result::Result<T, Failed> {
        // A connection that was idle may have been closed by a gateway that was started again.
        let idle = self.idle().pop();
        let was_idle = idle.is_some();
        let (mut connection, stream) = match idle {
            Some(connection) => connection,
            None => self.connect().map_err(Failed::Connecting)?,
        };
        let answer = match kind {
            Kind::Administer => ADMINISTER,
            Kind::Repeatable | Kind::Once => ANSWER,
        };
        let timed = stream.set_read_timeout(Some(answer));
        timed.map_err(|error| Failed::Connecting(error.to_string()))?;
        match call(&mut connection) {
            Ok(answer) => {
                self.keep((connection, stream));
                Ok(answer)
            }
            Err(thrift::Error::User(error)) => {
                self.keep((connection, stream));
                Err(refused(error.as_ref()))
            }
            Err(error) => {
                if was_idle {
                    // The others are as old.
                    self.idle().clear();
                }
                Err(Failed::Unknown(readable(&error)))
            }
        }
    }

    /// Connects, and asks what answers there.
    fn connect(&self) -> std::result::Result<(HBaseConnection, TcpStream), String> {
        let remedy = "start it with `workbook up hbase`, or check the address: it is that of HBase's \
                      Thrift2 gateway (hbase://host:port)";
        let stream = stream(&self.address)
            .map_err(|error| format!("cannot connect to {}: {error}; {remedy}", self.address))?;
        let connection = stream
            .try_clone()
            .map_err(thrift::Error::from)
            .and_then(|stream| {
                let (read, write) = TTcpChannel::with_stream(stream).split()?;
                Ok(THBaseServiceSyncClient::new(
                    TBinaryInputProtocol::new(TBufferedReadTransport::new(read), true),
                    TBinaryOutputProtocol::new(TBufferedWriteTransport::new(write), true),
                ))
            });
        let mut connection = connection.map_err(|error| readable(&error))?;
        match connection.get_thrift_server_type() {
            Ok(TThriftServerType::TWO) => Ok((connection, stream)),
            Ok(_) => Err(format!(
                "{} is a Thrift1 gateway; start Thrift2: `hbase thrift2 start`",
                self.address
            )),
            Err(error) if timed_out(&error) => Err(format!(
                "{} accepts a connection and does not answer; if it is HBase's gateway, check that \
                 a region server runs, in the log of HBase; otherwise check the \
                 address (hbase://host:port)",
                self.address
            )),
            Err(error) => Err(format!(
                "{} answers, but not as a Thrift2 gateway with the binary protocol and no frames \
                 ({}); {remedy}",
                self.address,
                readable(&error)
            )),
        }
    }

    fn keep(&self, connection: (HBaseConnection, TcpStream)) {
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push(connection);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(HBaseConnection, TcpStream)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failed {
    fn problem(&self, kind: Kind) -> String {
        match self {
            Self::Connecting(problem) => problem.clone(),
            Self::Unknown(problem) if kind == Kind::Repeatable => format!(
                "{problem}; check that a region server runs, in the log of HBase, and do it again"
            ),
            Self::Unknown(problem) => format!(
                "{problem}; it may have had its effect, so look before you do it again, and check \
                 in the log of HBase that a region server runs"
            ),
            Self::Refused { reason, passing } => match passing {
                true => format!(
                    "{reason}; check that a master and a region server run, in the log of HBase, \
                     and do it again"
                ),
                false => reason.clone(),
            },
        }
    }
}

/// Connects to the first address of `host:port` that accepts.
fn stream(address: &str) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(CONNECT))?;
                stream.set_write_timeout(Some(ANSWER))?;
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Reads an exception of HBase. It is a stack trace, whose first line has the reason.
fn refused(error: &(dyn std::error::Error + 'static)) -> Failed {
    let Some(TIOError { message, can_retry }) = error.downcast_ref::<TIOError>() else {
        let reason = error.to_string();
        let passing = false;
        return Failed::Refused { reason, passing };
    };
    let message = message.clone().unwrap_or_default();
    let mut reason = message.lines().next().unwrap_or_default().trim().to_owned();
    // The cause, if the first line only says that tries were made.
    let cause = message
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix("Caused by: "));
    if let Some(cause) = cause
        && !reason.contains(cause)
    {
        reason = format!("{reason} ({cause})");
    }
    if reason.len() > 400 {
        reason = reason.chars().take(400).collect::<String>() + " ...";
    }
    if reason.contains("RowTooBigException") {
        // The limit is that of the server, `hbase.table.max.rowsize`.
        reason += "; the part of a row that was read is too large: read a smaller range of \
                   qualifiers at a time, or keep large values outside of the store";
    }
    // A gateway that cannot ask ZooKeeper where a region is says that another try is no use. It is
    // one, once HBase runs again, and nothing was done.
    let passing = *can_retry != Some(false) || reason.contains("Zookeeper ");
    Failed::Refused { reason, passing }
}

/// Says what a broken exchange is, in words.
fn readable(error: &thrift::Error) -> String {
    if timed_out(error) {
        return "there was no answer in time".to_owned();
    }
    match error {
        thrift::Error::Transport(error) => format!("the connection broke: {}", error.message),
        thrift::Error::Protocol(error) => {
            format!("the answer is not understood: {}", error.message)
        }
        thrift::Error::Application(error) => format!("the gateway failed: {}", error.message),
        thrift::Error::User(error) => error.to_string(),
    }
}

/// Whether the time for an answer was up.
fn timed_out(error: &thrift::Error) -> bool {
    // A read that takes too long is "temporarily unavailable" to the system.
    let waited = ["timed out", "temporarily unavailable", "would block"];
    matches!(error, thrift::Error::Transport(error)
        if waited.iter().any(|sign| error.message.to_lowercase().contains(sign)))
}

/// Returns a read of one row.
pub fn get_of(row: &[u8]) -> TGet {
    TGet {
        row: row.to_vec(),
        columns: None,
        max_versions: None,
        store_limit: None,
        filter_bytes: None,
    }
}

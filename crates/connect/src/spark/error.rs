//! What can go wrong between a client and a Spark Connect server.
use lambda::engine::EngineError;
use tonic::{Code, Status};

/// The longest part of a server's message that is shown: Spark sends whole query plans.
pub(super) const MOST_SHOWN: usize = 600;

/// An error of a session. Each says at which address, what failed, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SparkError {
    /// There is no server, or it is lost.
    #[error(
        "{address}: no Spark Connect server answers: {why}; start one (`cargo workbook up spark`, or `up sail`, which needs no Java) or correct the address"
    )]
    Connect {
        /// `host:port`
        address: String,
        /// What the system said.
        why: String,
    },
    /// The server was lost while it computed.
    #[error(
        "{address}: the server was lost while it computed: {why}; see whether it still runs (`cargo workbook status`), and run this again"
    )]
    Lost {
        /// `host:port`
        address: String,
        /// What the system said.
        why: String,
    },
    /// What listens there does not speak Spark Connect.
    #[error(
        "{address}: is no Spark Connect server: {why}; its usual port is 15002; the ports of a cluster's master (7077) and of web pages (4040, 8080) are others"
    )]
    Other {
        /// `host:port`
        address: String,
        /// What the system said.
        why: String,
    },
    /// The server is too old.
    #[error(
        "{address}: runs Spark {version}, and version 4 or later is needed; start one by `cargo workbook up spark`"
    )]
    Version {
        /// `host:port`
        address: String,
        /// What it says.
        version: String,
    },
    /// The server refused a statement or failed at it.
    #[error("{address}: the server refused the query: {why}\nThe query begins: {query}")]
    Refused {
        /// `host:port`
        address: String,
        /// The server's words, cut if they are many.
        why: String,
        /// The beginning of the query.
        query: String,
    },
    /// Rows came in another form than the query has.
    #[error("the rows of a query cannot be read: {0}")]
    Rows(String),
    /// What is done with the rows failed here.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<SparkError> for EngineError {
    fn from(error: SparkError) -> Self {
        match error {
            SparkError::Engine(error) => error,
            other => EngineError::Remote(other.to_string()),
        }
    }
}

impl SparkError {
    pub(super) fn connect(address: &str, why: String) -> Self {
        Self::Connect {
            address: address.to_owned(),
            why,
        }
    }

    /// Returns the error of a query that the server, or the way to it, answered by a status.
    pub(super) fn of(address: &str, sql: &str, status: &Status) -> Self {
        let address = address.to_owned();
        let mut why = status.message().to_owned();
        if why.is_empty() {
            why = status.code().description().to_owned();
        }
        match status.code() {
            Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded => {
                Self::Lost { address, why }
            }
            Code::Unknown if is_transport(status) => Self::Lost { address, why },
            Code::Unimplemented => Self::Other { address, why },
            _ => Self::Refused {
                address,
                why: shortened(&why, MOST_SHOWN),
                query: shortened(sql.trim(), 120),
            },
        }
    }
}

/// Whether a status was made here because the connection broke, and not by the server.
fn is_transport(status: &Status) -> bool {
    std::error::Error::source(status).is_some() || status.message().contains("transport error")
}

/// Returns the beginning of a text, with dots if there is more.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

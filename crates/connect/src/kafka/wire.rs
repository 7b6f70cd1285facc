//! A connection to one broker: requests and responses of Kafka's protocol, one after another.
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long a broker may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// The longest response that is read. A broker sends at most what was asked for.
const LONGEST: usize = 256 << 20;

/// A request of the protocol, with the response that answers it.
pub trait Call: Encodable + HeaderVersion {
    /// The response.
    type Response: Decodable + HeaderVersion;
    /// The number of the request.
    const KEY: ApiKey;
    /// The versions of it that this client speaks.
    const VERSIONS: (i16, i16);
}

macro_rules! calls {
    ($($request:ident -> $response:ident: $key:ident, $least:literal..=$most:literal;)*) => {$(
        impl Call for kafka_protocol::messages::$request {
            type Response = kafka_protocol::messages::$response;
            const KEY: ApiKey = ApiKey::$key;
            const VERSIONS: (i16, i16) = ($least, $most);
        }
    )*};
}

calls! {
    MetadataRequest -> MetadataResponse: Metadata, 4..=9;
    CreateTopicsRequest -> CreateTopicsResponse: CreateTopics, 5..=7;
    InitProducerIdRequest -> InitProducerIdResponse: InitProducerId, 3..=4;
    ProduceRequest -> ProduceResponse: Produce, 7..=9;
    FetchRequest -> FetchResponse: Fetch, 7..=11;
    ListOffsetsRequest -> ListOffsetsResponse: ListOffsets, 4..=7;
    FindCoordinatorRequest -> FindCoordinatorResponse: FindCoordinator, 2..=3;
    OffsetCommitRequest -> OffsetCommitResponse: OffsetCommit, 7..=8;
    OffsetFetchRequest -> OffsetFetchResponse: OffsetFetch, 5..=7;
    DeleteRecordsRequest -> DeleteRecordsResponse: DeleteRecords, 1..=2;
    JoinGroupRequest -> JoinGroupResponse: JoinGroup, 5..=7;
    SyncGroupRequest -> SyncGroupResponse: SyncGroup, 3..=5;
    HeartbeatRequest -> HeartbeatResponse: Heartbeat, 3..=4;
    LeaveGroupRequest -> LeaveGroupResponse: LeaveGroup, 3..=4;
    AddPartitionsToTxnRequest -> AddPartitionsToTxnResponse: AddPartitionsToTxn, 2..=3;
    AddOffsetsToTxnRequest -> AddOffsetsToTxnResponse: AddOffsetsToTxn, 2..=3;
    TxnOffsetCommitRequest -> TxnOffsetCommitResponse: TxnOffsetCommit, 2..=3;
    EndTxnRequest -> EndTxnResponse: EndTxn, 2..=3;
}

/// A connection to a broker.
pub struct Connection {
    stream: TcpStream,
    correlation: i32,
    /// The versions of each request that the broker speaks.
    versions: HashMap<i16, (i16, i16)>,
    buffer: BytesMut,
}

impl Connection {
    /// Connects to `host:port`, and asks which versions of requests the broker speaks.
    ///
    /// # Errors
    /// If there is no broker, or what answers is none.
    pub fn open(address: &str) -> io::Result<Self> {
        // Try each address of the host's name.
        let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        let mut connected = None;
        for address in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(stream) => {
                    connected = Some(stream);
                    break;
                }
                Err(error) => failed = error,
            }
        }
        let stream = connected.ok_or(failed)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(CONNECT))?;
        stream.set_write_timeout(Some(ANSWER))?;

        let mut connection = Self {
            stream,
            correlation: 0,
            versions: HashMap::new(),
            buffer: BytesMut::new(),
        };
        let answer: ApiVersionsResponse =
            connection.exchange(ApiKey::ApiVersions, 0, &ApiVersionsRequest::default())?;
        let versions = answer.api_keys.iter();
        connection.versions = versions
            .map(|api| (api.api_key, (api.min_version, api.max_version)))
            .collect();
        connection.stream.set_read_timeout(Some(ANSWER))?;
        Ok(connection)
    }

    /// Sends a request in the newest version that both sides speak, and waits for the response.
    ///
    /// # Errors
    /// If the connection breaks, the broker does not answer in time, or the two have no version
    /// in common. After an error the connection must not be used again.
    pub fn call<Q: Call>(&mut self, request: &Q) -> io::Result<Q::Response> {
        let (least, most) = Q::VERSIONS;
        let theirs = self
            .versions
            .get(&(Q::KEY as i16))
            .copied()
            .unwrap_or((0, -1));
        let version = most.min(theirs.1);
        if version < least.max(theirs.0) {
            return Err(io::Error::other(format!(
                "the broker speaks versions {} to {} of {:?}, this client {least} to {most}; \
                 use a broker of Kafka 2.5 or later",
                theirs.0,
                theirs.1,
                Q::KEY
            )));
        }
        self.exchange(Q::KEY, version, request)
    }

    fn exchange<Q: Encodable + HeaderVersion, A: Decodable + HeaderVersion>(
        &mut self,
        key: ApiKey,
        version: i16,
        request: &Q,
    ) -> io::Result<A> {
        // The length comes first, and is known last.
        self.correlation = self.correlation.wrapping_add(1);
        self.buffer.clear();
        self.buffer.put_i32(0);
        RequestHeader::default()
            .with_client_id(Some(StrBytes::from_static_str("lambda-workbook")))
            .with_request_api_key(key as i16)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .encode(&mut self.buffer, Q::header_version(version))
            .and_then(|()| request.encode(&mut self.buffer, version))
            .map_err(io::Error::other)?;
        let length = (self.buffer.len() - 4) as i32;
        self.buffer[..4].copy_from_slice(&length.to_be_bytes());
        self.stream.write_all(&self.buffer)?;

        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = i32::from_be_bytes(length);
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= LONGEST);
        let length = length.ok_or_else(|| io::Error::other("what answers is no Kafka broker"))?;
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        let mut bytes = Bytes::from(bytes);
        let header = ResponseHeader::decode(&mut bytes, A::header_version(version))
            .map_err(io::Error::other)?;
        if header.correlation_id != self.correlation {
            return Err(io::Error::other(
                "what answers is no Kafka broker: another request's number",
            ));
        }
        A::decode(&mut bytes, version).map_err(io::Error::other)
    }
}

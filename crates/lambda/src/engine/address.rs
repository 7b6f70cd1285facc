//! Which engine an address names.
use super::{EngineError, LocalSql, SCHEME, SparkConnect, SqlEngine};

/// The address of the engine of this machine.
pub const LOCAL: &str = "local";

/// Opens the engine at an address: `local` for the cores of this machine, or `sc://host:port` for a
/// Spark Connect server, such as Spark or Sail.
///
/// # Errors
/// If it is no such address, or no server answers there within some seconds.
pub fn open(address: &str) -> Result<Box<dyn SqlEngine>, EngineError> {
    match address {
        LOCAL => Ok(Box::new(LocalSql::default())),
        _ if address.starts_with(SCHEME) => Ok(Box::new(SparkConnect::open(address, None)?)),
        _ => Err(EngineError::Remote(format!(
            "{address}: is no address of an engine; write local, or sc://HOST:PORT, such as sc://127.0.0.1:15002"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_says_what_one_is() {
        let error = open("spark://127.0.0.1:7077").unwrap_err().to_string();
        assert!(error.contains("write local, or sc://HOST:PORT"), "{error}");
    }
}

//! The port JupyterLab answers on, on this machine only.
use anyhow::{Result, bail};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

/// JupyterLab's own first choice.
pub const FIRST: u16 = 8888;
/// How many ports from the first are tried.
pub const TRIES: u16 = 100;

/// The port asked for, if it is free; with none asked for, the first free one.
pub fn choose(asked: Option<u16>) -> Result<u16> {
    let Some(port) = asked else {
        return match next_free(FIRST) {
            Some(port) => Ok(port),
            None => bail!(
                "ports {FIRST} to {} are all in use\n  fix: name a free one, `cargo lab --port N`",
                FIRST + TRIES - 1
            ),
        };
    };
    match bind(port) {
        Ok(()) => Ok(port),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let other = match next_free(port.saturating_add(1)) {
                Some(free) => format!("`cargo lab --port {free}` is free"),
                None => "name another".to_string(),
            };
            bail!(
                "port {port} is in use by another program\n  fix: {other}; without --port, `cargo lab` finds one itself"
            )
        }
        Err(error) => bail!("port {port} cannot be used: {error}\n  fix: name one from 1024 up"),
    }
}

/// The first free port from `first` on.
pub fn next_free(first: u16) -> Option<u16> {
    (first..=first.saturating_add(TRIES - 1)).find(|&port| bind(port).is_ok())
}

fn bind(port: u16) -> std::io::Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop)
}

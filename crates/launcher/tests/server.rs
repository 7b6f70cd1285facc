//! A JupyterLab that `cargo lab` opened, and a way to ask it things.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A `cargo lab` whose JupyterLab answers.
pub struct Lab {
    pub child: Child,
    pub port: u16,
    pub token: String,
}

impl Lab {
    pub fn open(command: &mut Command) -> Lab {
        // JupyterLab looks for a free port, lets go of it, and takes it later:
        // two that open at one moment may want the same.
        static OPENING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            said += &format!("{line}\n");
            line.trim()
                .strip_prefix("http://127.0.0.1:")
                .map(String::from)
        });
        let url = url.unwrap_or_else(|| panic!("no address in:\n{said}"));
        // Read on, so that its last words find an open pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let (port, rest) = url.split_once("/lab/tree/notebooks").expect("the page");
        let (_, rest) = rest.split_once("?token=").expect("the token");
        Lab {
            child,
            port: port.parse().unwrap(),
            token: rest.to_string(),
        }
    }

    pub fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

/// A test that fails leaves no JupyterLab behind.
impl Drop for Lab {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal("-INT");
            let _ = self.child.wait();
        }
    }
}

//! A page in headless Chromium, driven by the Chrome DevTools Protocol.
//!
//! With `--remote-debugging-pipe` Chromium reads commands on file descriptor 3 and
//! writes answers and events on 4: JSON, each message ended by a NUL. No port, no
//! WebSocket, no driver program; and Chromium ends when the pipe does.
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, PipeWriter, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long Chromium itself may take for an answer, on a busy machine.
const ANSWER: Duration = Duration::from_secs(60);

/// The program, if this machine has it.
pub fn find() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

pub struct Page {
    child: Child,
    commands: PipeWriter,
    messages: Receiver<Value>,
    last_id: u64,
    /// The page's session; none for what is asked of the browser.
    session: Option<String>,
    /// What the page's scripts threw.
    pub thrown: Vec<String>,
    pictures: PathBuf,
    _profile: TempDir,
}

impl Page {
    /// Opens `url`; screenshots go to `pictures`.
    pub fn open(program: &Path, url: &str, pictures: PathBuf) -> Page {
        let profile = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let (their_commands, commands) = std::io::pipe().unwrap();
        let (answers, their_answers) = std::io::pipe().unwrap();
        let mut command = Command::new(program);
        command
            .args(["--headless", "--remote-debugging-pipe", "--no-first-run"])
            .args(["--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--disable-background-networking", "--no-proxy-server"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(["--window-size=1400,1000", "about:blank"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(pictures.join("chromium.log")).unwrap());
        // SAFETY: geteuid only reads.
        if unsafe { libc::geteuid() } == 0 {
            command.arg("--no-sandbox"); // its sandbox refuses root
        }
        at_3_and_4(&mut command, their_commands.into(), their_answers.into());
        let child = command.spawn().unwrap();
        drop(command); // and with it our copies of Chromium's ends
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(answers).split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("JSON");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut page = Page {
            child,
            commands,
            messages,
            last_id: 0,
            session: None,
            thrown: Vec::new(),
            pictures,
            _profile: profile,
        };
        let target = page.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = page.call("Target.attachToTarget", target);
        page.session = attached["sessionId"].as_str().map(str::to_owned);
        page.call("Runtime.enable", json!({}));
        page.call("Page.enable", json!({}));
        page.call("Page.navigate", json!({"url": url}));
        page
    }

    /// Calls a method of the protocol and gives its result.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        loop {
            let message = self.messages.recv_timeout(ANSWER);
            let message = message.unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == id {
                return message;
            }
            match message["method"].as_str() {
                Some("Runtime.exceptionThrown") => {
                    let details = &message["params"]["exceptionDetails"];
                    let thrown = details["exception"]["description"].to_string();
                    self.thrown.push(thrown);
                }
                // "Leave this page?" Nothing goes on until it is answered.
                Some("Page.javascriptDialogOpening") => {
                    self.send("Page.handleJavaScriptDialog", json!({"accept": true}));
                }
                _ => {}
            }
        }
    }

    fn send(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let mut request = json!({"id": self.last_id, "method": method, "params": params});
        if let Some(session) = &self.session {
            request["sessionId"] = json!(session);
        }
        let sent = write!(self.commands, "{request}\0");
        sent.expect("Chromium reads: chromium.log says why not");
        self.last_id
    }

    /// The value of a JavaScript expression, as JSON; none while the page is exchanged
    /// for another.
    pub fn evaluate(&mut self, script: &str) -> Value {
        let params = json!({"expression": script, "returnByValue": true});
        let found = self.ask("Runtime.evaluate", params);
        let wrong = &found["result"]["exceptionDetails"];
        assert!(wrong.is_null(), "{script}\n{wrong:#}");
        found["result"]["result"]["value"].clone()
    }

    /// Waits until an expression is true, in JavaScript's sense; gives its value.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, script: &str, patience: Duration) -> Value {
        self.try_until(what, script, patience, |_| {})
    }

    /// Presses a key once a second until an expression is true.
    #[track_caller]
    pub fn press_until(&mut self, key: &str, what: &str, script: &str, patience: Duration) {
        let mut last: Option<Instant> = None;
        self.try_until(what, script, patience, |page| {
            if last.is_none_or(|last| last.elapsed() > Duration::from_secs(1)) {
                page.press(key, false);
                last = Some(Instant::now());
            }
        });
    }

    #[track_caller]
    fn try_until(
        &mut self,
        what: &str,
        script: &str,
        patience: Duration,
        mut act: impl FnMut(&mut Page),
    ) -> Value {
        let deadline = Instant::now() + patience;
        loop {
            let value = self.evaluate(&format!("({script}) || null"));
            if !value.is_null() {
                return value;
            }
            if Instant::now() > deadline {
                let picture = self.picture("failed");
                panic!(
                    "not in {patience:?}: {what}\n{script}\nsee {}\nthrown: {:?}",
                    picture.display(),
                    self.thrown
                );
            }
            act(self);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks the middle of the element that an expression gives, once it is there.
    #[track_caller]
    pub fn click(&mut self, what: &str, element: &str) {
        let middle = format!(
            "(() => {{
                const element = {element};
                if (!element) return null;
                element.scrollIntoView({{block: 'nearest'}});
                const box = element.getBoundingClientRect();
                if (!box.width || !box.height) return null;
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"
        );
        let at = self.wait_until(what, &middle, Duration::from_secs(30));
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let mouse =
                json!({"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", mouse);
        }
    }

    /// Presses and releases a key, named as in `KeyboardEvent.key`, with Control held
    /// or not.
    pub fn press(&mut self, key: &str, control: bool) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "End" => 35,
            "ArrowRight" => 39,
            letter => u32::from(letter.to_uppercase().as_bytes()[0]),
        };
        let text = match key {
            "Enter" => "\r",
            letter if letter.len() == 1 && !control => letter,
            _ => "",
        };
        let down = if text.is_empty() {
            "rawKeyDown"
        } else {
            "keyDown"
        };
        for kind in [down, "keyUp"] {
            let text = if kind == "keyUp" { "" } else { text };
            let params = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code,
                "modifiers": if control { 2 } else { 0 }, "text": text});
            self.call("Input.dispatchKeyEvent", params);
        }
    }

    /// Takes a picture of what the reader sees; gives its place.
    pub fn picture(&mut self, name: &str) -> PathBuf {
        let shot = self.call("Page.captureScreenshot", json!({"format": "png"}));
        let path = self.pictures.join(format!("{name}.png"));
        let bytes = from_base64(shot["data"].as_str().expect("base64"));
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // Asked, it ends its helpers first, and none writes to the profile any more.
        let _ = write!(self.commands, "{{\"id\":0,\"method\":\"Browser.close\"}}\0");
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Ok(None) = self.child.try_wait()
            && Instant::now() < deadline
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gives a program two files as its descriptors 3 and 4.
fn at_3_and_4(command: &mut Command, third: OwnedFd, fourth: OwnedFd) {
    let put = move || {
        // Out of the way first: one may have the other's number already.
        // SAFETY: copies of open files, between fork and exec.
        let copy =
            |file: &OwnedFd| unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 10) };
        for (copy, number) in [(copy(&third), 3), (copy(&fourth), 4)] {
            // SAFETY: as above. A copy by dup2 stays open over exec.
            if copy < 0 || unsafe { libc::dup2(copy, number) } < 0 {
                return Err(std::io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: `put` calls nothing but fcntl and dup2.
    unsafe { command.pre_exec(put) };
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let digit = DIGITS.iter().position(|digit| *digit == letter);
        bits = bits << 6 | digit.expect("base64") as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

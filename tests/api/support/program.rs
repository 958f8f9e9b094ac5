//! The program itself, as a process of its own.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longest that a start or an end may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program in a folder of its own, without settings from outside.
pub fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_base-models"));
    command.current_dir(home).env_clear().env("RUST_BACKTRACE", "1").args(arguments).stdin(Stdio::null());
    command
}

/// A service that runs.
pub struct Running {
    process: Child,
    address: String,
    log: Receiver<String>,
}

impl Running {
    /// Starts on that database, or on the embedded one in the folder.
    pub fn start(home: &Path, database_url: Option<&str>) -> Self {
        let mut command = program(home, &["--listen", "127.0.0.1:0"]);
        if let Some(url) = database_url {
            command.env("DATABASE_URL", url);
        }
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let errors = BufReader::new(process.stderr.take().unwrap());
        let (sender, log) = channel();
        std::thread::spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut running = Self { process, address: String::new(), log };
        let page = running.await_line("/swagger-ui/");
        running.address = page.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        running.await_line("ready");
        running
    }

    /// Waits for a line of the log.
    pub fn await_line(&self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = self.log.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|_| panic!("the log never said {words:?}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends a request without a body, or with a JSON one.
    pub fn ask(&self, line: &str, body: &str) -> String {
        ask(&self.address, line, body).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        let id = Pid::from_child(&self.process);
        kill_process(id, signal).unwrap();
    }

    pub fn exit_code(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not stop")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request to a service that may be gone; as much of the answer as came.
pub fn ask(address: &str, line: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    let kind = "Content-Type: application/json";
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

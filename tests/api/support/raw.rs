//! Requests that no client library would send.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Answer, within};

/// Longest that an answer may take, which is more than a slow body is given.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that sends what it is told. Its requests should say `Connection: close`.
pub struct RawConnection {
    stream: TcpStream,
}

impl RawConnection {
    pub async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap() }
    }

    /// Sends as much as the server takes; one that has heard enough closes.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Reads until the server closes; `None` if it said nothing.
    pub async fn answer(&mut self) -> Option<Answer> {
        let mut bytes = Vec::new();
        let reading = self.stream.read_to_end(&mut bytes);
        // What came before a reset is an answer too.
        let _ = within(PATIENCE, "the server answers and closes", reading).await;
        (!bytes.is_empty()).then(|| parse(&bytes))
    }

    /// Breaks the connection off, so that the server sees a reset and not an end.
    pub fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: HeaderMap = lines.map(header).collect();
    Answer { status, headers, body: bytes[end + 4..].to_vec() }
}

fn header(line: &str) -> (HeaderName, HeaderValue) {
    let (name, value) = line.split_once(':').unwrap();
    (name.parse().unwrap(), value.trim().parse().unwrap())
}

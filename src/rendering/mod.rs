//! Rendering templates, each in a process of its own, because a template is a stranger's program.
//!
//! The engines count steps and bytes, but a value that holds itself many times over costs nothing
//! to make and all memory to write or to drop. The system's limits of a process hold whatever the template
//! does, and nothing of the service is lost when they end it: a rendering that took too much is an answer.

mod job;
mod limits;

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;

pub use job::work;

use crate::templates::jinja::SpecialTokens;
use crate::templates::preview::{Asked, GoRendering, JinjaRendering};
use crate::templates::suggestion::Suggestion;
use job::Job;

/// The command of this program that renders.
pub const COMMAND: &str = "render";
/// How long a caller waits, for a free place and for the rendering together.
const TIME: Duration = Duration::from_secs(10);
/// Most bytes that a rendering answers: two texts of 1 MiB, as JSON.
const MAX_ANSWER: u64 = 16 << 20;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the rendering takes more time or memory than it may")]
    Exhausted,
    #[error("the rendering did not end in time, because the service is busy; try again")]
    Late,
    #[error("the rendering failed for a reason that the log of the service tells")]
    Broken,
}

/// Starts the processes that render, a few at a time.
pub struct Renderer {
    program: PathBuf,
    places: Semaphore,
}

impl Renderer {
    /// With the program that knows the command [`COMMAND`]. So many places that the others of the machine's cores answer
    /// requests.
    pub fn new(program: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { program, places: Semaphore::new((cores / 2).max(1)) }
    }

    /// With this very program, also after its file was replaced by a newer one.
    pub fn of_this_program() -> anyhow::Result<Self> {
        let program = if cfg!(target_os = "linux") {
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe().context("the program does not know where it lies")?
        };
        Ok(Self::new(program))
    }

    /// A conversation through a Go template.
    pub async fn through_go(&self, template: String, asked: Asked) -> Result<GoRendering, Failure> {
        self.render(&Job::Go { template, asked }).await
    }

    /// A conversation through one of the model's own chat templates.
    pub async fn through_jinja(&self, name: String, template: String, asked: Asked) -> Result<JinjaRendering, Failure> {
        self.render(&Job::Jinja { name, template, asked }).await
    }

    /// A Go template derived from a chat template.
    pub async fn suggestion(&self, template: String, tokens: SpecialTokens) -> Result<Suggestion, Failure> {
        self.render(&Job::Suggestion { template, tokens }).await
    }

    async fn render<T: DeserializeOwned>(&self, job: &Job) -> Result<T, Failure> {
        let ended = tokio::time::timeout(TIME, self.run(job)).await.map_err(|_| Failure::Late)?;
        let answer = ended.and_then(|(status, answer)| match status.code() {
            Some(0) => Ok(Some(serde_json::from_slice(&answer).context("its answer cannot be read")?)),
            Some(code) => anyhow::bail!("it ended with {code}"),
            // By a signal: the limits end a process so, and so does memory that it is not given.
            None => Ok(None),
        });
        match answer {
            Ok(answer) => answer.ok_or(Failure::Exhausted),
            Err(error) => {
                tracing::error!("a rendering failed: {error:#}");
                Err(Failure::Broken)
            }
        }
    }

    /// Runs the process to its end. It is killed when its caller no longer waits.
    async fn run(&self, job: &Job) -> anyhow::Result<(ExitStatus, Vec<u8>)> {
        let job = serde_json::to_vec(job)?;
        let _place = self.places.acquire().await?;
        let mut process = self.command().spawn().context("its process cannot be started")?;
        let mut answer = Vec::new();
        if let (Some(mut input), Some(output)) = (process.stdin.take(), process.stdout.take()) {
            // It reads all before it writes. One that ended before it read tells why by its end.
            let _ = input.write_all(&job).await;
            drop(input);
            output.take(MAX_ANSWER).read_to_end(&mut answer).await.context("its answer does not arrive")?;
        }
        Ok((process.wait().await.context("its end is not told")?, answer))
    }

    /// Without the service's own variables, of which one may hold a password.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        #[cfg(unix)]
        command.arg0("base-models");
        command.arg(COMMAND).env_clear();
        if let Some(zone) = std::env::var_os("TZ") {
            command.env("TZ", zone);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A renderer whose program is a script of the shell.
    fn renderer(script: &str) -> (tempfile::TempDir, Renderer) {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("program");
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        {
            std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        }
        let renderer = Renderer::new(program);
        (home, renderer)
    }

    async fn ended(script: &str) -> Result<Suggestion, Failure> {
        let (_home, renderer) = renderer(script);
        renderer.suggestion("{{ messages }}".to_owned(), SpecialTokens::default()).await
    }

    #[tokio::test]
    async fn what_a_process_answers_is_the_answer() {
        let none = serde_json::to_string(&Suggestion::none("no".to_owned(), Vec::new())).unwrap();
        let suggestion = ended(&format!("cat >/dev/null; echo '{none}'")).await.unwrap();
        assert_eq!(suggestion.reason.as_deref(), Some("no"));
    }

    #[tokio::test]
    async fn a_process_that_is_ended_took_too_much() {
        for signal in ["ABRT", "KILL", "SEGV", "XCPU"] {
            assert_eq!(ended(&format!("kill -s {signal} $$")).await, Err(Failure::Exhausted), "{signal}");
        }
    }

    #[tokio::test]
    async fn a_process_that_fails_otherwise_is_no_rendering() {
        assert_eq!(ended("exit 101").await, Err(Failure::Broken));
        assert_eq!(ended("echo '{'").await, Err(Failure::Broken));
        let absent = Renderer::new(PathBuf::from("/nowhere"));
        assert_eq!(absent.suggestion(String::new(), SpecialTokens::default()).await, Err(Failure::Broken));
    }

    #[tokio::test]
    async fn a_process_gets_no_variables_of_the_service() {
        // Cargo gives its tests this one.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert_eq!(ended("test -z \"$CARGO_MANIFEST_DIR\" && kill -s KILL $$").await, Err(Failure::Exhausted));
    }
}

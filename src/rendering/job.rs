//! What a rendering process is told, and what it does.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::limits;
use crate::templates::jinja::{Clock, SpecialTokens};
use crate::templates::preview::{Asked, through_go, through_jinja};
use crate::templates::suggestion::suggest;

/// How long deriving a template may take.
const DERIVING: Duration = Duration::from_secs(5);
/// What one rendering may take of the processor. The engines' own limits are reached long before.
const RENDERING: Duration = Duration::from_secs(3);

#[derive(Serialize, Deserialize)]
pub enum Job {
    Go { template: String, asked: Asked },
    Jinja { name: String, template: String, asked: Asked },
    Suggestion { template: String, tokens: SpecialTokens },
}

impl Job {
    fn processor(&self) -> Duration {
        match self {
            Self::Go { .. } | Self::Jinja { .. } => RENDERING,
            Self::Suggestion { .. } => DERIVING + RENDERING,
        }
    }
}

/// The whole life of a rendering process: reads a job, sets its own limits, does the job, and writes the answer.
pub fn work(mut input: impl Read, mut output: impl Write) -> anyhow::Result<()> {
    let mut job = Vec::new();
    input.read_to_end(&mut job)?;
    let job: Job = serde_json::from_slice(&job)?;
    limits::set(job.processor())?;
    let now = Clock::At(chrono::Local::now().naive_local());
    let answer = match job {
        Job::Go { template, asked } => serde_json::to_vec(&through_go(&template, &asked)),
        Job::Jinja { name, template, asked } => serde_json::to_vec(&through_jinja(&name, &template, now, &asked)),
        Job::Suggestion { template, tokens } => {
            serde_json::to_vec(&suggest(&template, &tokens, now, Instant::now() + DERIVING))
        }
    }?;
    output.write_all(&answer)?;
    output.flush()?;
    Ok(())
}

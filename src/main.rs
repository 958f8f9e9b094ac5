//! The command line: parses it and starts what was asked for.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use base_models::cards::{self, Limits, ModelFolder};
use clap::{Parser, Subcommand};

/// The register of an organisation's foundation models.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the card of a model folder as JSON; needs no database.
    Card {
        /// The model folder, or a single .gguf file.
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    let Command::Card { folder } = Arguments::parse().command;
    match card(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn card(path: &std::path::Path) -> anyhow::Result<()> {
    let folder = ModelFolder::ambient(path).with_context(|| path.display().to_string())?;
    let extraction = cards::extract(&folder, &Limits::default())?;
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &extraction.card)?;
    writeln!(out)?;
    Ok(())
}

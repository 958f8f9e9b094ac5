//! The command line: parses it and starts what was asked for.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use base_models::cards::{self, Limits, ModelFolder};
use base_models::config::Settings;
use base_models::database::{self, Database};
use base_models::{app, serve, telemetry};
use clap::{Parser, Subcommand};

/// The register of an organisation's foundation models.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; this is also what happens without a command.
    Serve(Box<Settings>),
    /// Print the card of a model folder as JSON; needs no database.
    Card {
        /// The model folder, or a single .gguf file.
        folder: PathBuf,
    },
    /// Bring the schema of a database up to date, and stop.
    Migrate {
        /// postgres://user:password@host/database
        #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
        database_url: String,
    },
    /// Print the OpenAPI document.
    Openapi,
}

fn main() -> ExitCode {
    let Arguments { command, settings } = Arguments::parse();
    let done = match command.unwrap_or(Command::Serve(Box::new(settings))) {
        Command::Serve(settings) => run(*settings),
        Command::Card { folder } => card(&folder),
        Command::Migrate { database_url } => migrate(&database_url),
        Command::Openapi => print(app::openapi_text()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is gone too.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: Settings) -> anyhow::Result<()> {
    let _guard = telemetry::start(settings.log_format, &settings.log)?;
    actix_web::rt::System::new().block_on(serve::serve(settings))
}

fn card(path: &Path) -> anyhow::Result<()> {
    let folder = ModelFolder::ambient(path).with_context(|| path.display().to_string())?;
    let extraction = cards::extract(&folder, &Limits::default())?;
    print(&format!("{}\n", serde_json::to_string_pretty(&extraction.card)?))
}

fn migrate(url: &str) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async {
        database::check(url).await?;
        database::migrate(&Database::new(url, 1)?).await
    })
}

/// Prints, and takes a reader that has seen enough (`| head`) for success.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

//! The command line: parses it and starts what was asked for.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use base_models::cards::{self, Limits, ModelFolder, ModelsRoot, SurveyLimits};
use base_models::config::{DatabasePlace, Settings};
use base_models::database::{self, Database};
use base_models::model_folders::{self, Registered, RegistrableState};
use base_models::{app, rendering, serve, telemetry};
use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

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
    /// Print what lies below a folder of models, and why what is no model is none, which needs no database; or register it.
    Folders {
        /// The folder below which the model folders lie.
        root: PathBuf,
        /// Print JSON, as `GET /api/v1/model-folders` and `POST /api/v1/model-folders/register` answer it.
        #[arg(long)]
        json: bool,
        /// Register those in these states under the names that are proposed for them, and print what became of each. Fails if
        /// one could not be registered. No service may be running on the same embedded database.
        #[arg(long, value_enum, value_name = "STATES", value_delimiter = ',', num_args = 0.., require_equals = true,
            default_missing_value = "available,incomplete")]
        register: Option<Vec<RegistrableState>>,
        /// With `--register`: print what would be registered, and store nothing.
        #[arg(long, requires = "register")]
        dry_run: bool,
        #[command(flatten)]
        place: DatabasePlace,
    },
    /// Bring the schema of a database up to date, and stop.
    Migrate {
        /// postgres://user:password@host/database
        #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
        database_url: String,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Render a template; the service starts itself so.
    #[command(name = rendering::COMMAND, hide = true)]
    Render,
}

fn main() -> ExitCode {
    let Arguments { command, settings } = Arguments::parse();
    let done = match command.unwrap_or(Command::Serve(Box::new(settings))) {
        Command::Serve(settings) => run(*settings),
        Command::Card { folder } => card(&folder),
        Command::Folders { root, json, register: None, .. } => folders(&root, json),
        Command::Folders { root, json, register: Some(states), dry_run, place } => {
            register(root, &place, &states, dry_run, json)
        }
        Command::Migrate { database_url } => migrate(&database_url),
        Command::Openapi => print(app::openapi_text()),
        Command::Render => rendering::work(std::io::stdin(), std::io::stdout()),
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

fn folders(root: &Path, json: bool) -> anyhow::Result<()> {
    let opened = ModelsRoot::open(root).with_context(|| root.display().to_string())?;
    let bar = progress_bar();
    let survey = cards::survey(&opened, &SurveyLimits::default(), &mut |progress| {
        bar.set_position(u64::try_from(progress.entries).unwrap_or(u64::MAX));
        bar.set_message(format!("{} model folders", progress.folders));
    })?;
    bar.finish_and_clear();
    let items = model_folders::entries(&survey.folders, &Registered::default());
    match json {
        true => print(&format!("{}\n", serde_json::to_string_pretty(&serde_json::json!({ "items": items }))?)),
        false => print(&model_folders::table(&items)),
    }
}

fn register(
    root: PathBuf,
    place: &DatabasePlace,
    states: &[RegistrableState],
    dry_run: bool,
    json: bool,
) -> anyhow::Result<()> {
    let work = model_folders::register_below(root, place, states, dry_run);
    let folders = actix_web::rt::System::new().block_on(work)?;
    match json {
        true => print(&format!("{}\n", serde_json::to_string_pretty(&folders)?))?,
        false => print(&model_folders::registered_table(&folders))?,
    }
    anyhow::ensure!(folders.refused == 0, "{} of {} folders were refused", folders.refused, folders.items.len());
    Ok(())
}

/// Shows how far a walk is. It is drawn on standard error, and only if that is a terminal.
fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed} {human_pos} files and folders, {msg}");
    let bar = ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
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

//! Every setting: its flag, its variable, its default and what it means.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::cors::Origin;

/// What `serve` can be told.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address and port to listen on; anything but loopback needs `--access open`.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Folder below which the model folders lie; made if it is absent.
    #[arg(long, env = "MODELS_ROOT", default_value = "./models", value_name = "FOLDER")]
    pub models_root: PathBuf,

    #[command(flatten)]
    pub place: DatabasePlace,

    /// Most connections to the database at one time; the embedded one has a single one.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 10, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub database_connections: u16,

    /// Start although the database cannot be reached, and become ready when it can.
    #[arg(long, env = "AWAIT_DATABASE")]
    pub await_database: bool,

    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// What is logged, as a filter of the tracing crate: `info`, `base_models=debug`.
    #[arg(long, env = "LOG", default_value = "info,actix_server=warn,oliphaunt_wasix=warn", value_name = "FILTER")]
    pub log: String,

    /// Who may do what.
    #[arg(long, env = "ACCESS", value_enum, default_value_t = Access::Local)]
    pub access: Access,

    /// Further host names that this service answers to while access is local.
    #[arg(long, env = "ALLOWED_HOSTS", value_delimiter = ',', value_name = "NAME")]
    pub allowed_hosts: Vec<String>,

    /// Origins whose pages may use the API from a browser, like `https://models.example.org`; none unless set.
    #[arg(long, env = "CORS_ORIGINS", value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origins: Vec<Origin>,

    /// Refuse a PATCH, PUT or DELETE that does not say with `If-Match` which state it changes.
    #[arg(long, env = "REQUIRE_IF_MATCH")]
    pub require_if_match: bool,

    /// Most reads that are worked on at one time; more wait for a moment, then get 503.
    #[arg(long, env = "MAX_READS", default_value_t = 256, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_reads: u16,

    /// Most changes that are worked on at one time; more wait for a moment, then get 503.
    #[arg(long, env = "MAX_WRITES", default_value_t = 64, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_writes: u16,

    /// Threads that answer requests; as many as the machine has cores unless set.
    #[arg(long, env = "WORKERS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,

    /// Seconds that running requests are given to finish after a signal to stop.
    #[arg(long, env = "SHUTDOWN_TIMEOUT", default_value_t = 25, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub shutdown_timeout: u64,

    /// Seconds that new requests are still answered after a signal to stop, so that a balancer can see it.
    #[arg(long, env = "DRAIN_DELAY", default_value_t = 0, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub drain_delay: u64,
}

/// Where the data is kept.
#[derive(Debug, Clone, Args)]
pub struct DatabasePlace {
    /// Folder of the embedded database; made if it is absent.
    #[arg(long, env = "DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    pub data_dir: PathBuf,

    /// A PostgreSQL 14 or newer to use instead of the embedded one: postgres://user:password@host/database.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<DatabaseUrl>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A readable line.
    Text,
    /// A JSON object a line.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Access {
    /// Whoever can reach this machine's loopback address may do everything.
    Local,
    /// Whoever can reach the service may do everything.
    Open,
}

/// The address of a database. It holds a password, so it shows none of itself.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for DatabaseUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl FromStr for DatabaseUrl {
    type Err = std::convert::Infallible;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Ok(Self(url.to_owned()))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DatabaseUrl(..)")
    }
}

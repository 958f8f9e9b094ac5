//! Opening a connection: address, encryption, and the limits of the session.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{CONNECT, STATEMENT};

const LOCK_WAIT: Duration = Duration::from_secs(2);
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(10);
/// With the server's default of 4 MB a search for common words among a million records forgets which rows of a page it
/// found, and reads them all again.
const WORK_MEMORY: &str = "SET work_mem = '16MB'";

/// Why a database cannot be used, as one sentence for the operator. It never holds the password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the database URL cannot be understood ({0}): give one like postgres://user:password@host:5432/database")]
    Url(String),
    #[error("the database at {address} cannot be used: {reason}")]
    Refused { address: String, reason: String },
    #[error("the database at {address} is PostgreSQL {version}: 14 or newer is needed")]
    TooOld { address: String, version: String },
}

impl ConnectError {
    /// Whether the same address may work a little later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// Connects once, to say clearly what is wrong with an address before anything else starts.
pub async fn check(url: &str) -> Result<(), ConnectError> {
    let config = parse(url).map_err(ConnectError::Url)?;
    let address = address(&config);
    let refused =
        |error: &tokio_postgres::Error| ConnectError::Refused { address: address.clone(), reason: reason(error) };
    let client = client(&config).await.map_err(|error| refused(&error))?;
    let row = client.query_one("SHOW server_version_num", &[]).await.map_err(|error| refused(&error))?;
    let version: String = row.get(0);
    match version.parse::<u32>() {
        Ok(number) if number < 140_000 => Err(ConnectError::TooOld { address, version: (number / 10_000).to_string() }),
        _ => Ok(()),
    }
}

/// A connection of the pool.
pub async fn establish(url: String) -> ConnectionResult<AsyncPgConnection> {
    let bad = |error: String| ConnectionError::BadConnection(error);
    let config = parse(&url).map_err(ConnectionError::InvalidConnectionUrl)?;
    let mut connection = if wants_tls(&config) {
        let (client, connection) = config.connect(tls().map_err(bad)?).await.map_err(|error| bad(reason(&error)))?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await?
    } else {
        let (client, connection) = config.connect(NoTls).await.map_err(|error| bad(reason(&error)))?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await?
    };
    let settings = format!("{WORK_MEMORY}; {}", session_limits(Some(STATEMENT)));
    connection.batch_execute(&settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Sets how long a statement, a wait for a lock and an idle transaction may take in this session.
pub fn session_limits(statement: Option<Duration>) -> String {
    let milliseconds = |limit: Option<Duration>| limit.map_or(0, |limit| limit.as_millis());
    let lock = statement.map(|_| LOCK_WAIT);
    let idle = statement.map(|_| IDLE_IN_TRANSACTION);
    format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        milliseconds(statement),
        milliseconds(lock),
        milliseconds(idle)
    )
}

async fn client(config: &Config) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    if wants_tls(config)
        && let Ok(tls) = tls()
    {
        let (client, connection) = config.connect(tls).await?;
        tokio::spawn(connection);
        return Ok(client);
    }
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn parse(url: &str) -> Result<Config, String> {
    // The driver knows no stricter mode than `require`, but verifies the certificate in any case.
    let url = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| reason(&error))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err("it names no host".to_owned());
    }
    config.application_name("base-models").connect_timeout(CONNECT);
    config.tcp_user_timeout(Duration::from_secs(10)).keepalives_idle(Duration::from_secs(30));
    Ok(config)
}

fn wants_tls(config: &Config) -> bool {
    // `prefer` is the driver's default and would fail on a server with a self-signed certificate.
    config.get_ssl_mode() == SslMode::Require
}

/// Certificates are verified against the system's roots, or those that `SSL_CERT_FILE` names.
fn tls() -> Result<MakeRustlsConnect, String> {
    static CLIENT: LazyLock<Result<ClientConfig, String>> = LazyLock::new(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
            .map_err(|error| error.to_string())
    });
    CLIENT.clone().map(MakeRustlsConnect::new)
}

/// Host, port and database, without user and password.
fn address(config: &Config) -> String {
    use tokio_postgres::config::Host;
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{host}:{port}/{}", config.get_dbname().unwrap_or_default())
}

/// The innermost cause, which says most in fewest words.
fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(server) = error.as_db_error() {
        return server.message().to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

//! A database for one test: a new one on the server that `TEST_DATABASE_URL` names, or a new embedded one.

#[cfg(feature = "embedded")]
use base_models::database::embedded::{self, Embedded};
use tokio_postgres::NoTls;
use uuid::Uuid;

pub enum TestDatabase {
    #[cfg(feature = "embedded")]
    Embedded(Embedded, String),
    Server {
        admin_url: String,
        url: String,
        name: String,
    },
}

impl TestDatabase {
    /// Whether tests run on a server, which serves many connections at a time.
    pub fn is_server() -> bool {
        server_url().is_some()
    }

    /// Makes an empty database, without the schema.
    pub async fn create() -> Self {
        match server_url() {
            Some(admin_url) => Self::on_server(admin_url).await,
            None => Self::embedded().await,
        }
    }

    async fn on_server(admin_url: String) -> Self {
        let name = format!("base_models_test_{}", Uuid::now_v7().simple());
        // Template and encoding are named, because those of the server may be anything.
        execute(&admin_url, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")).await;
        Self::Server { url: with_database(&admin_url, &name), admin_url, name }
    }

    #[cfg(feature = "embedded")]
    async fn embedded() -> Self {
        let embedded = Embedded::in_memory().await.expect("an embedded database");
        let url = embedded.url().await.expect("its address");
        Self::Embedded(embedded, url)
    }

    #[cfg(not(feature = "embedded"))]
    async fn embedded() -> Self {
        panic!(
            "this build has no embedded database: set TEST_DATABASE_URL to a PostgreSQL whose user may create databases"
        )
    }

    pub fn url(&self) -> &str {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(_, url) => url,
            Self::Server { url, .. } => url,
        }
    }

    /// As many connections as the service would open.
    pub fn connections(&self) -> usize {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(..) => embedded::CONNECTIONS,
            Self::Server { .. } => 10,
        }
    }

    pub async fn remove(self) {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(embedded, _) => embedded.close().await.expect("the embedded database closes"),
            Self::Server { admin_url, name, .. } => {
                execute(&admin_url, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
            }
        }
    }
}

fn server_url() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, ""), |(address, parameters)| (address, parameters));
    let (server, _) = address.rsplit_once('/').expect("TEST_DATABASE_URL names a database");
    let parameters = if parameters.is_empty() { String::new() } else { format!("?{parameters}") };
    format!("{server}/{name}{parameters}")
}

/// Runs a statement on a connection of its own.
async fn execute(url: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("TEST_DATABASE_URL can be used");
    let connection = tokio::spawn(connection);
    client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    drop(client);
    connection.await.expect("the connection ends").expect("the connection ends well");
}

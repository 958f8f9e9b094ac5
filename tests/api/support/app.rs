//! The application on a server of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use base_models::access::Hosts;
use base_models::app::{Manners, Service, app};
use base_models::cards::Limits;
use base_models::database::{self, Database};
use base_models::jobs;
use base_models::reading::FolderReader;
use base_models::rendering::Renderer;
use diesel_async::SimpleAsyncConnection as _;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::{Answer, BASE_MODELS, ModelFolder, RawConnection, TestDatabase};

/// What an application is started with.
pub struct Setup {
    /// More than one, or no two requests would ever run at the same time.
    pub workers: usize,
    pub hosts: Hosts,
    pub manners: Manners,
}

impl Default for Setup {
    fn default() -> Self {
        Self { workers: 2, hosts: Hosts::Local(Vec::new()), manners: manners() }
    }
}

/// As the command line has it, but with room for every test's crowd, however slow the machine is.
pub fn manners() -> Manners {
    Manners { require_if_match: false, cors_origins: Vec::new(), max_reads: 1000, max_writes: 1000 }
}

/// A running application with its own models root and its own database; both are gone with it.
pub struct TestApp {
    address: SocketAddr,
    client: Client,
    home: TempDir,
    database: Database,
    held: Arc<Mutex<Option<TestDatabase>>>,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

struct Started {
    address: SocketAddr,
    database: Database,
    held: Arc<Mutex<Option<TestDatabase>>>,
    server: ServerHandle,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    pub async fn start_with(setup: Setup) -> Self {
        let home = tempfile::Builder::new().prefix("canary").tempdir().unwrap();
        let root = home.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let (sender, started) = mpsc::channel();
        // A thread of its own, so that server and database live on until the test is over, however it ends.
        let thread = std::thread::spawn(move || actix_web::rt::System::new().block_on(run(setup, root, sender)));
        let Ok(Started { address, database, held, server }) = started.recv() else {
            std::panic::resume_unwind(thread.join().expect_err("the server did not start"));
        };
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { address, client, home, database, held, server, thread: Some(thread) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The models root.
    pub fn root(&self) -> PathBuf {
        self.home.path().join("root")
    }

    /// A folder next to the models root, which nothing may reach.
    pub fn outside(&self) -> &Path {
        self.home.path()
    }

    /// A new folder in the models root.
    pub fn folder(&self, name: &str) -> ModelFolder {
        ModelFolder::new(&self.root(), name)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// Sends the request and holds the answer to what is promised of all answers.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let url = request.url().clone();
        let answer = Answer::of(self.client.execute(request).await.expect("an answer")).await;
        answer.check(url.path(), self.home.path().to_str().unwrap());
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Sends bytes as they are and reads until the server closes.
    pub async fn raw(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut connection = RawConnection::open(self.address).await;
        connection.send(request.as_ref()).await;
        connection.answer().await.expect("an answer")
    }

    /// Makes a folder and registers it; the record as it was answered.
    pub async fn register(&self, name: &str) -> Value {
        self.folder(name).bert();
        self.create(&new_model(name)).await
    }

    pub async fn create(&self, body: &Value) -> Value {
        self.post(BASE_MODELS, body).await.expect_status(201).json()
    }

    /// How many base models are registered.
    pub async fn count(&self) -> usize {
        let page = self.get(&format!("{BASE_MODELS}?page_size=1000")).await.expect_status(200).json();
        page["items"].as_array().unwrap().len()
    }

    /// Runs SQL behind the service's back.
    pub async fn sql(&self, statements: &str) {
        let done = self.database.write(async |db| db.batch_execute(statements).await).await;
        done.unwrap_or_else(|error| panic!("{statements}: {error:?}"));
    }

    /// How the database would answer a list, without these ways of the planner.
    pub async fn plans(&self, query: &str, off: &[&str]) -> Vec<String> {
        let plans = self.database.read(async |db| base_models::base_models::plan::plans(query, off, db).await).await;
        plans.unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }

    /// The one value of a query whose only column is `text`, read as JSON.
    pub async fn query(&self, query: &str) -> Value {
        let rows = self.rows(query).await;
        rows.into_iter().next().unwrap_or_else(|| panic!("nothing: {query}"))
    }

    /// The values of the column `text`, each read as JSON.
    pub async fn rows(&self, query: &str) -> Vec<Value> {
        let read =
            self.database.read(async |db| diesel_async::RunQueryDsl::load::<Cell>(diesel::sql_query(query), db).await);
        let read = read.await;
        let rows = read.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        rows.iter().map(|row| serde_json::from_str(&row.text).unwrap()).collect()
    }

    /// Takes the database away from under the service.
    pub async fn lose_database(&self) {
        self.held.lock().await.take().expect("a database").remove().await;
    }
}

#[derive(diesel::QueryableByName)]
struct Cell {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The command is sent at once; only its end would have to be awaited.
        drop(self.server.stop(false));
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.expect("a thread").expect("the server ends well");
        }
    }
}

async fn run(setup: Setup, root: PathBuf, sender: mpsc::Sender<Started>) {
    let held = TestDatabase::create().await;
    let database = Database::new(held.url(), held.connections()).unwrap();
    database::migrate(&database).await.unwrap();
    let folders = FolderReader::new(root, Limits::default()).unwrap();
    let renderer = Renderer::new(env!("CARGO_BIN_EXE_base-models").into());
    let service = Data::new(Service::new(database.clone(), folders, renderer, setup.hosts, setup.manners));
    let shared = service.clone();
    let server = HttpServer::new(move || app(shared.clone()))
        .workers(setup.workers)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let worker = actix_web::rt::spawn(jobs::work(service.clone()));
    let held = Arc::new(Mutex::new(Some(held)));
    let started = Started { address, database: database.clone(), held: held.clone(), server: server.handle() };
    sender.send(started).unwrap();
    server.await.unwrap();
    worker.abort();
    database.close();
    if let Some(database) = held.lock().await.take() {
        database.remove().await;
    }
}

/// The body that registers the folder of that name.
pub fn new_model(name: &str) -> Value {
    json!({"technical_name": name, "model_name": format!("Model {name}"), "path": format!("models/{name}")})
}

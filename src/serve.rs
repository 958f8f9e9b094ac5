//! Starting, running and stopping the service.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use anyhow::{Context as _, bail};

use crate::access::Hosts;
use crate::app::{Manners, Service, app};
use crate::cards::{Limits, ModelsRoot};
use crate::config::{Access, Settings};
use crate::database::{self, Database, Source};
use crate::idempotency;
use crate::jobs;
use crate::reading::FolderReader;
use crate::rendering::Renderer;

/// Longest pause between two tries to reach the database.
const BACK_OFF: Duration = Duration::from_secs(5);

/// Serves until a signal says stop.
pub async fn serve(settings: Settings) -> anyhow::Result<()> {
    let listener = listen(&settings)?;
    make_models_root(&settings.models_root)?;
    let source = Arc::new(Source::open(&settings.place, settings.await_database).await?);
    announce(&settings, &listener)?;
    let database = Database::on(source.clone(), source.connections(settings.database_connections))?;
    if source.is_reachable() {
        database::migrate(&database).await.context("the database cannot be brought up to date")?;
        if source.is_ours_alone() {
            idempotency::let_go_of_all(&database).await?;
        }
    } else {
        actix_web::rt::spawn(migrate_when_reachable(database.clone()));
    }
    let folders = FolderReader::new(settings.models_root.clone(), Limits::default())?;
    let hosts = Hosts::of(settings.access, &settings.allowed_hosts);
    let manners = Manners {
        require_if_match: settings.require_if_match,
        cors_origins: settings.cors_origins.clone(),
        max_reads: usize::from(settings.max_reads),
        max_writes: usize::from(settings.max_writes),
    };
    let service = Data::new(Service::new(database.clone(), folders, Renderer::of_this_program()?, hosts, manners));
    let server = {
        let service = service.clone();
        let workers = settings.workers.map_or_else(default_workers, usize::from);
        HttpServer::new(move || app(service.clone()))
            .workers(workers)
            .shutdown_timeout(settings.shutdown_timeout)
            .disable_signals()
            .listen(listener)?
            .run()
    };
    actix_web::rt::spawn(stop_on_signal(server.handle(), service.clone(), Duration::from_secs(settings.drain_delay)));
    let worker = actix_web::rt::spawn(jobs::work(service.clone()));
    tracing::info!("ready");
    server.await?;
    worker.await?;
    database.close();
    source.close().await?;
    tracing::info!("stopped");
    Ok(())
}

fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    let address = settings.listen;
    if settings.access == Access::Local && !address.ip().is_loopback() {
        bail!(
            "refused to listen on {address}, where everybody could change everything: listen on 127.0.0.1, or say --access open"
        );
    }
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is in use by another program: stop it, or choose another with --listen")
        }
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    })?;
    Ok(listener)
}

/// Makes the models root if it is absent: the one folder that is ever made for models, and only at start.
#[expect(clippy::disallowed_methods, reason = "the operator's own path, before there is a handle to confine it")]
fn make_models_root(root: &Path) -> anyhow::Result<()> {
    if root.exists() && !root.is_dir() {
        bail!("the models root {} is not a folder: choose another with --models-root", root.display());
    }
    std::fs::create_dir_all(root).with_context(|| format!("the models root {} cannot be made", root.display()))?;
    ModelsRoot::open(root).with_context(|| format!("the models root {} cannot be opened", root.display()))?;
    Ok(())
}

fn announce(settings: &Settings, listener: &TcpListener) -> anyhow::Result<()> {
    tracing::info!("Base Models {}", env!("CARGO_PKG_VERSION"));
    tracing::info!("the page of the API is http://{}/swagger-ui/", listener.local_addr()?);
    match &settings.place.database_url {
        Some(_) => tracing::info!("the data is in the database that --database-url names"),
        None => tracing::info!("the data is in {}", settings.place.data_dir.display()),
    }
    tracing::info!("the models are in {}", settings.models_root.display());
    match settings.access {
        Access::Local => tracing::info!("access is local: whoever can use this machine may read and change everything"),
        Access::Open => tracing::warn!("access is open: whoever can reach this address may read and change everything"),
    }
    Ok(())
}

/// Tries until the database can be reached and is up to date, ever more slowly.
async fn migrate_when_reachable(database: Database) {
    let mut pause = Duration::from_millis(250);
    while let Err(error) = database::migrate(&database).await {
        tracing::debug!("the database is still away: {error:#}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(BACK_OFF);
    }
    tracing::info!("the database is there and up to date");
}

/// The first signal lets running requests finish, a second one does not.
async fn stop_on_signal(server: ServerHandle, service: Data<Service>, drain_delay: Duration) {
    signal().await;
    tracing::info!("stopping: running requests are finished first, a second signal ends them");
    service.stop();
    let graceful = async {
        tokio::time::sleep(drain_delay).await;
        server.stop(true).await;
    };
    tokio::select! {
        () = graceful => {}
        () = signal() => server.stop(false).await,
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signal() {
    drop(tokio::signal::ctrl_c().await);
}

//! Registering what lies below a folder from the command line, without a running service.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::HttpResponse;

use super::register::{FolderSelection, FoldersInStates, RegisteredFolder, RegisteredFolders, RegistrableState};
use super::selection::{Registered, entries};
use crate::access::Hosts;
use crate::answer::Place;
use crate::app::{Manners, Service};
use crate::cards::Limits;
use crate::config::DatabasePlace;
use crate::database::{self, Database, Source};
use crate::idempotency::Once;
use crate::reading::FolderReader;
use crate::rendering::Renderer;

/// Connections to the database: one request at a time is worked on.
const CONNECTIONS: u16 = 2;

/// Registers all folders below the root that are in one of these states, under the names that are proposed for them.
pub async fn register_below(
    root: PathBuf,
    place: &DatabasePlace,
    states: &[RegistrableState],
    dry_run: bool,
) -> anyhow::Result<RegisteredFolders> {
    let folders = FolderReader::new(root, Limits::default())?;
    let source = Arc::new(Source::open(place, false).await?);
    let database = Database::on(source.clone(), source.connections(CONNECTIONS))?;
    database::migrate(&database).await?;
    let manners = Manners { require_if_match: false, cors_origins: Vec::new(), max_reads: 1, max_writes: 1 };
    let renderer = Renderer::of_this_program()?;
    let service = Service::new(database.clone(), folders, renderer, Hosts::Any, manners);
    let registered = register_all(&service, states, dry_run).await;
    database.close();
    source.close().await?;
    registered
}

/// As many requests as it takes, since one has a limit.
async fn register_all(
    service: &Service,
    states: &[RegistrableState],
    dry_run: bool,
) -> anyhow::Result<RegisteredFolders> {
    let place = Place { path: "/api/v1/model-folders/register".to_owned(), request_id: String::new() };
    let surveyed = service.surveys.now(&service.folders).await?;
    let mut all: BTreeMap<String, RegisteredFolder> = BTreeMap::new();
    let left = loop {
        let registered = service.database.read(Registered::load).await?;
        let told = entries(&surveyed.survey.folders, &registered);
        let selection = FolderSelection::InStates(FoldersInStates { states: states.to_vec(), kinds: None });
        let last = RefCell::new(None);
        let answer = |registered: &RegisteredFolders| {
            last.replace(Some(registered.clone()));
            HttpResponse::NoContent().finish()
        };
        let (once, told) = (Once::default(), told.as_slice());
        super::register::register_folders(service, &once, told, selection, dry_run, &place, answer).await?;
        let Some(RegisteredFolders { registered, remaining, items, .. }) = last.into_inner() else { break 0 };
        all.extend(items.into_iter().map(|item| (item.path.clone(), item)));
        // Whoever was refused would be refused again, and before the others.
        if remaining == 0 || registered == 0 {
            break remaining;
        }
    };
    Ok(RegisteredFolders::counted(all.into_values().collect(), left))
}

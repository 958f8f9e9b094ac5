//! Joins what lies below the models root with what is registered.

use std::collections::HashMap;

use diesel::{QueryDsl as _, QueryResult};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::entry::{FolderState, ModelFolderEntry, RegisteredAs};
use super::names::Proposals;
use crate::base_models::href;
use crate::cards::FoundFolder;
use crate::database::Connection;
use crate::schema::base_models;

/// Registered models that are named for one folder.
const MOST_NAMED: usize = 1000;

/// Names and path of everything that is registered; by default nothing is.
#[derive(Debug, Default)]
pub struct Registered(Vec<(Uuid, String, String, String)>);

impl Registered {
    pub async fn load(db: &mut Connection) -> QueryResult<Self> {
        let columns = (base_models::id, base_models::technical_name, base_models::model_name, base_models::path);
        base_models::table.select(columns).order(base_models::id).load(db).await.map(Self)
    }

    /// What is registered, by the path of the entry it belongs to: the folder itself, or one that it lies in.
    fn by_entry<'a>(&'a self, found: &'a [FoundFolder]) -> HashMap<&'a str, Vec<RegisteredAs>> {
        let links = found.iter().flat_map(|entry| entry.links.iter().map(move |link| (link.as_str(), entry)));
        let own = found.iter().map(|entry| (entry.path.as_str(), entry));
        let entries: HashMap<&str, &str> = links.chain(own).map(|(path, entry)| (path, entry.path.as_str())).collect();
        let mut registered: HashMap<&str, Vec<RegisteredAs>> = HashMap::new();
        for (id, technical_name, model_name, path) in &self.0 {
            let Some(entry) = ancestors(path).find_map(|path| entries.get(path)) else { continue };
            let named = registered.entry(entry).or_default();
            if named.len() < MOST_NAMED {
                let (technical_name, model_name) = (technical_name.clone(), model_name.clone());
                named.push(RegisteredAs { id: *id, technical_name, model_name, href: href(id) });
            }
        }
        registered
    }
}

/// The path and the folders it lies in, the nearest first.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(parent, _)| parent))
        .filter(|path| path.contains('/'))
}

/// Every folder as it is told, in the order of the survey, with names for those that have none yet.
pub fn entries(found: &[FoundFolder], registered: &Registered) -> Vec<ModelFolderEntry> {
    let mut proposals = Proposals::default();
    for (_, technical_name, model_name, _) in &registered.0 {
        proposals.take(technical_name, model_name);
    }
    let mut by_entry = registered.by_entry(found);
    let tell = |entry: &FoundFolder| {
        let registered_as = by_entry.remove(entry.path.as_str()).unwrap_or_default();
        let state = FolderState::of(entry, !registered_as.is_empty());
        let is_open = matches!(state, FolderState::Available | FolderState::Incomplete);
        ModelFolderEntry {
            path: entry.path.clone(),
            state,
            kind: entry.kind,
            family: entry.family.clone(),
            size_bytes: entry.size_bytes,
            links: entry.links.clone(),
            reason: entry.finding.clone(),
            registered_as,
            proposal: is_open.then(|| proposals.propose(&entry.path)),
        }
    };
    found.iter().map(tell).collect()
}

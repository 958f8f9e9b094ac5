//! The folders as a table for a terminal.

use super::entry::ModelFolderEntry;
use super::register::RegisteredFolders;

/// Widest column but for the last.
const WIDEST: usize = 60;

/// The folders, and under them how many are in which state.
pub fn table(entries: &[ModelFolderEntry]) -> String {
    let head = ["PATH", "STATE", "KIND", "FAMILY", "SIZE", "NAME OR REASON"];
    format!("{}{}", aligned(head, entries.iter().map(row)), summary(entries))
}

/// What became of folders that were to be registered, and under it how many of them there are.
pub fn registered_table(folders: &RegisteredFolders) -> String {
    let RegisteredFolders { registered, refused, remaining, items } = folders;
    let rows = items.iter().map(|item| {
        let name = item.base_model.as_ref().map(|base_model| base_model.technical_name.clone());
        let reason = item.problem.as_ref().map(|problem| problem.detail.clone());
        let last = name.or(reason).unwrap_or_default();
        [item.path.clone(), item.status.to_string(), last].map(|cell| plain(&cell))
    });
    let table = aligned(["PATH", "STATUS", "NAME OR REASON"], rows);
    format!("{table}{} folders: {registered} registered, {refused} refused; {remaining} more are left\n", items.len())
}

/// Columns as wide as their widest cell; a size stands on the right.
fn aligned<const COLUMNS: usize>(head: [&str; COLUMNS], rows: impl Iterator<Item = [String; COLUMNS]>) -> String {
    let rows: Vec<[String; COLUMNS]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let columns: Vec<(&str, usize)> =
        (0..).zip(head).map(|(at, head)| (head, width(at).unwrap_or(0).min(WIDEST))).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&columns).map(|(cell, (head, width))| match *head {
            "SIZE" => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(entry: &ModelFolderEntry) -> [String; 6] {
    let names = entry.registered_as.iter().map(|registered| registered.technical_name.clone()).collect::<Vec<_>>();
    let last = match (&entry.reason, &entry.proposal) {
        _ if !names.is_empty() => names.join(", "),
        (Some(reason), Some(proposal)) => format!("{}: {}", proposal.technical_name, reason.detail),
        (Some(reason), None) => reason.detail.clone(),
        (None, Some(proposal)) => proposal.technical_name.clone(),
        (None, None) => String::new(),
    };
    let kind = entry.kind.map_or("-", |kind| kind.as_str()).to_owned();
    let family = entry.family.clone().unwrap_or_else(|| "-".to_owned());
    let size = entry.size_bytes.map_or_else(|| "-".to_owned(), size);
    [entry.path.clone(), entry.state.as_str().to_owned(), kind, family, size, last].map(|cell| plain(&cell))
}

/// A name from a disk can hold what moves a terminal's cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

fn summary(entries: &[ModelFolderEntry]) -> String {
    let counts = super::entry::FolderState::ALL.map(|state| {
        let count = entries.iter().filter(|entry| entry.state == state).count();
        format!("{count} {}", state.as_str())
    });
    format!("{} folders: {}\n", entries.len(), counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        for (bytes, told) in [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (15_231_271_888, "14.1 GiB")] {
            assert_eq!(size(bytes), told);
        }
    }

    #[test]
    fn nothing_in_a_name_moves_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }
}

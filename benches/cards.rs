//! How fast cards are made, inside the process and warm: `benches/cards/run` compares it with others.
//!
//!     cards one FOLDER     reads it again and again, prints the seconds of each time
//!     cards many FOLDER    reads every folder in it on two threads, prints the seconds of all
#![expect(clippy::print_stdout, reason = "its results are what it prints")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use base_models::cards::{Limits, ModelFolder, ModelPath, ModelsRoot, extract};

const WARM: usize = 3;
const TIMES: usize = 50;
const THREADS: usize = 2;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    // `cargo bench` adds a switch of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["one", folder] => one(Path::new(folder)),
        ["many", folder] => many(Path::new(folder)),
        _ => {
            println!("run benches/cards/run, which makes the folders for this");
            Ok(())
        }
    }
}

fn one(path: &Path) -> Outcome<()> {
    let folder = ModelFolder::ambient(path)?;
    let limits = Limits::default();
    for time in 0..WARM + TIMES {
        let begun = Instant::now();
        extract(&folder, &limits)?;
        if time >= WARM {
            println!("{}", begun.elapsed().as_secs_f64());
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "it lists the folders that were made for it")]
fn many(path: &Path) -> Outcome<()> {
    let root = ModelsRoot::open(path)?;
    let mut folders = Vec::new();
    for entry in path.read_dir()? {
        folders.push(ModelPath::parse(&entry?.file_name().to_string_lossy())?);
    }
    folders.iter().take(WARM).try_for_each(|folder| read(&root, folder))?;
    let next = AtomicUsize::new(0);
    let work = || -> Outcome<()> {
        while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
            read(&root, folder)?;
        }
        Ok(())
    };
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    println!("{}", begun.elapsed().as_secs_f64());
    Ok(())
}

fn read(root: &ModelsRoot, path: &ModelPath) -> Outcome<()> {
    let (_, folder) = root.folder(path)?;
    extract(&folder, &Limits::default())?;
    Ok(())
}

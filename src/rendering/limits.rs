//! What a rendering process may take of the machine.

use std::time::Duration;

/// Bytes of memory. The engines count a rendering for a sixteenth of it.
#[cfg(unix)]
const MEMORY: u64 = 512 << 20;

/// Sets the limits of this process for good. Past them the system ends it.
#[cfg(unix)]
pub fn set(processor: Duration) -> anyhow::Result<()> {
    use anyhow::Context as _;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limits =
        [(Resource::Data, MEMORY), (Resource::Cpu, processor.as_secs()), (Resource::Core, 0), (Resource::Fsize, 0)];
    for (resource, limit) in limits {
        // Whoever started the service may have given it less, which cannot be raised.
        let limit = getrlimit(resource).maximum.map_or(limit, |given| given.min(limit));
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        setrlimit(resource, limit).with_context(|| format!("the limit {resource:?} cannot be set"))?;
    }
    // Requests come first.
    let _ = rustix::process::nice(5);
    Ok(())
}

/// There is nothing to set: the engines' own limits are all there is.
#[cfg(not(unix))]
pub fn set(_: Duration) -> anyhow::Result<()> {
    Ok(())
}

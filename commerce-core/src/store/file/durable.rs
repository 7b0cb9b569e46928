//! What SQLite leaves to chance: whether the name of a file survives a power cut, and whether a log that another
//! process left behind was ever synced.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Makes durable whatever this process may have read from a store that it just opened.
///
/// A process that dies between writing a commit to the log and syncing it leaves a commit that the next one to open
/// the store recovers from the page cache. An answer that rests on it, such as a replay or a refusal, must not be given
/// before the log is synced; otherwise a power cut would take back what was answered. A log is locked elsewhere, so
/// closing a descriptor of it drops no lock (<https://www.sqlite.org/howtocorrupt.html#posix_close_bug>).
pub(super) fn sync_log(store: &Path) -> io::Result<()> {
    match File::options().write(true).open(beside(store, "-wal")) {
        Ok(log) => log.sync_all()?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    sync_name(store)
}

/// Makes the name of a file durable, or the absence of one that was removed: names are in the folder.
#[cfg(unix)]
pub(super) fn sync_name(of: &Path) -> io::Result<()> {
    File::open(folder(of))?.sync_all()
}

/// Elsewhere a folder cannot be synced, and the system sees to names by itself.
#[cfg(not(unix))]
pub(super) fn sync_name(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Lets nobody but its owner read or write a file. SQLite gives the files beside it the same mode.
#[cfg(unix)]
pub(super) fn make_private(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

/// Elsewhere access follows from that to the folder.
#[cfg(not(unix))]
pub(super) fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The file of this name and a suffix.
pub(super) fn beside(store: &Path, suffix: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The folder that a file is in.
pub(super) fn folder(of: &Path) -> PathBuf {
    match of.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.into(),
        _ => ".".into(),
    }
}

//! Durability that SQLite does not provide: the names of files survive a power cut, and a log that another process
//! left behind is synced.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Makes durable what this process can have read from a store that it just opened.
///
/// A process that dies between writing a commit to the log and syncing it leaves a commit that the next process
/// recovers from the page cache. An answer that depends on it, such as a replay or a refusal, must wait until the log
/// is synced; otherwise a power cut could take back what was answered. The log itself carries no locks, so closing a
/// descriptor of it drops none (<https://www.sqlite.org/howtocorrupt.html#posix_close_bug>).
pub(super) fn sync_log(store: &Path) -> io::Result<()> {
    match File::options().write(true).open(beside(store, "-wal")) {
        Ok(log) => log.sync_all()?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    sync_name(store)
}

/// Makes the creation or removal of a file durable by syncing its folder.
#[cfg(unix)]
pub(super) fn sync_name(of: &Path) -> io::Result<()> {
    File::open(folder(of))?.sync_all()
}

/// On other systems a folder cannot be synced, and the system makes names durable itself.
#[cfg(not(unix))]
pub(super) fn sync_name(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Restricts a file to its owner. SQLite gives the files beside it the same mode.
#[cfg(unix)]
pub(super) fn make_private(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

/// On other systems, access follows from the folder.
#[cfg(not(unix))]
pub(super) fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The path with a suffix appended.
pub(super) fn beside(store: &Path, suffix: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The folder of a file.
pub(super) fn folder(of: &Path) -> PathBuf {
    match of.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.into(),
        _ => ".".into(),
    }
}

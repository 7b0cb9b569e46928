//! Detects when the files of a store are no longer the ones that were opened.
//!
//! A process can keep reading and writing a file after it was removed or replaced, and loses everything it
//! acknowledged when it ends. So each answer is preceded by a check that the names still lead to the open files.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::durable::beside;
use crate::error::{Cause, Error};

/// The files of an open store.
pub(super) struct Watch {
    store: Watched,
    /// The log, which exists for as long as a process has the store open.
    log: Watched,
    /// Why the store is gone, once it is. Only opening it again helps.
    gone: OnceLock<&'static str>,
}

struct Watched {
    path: PathBuf,
    identity: Identity,
}

/// The identity of a file on this machine: its device and inode number.
type Identity = (u64, u64);

/// The file that a name leads to.
struct Found {
    identity: Identity,
    length: u64,
}

impl Watch {
    /// The identity of a store's file before it is opened.
    pub(super) fn before(store: &Path) -> io::Result<Identity> {
        Ok(find(store)?.identity)
    }

    /// Watches an open store, whose file had this identity before it was opened.
    pub(super) fn open(store: &Path, before: Identity) -> io::Result<Self> {
        let path = beside(store, "-wal");
        let log = Watched { identity: find(&path)?.identity, path };
        let store = Watched { path: store.into(), identity: before };
        Ok(Self { store, log, gone: OnceLock::new() })
    }

    /// Checks the store's file, for each reader, and for the writer before it begins.
    pub(super) fn check(&self) -> Result<(), Error> {
        if let Some(reason) = self.gone.get() {
            return Err(Error::Gone((*reason).into()));
        }
        let found = self.found(&self.store, "its file was removed", "its file was replaced")?;
        if found.length == 0 {
            return Err(self.mark_gone("its file was emptied"));
        }
        Ok(())
    }

    /// Checks the file and its log, for the writer before it acknowledges a commit.
    pub(super) fn check_log(&self) -> Result<(), Error> {
        self.check()?;
        self.found(&self.log, "its log was removed", "its log was replaced").map(drop)
    }

    fn found(
        &self,
        watched: &Watched,
        removed: &'static str,
        replaced: &'static str,
    ) -> Result<Found, Error> {
        match find(&watched.path) {
            Ok(found) if found.identity == watched.identity => Ok(found),
            Ok(_) => Err(self.mark_gone(replaced)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Err(self.mark_gone(removed))
            }
            Err(error) => Err(Error::Unavailable(Cause::of(error))),
        }
    }

    fn mark_gone(&self, reason: &'static str) -> Error {
        Error::Gone((*self.gone.get_or_init(|| reason)).into())
    }
}

/// Finds the file that a name leads to, without asking for its times. If the times are read between two writes, the
/// kernel updates them with each write, which costs a lone caller a fifth of its rate
/// (<https://docs.kernel.org/filesystems/multigrain-ts.html>).
#[cfg(target_os = "linux")]
fn find(path: &Path) -> io::Result<Found> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
    let found = statx(CWD, path, AtFlags::empty(), StatxFlags::INO | StatxFlags::SIZE)?;
    let device = u64::from(found.stx_dev_major) << 32 | u64::from(found.stx_dev_minor);
    Ok(Found { identity: (device, found.stx_ino), length: found.stx_size })
}

#[cfg(all(unix, not(target_os = "linux")))]
fn find(path: &Path) -> io::Result<Found> {
    use std::os::unix::fs::MetadataExt as _;
    let found = path.metadata()?;
    Ok(Found { identity: (found.dev(), found.ino()), length: found.len() })
}

/// On systems where an open file cannot be removed or replaced, every file has the same identity.
#[cfg(not(unix))]
fn find(path: &Path) -> io::Result<Found> {
    Ok(Found { identity: (0, 0), length: path.metadata()?.len() })
}

//! Whether the files of a store are still the ones that were opened.
//!
//! A process goes on reading and writing a file that somebody removed or replaced, and everything it acknowledges is
//! lost when it ends. So it looks before each answer whether the names still lead to the files it has open.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::durable::beside;
use crate::error::{Cause, Error};

/// The files of an open store.
pub(super) struct Watch {
    store: Watched,
    /// The log, which a process keeps for as long as it has the store open.
    log: Watched,
    /// What became of the store. It does not come back by itself: only opening it anew helps.
    gone: OnceLock<&'static str>,
}

struct Watched {
    path: PathBuf,
    identity: Identity,
}

/// What tells a file from every other on this machine: its device and number.
type Identity = (u64, u64);

/// What a name leads to.
struct Found {
    identity: Identity,
    length: u64,
}

impl Watch {
    /// The file of a store, before it is opened.
    pub(super) fn before(store: &Path) -> io::Result<Identity> {
        Ok(find(store)?.identity)
    }

    /// Watches an open store, which was this file before it was opened.
    pub(super) fn open(store: &Path, before: Identity) -> io::Result<Self> {
        let path = beside(store, "-wal");
        let log = Watched { identity: find(&path)?.identity, path };
        let store = Watched { path: store.into(), identity: before };
        Ok(Self { store, log, gone: OnceLock::new() })
    }

    /// Looks at the store's file, as every reader does, and a writer before it begins.
    pub(super) fn check(&self) -> Result<(), Error> {
        if let Some(because) = self.gone.get() {
            return Err(Error::Gone(because));
        }
        let found = self.found(&self.store, "its file was removed", "its file was replaced")?;
        if found.length == 0 {
            return Err(self.mark_gone("its file was emptied"));
        }
        Ok(())
    }

    /// Looks at the file and its log, as a writer does before it acknowledges a commit.
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

    fn mark_gone(&self, because: &'static str) -> Error {
        Error::Gone(self.gone.get_or_init(|| because))
    }
}

/// Looks where a name leads. The times of the file are not asked for: a file whose times somebody looks at between two
/// writes has them written anew with each, which costs a process that is alone a fifth of its rate
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

/// Where a file that is open cannot be removed or replaced, there is nothing to tell apart.
#[cfg(not(unix))]
fn find(path: &Path) -> io::Result<Found> {
    Ok(Found { identity: (0, 0), length: path.metadata()?.len() })
}

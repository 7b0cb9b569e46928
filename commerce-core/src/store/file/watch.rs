//! Whether the files of a store are still the ones that were opened.
//!
//! A process goes on reading and writing a file that somebody removed or replaced, and everything it acknowledges is
//! lost when it ends. So it looks before each answer whether the names still lead to the files it has open.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::durable::beside;
use crate::error::Error;

/// The files of an open store.
pub(super) struct Watch {
    store: Watched,
    /// The log and its index, which a process keeps for as long as it has the store open.
    others: [Watched; 2],
    /// What became of the store. It does not come back by itself: only opening it anew helps.
    gone: OnceLock<&'static str>,
}

struct Watched {
    path: PathBuf,
    identity: Identity,
}

/// Tells a file from every other on this machine.
type Identity = (u64, u64);

impl Watch {
    /// The file of a store, before it is opened.
    pub(super) fn before(store: &Path) -> io::Result<Identity> {
        Ok(identity(&store.metadata()?))
    }

    /// Watches an open store, which was this file before it was opened.
    pub(super) fn open(store: &Path, before: Identity) -> io::Result<Self> {
        let watched = |suffix: &str| {
            let path = beside(store, suffix);
            let identity = identity(&path.metadata()?);
            io::Result::Ok(Watched { path, identity })
        };
        let others = [watched("-wal")?, watched("-shm")?];
        let store = Watched { path: store.into(), identity: before };
        Ok(Self { store, others, gone: OnceLock::new() })
    }

    /// Looks at the store's file, as every reader does.
    pub(super) fn look(&self) -> Result<(), Error> {
        if let Some(because) = self.gone.get() {
            return Err(Error::Gone(because));
        }
        let found = self.found(&self.store, "its file was removed", "its file was replaced")?;
        if found.len() == 0 {
            return Err(self.lost("its file was emptied"));
        }
        Ok(())
    }

    /// Looks at all of its files, as a writer does before it begins and before it acknowledges.
    pub(super) fn look_at_all(&self) -> Result<(), Error> {
        self.look()?;
        for other in &self.others {
            self.found(other, "a file beside it was removed", "a file beside it was replaced")?;
        }
        Ok(())
    }

    fn found(
        &self,
        watched: &Watched,
        removed: &'static str,
        replaced: &'static str,
    ) -> Result<Metadata, Error> {
        match watched.path.metadata() {
            Ok(found) if identity(&found) == watched.identity => Ok(found),
            Ok(_) => Err(self.lost(replaced)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Err(self.lost(removed))
            }
            Err(error) => Err(Error::Unavailable(error.to_string())),
        }
    }

    fn lost(&self, because: &'static str) -> Error {
        Error::Gone(self.gone.get_or_init(|| because))
    }
}

#[cfg(unix)]
fn identity(of: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (of.dev(), of.ino())
}

/// Where a file that is open cannot be removed or replaced, there is nothing to tell apart.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    (0, 0)
}

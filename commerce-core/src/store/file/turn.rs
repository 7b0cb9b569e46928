//! Fair turns between processes. SQLite's own waiting backs off and starves some; two locks beside the
//! file do not: a process takes the *gate*, waits there for the *turn*, and lets the gate go. At most one
//! waits for the turn, so whoever just wrote queues up behind the others. The kernel frees both locks
//! when a process dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use super::durable::beside;
use crate::error::Error;

/// This process's place among those that write one file.
pub(super) struct Turn {
    locks: Option<Locks>,
    /// While the locks are waited for, they are with the waiting thread.
    waiting: Option<Receiver<io::Result<Locks>>>,
    waiter: SyncSender<Locks>,
    waited: SyncSender<SyncSender<io::Result<Locks>>>,
}

struct Locks {
    gate: File,
    turn: File,
}

impl Turn {
    /// Opens the two lock files beside the database. They stay there.
    pub(super) fn open(database: &Path) -> io::Result<Self> {
        let lock = |suffix: &str| {
            let mut options = File::options();
            options.create(true).write(true).truncate(false);
            like(database, &mut options)?;
            options.open(beside(database, suffix))
        };
        let locks = Locks { gate: lock("-gate")?, turn: lock("-turn")? };
        let (waiter, work) = sync_channel::<Locks>(1);
        let (waited, answers) = sync_channel::<SyncSender<io::Result<Locks>>>(1);
        std::thread::Builder::new().name("commerce-turn".into()).spawn(move || {
            while let (Ok(locks), Ok(answer)) = (work.recv(), answers.recv()) {
                // An answer that nobody takes drops the locks, and with them the turn.
                let _ = answer.send(locks.wait().map(|()| locks));
            }
        })?;
        Ok(Self { locks: Some(locks), waiting: None, waiter, waited })
    }

    /// Waits for the turn, at most until the deadline. Afterwards the waiting goes on where it was left.
    pub(super) fn acquire(&mut self, deadline: Instant) -> Result<(), Error> {
        let lost = |what: String| Error::Unavailable(format!("the lock files cannot be used: {what}").into());
        if let Some(locks) = self.locks.take() {
            if locks.try_now().map_err(|e| lost(e.to_string()))? {
                self.locks = Some(locks);
                return Ok(());
            }
            let (answer, waiting) = sync_channel(1);
            let gone = |_| lost("the waiting thread is gone".into());
            self.waiter.send(locks).map_err(|_| gone(()))?;
            self.waited.send(answer).map_err(|_| gone(()))?;
            self.waiting = Some(waiting);
        }
        let Some(waiting) = &self.waiting else { return Err(lost("they are gone".into())) };
        let left = deadline.saturating_duration_since(Instant::now());
        match waiting.recv_timeout(left) {
            Ok(locks) => {
                self.waiting = None;
                self.locks = Some(locks.map_err(|e| lost(e.to_string()))?);
                Ok(())
            }
            Err(_) => Err(Error::Busy("other processes kept the turn to write")),
        }
    }

    /// Lets the next process write.
    pub(super) fn release(&self) {
        if let Some(locks) = &self.locks {
            // A lock that cannot be freed is freed when the file is closed.
            let _ = locks.turn.unlock();
        }
    }
}

impl Locks {
    fn try_now(&self) -> io::Result<bool> {
        if !try_lock(&self.gate)? {
            return Ok(false);
        }
        let mine = try_lock(&self.turn);
        self.gate.unlock()?;
        mine
    }

    fn wait(&self) -> io::Result<()> {
        self.gate.lock()?;
        let mine = self.turn.lock();
        self.gate.unlock()?;
        mine
    }
}

/// Whoever may write the database may lock it, and nobody else.
#[cfg(unix)]
fn like(database: &Path, options: &mut OpenOptions) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    options.mode(database.metadata()?.mode() & 0o777);
    Ok(())
}

/// Elsewhere access follows from that to the folder.
#[cfg(not(unix))]
fn like(_: &Path, _: &mut OpenOptions) -> io::Result<()> {
    Ok(())
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

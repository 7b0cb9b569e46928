//! Fair turns between processes. SQLite's own waiting backs off and starves some of them. Two locks on files beside
//! the store do not: a process takes the *gate*, waits for the *turn*, and releases the gate. Only one process waits
//! for the turn, so a process that just wrote queues behind the others. The kernel releases both locks when a process
//! dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use super::durable::beside;
use crate::error::Error;

/// The turns of this process among those that write the same file.
pub(super) struct Turn {
    locks: Option<Locks>,
    /// None while a thread waits for the locks.
    waiting: Option<Receiver<io::Result<Locks>>>,
    /// Hands the locks to the thread that waits for them, and the sender of its answer.
    waiter: SyncSender<Locks>,
    answer: SyncSender<SyncSender<io::Result<Locks>>>,
}

struct Locks {
    gate: File,
    turn: File,
}

impl Turn {
    /// Opens the two lock files beside the store. They are never deleted.
    pub(super) fn open(database: &Path) -> io::Result<Self> {
        let lock = |suffix: &str| {
            let mut options = File::options();
            options.create(true).write(true).truncate(false);
            copy_permissions(database, &mut options)?;
            options.open(beside(database, suffix))
        };
        let locks = Locks { gate: lock("-gate")?, turn: lock("-turn")? };
        let (waiter, work) = sync_channel::<Locks>(1);
        let (answer, answers) = sync_channel::<SyncSender<io::Result<Locks>>>(1);
        std::thread::Builder::new().name("commerce-turn".into()).spawn(move || {
            while let (Ok(locks), Ok(answer)) = (work.recv(), answers.recv()) {
                // An answer that is not received drops the locks, and with them the turn.
                let _ = answer.send(locks.wait().map(|()| locks));
            }
        })?;
        Ok(Self { locks: Some(locks), waiting: None, waiter, answer })
    }

    /// Waits for the turn until the deadline. A later call continues the same wait.
    pub(super) fn acquire(&mut self, deadline: Instant) -> Result<(), Error> {
        let unusable =
            |what: String| Error::Unavailable(format!("the lock files cannot be used: {what}").into());
        if let Some(locks) = self.locks.take() {
            if locks.try_now().map_err(|e| unusable(e.to_string()))? {
                self.locks = Some(locks);
                return Ok(());
            }
            let (answer, waiting) = sync_channel(1);
            let gone = |_| unusable("the waiting thread is gone".into());
            self.waiter.send(locks).map_err(|_| gone(()))?;
            self.answer.send(answer).map_err(|_| gone(()))?;
            self.waiting = Some(waiting);
        }
        let Some(waiting) = &self.waiting else { return Err(unusable("they are gone".into())) };
        let left = deadline.saturating_duration_since(Instant::now());
        match waiting.recv_timeout(left) {
            Ok(locks) => {
                self.waiting = None;
                self.locks = Some(locks.map_err(|e| unusable(e.to_string()))?);
                Ok(())
            }
            Err(_) => Err(Error::Busy("other processes kept the turn to write".into())),
        }
    }

    /// Releases the turn to the next process.
    pub(super) fn release(&self) {
        if let Some(locks) = &self.locks {
            // A lock that cannot be released is released when the file is closed.
            let _ = locks.turn.unlock();
        }
    }
}

impl Locks {
    fn try_now(&self) -> io::Result<bool> {
        if !try_lock(&self.gate)? {
            return Ok(false);
        }
        let locked = try_lock(&self.turn);
        self.gate.unlock()?;
        locked
    }

    fn wait(&self) -> io::Result<()> {
        self.gate.lock()?;
        let locked = self.turn.lock();
        self.gate.unlock()?;
        locked
    }
}

/// Gives the lock file the permissions of the store.
#[cfg(unix)]
fn copy_permissions(database: &Path, options: &mut OpenOptions) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    options.mode(database.metadata()?.mode() & 0o777);
    Ok(())
}

/// On other systems, access follows from the folder.
#[cfg(not(unix))]
fn copy_permissions(_: &Path, _: &mut OpenOptions) -> io::Result<()> {
    Ok(())
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

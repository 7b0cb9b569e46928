//! `file:PATH`: one JSON line per event, synced before it counts as delivered. Several processes can append to one file,
//! which can be rotated meanwhile.
//!
//! Four rules make acknowledged events survive a power cut, and make damage visible:
//!
//! - **One portion at a time.** Under the file's lock, a portion of at most [`PORTION`] bytes, or one longer line, is
//!   written and synced before the next is written.
//! - **Nothing is written behind unsynced lines.** A process that finds lines of another, when it opens the file or after
//!   the other appended, syncs the file before it appends, since the other may have died before its sync. So at most one
//!   portion is unsynced, it is at the end, and none of it was acknowledged. That bounds how much of the end has to be
//!   checked for damage ([`tail::LONGEST`]).
//! - **A failed sync is never repeated.** The kernel may have dropped what it could not write, and the next sync would
//!   succeed without it. The whole batch is truncated and written again, to the file opened again. If truncating fails
//!   as well, the lock is held until it succeeds, so that no process writes behind those lines.
//! - **The name is as durable as the content.** Every process that opens the file syncs its folder, since the one that
//!   created the file may have died before doing so.
//!
//! `tail` decides what is cut and what is kept of a damaged end.

mod tail;
#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use self::tail::Tail;
use super::{Failure, Message, Sink};

/// How long to wait for another process that appends.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The most bytes to write before a sync, unless a single line is longer.
const PORTION: usize = 1 << 20;

/// A file whose last line is longer than this is not a file of events.
const MAX_LINE: usize = 64 << 20;

/// A file to append events to.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    open: Mutex<Option<Open>>,
    /// Holes that were found and not reported yet. Reading them never waits for a delivery.
    warnings: Mutex<Vec<String>>,
}

/// The open file.
#[derive(Debug)]
struct Open {
    file: File,
    /// The length up to which the file is known to hold whole lines that are on disk.
    known: u64,
    /// The length to truncate the file to, if a truncation is still due. The lock is held until then.
    excess: Option<u64>,
}

impl FileSink {
    /// A sink for the file at a path, which is created with the first event.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), open: Mutex::default(), warnings: Mutex::default() }
    }

    /// Opens the file and locks it. After that, the path still leads to it.
    fn locked(&self, cached: &mut Option<Open>) -> io::Result<Open> {
        let until = Instant::now() + LOCK_TIMEOUT;
        loop {
            let open = match cached.take() {
                Some(open) => open,
                None => self.open()?,
            };
            match open.file.try_lock() {
                Ok(()) if self.leads_to(&open.file)? => return Ok(open),
                // The file was rotated away. Closing it releases the lock.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    *cached = Some(open);
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::other("another process keeps it locked"));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn open(&self) -> io::Result<Open> {
        if self.path.exists() && !self.path.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let file = File::options().read(true).append(true).create(true).open(&self.path)?;
        let synced = match self.path.canonicalize() {
            Ok(path) => path.parent().map(|folder| File::open(folder)?.sync_all()),
            // It was rotated away already, which is noticed under the lock.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        match synced {
            // Some folders may be written but not read, and some file systems sync none. Those with a journal bring the
            // name of a new file to disk together with the file.
            Some(Err(error))
                if matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported
                ) =>
            {
                file.sync_all()?;
            }
            Some(synced) => synced?,
            None => {}
        }
        Ok(Open { file, known: 0, excess: None })
    }

    #[cfg(unix)]
    fn leads_to(&self, file: &File) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt as _;
        let identity = |meta: std::fs::Metadata| (meta.dev(), meta.ino());
        match self.path.metadata() {
            Ok(found) => Ok(identity(found) == identity(file.metadata()?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// On these systems nobody can move an open file, so the path always leads to it.
    #[cfg(not(unix))]
    fn leads_to(&self, _: &File) -> io::Result<bool> {
        Ok(true)
    }

    fn append(&self, cached: &mut Option<Open>, messages: &[Message]) -> io::Result<()> {
        let mut open = self.locked(cached)?;
        let done = open.append(messages, |from, to| {
            let warning = hole_warning(&self.path, from, to);
            self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
        });
        let done = done.and_then(|()| open.file.unlock());
        if done.is_ok() || open.truncate_partial().is_err() {
            *cached = Some(open);
        }
        // Otherwise the file is closed, which releases its lock, and the next delivery opens it again.
        done
    }
}

impl Sink for FileSink {
    fn deliver(&self, messages: &[Message]) -> Result<(), Failure> {
        let mut cached = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.append(&mut cached, messages);
        done.map_err(|error| Failure::down(format!("{}: {}", self.path.display(), reason(&error))))
    }

    fn batch(&self) -> usize {
        1_000
    }

    fn longest(&self) -> Duration {
        LOCK_TIMEOUT + Duration::from_secs(3)
    }

    fn warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Open {
    /// Appends all bytes and syncs. After an error, a partial append still has to be truncated.
    fn append(&mut self, messages: &[Message], warn: impl FnMut(u64, u64)) -> io::Result<()> {
        self.truncate_partial()?;
        let length = self.repair_end(warn)?;
        self.excess = Some(length);
        let mut portion = String::with_capacity(
            messages.iter().map(|message| message.body.len() + 1).sum::<usize>().min(PORTION),
        );
        let mut written = length;
        let mut flush = |portion: &mut String| {
            self.file.write_all(portion.as_bytes())?;
            self.file.sync_data()?;
            written += portion.len() as u64;
            portion.clear();
            Ok::<_, io::Error>(())
        };
        for message in messages {
            if !portion.is_empty() && portion.len() + message.body.len() >= PORTION {
                flush(&mut portion)?;
            }
            portion.push_str(&message.body);
            portion.push('\n');
        }
        flush(&mut portion)?;
        (self.known, self.excess) = (written, None);
        Ok(())
    }

    /// Truncates a partial append.
    fn truncate_partial(&mut self) -> io::Result<()> {
        if let Some(length) = self.excess {
            self.file.set_len(length)?;
            // The lines before it may belong to others and may not be synced, so the end is checked and synced.
            (self.known, self.excess) = (0, None);
        }
        Ok(())
    }

    /// Makes sure that the file holds whole lines that are on disk, and returns its length. Reports where there is
    /// something else in between.
    fn repair_end(&mut self, mut warn: impl FnMut(u64, u64)) -> io::Result<u64> {
        let length = self.file.seek(SeekFrom::End(0))?;
        if length == self.known {
            return Ok(length);
        }
        let (at, text) = self.read_tail(length)?;
        let foreign = || io::Error::other("its last line is not whole and not of this program");
        let Tail { keep, holes } = tail::analyse(&text, at).ok_or_else(foreign)?;
        holes.iter().for_each(|hole| warn(at + hole.start as u64, at + hole.end as u64));
        let whole = at + keep as u64;
        if whole < length {
            self.file.set_len(whole)?;
        }
        self.file.sync_data()?;
        self.known = whole;
        Ok(whole)
    }

    /// The part of the end that can be damaged, from the beginning of a line, and its offset.
    fn read_tail(&mut self, length: u64) -> io::Result<(u64, Vec<u8>)> {
        let known = if self.known < length { self.known } else { 0 };
        for reach in [tail::LONGEST, MAX_LINE] {
            let from = length.saturating_sub(reach as u64).max(known);
            self.file.seek(SeekFrom::Start(from))?;
            let mut text = vec![0; (length - from).min(reach as u64) as usize];
            self.file.read_exact(&mut text)?;
            if from == known {
                return Ok((from, text));
            }
            // The first line is cut. The last must be complete.
            let before_last = text.len().saturating_sub(1);
            if let Some(end) = text[..before_last].iter().position(|&byte| byte == b'\n') {
                return Ok((from + end as u64 + 1, text.split_off(end + 1)));
            }
        }
        Err(io::Error::other("it is not a file of lines"))
    }
}

fn hole_warning(path: &Path, from: u64, to: u64) -> String {
    let path = path.display();
    format!(
        "{path}: bytes {from} to {to} hold no whole events, as after a power cut or on a failing disk; they stay"
    )
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full".into(),
        ErrorKind::FileTooLarge => "the file may grow no larger".into(),
        _ => error.to_string(),
    }
}

//! `file:PATH`: one JSON line per event, synced before it counts as delivered. Several processes may append
//! to one file, which may be rotated away under them.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Failure, Message, Sink};

/// How long to wait for another process that appends.
const PATIENCE: Duration = Duration::from_secs(2);

/// Every line of ours begins so.
const BEGIN: &[u8] = br#"{"specversion":"1.0","id":""#;

/// A file that events are appended to.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl FileSink {
    /// The file at a path. It is made when the first event comes.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), file: Mutex::default() }
    }

    /// The file with its lock, which the path still leads to.
    fn locked(&self, kept: &mut Option<File>) -> io::Result<File> {
        let until = Instant::now() + PATIENCE;
        loop {
            let file = match kept.take() {
                Some(file) => file,
                None => self.open()?,
            };
            match file.try_lock() {
                Ok(()) if self.leads_to(&file)? => return Ok(file),
                // It was rotated away; closing it frees the lock.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    *kept = Some(file);
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::other("another process keeps it locked"));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn open(&self) -> io::Result<File> {
        let made = !self.path.exists();
        if !made && !self.path.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let file = File::options().read(true).append(true).create(true).open(&self.path)?;
        if made {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or_else(|| ".".as_ref()))?.sync_all()?;
        }
        Ok(file)
    }

    #[cfg(unix)]
    fn leads_to(&self, file: &File) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt as _;
        let of = |meta: std::fs::Metadata| (meta.dev(), meta.ino());
        match self.path.metadata() {
            Ok(found) => Ok(of(found) == of(file.metadata()?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Where an open file can be told from its successor by nothing, it cannot be moved away either.
    #[cfg(not(unix))]
    fn leads_to(&self, _: &File) -> io::Result<bool> {
        Ok(true)
    }
}

impl Sink for FileSink {
    fn deliver(&self, messages: &[Message]) -> Result<(), Failure> {
        let mut lines = String::with_capacity(messages.iter().map(|message| message.body.len() + 1).sum());
        for message in messages {
            lines.push_str(&message.body);
            lines.push('\n');
        }
        let mut kept = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let appended = self.locked(&mut kept).and_then(|mut file| {
            append(&mut file, lines.as_bytes())?;
            file.unlock()?;
            *kept = Some(file);
            Ok(())
        });
        // A file that failed is closed, which frees its lock, and opened anew.
        appended.map_err(|error| Failure::down(format!("{}: {}", self.path.display(), said(&error))))
    }

    fn batch(&self) -> usize {
        1_000
    }

    fn longest(&self) -> Duration {
        PATIENCE + Duration::from_secs(3)
    }
}

/// Appends and syncs; what was appended in part is taken back.
fn append(file: &mut File, lines: &[u8]) -> io::Result<()> {
    let length = repair(file)?;
    let written = file.write_all(lines).and_then(|()| file.sync_data());
    if written.is_err() {
        // Where this fails too, the torn line is repaired when the file is next written.
        let _ = file.set_len(length);
    }
    written
}

/// Makes sure that the file ends with a whole line: a process may have died while it wrote the last one,
/// which then was not accepted and comes again. Answers the length.
fn repair(file: &mut File) -> io::Result<u64> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut end = Vec::new();
    let mut from = length;
    while from > 0 && !end.contains(&b'\n') {
        let step = from.min(if end.is_empty() { 1 } else { 4_096 });
        from -= step;
        file.seek(SeekFrom::Start(from))?;
        let mut more = vec![0; usize::try_from(step).unwrap_or_default()];
        file.read_exact(&mut more)?;
        more.append(&mut end);
        end = more;
    }
    let start = end.iter().rposition(|&byte| byte == b'\n').map_or(0, |place| place + 1);
    let torn = &end[start..];
    if torn.is_empty() {
        return Ok(length);
    }
    let ours = torn.starts_with(BEGIN) || BEGIN.starts_with(torn);
    if !ours {
        return Err(io::Error::other("its last line is not whole and not of this program"));
    }
    let whole = length - torn.len() as u64;
    file.set_len(whole)?;
    Ok(whole)
}

fn said(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full".into(),
        ErrorKind::FileTooLarge => "the file may grow no larger".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::outbox::EventKind;
    use crate::time::Time;

    fn message(event: i64) -> Message {
        let body = format!(r#"{{"specversion":"1.0","id":"s-{event}"}}"#);
        let subject = Arc::from("orders/1");
        let kind = EventKind::OrderCompleted;
        Message { event, id: format!("s-{event}"), kind, subject, body, sent_at: Time::default() }
    }

    fn lines(path: &std::path::Path) -> Vec<String> {
        std::fs::read_to_string(path).unwrap().lines().map(Into::into).collect()
    }

    #[test]
    fn a_torn_last_line_goes_and_a_foreign_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let (first, second) = (message(1), message(2));
        for cut in 1..=second.body.len() {
            std::fs::write(&path, format!("{}\n{}", first.body, &second.body[..cut])).unwrap();
            FileSink::new(&path).deliver(std::slice::from_ref(&second)).unwrap();
            assert_eq!(lines(&path), [first.body.clone(), second.body.clone()]);
        }
        std::fs::write(&path, "notes\nof somebody else").unwrap();
        let failure = FileSink::new(&path).deliver(&[first]).unwrap_err();
        assert!(failure.to_string().contains("not of this program"), "{failure}");
        assert_eq!(lines(&path), ["notes", "of somebody else"]);
    }

    #[test]
    fn several_may_append_to_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        // Each opens the file by itself, as another process would.
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let sink = FileSink::new(&path);
                scope.spawn(move || {
                    for place in 0..25 {
                        let first = (thread * 25 + place) * 10;
                        let batch: Vec<Message> = (first..first + 10).map(message).collect();
                        sink.deliver(&batch).unwrap();
                    }
                });
            }
        });
        let mut found = lines(&path);
        found.sort_unstable();
        let mut expected: Vec<String> = (0..1_000).map(|event| message(event).body).collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_that_was_rotated_away_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let sink = FileSink::new(&path);
        sink.deliver(&[message(1)]).unwrap();
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        sink.deliver(&[message(2)]).unwrap();
        std::fs::remove_file(&path).unwrap();
        sink.deliver(&[message(3), message(4)]).unwrap();
        assert_eq!(lines(&folder.path().join("old")), [message(1).body]);
        assert_eq!(lines(&path), [message(3).body, message(4).body]);
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().into(), folder.path().join("none/events")] {
            let failure = FileSink::new(&path).deliver(&[message(1)]).unwrap_err();
            assert!(matches!(failure, Failure::Down { .. }), "{failure:?}");
            assert!(failure.to_string().contains(&*path.to_string_lossy()), "{failure}");
        }
    }
}

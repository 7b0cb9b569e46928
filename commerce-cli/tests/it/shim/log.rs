//! Reads the records of the shim.

use std::path::Path;

/// A call of a process, in one order for all processes.
#[derive(Debug)]
pub struct Entry {
    pub process: u32,
    pub call: Call,
}

/// A recorded call. Inodes identify files, since names change.
#[derive(Debug)]
pub enum Call {
    Write {
        file: u64,
        at: u64,
        data: Vec<u8>,
    },
    Resize {
        file: u64,
        size: u64,
    },
    Sync {
        file: u64,
    },
    SyncFolder,
    Create {
        file: u64,
        name: String,
    },
    Link {
        from: String,
        to: String,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        name: String,
    },
    /// A write to standard output (1) or standard error (2).
    Said {
        stream: u64,
        text: Vec<u8>,
    },
    Killed,
    /// The selected call has failed.
    Failed,
}

/// Reads a log from its beginning.
pub fn read(log: &Path) -> Vec<Entry> {
    let bytes = std::fs::read(log).unwrap_or_default();
    let mut rest = bytes.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let [what, process, file, at, name, other, size] = std::array::from_fn(|_| number(&mut rest));
        let name = text(&mut rest, name);
        let other = text(&mut rest, other);
        let data = take(&mut rest, size).to_vec();
        let call = match u8::try_from(what).map(char::from) {
            Ok('w') => Call::Write { file, at, data },
            Ok('t') => Call::Resize { file, size: at },
            Ok('s') => Call::Sync { file },
            Ok('d') => Call::SyncFolder,
            Ok('c') => Call::Create { file, name },
            Ok('l') => Call::Link { from: name, to: other },
            Ok('r') => Call::Rename { from: name, to: other },
            Ok('u') => Call::Remove { name },
            Ok('a') => Call::Said { stream: file, text: data },
            Ok('k') => Call::Killed,
            Ok('f') => Call::Failed,
            Ok('?') => panic!("{other} on {name}: a call that the model of the disk does not know yet"),
            _ => panic!("a record of kind {what}"),
        };
        entries.push(Entry { process: u32::try_from(process).unwrap(), call });
    }
    entries
}

fn number(rest: &mut &[u8]) -> u64 {
    u64::from_ne_bytes(take(rest, 8).try_into().unwrap())
}

fn text(rest: &mut &[u8], length: u64) -> String {
    String::from_utf8(take(rest, length).to_vec()).unwrap()
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> &'a [u8] {
    let (taken, left) = rest.split_at(usize::try_from(length).unwrap());
    *rest = left;
    taken
}

impl std::fmt::Display for Entry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "process {} ", self.process)?;
        match &self.call {
            Call::Write { file, at, data } => {
                write!(out, "writes {} bytes at {at} of file {file}", data.len())
            }
            Call::Said { stream, text } => {
                write!(out, "says on {stream}: {:?}", String::from_utf8_lossy(&text[..text.len().min(100)]))
            }
            other => write!(out, "does {other:?}"),
        }
    }
}

//! The shim between the program and its disk (`disk.c`). It is loaded into a command.

mod log;

use std::path::PathBuf;
use std::process::Command;

use crate::preload::library;

pub use log::{Call, Entry, read};

/// The settings of the shim.
#[derive(Clone, Debug, Default)]
pub struct Shim {
    /// The folder to record, as a path without links.
    pub folder: PathBuf,
    /// The file of the records. Several processes may share it.
    pub log: PathBuf,
    /// Sends SIGKILL instead of this call. Calls that change or sync something are counted from 1.
    pub kill: Option<u64>,
    /// A call that fails.
    pub fault: Option<Fault>,
}

/// A call that fails.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The kind of call, as named in `disk.c`.
    pub calls: char,
    /// The number of the call of this kind, counted from 1.
    pub nth: u64,
    /// The errno, or 0 for a call that does half of its work.
    pub error: i32,
    /// Whether all later calls of the kind fail too.
    pub on: bool,
}

impl Shim {
    /// Loads the shim into a command.
    pub fn before(&self, command: &mut Command) {
        let library = library("tests/it/shim/disk.c");
        command.env("LD_PRELOAD", library).env("DISK_FOLDER", &self.folder).env("DISK_LOG", &self.log);
        if let Some(kill) = self.kill {
            command.env("DISK_KILL", kill.to_string());
        }
        if let Some(Fault { calls, nth, error, on }) = self.fault {
            command.env("DISK_FAIL", format!("{calls} {nth} {error} {}", u8::from(on)));
        }
    }
}

//! A folder in which processes run under the shim, and the recording of their calls.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::disk::{Content, Disk, Model};
use super::script::{Line, Script};
use crate::shim::{Call, Entry, Shim, read};
use crate::system;

/// The name of the store in its folder.
pub const STORE: &str = "shop.db";

/// A folder under the shim.
pub struct Stage {
    folder: TempDir,
    before: Content,
    inodes: BTreeMap<String, u64>,
    /// The script of each process.
    scripts: Mutex<HashMap<u32, Script>>,
}

/// The recording of a stage.
pub struct Recording {
    pub before: Content,
    pub inodes: BTreeMap<String, u64>,
    pub entries: Vec<Entry>,
    pub scripts: HashMap<u32, Script>,
}

/// A line that a process printed on standard output. From then on, its content is a promise.
#[derive(Clone, Debug)]
pub struct Said {
    /// The position in the log.
    pub at: usize,
    pub text: String,
    /// The line of a script to which this is the answer.
    pub asked: Option<Line>,
}

impl Said {
    /// The code of the error, if this is an error.
    pub fn error(&self) -> Option<String> {
        let result: Value = serde_json::from_str(&self.text).ok()?;
        result["error"]["code"].as_str().map(Into::into)
    }
}

impl Stage {
    /// A folder with these files, all durable.
    pub fn new(content: &Content) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        put(&folder.path().join("shop"), content);
        let inode = |name: &String| folder.path().join("shop").join(name).metadata().unwrap().ino();
        let inodes = content.keys().map(|name| (name.clone(), inode(name))).collect();
        Self { folder, before: content.clone(), inodes, scripts: Mutex::default() }
    }

    /// The folder that the shim records.
    pub fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("shop")
    }

    pub fn shim(&self) -> Shim {
        Shim { folder: self.path(), log: self.folder.path().join("log"), ..Shim::default() }
    }

    /// A command of the program under the shim, not yet started.
    pub fn program(&self, arguments: &[&str], shim: &Shim) -> Command {
        let mut program = program(&self.path(), arguments);
        shim.before(&mut program);
        program
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str], shim: &Shim) -> Output {
        let mut program = self.program(arguments, shim);
        let child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _watch = Watch::over(&child, shim);
        child.wait_with_output().unwrap()
    }

    /// Runs a command that must succeed.
    pub fn ok(&self, arguments: &[&str]) {
        let output = self.run(arguments, &self.shim());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs a script in a process, `at_once` lines at a time. The next lines follow when those were answered. Returns
    /// false if the shim killed the process.
    pub fn feed(&self, script: &Script, at_once: usize, shim: &Shim) -> bool {
        let status = self.status(script, at_once, shim);
        assert!(matches!(status.code(), Some(0 | 3)) || status.signal() == Some(9), "{status}");
        status.signal().is_none()
    }

    /// The same, but returns the exit status.
    pub fn status(&self, script: &Script, at_once: usize, shim: &Shim) -> ExitStatus {
        let mut apply = Apply::start(self, shim);
        self.scripts.lock().unwrap().insert(apply.child.id(), script.clone());
        let lines = script.text();
        let lines: Vec<&str> = lines.lines().collect();
        lines.chunks(at_once).all(|lines| apply.say(lines));
        apply.status()
    }

    /// A process that has the store open and does nothing.
    pub fn reader(&self) -> Apply {
        let mut apply = Apply::start(self, &self.shim());
        assert!(apply.say(&["{}"]), "the reader does not open the store");
        apply
    }

    /// The current length of the log.
    pub fn mark(&self) -> usize {
        read(&self.shim().log).len()
    }

    /// Ends the recording.
    pub fn finish(self) -> Recording {
        let after = get(&self.path());
        let entries = read(&self.shim().log);
        let scripts = self.scripts.into_inner().unwrap();
        let recording = Recording { before: self.before, inodes: self.inodes, entries, scripts };
        recording.is_complete(&after);
        recording
    }
}

/// An `apply` process that gets its lines in steps.
pub struct Apply {
    child: Child,
    _watch: Watch,
    answers: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Apply {
    fn start(stage: &Stage, shim: &Shim) -> Self {
        let mut program = stage.program(&["apply", "-", "-q"], shim);
        let program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = program.spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { _watch: Watch::over(&child, shim), child, answers }
    }

    /// Writes lines and waits for their results. Returns false if the process was killed.
    fn say(&mut self, lines: &[&str]) -> bool {
        let said = self.child.stdin.as_mut().unwrap().write_all(format!("{}\n", lines.join("\n")).as_bytes());
        said.is_ok() && lines.iter().all(|_| self.answers.next().is_some_and(|line| line.is_ok()))
    }

    /// Closes the input, which ends the process.
    pub fn end(self) {
        let status = self.status();
        assert_eq!(status.code(), Some(3), "{status}");
    }

    fn status(mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().unwrap()
    }
}

impl Drop for Apply {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Aborts a process that hangs. The signal then shows in its exit status.
pub struct Watch {
    _over: Sender<()>,
}

impl Watch {
    pub fn over(child: &Child, shim: &Shim) -> Self {
        // With a failing call, a long wait is a fault. Without one, the machine may be busy.
        let timeout = Duration::from_secs(if shim.fault.is_some() { 15 } else { 120 });
        let (over, ended) = channel::<()>();
        let process = child.id();
        std::thread::spawn(move || {
            if ended.recv_timeout(timeout) == Err(RecvTimeoutError::Timeout) {
                system::signal(process, "ABRT");
            }
        });
        Self { _over: over }
    }
}

impl Recording {
    /// Whether the run reached the failing call.
    pub fn failed(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.call, Call::Failed))
    }

    /// The lines on standard output, in order.
    pub fn said(&self) -> Vec<Said> {
        let mut begun: HashMap<u32, Vec<u8>> = HashMap::new();
        let mut said = Vec::new();
        for (at, Entry { process, call }) in self.entries.iter().enumerate() {
            let Call::Said { stream: 1, text } = call else { continue };
            let begun = begun.entry(*process).or_default();
            for byte in text {
                if *byte == b'\n' {
                    let text = String::from_utf8(std::mem::take(begun)).unwrap();
                    let asked = self.scripts.get(process).map(|script| script.asked(&text).clone());
                    said.push(Said { at, text, asked });
                } else {
                    begun.push(*byte);
                }
            }
        }
        said
    }

    /// Asserts that replaying the log gives the folder as it is. Otherwise a call has escaped the shim.
    fn is_complete(&self, after: &Content) {
        let mut disk = Disk::new(Model::Strict, &self.before, &self.inodes);
        self.entries.iter().for_each(|entry| disk.step(&entry.call));
        let told = disk.present();
        assert_eq!(
            told.keys().collect::<Vec<_>>(),
            after.keys().collect::<Vec<_>>(),
            "names escaped the shim"
        );
        for (name, bytes) in after {
            assert!(told[name] == *bytes, "a change of {name} escaped the shim");
        }
    }
}

/// A command of the program in a folder with a store, not yet started.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_commerce"));
    program.current_dir(folder).env("COMMERCE_DB", folder.join(STORE)).env("NO_COLOR", "1");
    program.args(arguments).stdin(Stdio::null());
    program
}

/// The files of a folder, without the `-shm` file.
pub fn get(folder: &Path) -> Content {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let files = files.filter(|file| !file.file_name().to_str().unwrap().ends_with("-shm"));
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

/// Writes the files of a folder.
pub fn put(folder: &Path, content: &Content) {
    for (name, bytes) in content {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

/// The JSON objects of a text with one per line. Other lines are skipped.
pub fn objects(text: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(text).lines().map(|line| serde_json::from_str(line).unwrap_or_default()).collect()
}

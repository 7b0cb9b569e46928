//! A folder with a store, in which tests run the program.

use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

use crate::sqld::Sqld;

pub struct Folder {
    folder: tempfile::TempDir,
    pub server: Option<Sqld>,
}

impl Folder {
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server: None }
    }

    /// A folder with a server of its own, which the program uses.
    pub fn with_server() -> Self {
        Self::with(Sqld::start())
    }

    pub fn with(server: Sqld) -> Self {
        Self { server: Some(server), ..Self::empty() }
    }

    /// A folder with a store in USD: a user `alice` with 100.00, and a mug at 12.50 with a stock of 3.
    pub fn shop() -> Self {
        let folder = Self::empty();
        folder.ok(&["init", "--currency", "USD"]);
        folder.ok(&["user", "add", "alice", "--name", "앨리스"]);
        folder.ok(&["charge", "alice", "100"]);
        folder.ok(&["product", "add", "mug", "--name", "머그컵 ☕", "--price", "12.50", "--stock", "3"]);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn run(&self, args: &[&str], input: &[u8]) -> Output {
        Command::from_std(self.program(args)).write_stdin(input).output().unwrap()
    }

    /// A command of the program, not yet started.
    pub fn program(&self, args: &[&str]) -> std::process::Command {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_commerce"));
        program.current_dir(self.folder.path()).env_remove("COMMERCE_DB").args(args);
        if let Some(server) = &self.server {
            program.env("COMMERCE_DB", server.url());
        }
        program
    }

    /// Runs a command that must succeed and returns its standard output.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args, b"");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--output", "json"]).collect();
        serde_json::from_str(&self.ok(&args)).unwrap()
    }

    /// Runs a command that must fail with this exit code and returns its standard error.
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args, b"");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        assert!(!told.contains("panicked"), "{args:?}: {told}");
        told
    }
}

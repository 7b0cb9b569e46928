//! A folder with a store, and the program run in it.

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

    /// With a server of its own, on which the program then works.
    pub fn with_server() -> Self {
        Self::with(Sqld::start())
    }

    pub fn with(server: Sqld) -> Self {
        Self { server: Some(server), ..Self::empty() }
    }

    /// With a store in USD: a user `alice` with 100.00, and a mug at 12.50 of which there are 3.
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
        let mut command = Command::cargo_bin("commerce").unwrap();
        command.current_dir(self.folder.path()).env_remove("COMMERCE_DB").args(args);
        if let Some(server) = &self.server {
            command.env("COMMERCE_DB", server.url());
        }
        command.write_stdin(input).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args, b"");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--output", "json"]).collect();
        serde_json::from_str(&self.ok(&args)).unwrap()
    }

    /// Standard error of a command that must fail with this exit code.
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args, b"");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        assert!(!told.contains("panicked"), "{args:?}: {told}");
        told
    }
}

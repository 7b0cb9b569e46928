//! A folder with a store, and the program run in it.

use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
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
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn run(&self, args: &[&str], input: &[u8]) -> Output {
        let mut command = Command::cargo_bin("commerce").unwrap();
        command.current_dir(self.0.path()).env_remove("COMMERCE_DB").args(args);
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

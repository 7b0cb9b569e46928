//! The store of each test, and commands of the program on it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Server;
use crate::sqld::Sqld;
use crate::system;

/// The local user in tests.
pub const USER: &str = "office";

/// A folder for files, and the store of the test: a file in that folder, a libSQL server, or a shop that is served.
pub struct Shop {
    pub folder: TempDir,
    pub server: Option<Sqld>,
    pub served: Option<Served>,
}

/// A shop that is served from the file in the folder.
pub struct Served {
    pub server: Server,
    pub address: String,
    /// The token that commands use.
    pub token: Option<String>,
}

impl Shop {
    /// A folder without a store.
    pub fn bare() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server: None, served: None }
    }

    /// A folder and an empty server, on which commands work.
    pub fn on_server() -> Self {
        Self::on(Sqld::start())
    }

    /// A folder, and this server.
    pub fn on(server: Sqld) -> Self {
        Self { server: Some(server), ..Self::bare() }
    }

    /// An empty store.
    pub fn new() -> Self {
        let shop = Self::bare();
        shop.ok(&["init"]);
        shop
    }

    /// A store with two products, and a user who has 50,000.
    pub fn stocked() -> Self {
        let shop = Self::new();
        shop.ok(&["product", "add", "mug", "--name", "머그컵 Mug", "--price", "12000", "--stock", "5"]);
        shop.ok(&["product", "add", "pen", "--name", "Pen", "--price", "1500", "--stock", "100"]);
        shop.ok(&["user", "add", "alice", "--name", "Alice"]);
        shop.ok(&["charge", "alice", "50000"]);
        shop
    }

    /// A store in dollars: a user who has 100.00, and a mug at 12.50 with a stock of 3.
    pub fn in_dollars() -> Self {
        let shop = Self::bare();
        shop.ok(&["init", "--currency", "USD"]);
        shop.ok(&["user", "add", "alice", "--name", "앨리스"]);
        shop.ok(&["charge", "alice", "100"]);
        shop.ok(&["product", "add", "mug", "--name", "머그컵 ☕", "--price", "12.50", "--stock", "3"]);
        shop
    }

    /// A copy of this shop in a folder of its own.
    pub fn copy(&self) -> Self {
        let copy = Self::bare();
        for file in ["shop.db", "shop.db-wal"] {
            if self.path(file).exists() {
                std::fs::copy(self.path(file), copy.path(file)).unwrap();
            }
        }
        copy
    }

    /// Serves the file, and has commands work on what is served, with this token.
    pub fn serve(self, token: Option<&str>) -> Self {
        self.serve_with(token, &[], "commerce+http://127.0.0.1")
    }

    /// Serves the file over TLS for the name `localhost`, with a certificate that is its own root: `root.pem`.
    pub fn serve_tls(self, token: Option<&str>) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
        let (root, key) = (self.file("root.pem", made.cert.pem()), self.path("key.pem"));
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let options = ["--tls-cert", &root, "--tls-key", key.to_str().unwrap()];
        self.serve_with(token, &options, "commerce://localhost")
    }

    fn serve_with(self, token: Option<&str>, options: &[&str], host: &str) -> Self {
        let mut serve = self.program(&["serve", "--listen", "127.0.0.1:0", "--log", "json"]);
        serve.args(options);
        let server = Server::start(serve);
        let address = format!("{host}:{}", server.address.port());
        Self { served: Some(Served { server, address, token: token.map(str::to_owned) }), ..self }
    }

    /// The address of the shop that is served.
    pub fn address(&self) -> &str {
        &self.served.as_ref().unwrap().address
    }

    /// Makes a token and returns its secret.
    pub fn token(&self, arguments: &[&str]) -> String {
        let made = self.json(&[&["token", "create"], arguments].concat());
        made["secret"].as_str().unwrap().to_owned()
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file in the folder and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A command of the program, not yet started.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_commerce"));
        match (&self.server, &self.served) {
            (Some(server), _) => program.env("COMMERCE_DB", server.url()),
            (None, Some(_)) => program.env("COMMERCE_DB", self.address()),
            (None, None) => program.env("COMMERCE_DB", self.path("shop.db")),
        };
        // What the machine's user has set has no part in a test.
        for name in ["NO_COLOR", "COMMERCE_TOKEN", "COMMERCE_TOKEN_FILE", "COMMERCE_CA_FILE", "SSL_CERT_FILE"]
        {
            program.env_remove(name);
        }
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            program.env_remove(name).env_remove(name.to_lowercase());
        }
        program.env("XDG_CONFIG_HOME", self.path("config")).env("USER", USER);
        program
            .envs(self.served.iter().filter_map(|served| Some(("COMMERCE_TOKEN", served.token.as_ref()?))));
        program.current_dir(self.folder.path()).args(arguments);
        program
    }

    /// A script, not yet started, in which `$0` is the program. It runs in the shop's folder with mounts of its own, so
    /// that nothing stays mounted after the test.
    pub fn isolated(&self, script: &str) -> Command {
        system::require();
        let program = self.program(&[]);
        let root = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
        let root = root.unwrap().success();
        let mut isolated = Command::new("unshare");
        isolated
            .arg("--mount")
            .args((!root).then_some("--map-root-user"))
            .args(["sh", "-c", script])
            .arg(program.get_program())
            .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir(self.folder.path());
        isolated
    }

    /// Runs a command without standard input.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.feed(arguments, "")
    }

    /// Runs the program with this standard input.
    pub fn feed(&self, arguments: &[&str], input: impl Into<Vec<u8>>) -> Output {
        assert_cmd::Command::from_std(self.program(arguments)).write_stdin(input).output().unwrap()
    }

    /// Runs a command that must succeed and returns its standard output.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// Runs a command that must succeed and returns its JSON output.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[arguments, &["--output", "json"]].concat());
        serde_json::from_str(&text).unwrap()
    }

    /// Runs a command that must fail with this exit code and returns its standard error.
    #[track_caller]
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
        assert!(!message.contains("panicked"), "{arguments:?}: {message}");
        message
    }
}

/// Standard output.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// One value per line.
pub fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

//! Commands of the program that run in the background, and are killed when a test ends.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::instances::http::Client;
use crate::system;

/// A running command. All its streams are pipes.
pub struct Process(Option<Child>);

impl Process {
    /// Starts a command.
    pub fn start(mut command: Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(Some(command.spawn().unwrap()))
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// Its standard input, which it keeps waiting for until this is dropped.
    pub fn input(&mut self) -> ChildStdin {
        self.child().stdin.take().unwrap()
    }

    /// Its standard output. If this is dropped, nobody reads it.
    pub fn output(&mut self) -> ChildStdout {
        self.child().stdout.take().unwrap()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        system::signal(self.id(), name);
    }

    /// Kills the process and waits for its end.
    pub fn kill(&mut self) {
        self.child().kill().unwrap();
        self.child().wait().unwrap();
    }

    /// Waits until the process exits. Returns its exit code and what is left in the pipes.
    pub fn finish(mut self) -> Output {
        self.0.take().unwrap().wait_with_output().unwrap()
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have exited already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A running `apply -`, which answers each line before the next one is sent.
pub struct Lines {
    pub process: Process,
    input: ChildStdin,
    results: std::io::Lines<BufReader<ChildStdout>>,
}

impl Lines {
    pub fn start(command: Command) -> Self {
        let mut process = Process::start(command);
        let (input, results) = (process.input(), BufReader::new(process.output()).lines());
        Self { process, input, results }
    }

    /// Sends an operation, and returns its result.
    pub fn send(&mut self, operation: &Value) -> Value {
        self.begin(operation);
        self.result()
    }

    /// The next result.
    pub fn result(&mut self) -> Value {
        serde_json::from_str(&self.results.next().unwrap().unwrap()).unwrap()
    }

    /// Sends an operation without waiting for its result.
    pub fn begin(&mut self, operation: &Value) {
        writeln!(self.input, "{operation}").unwrap();
    }
}

/// A running `serve` of which a test knows the address.
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
    /// What it logged before it listened.
    pub before: Vec<String>,
    /// Behind a lock, so that threads can share the server.
    log: Mutex<Receiver<String>>,
}

impl Server {
    /// Starts a command that serves, and waits until it listens.
    pub fn start(command: Command) -> Self {
        let mut process = Process::start(command);
        let mut lines = BufReader::new(process.child().stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut before = Vec::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the server does not listen: {before:?}"));
            match line.strip_prefix("listening on ").and_then(|line| line.split_once("://")) {
                Some((_, address)) => break address.parse().unwrap(),
                None => before.push(line),
            }
        };
        // All of its log is read at once, so that the server never blocks on it.
        let (sender, log) = channel();
        std::thread::spawn(move || lines.for_each(|line| drop(sender.send(line))));
        Self { process, address, before, log: Mutex::new(log) }
    }

    /// A connection to it.
    pub fn client(&self) -> Client {
        Client::connect(self.address).unwrap()
    }

    /// The next line of its log.
    pub fn next_line(&self) -> String {
        self.log.lock().unwrap().recv_timeout(system::TIMEOUT).expect("a line of the log")
    }

    /// Stops it with SIGTERM. Returns its exit code and the rest of its log.
    pub fn stop(self) -> (Option<i32>, String) {
        self.process.signal("TERM");
        let code = self.process.finish().status.code();
        (code, self.log.into_inner().unwrap().iter().collect::<Vec<_>>().join("\n"))
    }
}

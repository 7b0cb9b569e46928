//! A shop of one size, and the arguments of commands and requests: numbers and names of the shop, drawn from a seed.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use wait4::Wait4;

use crate::Result;
use crate::system;

/// The release build of the program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_commerce");

/// Lines in a file for `apply` or `product import`.
pub const LINES: u64 = 1_000;

/// The most time that a command may take.
const TIME_OUT: Duration = Duration::from_secs(120);

/// A generated shop, and the copy of it that the commands work on.
pub struct Shop {
    pub size: u64,
    folder: TempDir,
    random: u64,
    /// The number of new names made so far.
    names: u64,
    /// The time of the order in the middle.
    middle: String,
}

/// The parameters of one command or request: the words in braces, and their values.
pub struct Parameters(Vec<(&'static str, String)>);

/// The result of a process.
pub struct Measured {
    pub took: Duration,
    /// Peak memory in bytes.
    pub peak: u64,
    /// Standard output.
    pub lines: u64,
}

impl Shop {
    /// Runs the generator: as many products as orders, and a tenth as many users.
    pub fn grow(size: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut shop = Self { size, folder, random: size | 1, names: 0, middle: String::new() };
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let grown = Command::new(cargo)
            .args(["run", "--quiet", "--release", "-p", "commerce-core", "--example", "grow", "--"])
            .arg(shop.grown())
            .args(["--orders", &size.to_string(), "--products", &size.to_string()])
            .args(["--users", &shop.users().to_string()])
            .status()?;
        if !grown.success() {
            return Err("the generator failed".into());
        }
        shop.reset()?;
        let middle = shop.ask(&format!("order show {}", size / 2))?;
        shop.middle = middle["at"].as_str().ok_or("an order without a time")?.into();
        Ok(shop)
    }

    /// Replaces the copy with the original shop.
    pub fn reset(&self) -> Result<()> {
        for entry in fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path != self.grown() {
                fs::remove_file(path)?;
            }
        }
        fs::copy(self.grown(), self.store())?;
        Ok(())
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("shop.db")
    }

    fn grown(&self) -> PathBuf {
        self.folder.path().join("grown.db")
    }

    fn users(&self) -> u64 {
        (self.size / 10).max(1)
    }

    /// A random number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }

    fn user(&mut self) -> String {
        let users = self.users();
        format!("user-{}", self.below(users))
    }

    fn product(&mut self) -> String {
        format!("product-{}", self.below(self.size))
    }

    /// Draws the values for one command or request.
    pub fn draw(&mut self) -> Parameters {
        self.names += 1;
        Parameters(vec![
            ("{user}", self.user()),
            ("{product}", self.product()),
            ("{other}", self.product()),
            ("{order}", (1 + self.below(self.size)).to_string()),
            ("{middle}", self.middle.clone()),
            ("{late}", self.size.to_string()),
            ("{new}", format!("new-{}", self.names)),
            ("{query}", "user.list".into()),
        ])
    }

    /// Writes a file of orders for `apply`.
    pub fn orders(&mut self, parameters: &mut Parameters) -> Result<()> {
        let mut text = String::new();
        for _ in 0..LINES {
            let (user, one, other) = (self.user(), self.product(), self.product());
            let item = |product| format!(r#"{{"product":"{product}","quantity":1}}"#);
            let items = format!("{},{}", item(one), item(other));
            writeln!(text, r#"{{"op":"order.place","user":"{user}","items":[{items}]}}"#)?;
        }
        self.write(parameters, "{orders}", &text)
    }

    /// Writes a catalogue of new products for `product import`.
    pub fn catalogue(&self, parameters: &mut Parameters) -> Result<()> {
        let mut text = "product,name,price,stock,active\n".to_owned();
        for number in 0..LINES {
            writeln!(text, "import-{}-{number},머그컵 Mug {number},12000,10,yes", self.names)?;
        }
        self.write(parameters, "{catalogue}", &text)
    }

    fn write(&self, parameters: &mut Parameters, name: &'static str, text: &str) -> Result<()> {
        let path = self.folder.path().join(format!("{}.in", self.names));
        fs::write(&path, text)?;
        parameters.set(name, path.display().to_string());
        Ok(())
    }

    /// A command of the program on this shop. The words are separated by spaces.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command.current_dir(self.folder.path()).env("COMMERCE_DB", self.store()).args(words.split(' '));
        command
    }

    /// Runs the program and measures it. Stops it after [`TIME_OUT`].
    pub fn run(&self, words: &str) -> Result<Measured> {
        let log = self.folder.path().join("stderr");
        let started = Instant::now();
        let mut child = self.command(words).stdout(Stdio::piped()).stderr(File::create(&log)?).spawn()?;
        let done = stop_after(TIME_OUT, child.id());
        let mut out = child.stdout.take().ok_or("no pipe")?;
        let (mut part, mut lines) = (vec![0; 1 << 16], 0);
        loop {
            match out.read(&mut part)? {
                0 => break,
                count => lines += part[..count].iter().filter(|&&byte| byte == b'\n').count() as u64,
            }
        }
        let ended = child.wait4()?;
        let took = started.elapsed();
        drop(done);
        if !ended.status.success() && took < TIME_OUT {
            return Err(format!("{words}: {}: {}", ended.status, fs::read_to_string(log)?).into());
        }
        Ok(Measured { took, peak: ended.rusage.maxrss, lines })
    }

    /// Runs the program and returns its JSON output.
    pub fn ask(&self, words: &str) -> Result<Value> {
        let output = self.command(words).args(["--output", "json"]).output()?;
        if !output.status.success() {
            return Err(format!("{words}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Stops a process after a time, unless the returned value is dropped first.
fn stop_after(time: Duration, process: u32) -> mpsc::Sender<()> {
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || {
        if waiting.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
            system::signal(process, "TERM");
        }
    });
    done
}

impl Parameters {
    pub fn set(&mut self, name: &'static str, value: String) {
        self.0.push((name, value));
    }

    /// Fills in the words in braces.
    pub fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

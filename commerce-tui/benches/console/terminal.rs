//! Measures the program in a terminal: its start, and its cost when idle.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::network::Network;
use crate::{Result, millis};

const RUNS: usize = 11;
const IDLE: Duration = Duration::from_secs(20);

/// What a round trip to a served shop takes, in milliseconds.
const ROUND_TRIPS: [u64; 4] = [0, 5, 20, 100];

/// Measures the first screens of consoles on a file, and on the same shop served over networks.
pub fn first_screens(store: &Path) -> Result<()> {
    println!("{:<28}{:>12}{:>12}{:>16}{:>12}", "", "screen ms", "longest", "with products", "longest");
    first_screen("on a file", &store.display().to_string())?;
    let server = Server::start(store)?;
    for round_trip in ROUND_TRIPS {
        let network = Network::to(server.port, 1);
        network.change(|weather| weather.latency = Duration::from_millis(round_trip));
        let location = format!("commerce+http://127.0.0.1:{}", network.port);
        first_screen(&format!("served, {round_trip} ms away"), &location)?;
    }
    Ok(())
}

/// Measures the time from the start of the process to the first screen, and to the first page of products.
fn first_screen(what: &str, store: &str) -> Result<()> {
    let (mut shown, mut filled) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let begun = Instant::now();
        let mut console = Console::start(store)?;
        console.read_until("On sale")?;
        shown.push(begun.elapsed());
        console.read_until("1 of ")?;
        filled.push(begun.elapsed());
    }
    shown.sort_unstable();
    filled.sort_unstable();
    let [half, most] = [RUNS / 2, RUNS - 1];
    let (shown, filled) = (|run: usize| millis(shown[run]), |run: usize| millis(filled[run]));
    println!(
        "{what:<28}{:>12.1}{:>12.1}{:>16.1}{:>12.1}",
        shown(half),
        shown(most),
        filled(half),
        filled(most)
    );
    Ok(())
}

/// Measures CPU time and memory when idle, after every screen was visited.
pub fn idle(store: &Path) -> Result<()> {
    let mut console = Console::start(&store.display().to_string())?;
    console.read_until("1 of ")?;
    let mut keys = console.child.stdin.take().ok_or("no keys")?;
    let mut output = console.child.stdout.take().ok_or("no screen")?;
    // The output must be read, or the console would block on its terminal.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    for key in ["2", "3", "4", "5", "6", "7", "1"] {
        std::io::Write::write_all(&mut keys, key.as_bytes())?;
        std::io::Write::flush(&mut keys)?;
        std::thread::sleep(Duration::from_secs(1));
    }
    let process = console.process()?;
    let before = ticks(process)?;
    std::thread::sleep(IDLE);
    let used = ticks(process)? - before;
    // A tick of /proc is 10 ms on every Linux.
    println!("CPU when idle               {:>8.2} %", used as f64 * 10.0 / millis(IDLE) * 100.0);
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    for (name, field) in [("memory, resident", "VmRSS:"), ("memory of its own", "RssAnon:")] {
        let kilobytes = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or("").trim();
        let kilobytes: f64 = kilobytes.trim_end_matches(" kB").parse()?;
        println!("{name:<27} {:>8.1} MB", kilobytes / 1_024.0);
    }
    Ok(())
}

/// The console in a terminal of `script` (util-linux).
struct Console {
    child: Child,
    seen: Vec<u8>,
}

impl Console {
    fn start(store: &str) -> Result<Self> {
        let program = program()?;
        let command =
            format!("stty cols 120 rows 40; exec {} --db {store} tui --user user-1", program.display());
        let child = Command::new("script")
            .args(["-qfec", &command, "/dev/null"])
            .env("TERM", "xterm-256color")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("script (of util-linux) is needed to make a terminal: {error}"))?;
        Ok(Self { child, seen: Vec::new() })
    }

    fn read_until(&mut self, text: &str) -> Result<()> {
        let output = self.child.stdout.as_mut().ok_or("no screen")?;
        let mut buffer = [0; 65_536];
        while !String::from_utf8_lossy(&self.seen).contains(text) {
            let read = output.read(&mut buffer)?;
            if read == 0 {
                return Err(format!("the console ended: {}", String::from_utf8_lossy(&self.seen)).into());
            }
            self.seen.extend(&buffer[..read]);
        }
        Ok(())
    }

    /// The console's own process, a child of `script`.
    fn process(&self) -> Result<u32> {
        let path = format!("/proc/{0}/task/{0}/children", self.child.id());
        let children = std::fs::read_to_string(path)?;
        Ok(children.split_whitespace().next().ok_or("no console")?.parse()?)
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // The console exits when its terminal is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running `commerce serve`.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(store: &Path) -> Result<Self> {
        let mut command = Command::new(program()?);
        command.arg("--db").arg(store).args(["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let log = child.stderr.take().ok_or("no log")?;
        let mut lines = BufReader::new(log).lines().map_while(std::result::Result::ok);
        let line = lines
            .find_map(|line| line.rsplit_once("listening on http://127.0.0.1:").map(|it| it.1.to_owned()));
        // Its log must be read, or it would block.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, port: line.ok_or("the server does not listen")?.parse()? })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, built beside this bench.
fn program() -> Result<PathBuf> {
    let bench = std::env::current_exe()?;
    let folder = bench.parent().and_then(Path::parent).ok_or("no folder")?;
    let program = folder.join("commerce");
    match program.exists() {
        true => Ok(program),
        false => Err("build the program first: cargo build --release".into()),
    }
}

fn ticks(process: u32) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Fields 14 and 15, counted after the name, which may contain any character.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    Ok(fields.get(11).ok_or("no time")?.parse::<u64>()? + fields.get(12).ok_or("no time")?.parse::<u64>()?)
}

//! `apply`: operations from JSON Lines, in order. Many lines are in flight at once, so that groups form;
//! they are decided in the order in which they stand, and results are written in that order.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use commerce_core::{AnyOperation, Chain, Error, Invalid, Submission, Ticket, input, operation};
use commerce_server::Problem;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::exit::{Failure, code_of};
use crate::session::Session;

/// Do operations from JSON Lines.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce apply orders.jsonl --results results.jsonl
  echo '{\"op\":\"wallet.charge\",\"user\":\"alice\",\"amount\":5000,\"key\":\"c-1\"}' | commerce apply -")]
pub struct Apply {
    /// A file, or - for standard input.
    file: String,
    /// Where one result per line goes; standard output unless told.
    #[arg(long, default_value = "-", value_name = "FILE")]
    results: String,
    /// Let lines say when they took place, for history that is imported.
    #[arg(long)]
    trust_time: bool,
    /// Stop at the first line that is refused or invalid; no line after it is done.
    #[arg(long)]
    stop_on_error: bool,
}

/// Lines in flight. The engine's queue holds twice as many.
const FLYING: usize = 4_096;

/// The longest line.
const LONGEST: usize = 1 << 20;

type Flying = (u64, Result<Ticket<Value>, Invalid>);

/// What became of the lines.
#[derive(Default)]
struct Tally {
    ok: u64,
    refused: u64,
    invalid: u64,
    /// The exit code of the gravest failure that is neither.
    failed: Option<u8>,
    stopped_at: Option<u64>,
}

impl Apply {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let shop = session.shop()?;
        let (input, bar) = self.input(session)?;
        let results = self.output(session)?;
        let (send, receive) = sync_channel::<Flying>(FLYING);
        let stop = self.stop_on_error;
        let chain = stop.then(Chain::new);
        let tally = std::thread::scope(|scope| {
            let bar = &bar;
            let writing = scope.spawn(move || write_results(&receive, results, bar, stop));
            let read = each_line(input, &mut |number, line| {
                let parsed = self.parse(line, chain.as_ref());
                let last = stop && parsed.is_err();
                let flying = parsed.map(|submission| shop.submit(submission));
                // The writing end only goes away with its thread.
                send.send((number, flying)).is_ok() && !last
            });
            drop(send);
            let tally =
                writing.join().map_err(|_| io::Error::other("the results could not be written"))??;
            read.map_err(|e| Failure::Usage(format!("{} cannot be read: {e}", self.file)))?;
            Ok::<_, Failure>(tally)
        })?;
        bar.finish_and_clear();
        self.told(session, &tally)
    }

    fn parse(&self, line: Line<'_>, chain: Option<&Chain>) -> Result<Submission<AnyOperation>, Invalid> {
        let Line::Text(text) = line else {
            return Err(Invalid::at("", format!("is longer than {LONGEST} bytes")));
        };
        let submission = operation::parse(&input::json(text)?)?;
        if submission.at.is_some() && !self.trust_time {
            return Err(Invalid::at("/at", "is only taken with --trust-time"));
        }
        Ok(match chain {
            Some(chain) => submission.chain(chain),
            None => submission,
        })
    }

    fn input(&self, session: &Session) -> Result<(Box<dyn BufRead + Send>, ProgressBar), Failure> {
        let source = open_input(&self.file)?;
        let bar = if session.global.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        let size =
            if self.file == "-" { None } else { std::fs::metadata(&self.file).ok().map(|file| file.len()) };
        let (style, length) = match size {
            Some(size) => ("{bar:30} {percent}%  {msg} lines  {elapsed} so far, {eta} left", size),
            None => ("{spinner} {msg} lines  {elapsed} so far", 0),
        };
        bar.set_length(length);
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        let input: Box<dyn Read + Send> = Box::new(bar.wrap_read(source));
        Ok((Box::new(BufReader::with_capacity(1 << 16, input)), bar))
    }

    fn output(&self, session: &Session) -> Result<Box<dyn Write + Send>, Failure> {
        match self.results.as_str() {
            "-" => Ok(Box::new(io::BufWriter::new(io::stdout()))),
            path => {
                // Opening it empties it, which must not happen to what is read or to the store.
                let same = |other: &Path| match (Path::new(path).canonicalize(), other.canonicalize()) {
                    (Ok(path), Ok(other)) => path == other,
                    _ => false,
                };
                if same(Path::new(&self.file)) || same(&session.global.db) {
                    return Err(Failure::Usage(format!("--results: {path} is in use by this command")));
                }
                let file = File::create(path)
                    .map_err(|e| Failure::Usage(format!("--results: {path} cannot be written: {e}")))?;
                Ok(Box::new(io::BufWriter::new(file)))
            }
        }
    }

    fn told(&self, session: &Session, tally: &Tally) -> Result<(), Failure> {
        let Tally { ok, refused, invalid, .. } = tally;
        session.note(&format!("{ok} done, {refused} refused, {invalid} invalid"));
        if let (true, Some(line)) = (self.stop_on_error, tally.stopped_at) {
            session.note(&format!("stopped at line {line}; no line after it was done"));
        }
        match tally.failed {
            Some(code) => Err(Failure::Told(code)),
            None if refused + invalid > 0 => Err(Failure::Partly),
            None => Ok(()),
        }
    }
}

/// Opens a file, or standard input for `-`.
pub fn open_input(file: &str) -> Result<Box<dyn Read + Send>, Failure> {
    if file == "-" {
        return Ok(Box::new(io::stdin()));
    }
    let shown = crate::output::harmless(file);
    let opened = File::open(file).map_err(|e| Failure::Usage(format!("{shown} cannot be read: {e}")))?;
    if opened.metadata()?.is_dir() {
        return Err(Failure::Usage(format!(
            "{shown} is a directory; a file or - for standard input is needed"
        )));
    }
    Ok(Box::new(opened))
}

/// A line, or that there was one too long to take.
#[derive(Clone, Copy)]
pub enum Line<'a> {
    Text(&'a [u8]),
    TooLong,
}

/// Hands over every line that is not blank, with its number, until `take` has enough.
pub fn each_line(mut input: impl BufRead, take: &mut dyn FnMut(u64, Line<'_>) -> bool) -> io::Result<()> {
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        let read = input.by_ref().take(LONGEST as u64 + 1).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        let line = if read > LONGEST && text.last() != Some(&b'\n') {
            input.skip_until(b'\n')?;
            Line::TooLong
        } else {
            Line::Text(text.trim_ascii())
        };
        if !matches!(line, Line::Text(b"")) && !take(number, line) {
            break;
        }
    }
    Ok(())
}

/// Writes results in order, and at once where no other is waiting. When nobody reads them any more, the
/// operations are still done.
fn write_results(
    flying: &Receiver<Flying>,
    mut out: Box<dyn Write + Send>,
    bar: &ProgressBar,
    stop: bool,
) -> io::Result<Tally> {
    let (mut tally, mut reader_gone, mut lines) = (Tally::default(), false, 0_u64);
    loop {
        let (number, ticket) = match flying.try_recv() {
            Ok(next) => next,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                written(out.flush(), &mut reader_gone)?;
                match flying.recv() {
                    Ok(next) => next,
                    Err(_) => break,
                }
            }
        };
        // A line that cannot be read may come behind the one at which it stopped: it was never reached.
        if stop && tally.stopped_at.is_some() && ticket.is_err() {
            continue;
        }
        let outcome = ticket.map_err(Error::from).and_then(Ticket::wait);
        lines += 1;
        if lines.is_multiple_of(1_024) {
            bar.set_message(format!("{lines} ({:.0}/s)", lines as f64 / bar.elapsed().as_secs_f64()));
        }
        let Some(result) = tally.count(number, outcome) else { continue };
        if !reader_gone {
            written(writeln!(out, "{result}"), &mut reader_gone)?;
        }
    }
    written(out.flush(), &mut reader_gone)?;
    Ok(tally)
}

fn written(result: io::Result<()>, reader_gone: &mut bool) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            *reader_gone = true;
            Ok(())
        }
        other => other,
    }
}

impl Tally {
    /// Counts an outcome, and gives its result line; a line that was not attempted has none.
    fn count(&mut self, number: u64, outcome: Result<commerce_core::Answer<Value>, Error>) -> Option<Value> {
        if matches!(outcome, Err(Error::Skipped)) {
            return None;
        }
        if outcome.is_err() {
            self.stopped_at.get_or_insert(number);
        }
        Some(match outcome {
            Ok(answer) => {
                self.ok += 1;
                json!({ "line": number, "ok": answer })
            }
            Err(Error::Refused(refusal)) => {
                self.refused += 1;
                json!({ "line": number, "refused": refusal })
            }
            Err(Error::Invalid(invalid)) => {
                self.invalid += 1;
                json!({ "line": number, "invalid": invalid })
            }
            Err(error) => {
                let code = code_of(&error);
                self.failed = Some(self.failed.unwrap_or(code).min(code));
                let code = match &error {
                    Error::Unknown(_) => "unknown",
                    other => Problem::Engine(other.clone()).coded().0,
                };
                json!({ "line": number, "error": { "code": code, "detail": error.to_string() } })
            }
        })
    }
}

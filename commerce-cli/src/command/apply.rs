//! `apply`: performs operations from JSON Lines, in order. Many lines are in flight at once, so that they are committed in
//! groups. They are decided in input order, and results are written in that order.
//!
//! Three threads share the work: one reads lines, the caller's parses and submits them, and one writes results. So the
//! command can stop between two lines, whatever it is waiting for.

mod results;
mod summary;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use commerce_core::{AnyOperation, Chain, Error, Invalid, Submission, Ticket, input, registry};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::cancellation::Cancellation;
use crate::failure::{Failure, position_after};
use crate::lines::{Line, MAX_LINE, each_line, open_input};
use crate::local_user;
use crate::session::Session;
use results::ResultWriter;
use summary::Summary;

/// Perform operations from JSON Lines, in order.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce apply orders.jsonl --results results.jsonl
  echo '{\"op\":\"wallet.charge\",\"user\":\"alice\",\"amount\":5000,\"key\":\"c-1\"}' | commerce apply -

If the store or the results cannot be written, the command stops and says after which line.
SIGINT, SIGTERM and SIGHUP stop it between two lines, after the results of all lines in
flight are written. The exit code is then 130, 143 or 129.")]
pub struct Apply {
    /// Read this file, or standard input if it is -.
    file: String,
    /// Write one result per line to this file, or to standard output if it is -.
    #[arg(long, default_value = "-", value_name = "FILE")]
    results: String,
    /// Accept the time of each operation from its line (`at`), to import history.
    #[arg(long)]
    trust_time: bool,
    /// Stop at the first line that is refused or invalid. No later line is performed.
    #[arg(long)]
    stop_on_error: bool,
}

/// The most lines in flight. The queue of the engine holds twice as many.
const MAX_IN_FLIGHT: usize = 4_096;

/// The most lines that are read but not submitted.
const READ_AHEAD: usize = 256;

/// How long the lines that are not attempted are counted.
const COUNT_TIMEOUT: Duration = Duration::from_millis(500);

/// A message to the submitting thread.
enum Message {
    /// A line and its number.
    Line(u64, Vec<u8>),
    /// The number of a line that is too long.
    TooLong(u64),
    /// The input has ended, or cannot be read.
    End(std::io::Result<()>),
    /// The command may be cancelled: check the token.
    Wake,
}

/// A line in flight: its number, and its ticket or its faults.
type InFlight = (u64, Result<Ticket<Value>, Invalid>);

impl Apply {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let shop = session.shop()?;
        let (input, bar) = self.input(session)?;
        let results = self.results(session)?;
        let cancellation = Cancellation::default();
        let (send, lines) = sync_channel::<Message>(READ_AHEAD);
        let waking = send.clone();
        // If the channel is full, the receiver is not waiting.
        let wake = move || drop(waking.try_send(Message::Wake));
        cancellation.cancel_on_signals(wake.clone())?;
        // This thread may wait for input forever, so it is never joined.
        std::thread::Builder::new().name("commerce-lines".into()).spawn(move || read_lines(input, &send))?;
        let chain = if self.stop_on_error { Chain::new() } else { Chain::until_store_fails() };
        let (sender, in_flight) = sync_channel::<InFlight>(MAX_IN_FLIGHT);
        let stop = || {
            chain.end();
            cancellation.cancel();
            wake();
        };
        let (summary, read) = std::thread::scope(|scope| {
            let (bar, stop, stop_on_error) = (&bar, &stop, self.stop_on_error);
            let writing = scope.spawn(move || write_results(&in_flight, results, bar, stop_on_error, stop));
            let read = self.submit_lines(&lines, &cancellation, |number, parsed| {
                let ticket = parsed.map(|submission| shop.submit(submission.chain(&chain)));
                // The receiver is dropped only if its thread panicked.
                sender.send((number, ticket)).is_ok()
            });
            drop(sender);
            (writing.join(), read)
        });
        let summary = summary
            .map_err(|_| Failure::Io(std::io::Error::other("the thread that writes results failed")))?;
        bar.finish_and_clear();
        self.summarize(session, summary, &cancellation, read, &lines)
    }

    /// Submits lines until the input ends or the command is cancelled. Returns how the input ended, if it did.
    fn submit_lines(
        &self,
        lines: &Receiver<Message>,
        cancellation: &Cancellation,
        mut submit: impl FnMut(u64, Result<Submission<AnyOperation>, Invalid>) -> bool,
    ) -> Option<std::io::Result<()>> {
        while !cancellation.is_cancelled() {
            let (number, parsed) = match lines.recv().ok()? {
                Message::Line(number, text) => (number, self.parse(Line::Text(&text))),
                Message::TooLong(number) => (number, self.parse(Line::TooLong)),
                Message::End(read) => return Some(read),
                Message::Wake => continue,
            };
            let last = self.stop_on_error && parsed.is_err();
            if !submit(number, parsed) || last {
                break;
            }
        }
        None
    }

    /// Reads the operation in a line.
    fn parse(&self, line: Line<'_>) -> Result<Submission<AnyOperation>, Invalid> {
        let Line::Text(text) = line else {
            return Err(Invalid::at("", format!("is longer than {MAX_LINE} bytes")));
        };
        let submission = registry::parse_operation(&input::json(text)?)?;
        if submission.at.is_some() && !self.trust_time {
            return Err(Invalid::at("/at", "is only accepted with --trust-time"));
        }
        Ok(submission.caller(local_user::caller()))
    }

    /// Opens the input, whose progress the bar follows.
    fn input(&self, session: &Session) -> Result<(Box<dyn BufRead + Send>, ProgressBar), Failure> {
        let source = open_input(&self.file)?;
        let bar = if session.global.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        let size =
            if self.file == "-" { None } else { std::fs::metadata(&self.file).ok().map(|file| file.len()) };
        let (style, length) = match size {
            Some(size) => ("{bar:30} {percent}%  {msg} lines  {elapsed} elapsed, {eta} left", size),
            None => ("{spinner} {msg} lines  {elapsed} elapsed", 0),
        };
        bar.set_length(length);
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        let input: Box<dyn Read + Send> = Box::new(bar.wrap_read(source));
        Ok((Box::new(BufReader::with_capacity(1 << 16, input)), bar))
    }

    /// Opens the results.
    fn results(&self, session: &Session) -> Result<ResultWriter, Failure> {
        if self.results == "-" {
            return Ok(ResultWriter::stdout());
        }
        let path = self.results.as_str();
        // Opening the file empties it, so it must be neither the input nor the store.
        let is_same_file = |other: &Path| match (Path::new(path).canonicalize(), other.canonicalize()) {
            (Ok(path), Ok(other)) => path == other,
            _ => false,
        };
        if is_same_file(Path::new(&self.file)) || is_same_file(&session.store()?.place) {
            return Err(Failure::Usage(format!("--results: {path} is in use by this command")));
        }
        let file = File::create(path)
            .map_err(|e| Failure::Usage(format!("--results: {path} cannot be written: {e}")))?;
        Ok(ResultWriter::file(file))
    }

    /// Prints the summary. Fails with the most serious error, if there was one.
    fn summarize(
        &self,
        session: &Session,
        summary: Summary,
        cancellation: &Cancellation,
        read: Option<std::io::Result<()>>,
        lines: &Receiver<Message>,
    ) -> Result<(), Failure> {
        let (unread, counted_all) = if read.is_some() { (0, true) } else { count_rest(lines) };
        session.note(&summary.sentence(unread, counted_all));
        let Summary { refused, invalid, last_decided, last_written, .. } = summary;
        if let Some(error) = summary.store_error {
            return Err(Failure::Stopped { after: last_decided, error });
        }
        if let Some(error) = summary.write_error {
            let done = format!(
                "the results cannot be written and end {}; stopped {}, every line up to it was decided",
                position_after(last_written),
                position_after(last_decided)
            );
            return Err(Failure::OutputFailed { done, error });
        }
        if let (true, Some(line)) = (self.stop_on_error, summary.first_unsuccessful) {
            session.note(&format!("stopped at line {line}; no later line was performed"));
        }
        match (read, cancellation.signal()) {
            (Some(Err(e)), _) => Err(Failure::Usage(format!("{} cannot be read: {e}", self.file))),
            (None, Some(signal)) => {
                session.note(&format!("stopped {} by signal {signal}", position_after(last_decided)));
                // The exit code that shells give a program that a signal ended.
                Err(Failure::Reported(u8::try_from(128 + signal).unwrap_or(1)))
            }
            _ if refused + invalid > 0 => Err(Failure::Partial),
            _ => Ok(()),
        }
    }
}

/// Reads lines and sends them, then the end of the input.
fn read_lines(input: Box<dyn BufRead + Send>, send: &SyncSender<Message>) {
    let read = each_line(input, &mut |number, line| {
        let message = match line {
            Line::Text(text) => Message::Line(number, text.to_vec()),
            Line::TooLong => Message::TooLong(number),
        };
        send.send(message).is_ok()
    });
    // If the receiver is gone, the command has ended.
    let _ = send.send(Message::End(read));
}

/// Counts the remaining lines until [`COUNT_TIMEOUT`]. Returns whether it counted all of them.
fn count_rest(lines: &Receiver<Message>) -> (u64, bool) {
    let (mut count, deadline) = (0, Instant::now() + COUNT_TIMEOUT);
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Message::Line(..) | Message::TooLong(_)) => count += 1,
            Ok(Message::Wake) => {}
            Ok(Message::End(_)) => return (count, true),
            Err(_) => return (count, false),
        }
    }
}

/// Writes results in order, and flushes them when no other is ready. If the reader of the results goes away, the operations
/// are still performed. `stop` is called if results cannot be written, if the store fails and, with `stop_on_error`, at the
/// first line that does not succeed.
fn write_results(
    in_flight: &Receiver<InFlight>,
    mut results: ResultWriter,
    bar: &ProgressBar,
    stop_on_error: bool,
    stop: &dyn Fn(),
) -> Summary {
    let (mut summary, mut lines) = (Summary::default(), 0_u64);
    loop {
        let next = match in_flight.try_recv() {
            Ok(next) => Some(next),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                write(&mut summary, stop, || results.flush());
                in_flight.recv().ok()
            }
        };
        let Some((number, ticket)) = next else { break };
        let outcome = match ticket {
            // An invalid line after the one that stopped the command was never reached.
            Err(_) if summary.is_stopped() || (stop_on_error && summary.first_unsuccessful.is_some()) => {
                Err(Error::Skipped)
            }
            ticket => ticket.map_err(Error::from).and_then(Ticket::wait),
        };
        lines += 1;
        if lines.is_multiple_of(1_024) {
            bar.set_message(format!("{lines} ({:.0}/s)", lines as f64 / bar.elapsed().as_secs_f64()));
        }
        let Some(result) = summary.count(number, outcome) else { continue };
        if summary.store_error.is_some() || (stop_on_error && summary.first_unsuccessful.is_some()) {
            stop();
        }
        write(&mut summary, stop, || results.add(number, &result));
    }
    write(&mut summary, stop, || results.flush());
    summary.last_written = results.last_written();
    summary
}

/// Calls `write`, unless it has failed before.
fn write(summary: &mut Summary, stop: &dyn Fn(), write: impl FnOnce() -> std::io::Result<()>) {
    if summary.write_error.is_none()
        && let Err(error) = write()
    {
        summary.write_error = Some(error);
        stop();
    }
}

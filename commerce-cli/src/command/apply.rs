//! `apply`: operations from JSON Lines, in order. Many lines are in flight at once, so that groups form;
//! they are decided in the order in which they stand, and results are written in that order.
//!
//! Three threads share the work: one reads, one (the caller's) parses and submits, one writes results. So it can
//! stop between two lines whatever it waits for.

mod results;
mod tally;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use commerce_core::{AnyOperation, Chain, Error, Invalid, Submission, Ticket, input, registry};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::ending::Ending;
use crate::failure::{Failure, after};
use crate::lines::{LONGEST, Line, each_line, open_input};
use crate::session::Session;
use results::Results;
use tally::Tally;

/// Do operations from JSON Lines.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce apply orders.jsonl --results results.jsonl
  echo '{\"op\":\"wallet.charge\",\"user\":\"alice\",\"amount\":5000,\"key\":\"c-1\"}' | commerce apply -

It stops when the store or the results cannot be written, and says after which line. SIGINT, SIGTERM and
SIGHUP end it between two lines (exit code 130, 143 or 129): what was begun is finished and written.")]
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

/// Lines read ahead of those in flight.
const AHEAD: usize = 256;

/// How long lines that are not attempted are counted.
const COUNTING: Duration = Duration::from_millis(500);

/// What the reading thread, or whoever asks to end, sends.
enum Sent {
    Line(u64, Vec<u8>),
    TooLong(u64),
    /// The input is at its end, or cannot be read.
    End(std::io::Result<()>),
    /// There is something else to look at.
    Wake,
}

type Flying = (u64, Result<Ticket<Value>, Invalid>);

impl Apply {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let shop = session.shop()?;
        let (input, bar) = self.input(session)?;
        let results = self.output(session)?;
        let ending = Ending::default();
        let (send, lines) = sync_channel::<Sent>(AHEAD);
        let waking = send.clone();
        // Where there is no room, nobody waits for something to come.
        let wake = move || drop(waking.try_send(Sent::Wake));
        ending.on_signals(wake.clone())?;
        // It may wait for input that never comes, so nobody waits for it.
        std::thread::Builder::new().name("commerce-lines".into()).spawn(move || read_lines(input, &send))?;
        let chain = if self.stop_on_error { Chain::new() } else { Chain::while_stored() };
        let (fly, flying) = sync_channel::<Flying>(FLYING);
        let stop = || {
            chain.end();
            ending.ask();
            wake();
        };
        let (tally, read) = std::thread::scope(|scope| {
            let (bar, stop, strict) = (&bar, &stop, self.stop_on_error);
            let writing = scope.spawn(move || write_results(&flying, results, bar, strict, stop));
            let read = self.submit_lines(&lines, &ending, |number, parsed| {
                let flying = parsed.map(|submission| shop.submit(submission.chain(&chain)));
                // The writing end only goes away with its thread.
                fly.send((number, flying)).is_ok()
            });
            drop(fly);
            (writing.join(), read)
        });
        let tally =
            tally.map_err(|_| Failure::Io(std::io::Error::other("the thread of the results ended")))?;
        bar.finish_and_clear();
        self.told(session, tally, &ending, read, &lines)
    }

    /// Takes lines until the input ends or something else asks to. Says how the input ended, if it did.
    fn submit_lines(
        &self,
        lines: &Receiver<Sent>,
        ending: &Ending,
        mut submit: impl FnMut(u64, Result<Submission<AnyOperation>, Invalid>) -> bool,
    ) -> Option<std::io::Result<()>> {
        while !ending.asked() {
            let (number, parsed) = match lines.recv().ok()? {
                Sent::Line(number, text) => (number, self.parse(Line::Text(&text))),
                Sent::TooLong(number) => (number, self.parse(Line::TooLong)),
                Sent::End(read) => return Some(read),
                Sent::Wake => continue,
            };
            let last = self.stop_on_error && parsed.is_err();
            if !submit(number, parsed) || last {
                break;
            }
        }
        None
    }

    fn parse(&self, line: Line<'_>) -> Result<Submission<AnyOperation>, Invalid> {
        let Line::Text(text) = line else {
            return Err(Invalid::at("", format!("is longer than {LONGEST} bytes")));
        };
        let submission = registry::parse_operation(&input::json(text)?)?;
        if submission.at.is_some() && !self.trust_time {
            return Err(Invalid::at("/at", "is only taken with --trust-time"));
        }
        Ok(submission)
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

    fn output(&self, session: &Session) -> Result<Results, Failure> {
        if self.results == "-" {
            return Ok(Results::stdout());
        }
        let path = self.results.as_str();
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
        Ok(Results::file(file))
    }

    /// Sums up, and fails with what was gravest.
    fn told(
        &self,
        session: &Session,
        tally: Tally,
        ending: &Ending,
        read: Option<std::io::Result<()>>,
        lines: &Receiver<Sent>,
    ) -> Result<(), Failure> {
        let (unread, all) = if read.is_some() { (0, true) } else { count_rest(lines) };
        session.note(&tally.sentence(unread, all));
        let Tally { refused, invalid, decided, told, .. } = tally;
        if let Some(error) = tally.failure {
            return Err(Failure::Stopped { after: decided, error });
        }
        if let Some(error) = tally.unwritten {
            let what = format!(
                "the results cannot be written and end {}; stopped {}, every line up to it was decided",
                after(told),
                after(decided)
            );
            return Err(Failure::Unwritten { what, error });
        }
        if let (true, Some(line)) = (self.stop_on_error, tally.first_bad) {
            session.note(&format!("stopped at line {line}; no line after it was done"));
        }
        match (read, ending.signal()) {
            (Some(Err(e)), _) => Err(Failure::Usage(format!("{} cannot be read: {e}", self.file))),
            (None, Some(signal)) => {
                session.note(&format!("ended {} by signal {signal}", after(decided)));
                // As the shell tells of a program that ended so.
                Err(Failure::Told(u8::try_from(128 + signal).unwrap_or(1)))
            }
            _ if refused + invalid > 0 => Err(Failure::Partly),
            _ => Ok(()),
        }
    }
}

fn read_lines(input: Box<dyn BufRead + Send>, send: &SyncSender<Sent>) {
    let read = each_line(input, &mut |number, line| {
        let sent = match line {
            Line::Text(text) => Sent::Line(number, text.to_vec()),
            Line::TooLong => Sent::TooLong(number),
        };
        send.send(sent).is_ok()
    });
    // Where nobody takes it, the command is over.
    let _ = send.send(Sent::End(read));
}

/// Counts lines that are left, for a while. Says whether it came to the end.
fn count_rest(lines: &Receiver<Sent>) -> (u64, bool) {
    let (mut count, until) = (0, Instant::now() + COUNTING);
    loop {
        match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Sent::Line(..) | Sent::TooLong(_)) => count += 1,
            Ok(Sent::Wake) => {}
            Ok(Sent::End(_)) => return (count, true),
            Err(_) => return (count, false),
        }
    }
}

/// Writes results in order, and at once where no other is waiting. When nobody reads them any more, the operations
/// are still done; when they cannot be written, `stop` is called, as it is when the store fails or, if it is to be
/// strict, at the first line that is not done.
fn write_results(
    flying: &Receiver<Flying>,
    mut results: Results,
    bar: &ProgressBar,
    strict: bool,
    stop: &dyn Fn(),
) -> Tally {
    let (mut tally, mut lines) = (Tally::default(), 0_u64);
    loop {
        let next = match flying.try_recv() {
            Ok(next) => Some(next),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                write(&mut tally, stop, || results.flush());
                flying.recv().ok()
            }
        };
        let Some((number, ticket)) = next else { break };
        let outcome = match ticket {
            // A line that makes no sense may come behind the one at which it stopped: it was never reached.
            Err(_) if tally.stopped() || (strict && tally.first_bad.is_some()) => Err(Error::Skipped),
            ticket => ticket.map_err(Error::from).and_then(Ticket::wait),
        };
        lines += 1;
        if lines.is_multiple_of(1_024) {
            bar.set_message(format!("{lines} ({:.0}/s)", lines as f64 / bar.elapsed().as_secs_f64()));
        }
        let Some(result) = tally.count(number, outcome) else { continue };
        if tally.failure.is_some() || (strict && tally.first_bad.is_some()) {
            stop();
        }
        write(&mut tally, stop, || results.take(number, &result));
    }
    write(&mut tally, stop, || results.flush());
    tally.told = results.last();
    tally
}

/// Writes, as long as that is possible.
fn write(tally: &mut Tally, stop: &dyn Fn(), write: impl FnOnce() -> std::io::Result<()>) {
    if tally.unwritten.is_none()
        && let Err(error) = write()
    {
        tally.unwritten = Some(error);
        stop();
    }
}

//! `demo`: a tour with sample data, in a store of its own. It runs the commands of the program and prints each one.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::failure::{Failure, exit_code};
use crate::options::Global;
use crate::report::sentence;
use crate::session::Session;

/// Take a tour with sample data, in a store of its own.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  commerce demo\n  commerce --db tour.db demo")]
pub struct Demo {}

/// Runs one command, given as the words after the program's name, in a session of its own. It returns that session, and
/// what came of the command.
pub type RunCommand = fn(&[&str], Global) -> Result<(Session, Result<(), Failure>), Failure>;

/// The steps of the tour: a comment, and the command it introduces.
const STEPS: [(&str, &[&str]); 13] = [
    ("Create a shop with 200 sample products.", &["init", "--sample", "-q"]),
    ("Add a customer and charge the wallet.", &["user", "add", "minji", "--name", "민지 Minji"]),
    ("", &["charge", "minji", "60000"]),
    ("Browse the catalogue. Stock is exact.", &["product", "list", "--search", "mug", "--limit", "4"]),
    ("Fill a cart. A cart reserves no stock.", &["cart", "add", "minji", "mug-white:2", "pen-gel-black:3"]),
    (
        "Order four lamps. Only three are left, so the order is refused as a whole.",
        &["buy", "minji", "lamp-moon:4"],
    ),
    (
        "Order a speaker. The wallet does not cover it, so the order is refused.",
        &["buy", "minji", "speaker-mini"],
    ),
    ("Order and pay for the cart in one operation.", &["cart", "checkout", "minji", "--key", "order-1"]),
    (
        "Repeat it with the same key: the reply is the same, and nothing is paid twice.",
        &["cart", "checkout", "minji", "--key", "order-1"],
    ),
    ("Order something that the wallet covers.", &["buy", "minji", "tea-jeju", "gift-wrap"]),
    ("List the best sellers of the last three days.", &["top"]),
    ("List the ledger: it has an entry for every change of the balance.", &["wallet", "history", "minji"]),
    ("Recompute every figure from the ledgers.", &["verify"]),
];

impl Demo {
    /// Prints the tour. `run` runs one command.
    pub fn run(&self, session: &Session, run: RunCommand) -> Result<(), Failure> {
        let db = store_path(&session.global)?;
        if session.global.db_on_command_line {
            session.require_here("demo")?;
        }
        for (comment, command) in STEPS {
            let global = Global { db: Some(db.clone()), ..session.global.clone() };
            let shown = command.iter().map(|word| shell_quoted(word)).collect::<Vec<_>>().join(" ");
            let mut out = io::stdout().lock();
            if !comment.is_empty() {
                writeln!(out, "\n# {comment}")?;
            }
            writeln!(out, "$ commerce {shown}")?;
            drop(out);
            let (step, done) = run(command, global)?;
            match done {
                // Refusals are a part of the tour, so they go to standard output.
                Err(Failure::Engine(error @ commerce_core::Error::Refused(_))) => {
                    let (line, code) = (step.error_line(&sentence(&error, &step)), exit_code(&error));
                    writeln!(io::stdout(), "{line}\n(exit code {code})")?;
                }
                other => other?,
            }
        }
        let db = shell_quoted(&db.to_string_lossy());
        writeln!(io::stdout(), "\n# The shop is kept. Continue with:\n$ commerce --db {db} product list")?;
        Ok(())
    }
}

/// The path of the demo's store: the one on the command line, or one in a new temporary folder. COMMERCE_DB is ignored,
/// since it names the store in daily use.
fn store_path(global: &Global) -> Result<PathBuf, Failure> {
    if let (true, Some(db)) = (global.db_on_command_line, &global.db) {
        return Ok(db.clone());
    }
    for attempt in 0..100 {
        let folder = std::env::temp_dir().join(format!("commerce-demo-{}-{attempt}", std::process::id()));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder.join("commerce.db")),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(Failure::Usage(format!("{} cannot be created: {e}", folder.display()))),
        }
    }
    Err(Failure::Usage("no temporary folder could be created; use --db to choose a location".into()))
}

/// A word as it is typed in a shell.
fn shell_quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=".contains(c);
    if word.chars().all(plain) { word.into() } else { format!("'{word}'") }
}

//! `demo`: the whole story on sample data, in a store of its own, told by the very commands of the program.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::failure::{Failure, code_of};
use crate::options::Global;
use crate::report::sentence;
use crate::session::Session;

/// Show the whole story on sample data.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  commerce demo\n  commerce --db tour.db demo")]
pub struct Demo {}

/// Runs one command, given as the words behind the program's name, in a session of its own, and gives that too.
pub type RunWords = fn(&[&str], Global) -> Result<(Session, Result<(), Failure>), Failure>;

/// What is told, and the command that shows it.
const STORY: [(&str, &[&str]); 13] = [
    ("A new shop, with 200 sample products.", &["init", "--sample", "-q"]),
    ("A customer comes, and charges a wallet.", &["user", "add", "minji", "--name", "민지 Minji"]),
    ("", &["charge", "minji", "60000"]),
    ("Browsing: stock is exact.", &["product", "list", "--search", "mug", "--limit", "4"]),
    ("A cart holds no stock, only wishes.", &["cart", "add", "minji", "mug-white:2", "pen-gel-black:3"]),
    (
        "Four lamps are wanted, three are left: refused, and nothing is half done.",
        &["buy", "minji", "lamp-moon:4"],
    ),
    ("In stock, but more than the wallet holds: refused.", &["buy", "minji", "speaker-mini"]),
    ("The cart is ordered and paid in one decision.", &["cart", "checkout", "minji", "--key", "order-1"]),
    (
        "The same key again: the same answer, and nothing is paid twice.",
        &["cart", "checkout", "minji", "--key", "order-1"],
    ),
    ("Something small still fits.", &["buy", "minji", "tea-jeju", "gift-wrap"]),
    ("The best sellers of the last three days.", &["top"]),
    ("Every unit of money has an entry.", &["wallet", "history", "minji"]),
    ("Every figure is computed once more from the ledgers.", &["verify"]),
];

impl Demo {
    /// Tells the story; `run` runs its commands.
    pub fn run(&self, session: &Session, run: RunWords) -> Result<(), Failure> {
        let db = place(&session.global)?;
        for (told, command) in STORY {
            let global = Global { db: db.clone(), ..session.global.clone() };
            let shown = command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
            let mut out = io::stdout().lock();
            if !told.is_empty() {
                writeln!(out, "\n# {told}")?;
            }
            writeln!(out, "$ commerce {shown}")?;
            drop(out);
            let (step, done) = run(command, global)?;
            match done {
                // A refusal belongs to the story; it is shown where the story is told.
                Err(Failure::Engine(error @ commerce_core::Error::Refused(_))) => {
                    let (told, code) = (step.error(&sentence(&error, &step)), code_of(&error));
                    writeln!(io::stdout(), "{told}\n(exit code {code})")?;
                }
                other => other?,
            }
        }
        let db = quoted(&db.to_string_lossy());
        writeln!(io::stdout(), "\n# The shop stays. Go on with:\n$ commerce --db {db} product list")?;
        Ok(())
    }
}

/// Where the demo's store goes: where the command line told it to, or into a new temporary folder. A store
/// named by the environment is the one in daily use, so it does not count.
fn place(told: &Global) -> Result<PathBuf, Failure> {
    if told.named {
        return Ok(told.db.clone());
    }
    for attempt in 0..100 {
        let folder = std::env::temp_dir().join(format!("commerce-demo-{}-{attempt}", std::process::id()));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder.join("commerce.db")),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(Failure::Usage(format!("{} cannot be made: {e}", folder.display()))),
        }
    }
    Err(Failure::Usage("no temporary folder could be made; give --db a place".into()))
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=".contains(c);
    if word.chars().all(plain) { word.into() } else { format!("'{word}'") }
}

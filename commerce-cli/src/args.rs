//! What may stand on the command line: the global options; each command's own stand in its file.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use commerce_core::outbox::Sink;
use commerce_core::outbox::sink::{self, Secret, Settings};

use crate::command::Command;
use crate::exit::Failure;

/// A shop's engine: prepaid wallets, exact stock, carts, orders and best sellers on one SQLite file or a
/// libSQL server.
#[derive(Parser)]
#[command(
    name = "commerce",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  commerce demo                                  see the whole story on sample data
  commerce init --sample                         make commerce.db with a sample catalogue
  commerce user add alice && commerce charge alice 50000
  commerce buy alice mug-white:2 pen-gel-black

Exit codes: 0 done, 1 unexpected failure, 2 wrong usage or input, 3 refused by a rule,
4 the store is missing or cannot be opened, 5 busy or outcome unknown (safe to retry with the same --key)."
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(clap::Args, Clone)]
pub struct Global {
    /// The store: a file, or libsql://HOST:PORT (or http://, https://) of a libSQL server.
    #[arg(long, global = true, env = "COMMERCE_DB", default_value = "commerce.db", value_name = "URL")]
    pub db: PathBuf,
    /// A replica of the server to read from; what was just written is always seen.
    #[arg(long, global = true, env = "COMMERCE_READ_URL", value_name = "URL")]
    pub read_url: Option<String>,
    /// A file that holds the server's token. Without it COMMERCE_DB_TOKEN is used.
    #[arg(long, global = true, env = "COMMERCE_DB_TOKEN_FILE", value_name = "FILE")]
    pub db_token_file: Option<PathBuf>,
    /// Whether the store was named on the command line itself.
    #[arg(skip)]
    pub named: bool,
    /// How to print data.
    #[arg(long, global = true, value_enum, default_value_t = Output::Table, value_name = "FORM")]
    pub output: Output,
    /// Print no notes and no progress.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to use colours. NO_COLOR is honoured.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// How data is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people; amounts in the currency's form.
    Table,
    /// One JSON object; amounts in minor units.
    Json,
    /// One JSON object per row.
    Jsonl,
    /// One row per item; amounts in the currency's form.
    Csv,
}

/// When colours are used.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// An idempotency key.
#[derive(clap::Args, Clone, Default)]
pub struct KeyArg {
    /// Do it once, however often it is repeated with the same key.
    #[arg(long)]
    pub key: Option<String>,
}

/// Consent to what destroys something.
#[derive(clap::Args, Clone, Copy)]
pub struct YesArg {
    /// Do not ask (needed where there is no terminal to ask on).
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// Where events are delivered to.
#[derive(clap::Args, Clone)]
pub struct SinkArgs {
    /// Where events go: file:PATH, http://…, https://…, or none. Over HTTP they are signed with the secret
    /// in COMMERCE_SINK_SECRET (whsec_… as in Standard Webhooks).
    #[arg(long, env = "COMMERCE_SINK", value_name = "SINK")]
    pub sink: Option<String>,
    /// Read the secret from this file instead.
    #[arg(long, value_name = "FILE")]
    pub sink_secret_file: Option<PathBuf>,
    /// Allow a receiver in a private address range.
    #[arg(long)]
    pub sink_allow_private: bool,
}

impl SinkArgs {
    /// The sink, unless there is none.
    pub fn open(&self) -> Result<Option<Box<dyn Sink>>, Failure> {
        let Some(address) = &self.sink else { return Ok(None) };
        let secret = match &self.sink_secret_file {
            Some(file) => Some(
                std::fs::read_to_string(file)
                    .map_err(|e| Failure::Usage(format!("--sink-secret-file {}: {e}", file.display())))?,
            ),
            None => std::env::var("COMMERCE_SINK_SECRET").ok(),
        };
        let secret = secret.map(|text| Secret::new(&text)).transpose().map_err(Failure::Usage)?;
        if secret.is_none() && address.starts_with("http") {
            let how = "set COMMERCE_SINK_SECRET or give --sink-secret-file";
            return Err(Failure::Usage(format!("events over HTTP are signed; {how} (whsec_… in base64)")));
        }
        let settings = Settings { secret, allow_private: self.sink_allow_private };
        sink::open(address, &settings).map_err(Failure::Usage)
    }
}

/// Which part of a list.
#[derive(clap::Args, Clone)]
pub struct PageArgs {
    /// How many rows, 1 to 100.
    #[arg(long, default_value_t = 20)]
    pub limit: i64,
    /// Where to go on, from the page before.
    #[arg(long)]
    pub cursor: Option<String>,
    /// Every page.
    #[arg(long, conflicts_with = "cursor")]
    pub all: bool,
}

//! Options that several commands share: the global ones, idempotency keys, consent, and pages of lists. Each command's
//! own stand in its file.

use std::path::PathBuf;

use clap::ValueEnum;

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
    /// For how many hours an idempotency key is sure to be known. Tell all programs on one store the same.
    #[arg(long, global = true, env = "COMMERCE_KEEP_KEYS", default_value_t = 24, value_name = "HOURS",
        value_parser = clap::value_parser!(u32).range(24..=87_600))]
    pub keep_keys: u32,
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

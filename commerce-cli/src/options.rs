//! Options that several commands share: the global ones, idempotency keys, confirmation, and pages of lists. The options of
//! a single command are in its own file.

use std::path::PathBuf;

use clap::ValueEnum;

/// Options of every command. Help texts do not repeat what the environment says where it could hold a password.
#[derive(clap::Args, Clone)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Use this store: a file, the address of a shop that `commerce serve` serves (commerce:// with TLS, commerce+http://
    /// without), or of a libSQL server (libsql://, http:// or https://). The default is the shop of `commerce login`, and
    /// without a login the file commerce.db.
    #[arg(long, global = true, env = "COMMERCE_DB", hide_env_values = true, value_name = "FILE|URL")]
    pub db: Option<PathBuf>,
    /// Read the token for a served shop from this file. The default is the token in COMMERCE_TOKEN, and then that of the
    /// login to this shop. `commerce login` reads standard input if it is -.
    #[arg(long, global = true, env = "COMMERCE_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Read from this replica of the libSQL server. A command always sees its own writes.
    #[arg(long, global = true, env = "COMMERCE_READ_URL", hide_env_values = true, value_name = "URL")]
    pub read_url: Option<String>,
    /// Read the token of the libSQL server from this file. The default is the token in COMMERCE_DB_TOKEN.
    #[arg(long, global = true, env = "COMMERCE_DB_TOKEN_FILE", value_name = "FILE")]
    pub db_token_file: Option<PathBuf>,
    /// Trust the root certificates in this PEM file, instead of the public ones, for the server of the store and for sinks
    /// over HTTPS. The default is the file in SSL_CERT_FILE.
    #[arg(long, global = true, env = "COMMERCE_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Write to a libSQL server although it does not sync its commits: what it acknowledges is lost when its machine fails.
    /// By default such a server is only read.
    #[arg(long, global = true, env = "COMMERCE_ALLOW_UNSYNCED", value_parser = clap::builder::FalseyValueParser::new())]
    pub allow_unsynced: bool,
    /// Keep idempotency keys for at least this many hours. Use the same value in all programs that open the store.
    #[arg(long, global = true, env = "COMMERCE_KEEP_KEYS", default_value_t = 24, value_name = "HOURS",
        value_parser = clap::value_parser!(u32).range(24..=87_600))]
    pub keep_keys: u32,
    /// Whether `--db` is on the command line, rather than from the environment or the default.
    #[arg(skip)]
    pub db_on_command_line: bool,
    /// Print data in this format.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    pub output: Format,
    /// Print no notes and no progress bar. Warnings and errors are still printed.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print in colour. The NO_COLOR environment variable is honoured.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// The format of printed data.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people, with amounts in the currency's decimal form.
    Table,
    /// One JSON object, with amounts in minor units.
    Json,
    /// One JSON object per row, with amounts in minor units.
    Jsonl,
    /// A header and one line per row, with amounts in the currency's decimal form.
    Csv,
}

/// When to print in colour.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Only on a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// An idempotency key.
#[derive(clap::Args, Clone, Default)]
pub struct KeyArg {
    /// Use this idempotency key: repeating the command with the same key returns the first reply and changes nothing.
    #[arg(long)]
    pub key: Option<String>,
}

/// Confirmation of a destructive command.
#[derive(clap::Args, Clone, Copy)]
pub struct YesArg {
    /// Do not ask for confirmation. Required if there is no terminal.
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// Which part of a list to print.
#[derive(clap::Args, Clone)]
pub struct PageArgs {
    /// Print at most this many rows, 1 to 100.
    #[arg(long, default_value_t = 20)]
    pub limit: i64,
    /// Continue from this `next_cursor`.
    #[arg(long)]
    pub cursor: Option<String>,
    /// Print all rows.
    #[arg(long, conflicts_with = "cursor")]
    pub all: bool,
}

//! The program's command line: the global options, and the commands, one file per noun.

mod apply;
mod backup;
mod cart;
mod demo;
mod events;
mod import;
mod init;
mod order;
mod product;
mod serve;
mod shell;
mod token;
mod top;
mod tui;
mod user;
mod verify;
mod wallet;

use clap::{CommandFactory, Parser, Subcommand};

use crate::failure::Failure;
use crate::options::Global;
use crate::session::Session;

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

/// Everything the program can do.
#[derive(Subcommand)]
pub enum Command {
    /// Make a store.
    Init(init::Init),
    /// Show the whole story on sample data, in a store of its own.
    Demo(demo::Demo),
    /// Users: who charges and orders.
    #[command(subcommand, after_help = "Example:\n  commerce user add alice --name 'Alice 앨리스'")]
    User(user::User),
    /// Wallets: prepaid balances.
    #[command(subcommand, after_help = "Example:\n  commerce wallet charge alice 50000")]
    Wallet(wallet::Wallet),
    /// Products: what is sold.
    #[command(subcommand, after_help = "Example:\n  commerce product list --search mug")]
    Product(product::Product),
    /// Carts: what a user means to order.
    #[command(subcommand, after_help = "Example:\n  commerce cart add alice mug-white:2")]
    Cart(cart::Cart),
    /// Orders: several products at once, paid from the balance.
    #[command(subcommand, after_help = "Example:\n  commerce order place alice mug-white:2 --key order-17")]
    Order(order::Order),
    /// The best sellers.
    Top(top::Top),
    /// The outgoing events.
    #[command(subcommand, after_help = "Example:\n  commerce events list --status pending")]
    Events(events::Events),
    /// The terminal console.
    Tui(tui::Tui),
    /// Do operations from JSON Lines, in order.
    Apply(apply::Apply),
    /// Recompute every figure from the ledgers and print each difference.
    Verify(verify::Verify),
    /// Copy the store to a new file while it is in use.
    Backup(backup::Backup),
    /// Replace everything in the store by what is in a backup.
    Restore(backup::Restore),
    /// Short for `wallet charge`.
    Charge(wallet::Charge),
    /// Short for `wallet show`.
    Balance(wallet::Show),
    /// Short for `order place`.
    Buy(order::Place),
    /// Serve the shop through HTTP.
    Serve(serve::Serve),
    /// Tokens: who may come through the server.
    #[command(subcommand, after_help = "Example:\n  commerce token create office --role operator")]
    Token(token::Token),
    /// Print completions for a shell.
    Completions(shell::Completions),
    /// Print the manual page.
    #[command(after_help = "Example:\n  commerce man | man -l -")]
    Man,
}

/// Runs one command.
pub fn run(command: Command, session: &Session) -> Result<(), Failure> {
    match command {
        Command::Init(init) => init.run(session),
        Command::Demo(demo) => demo.run(session, run_words),
        Command::User(user) => user.run(session),
        Command::Wallet(wallet) => wallet.run(session),
        Command::Product(product) => product.run(session),
        Command::Cart(cart) => cart.run(session),
        Command::Order(order) => order.run(session),
        Command::Top(top) => top.run(session),
        Command::Events(events) => events.run(session),
        Command::Tui(tui) => tui.run(session),
        Command::Apply(apply) => apply.run(session),
        Command::Verify(verify) => verify.run(session),
        Command::Backup(backup) => backup.run(session),
        Command::Restore(restore) => restore.run(session),
        Command::Charge(charge) => charge.run(session),
        Command::Balance(show) => show.run(session),
        Command::Buy(place) => place.run(session),
        Command::Serve(serve) => serve.run(session),
        Command::Token(token) => token.run(session),
        Command::Completions(completions) => completions.run(Args::command()),
        Command::Man => shell::man(Args::command()),
    }
}

/// Runs a command of the demo, with these global options, in a session of its own.
fn run_words(words: &[&str], global: Global) -> Result<(Session, Result<(), Failure>), Failure> {
    let args =
        Args::try_parse_from(["commerce"].iter().chain(words)).map_err(|e| Failure::Usage(e.to_string()))?;
    let session = Session::new(Global { quiet: args.global.quiet || global.quiet, ..global });
    let done = run(args.command, &session);
    Ok((session, done))
}

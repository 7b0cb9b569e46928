//! The command line: the global options and the commands, with one file per noun.

mod apply;
mod backup;
mod cart;
mod demo;
mod events;
mod import;
mod init;
mod login;
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
/// libSQL server, or on a shop that is served elsewhere.
#[derive(Parser)]
#[command(
    name = "commerce",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  commerce demo                                  take a tour with sample data
  commerce init --sample                         create commerce.db with a sample catalogue
  commerce user add alice && commerce charge alice 50000
  commerce buy alice mug-white:2 pen-gel-black

Exit codes:
  0  success
  1  unexpected failure, or the reply could not be written
  2  invalid usage or input
  3  refused by a rule, or not allowed to the token
  4  the store is missing, cannot be opened, is from a newer version, or refuses the token
  5  busy, the served shop is away, or the outcome is unknown: retry with the same --key
  130, 143, 129  a signal stopped `apply`"
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Create a store.
    Init(init::Init),
    /// Take a tour with sample data, in a store of its own.
    Demo(demo::Demo),
    /// Manage users.
    #[command(subcommand, after_help = "Example:\n  commerce user add alice --name 'Alice 앨리스'")]
    User(user::User),
    /// Manage wallets, the prepaid balances of users.
    #[command(subcommand, after_help = "Example:\n  commerce wallet charge alice 50000")]
    Wallet(wallet::Wallet),
    /// Manage the catalogue.
    #[command(subcommand, after_help = "Example:\n  commerce product list --search mug")]
    Product(product::Product),
    /// Manage carts.
    #[command(subcommand, after_help = "Example:\n  commerce cart add alice mug-white:2")]
    Cart(cart::Cart),
    /// Manage orders, which are paid from the balance.
    #[command(subcommand, after_help = "Example:\n  commerce order place alice mug-white:2 --key order-17")]
    Order(order::Order),
    /// List the best sellers.
    Top(top::Top),
    /// List and deliver outgoing events.
    #[command(subcommand, after_help = "Example:\n  commerce events list --status pending")]
    Events(events::Events),
    /// Open the terminal console.
    Tui(tui::Tui),
    /// Perform operations from JSON Lines, in order.
    Apply(apply::Apply),
    /// Recompute every figure from the ledgers and print each difference.
    Verify(verify::Verify),
    /// Copy the store to a new file while it is in use.
    Backup(backup::Backup),
    /// Replace the content of the store with a backup. A copy of the store is kept first.
    Restore(backup::Restore),
    /// Short for `wallet charge`.
    Charge(wallet::Charge),
    /// Short for `wallet show`.
    Balance(wallet::Show),
    /// Short for `order place`.
    Buy(order::Place),
    /// Serve the shop over HTTP.
    Serve(serve::Serve),
    /// Manage access tokens for the server.
    #[command(subcommand, after_help = "Example:\n  commerce token create office --role operator")]
    Token(token::Token),
    /// Keep the address of a served shop, and the token for it. Commands without --db then use that shop.
    Login(login::Login),
    /// Forget the address and the token that `login` keeps.
    Logout(login::Logout),
    /// Print a completion script for a shell.
    Completions(shell::Completions),
    /// Print the manual page.
    #[command(after_help = "Example:\n  commerce man | man -l -")]
    Man,
}

/// Runs one command.
pub fn run(command: Command, session: &Session) -> Result<(), Failure> {
    match command {
        Command::Init(init) => init.run(session),
        Command::Demo(demo) => demo.run(session, run_demo_command),
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
        Command::Login(login) => login.run(session),
        Command::Logout(logout) => logout.run(session),
        Command::Completions(completions) => completions.run(Args::command()),
        Command::Man => shell::man(Args::command()),
    }
}

/// Runs a command line of the demo, with these global options, in a session of its own.
fn run_demo_command(words: &[&str], global: Global) -> Result<(Session, Result<(), Failure>), Failure> {
    let args =
        Args::try_parse_from(["commerce"].iter().chain(words)).map_err(|e| Failure::Usage(e.to_string()))?;
    let session = Session::new(Global { quiet: args.global.quiet || global.quiet, ..global });
    let done = run(args.command, &session);
    Ok((session, done))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `check` for a command and all its subcommands, with the words that name each.
    fn walk(command: &clap::Command, path: &str, check: &mut dyn FnMut(&str, &clap::Command)) {
        check(path, command);
        for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
            walk(subcommand, &format!("{path} {}", subcommand.get_name()), check);
        }
    }

    #[test]
    fn every_command_and_argument_has_a_help_text() {
        let mut program = Args::command();
        program.build();
        let mut commands = 0;
        walk(&program, "commerce", &mut |path, command| {
            commands += 1;
            assert!(command.get_about().is_some(), "{path} has no help text");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{path}: {argument} has no help text");
                for value in argument.get_possible_values() {
                    let is_flag = ["true", "false"].contains(&value.get_name());
                    let is_shell = path == "commerce completions";
                    assert!(
                        is_flag || is_shell || value.get_help().is_some(),
                        "{path}: {argument} {} has no help text",
                        value.get_name()
                    );
                }
            }
        });
        assert!(commands > 35, "{commands} commands were seen");
    }

    #[test]
    fn global_options_have_a_heading_of_their_own() {
        let mut program = Args::command();
        program.build();
        walk(&program, "commerce", &mut |path, command| {
            for argument in command.get_arguments() {
                let heading = argument.is_global_set().then_some("Global options");
                assert_eq!(argument.get_help_heading(), heading, "{path}: {argument}");
            }
        });
    }
}

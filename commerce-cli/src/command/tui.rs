//! `tui`: the terminal console.

use std::io::{self, IsTerminal};
use std::sync::mpsc::channel;

use clap::ValueEnum;
use commerce_core::outbox::Relay;
use commerce_core::outbox::relay::Notice;
use commerce_core::{Commerce, UserId, token};
use commerce_tui::{Role, ThemeName};

use crate::failure::Failure;
use crate::local_user;
use crate::options::Color;
use crate::relay::RelayArgs;
use crate::session::Session;

/// Open the terminal console.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce tui --user alice
  commerce --db shop.db tui --read-only --theme light

In the console, press ? for the keys of the current screen. NO_COLOR selects the theme mono.")]
pub struct Tui {
    /// Start with the cart of this user.
    #[arg(long)]
    user: Option<String>,
    /// Refuse every change.
    #[arg(long)]
    read_only: bool,
    /// Use this colour theme.
    #[arg(long, value_enum)]
    theme: Option<Theme>,
    #[command(flatten)]
    relay: RelayArgs,
}

/// The colour themes of the console.
#[derive(Clone, Copy, ValueEnum)]
enum Theme {
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// No colours.
    Mono,
}

impl Tui {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let user = self.user.as_deref().map(UserId::try_from).transpose();
        let customer = user.map_err(|error| Failure::Usage(format!("--user: {error}")))?;
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Failure::Usage(
                "the console needs a terminal; use the other commands in scripts".into(),
            ));
        }
        let shop = session.shop()?.clone();
        session.print_other_warnings()?;
        // The console shows the state of delivery. Other notices are printed when it has released the terminal.
        let (sender, notices) = channel();
        let on_notice = move |notice: &Notice| {
            match notice {
                // The receiver lives as long as the relay.
                Notice::Warning(_) | Notice::Trouble(_) | Notice::Missing { .. } | Notice::Ended(_) => {
                    let _ = sender.send(notice.to_string());
                }
                _ => {}
            }
        };
        let relay = match self.read_only {
            false => self.relay.start(session, &shop, Relay::start, on_notice)?,
            true => None,
        };
        let place = &session.store()?.place;
        let store = place.file_name().unwrap_or(place.as_os_str()).to_string_lossy().into_owned();
        let (read_only, theme, clock) = (self.read_only, self.theme(session), shop.clock());
        let role = self.role(&shop, customer.as_ref())?;
        let caller = local_user::caller();
        let options = commerce_tui::Options { shop, store, clock, customer, caller, role, read_only, theme };
        let result = commerce_tui::run(options);
        drop(relay);
        notices.try_iter().for_each(|notice| session.diagnostics().warn(&notice));
        let under_way: Vec<_> = result?.iter().map(ToString::to_string).collect();
        if !under_way.is_empty() {
            session.diagnostics().warn(&format!(
                "quit before the outcome of every operation was known; submit it again with its key to learn it: {}",
                under_way.join(", ")
            ));
        }
        Ok(())
    }

    /// What the token for a served shop permits. Whoever can open a store permits themselves everything.
    fn role(&self, shop: &Commerce, customer: Option<&UserId>) -> Result<Role, Failure> {
        let Some(identity) = shop.identity() else { return Ok(Role::Operator) };
        match (identity.role, identity.user) {
            (token::Role::Operator, _) => Ok(Role::Operator),
            (token::Role::Shopper, Some(own)) => match customer.filter(|customer| **customer != own) {
                Some(other) => Err(Failure::Usage(format!("--user {other}: the token is for {own}"))),
                None => Ok(Role::Shopper(own)),
            },
            _ => Ok(Role::Viewer),
        }
    }

    fn theme(&self, session: &Session) -> ThemeName {
        match (self.theme, session.global.color) {
            (Some(Theme::Dark), _) => ThemeName::Dark,
            (Some(Theme::Light), _) => ThemeName::Light,
            (Some(Theme::Mono), _) | (None, Color::Never) => ThemeName::Mono,
            (None, Color::Always) => ThemeName::Dark,
            (None, Color::Auto) => {
                let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                if no_color { ThemeName::Mono } else { ThemeName::Dark }
            }
        }
    }
}

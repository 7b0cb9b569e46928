//! `tui`: the terminal console.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::channel;

use clap::ValueEnum;
use commerce_core::outbox::Relay;
use commerce_core::outbox::relay::Notice;
use commerce_core::{SystemClock, UserId};
use commerce_tui::ThemeName;

use crate::failure::Failure;
use crate::options::Color;
use crate::relay::RelayArgs;
use crate::session::Session;

/// The terminal console.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce tui --user alice
  commerce --db shop.db tui --read-only --theme light

In the console, ? shows the keys of the present screen. NO_COLOR gives the theme mono.")]
pub struct Tui {
    /// Whose cart to begin with.
    #[arg(long)]
    user: Option<String>,
    /// Change nothing.
    #[arg(long)]
    read_only: bool,
    /// The colours.
    #[arg(long, value_enum)]
    theme: Option<Theme>,
    #[command(flatten)]
    relay: RelayArgs,
}

/// The colours of the console.
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
        let customer = user.map_err(|bad| Failure::Usage(format!("--user: {bad}")))?;
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Failure::Usage(
                "the console needs a terminal; scripts use the other commands".into(),
            ));
        }
        let shop = session.shop()?.clone();
        // How delivery stands is on the console's own screen; the rest is told when the terminal is free again.
        let (told, untold) = channel();
        let tell = move |notice: &Notice| {
            match notice {
                // The receiver lives as long as the relay.
                Notice::Warning(_) | Notice::Trouble(_) | Notice::Missing { .. } | Notice::Ended(_) => {
                    let _ = told.send(notice.to_string());
                }
                _ => {}
            }
        };
        let relay = match self.read_only {
            false => self.relay.start(&shop, Relay::start, tell)?,
            true => None,
        };
        let path = &session.global.db;
        let store = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let (read_only, theme, clock) = (self.read_only, self.theme(session), Arc::new(SystemClock));
        let options = commerce_tui::Options { shop, store, clock, customer, read_only, theme };
        let ended = commerce_tui::run(options);
        drop(relay);
        untold.try_iter().for_each(|notice| session.teller().warn(&notice));
        Ok(ended?)
    }

    fn theme(&self, session: &Session) -> ThemeName {
        match (self.theme, session.global.color) {
            (Some(Theme::Dark), _) => ThemeName::Dark,
            (Some(Theme::Light), _) => ThemeName::Light,
            (Some(Theme::Mono), _) | (None, Color::Never) => ThemeName::Mono,
            (None, Color::Always) => ThemeName::Dark,
            (None, Color::Auto) => {
                let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                if unwanted { ThemeName::Mono } else { ThemeName::Dark }
            }
        }
    }
}

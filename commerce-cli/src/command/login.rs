//! `login` and `logout`: the shop that commands work on when none is named, and the token for it.

use std::io::{self, Read};

use commerce_core::token::TokenName;
use commerce_core::{Commerce, Error, Identity, Location, OpenError, UserId, escape};
use serde::Serialize;

use crate::address::is_served;
use crate::failure::Failure;
use crate::login;
use crate::options::Global;
use crate::output::{Column, NoRows, Record};
use crate::secret;
use crate::session::Session;
use crate::store::{self, Origin, Store};

/// Keep the address of a served shop, and the token for it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce login commerce://shop.example
  commerce login commerce://shop.example --token-file office.token
  pass show shop | commerce login commerce://shop.example --token-file -
  commerce login commerce+http://10.0.0.7:8080,10.0.0.8:8080
  commerce login --show

The token comes from --token-file, or else from COMMERCE_TOKEN, or else it is asked for on
the terminal. It is checked, and then kept with the address and --ca-file in the file
commerce/login.json of the user's configuration folder, which only the user can read.

Commands without --db then use this shop, in every folder: a file commerce.db in the
working folder is used only if it is named. COMMERCE_DB and --db win over the login, and
COMMERCE_TOKEN and --token-file win over its token. The token is sent to this shop only.
`init` and `demo` always make a store of their own.")]
pub struct Login {
    /// The address of the shop: commerce://HOST or commerce://HOST:PORT, or commerce+http://HOST:PORT without TLS. Further
    /// addresses of the same shop follow after commas.
    #[arg(value_name = "ADDRESS", required_unless_present = "show")]
    shop: Option<String>,
    /// Show the present login and what its token permits, as the shop tells it. Nothing is changed.
    #[arg(long, conflicts_with = "shop")]
    show: bool,
}

/// Forget the address and the token that `login` keeps.
#[derive(clap::Args)]
#[command(after_help = "Example:
  commerce logout

The token stays valid until it is revoked with: commerce token revoke NAME")]
pub struct Logout {}

impl Login {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let Some(shop) = &self.shop else { return show(session) };
        if session.global.db_on_command_line {
            return Err(Failure::Usage("the address is an argument of login; leave out --db".into()));
        }
        if !is_served(shop.as_ref()) {
            let text = escape(shop);
            return Err(Failure::Usage(format!(
                "{text} is not the address of a served shop, such as commerce://shop.example"
            )));
        }
        // Later commands may run in another folder.
        let ca_file = session.global.ca_file.as_ref().map(std::path::absolute).transpose()?;
        let mut token = given_token(&session.global)?;
        let place = Store::named(shop.into()).location_without_token(&session.global)?;
        let opened = match open(session, &place, token.as_deref()) {
            Err(failure) if token.is_none() && needs_token(&failure) && secret::can_ask() => {
                token = Some(asked_token(shop)?);
                open(session, &place, token.as_deref())
            }
            opened => opened,
        };
        let known = Known::of(opened?)?;
        if token.is_some() && !is_private(shop) {
            session
                .diagnostics()
                .warn("commerce+http:// is not encrypted: whoever is on the way can read the token");
        }
        let kept = login::Login { shop: shop.clone(), token, ca_file }.keep()?;
        session.print_done(&known)?;
        session.note(&format!("commands without --db now use this shop (kept in {})", kept.display()));
        if session.global.db.is_some() {
            session.note("COMMERCE_DB is set, and wins over the login");
        }
        Ok(())
    }
}

impl Logout {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        session.note(if login::Login::forget()? { "the login is removed" } else { "there is no login" });
        Ok(())
    }
}

/// Prints the present login.
fn show(session: &Session) -> Result<(), Failure> {
    let store = Store::chosen(&Global { db: None, ..session.global.clone() })?;
    if store.origin != Origin::Login {
        return Err(Failure::Usage("there is no login; make one with: commerce login ADDRESS".into()));
    }
    let shop = session.open_at(store.location(&session.global)?, session.options())?;
    session.print_done(&Known::of(shop)?)
}

fn open<'a>(session: &'a Session, place: &Location, token: Option<&str>) -> Result<&'a Commerce, Failure> {
    let place = match token {
        Some(token) => place.clone().token(token),
        None => place.clone(),
    };
    session.open_at(place, session.options())
}

/// The token that the options, the standard input or the environment give.
fn given_token(global: &Global) -> Result<Option<String>, Failure> {
    let Some(file) = &global.token_file else {
        let token = store::variable_text(store::TOKEN_VARIABLE);
        return token.map(|text| checked(store::TOKEN_VARIABLE, &text)).transpose();
    };
    let mut text = String::new();
    let read = match file.as_os_str() == "-" {
        true => io::stdin().take(MAX_INPUT).read_to_string(&mut text),
        false => std::fs::File::open(file).and_then(|file| file.take(MAX_INPUT).read_to_string(&mut text)),
    };
    read.map_err(|e| Failure::Usage(format!("--token-file: {} cannot be read: {e}", file.display())))?;
    checked("--token-file", &text).map(Some)
}

/// More than any token has, so that a wrong file is not read to its end.
const MAX_INPUT: u64 = 64 << 10;

/// Whether nobody on the way can read a token: with TLS, and on this machine.
fn is_private(shop: &str) -> bool {
    let Some(addresses) = shop.strip_prefix("commerce+http://") else { return true };
    addresses.split(',').all(|address| {
        let host = address.trim_end_matches('/').rsplit_once(':').map_or(address, |(host, _)| host);
        let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    })
}

/// Whether the shop cannot be opened without a token.
fn needs_token(failure: &Failure) -> bool {
    matches!(failure, Failure::Engine(Error::Open(OpenError::Denied { .. })))
}

/// Asks for the token on the terminal.
fn asked_token(shop: &str) -> Result<String, Failure> {
    let typed = secret::ask(&format!("token for {} (not shown)", escape(shop)))?;
    let typed = typed.ok_or_else(|| Failure::Usage("cancelled: nothing was changed".into()))?;
    checked("the token", &typed)
}

/// A token without the white space around it. The message for what is none repeats nothing of it.
fn checked(source: &str, text: &str) -> Result<String, Failure> {
    let token = text.trim();
    match token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => {
            Err(Failure::Usage(format!("{source} holds no token: one word of visible ASCII is expected")))
        }
        false => Ok(token.into()),
    }
}

/// The shop of a login, and whom it takes the user for.
#[derive(Serialize)]
struct Known {
    shop: String,
    currency: &'static str,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
}

impl Known {
    fn of(shop: &Commerce) -> Result<Self, Failure> {
        let address = shop.location().to_string();
        let Some(Identity { role, token, user }) = shop.identity() else {
            return Err(Failure::Usage(format!("{address} is not a shop that is served")));
        };
        Ok(Self { shop: address, currency: shop.currency().code(), role: role.as_str(), token, user })
    }
}

impl Record for Known {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("shop", |known| (&known.shop).into()),
        Column::new("currency", |known| known.currency.into()),
        Column::new("role", |known| known.role.into()),
        Column::new("token", |known| known.token.as_ref().into()),
        Column::new("user", |known| known.user.as_ref().into()),
    ];
    type Row = NoRows;
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn a_token_is_private_over_tls_and_on_this_machine() {
        for shop in [
            "commerce://shop.example",
            "commerce+http://localhost:80",
            "commerce+http://127.0.0.1:80/",
            "commerce+http://[::1]:80,127.0.0.2:81",
        ] {
            assert!(is_private(shop), "{shop}");
        }
        for shop in ["commerce+http://10.0.0.7:80", "commerce+http://127.0.0.1:80,shop.example:80"] {
            assert!(!is_private(shop), "{shop}");
        }
    }
}

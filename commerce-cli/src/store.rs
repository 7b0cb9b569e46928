//! Which store a command works on: the one of `--db`, of COMMERCE_DB, of the login, or `commerce.db`. The first of them
//! that is there decides, and a token is sent to the shop it was given for and to no other.

use std::path::{Path, PathBuf};

use commerce_core::{Location, OpenError, Roots};

use crate::address::is_served;
use crate::failure::Failure;
use crate::login::Login;
use crate::options::Global;
use crate::proxy::Proxy;

/// The store of a command.
pub struct Store {
    /// The path or the address, as it was given.
    pub place: PathBuf,
    /// Who chose it.
    pub origin: Origin,
    /// The login to the shop at this address, if there is one.
    login: Option<Login>,
}

/// Who chose a store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `--db` or COMMERCE_DB.
    Named,
    /// `commerce login`.
    Login,
    /// Nobody: the file in the working folder.
    Default,
}

/// A token, and where it comes from.
pub enum Token {
    /// An option, and the file that it names.
    File(&'static str, PathBuf),
    /// A variable of the environment, and its text.
    Variable(&'static str, String),
    /// The login to this shop.
    Login(String),
}

/// The file of the store that nobody chose.
const DEFAULT: &str = "commerce.db";

/// The variable that holds the token for a served shop.
pub const TOKEN_VARIABLE: &str = "COMMERCE_TOKEN";

impl Store {
    /// The store that these options, or else the login, choose.
    pub fn chosen(global: &Global) -> Result<Self, Failure> {
        let named = match &global.db {
            // Only the token of a login is of use for a store that is named.
            Some(place) if !is_served(place) => return Ok(Self::named(place.clone())),
            other => other,
        };
        let login = Login::read()?;
        Ok(match (named, login) {
            (Some(place), login) => {
                let login = login.filter(|login| login.is_to(place));
                Self { login, ..Self::named(place.clone()) }
            }
            (None, Some(login)) => {
                Self { place: login.shop.clone().into(), origin: Origin::Login, login: Some(login) }
            }
            (None, None) => Self { origin: Origin::Default, ..Self::named(DEFAULT.into()) },
        })
    }

    /// The store that is made when these options name none. A login is to a shop that exists.
    pub fn to_create(global: &Global) -> Self {
        match &global.db {
            Some(place) => Self::named(place.clone()),
            None => Self { origin: Origin::Default, ..Self::named(DEFAULT.into()) },
        }
    }

    /// A store that is named.
    pub fn named(place: PathBuf) -> Self {
        Self { place, origin: Origin::Named, login: None }
    }

    /// The address of a shop that `commerce serve` serves; None for a file or a libSQL server.
    pub fn served(&self) -> Option<&str> {
        self.place.to_str().filter(|_| is_served(&self.place))
    }

    /// Fails for a shop that is served elsewhere, and says where to run this command.
    pub fn require_here(&self, command: &str) -> Result<(), Failure> {
        let Some(address) = self.served() else { return Ok(()) };
        let or = match self.origin {
            Origin::Login => ", or name a file of this machine with --db",
            _ => "",
        };
        Err(Failure::NotHere(format!(
            "{command} needs the store itself; run it on the machine that serves {address}{or}"
        )))
    }

    /// The location, with the token that is meant for it. Tokens are no arguments, since other users of the machine can see
    /// arguments.
    pub fn location(&self, global: &Global) -> Result<Location, Failure> {
        let location = self.location_without_token(global)?;
        match self.token(global) {
            Some(Token::File(option, file)) => {
                location.token_file(file).map_err(|e| Failure::Usage(format!("{option}: {e}")))
            }
            Some(Token::Variable(_, text) | Token::Login(text)) => Ok(location.token(&text)),
            None => Ok(location),
        }
    }

    /// The token that is meant for this store, if there is one.
    pub fn token(&self, global: &Global) -> Option<Token> {
        let (option, file, variable, login) = match self.served() {
            Some(_) => ("--token-file", &global.token_file, TOKEN_VARIABLE, self.login.as_ref()),
            None => ("--db-token-file", &global.db_token_file, "COMMERCE_DB_TOKEN", None),
        };
        if let Some(file) = file {
            return Some(Token::File(option, file.clone()));
        }
        let of_variable = variable_text(variable).map(|text| Token::Variable(variable, text));
        of_variable.or_else(|| login?.token.clone().map(Token::Login))
    }

    /// The location, with everything but a token. The proxies of the environment are for shops that are served.
    pub fn location_without_token(&self, global: &Global) -> Result<Location, Failure> {
        let Some(text) = self.place.to_str() else { return Ok((&self.place).into()) };
        let mut location: Location = text.parse().map_err(OpenError::Address)?;
        if let Some(replica) = &global.read_url {
            location = location.read_from(replica).map_err(OpenError::Address)?;
        }
        let tls = location.uses_tls();
        if let Some(roots) = self.roots(global, tls)? {
            location = location.roots(roots);
        }
        match self.served().and_then(|_| Proxy::of_environment(tls)) {
            Some(Proxy { variable, url, except }) => {
                location.proxy(&url, &except).map_err(|e| Failure::Usage(format!("{variable}: {e}")))
            }
            None => Ok(location),
        }
    }

    /// The roots to trust instead of the public ones: those of the options, else of the login, else of the environment. The
    /// environment comes last, since it holds for all programs of the machine. Files are read only where TLS is spoken.
    fn roots(&self, global: &Global, uses_tls: bool) -> Result<Option<Roots>, Failure> {
        if !uses_tls {
            return Ok(None);
        }
        match self.login.as_ref().and_then(|login| login.ca_file.clone()) {
            Some(file) if global.ca_file.is_none() => {
                read_roots("the certificates of the login", &file).map(Some)
            }
            _ => roots(global),
        }
    }
}

/// The roots to trust over TLS instead of the public ones, if the options or the environment name a file of them.
pub fn roots(global: &Global) -> Result<Option<Roots>, Failure> {
    let of_environment =
        || std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
    match &global.ca_file {
        Some(file) => read_roots("--ca-file", file).map(Some),
        None => of_environment().map(|file| read_roots("SSL_CERT_FILE", &file)).transpose(),
    }
}

/// The text of a variable of the environment that is set and not blank.
pub fn variable_text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.trim().is_empty())
}

fn read_roots(name: &str, file: &Path) -> Result<Roots, Failure> {
    Roots::read(file).map_err(|e| Failure::Usage(format!("{name}: {e}")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::command::Args;

    fn global(options: &[&str]) -> Global {
        Args::try_parse_from(["commerce", "top"].iter().chain(options)).unwrap().global
    }

    #[test]
    fn a_token_goes_only_to_the_kind_of_server_that_it_is_for() {
        let both = global(&["--token-file", "of-shop", "--db-token-file", "of-database"]);
        for (place, option, file) in [
            ("commerce://shop.example", "--token-file", "of-shop"),
            ("commerce+http://127.0.0.1:80", "--token-file", "of-shop"),
            ("libsql://db.example", "--db-token-file", "of-database"),
            ("http://127.0.0.1:80", "--db-token-file", "of-database"),
        ] {
            let Some(Token::File(by, path)) = Store::named(place.into()).token(&both) else {
                panic!("{place}")
            };
            assert_eq!((by, path), (option, file.into()), "{place}");
        }
    }

    #[test]
    fn the_token_of_a_login_goes_to_its_shop_only() {
        let login =
            Login { shop: "commerce://shop.example".into(), token: Some("secret".into()), ca_file: None };
        for (place, is_its) in [
            ("commerce://shop.example", true),
            ("commerce://SHOP.example/", true),
            ("commerce://shop.example:8443", false),
            ("commerce+http://shop.example", false),
            ("commerce://shop.example.evil", false),
            ("commerce://shop.example,evil", false),
            ("libsql://shop.example", false),
            ("shop.db", false),
        ] {
            assert_eq!(login.is_to(place.as_ref()), is_its, "{place}");
        }
    }
}

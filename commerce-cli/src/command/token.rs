//! `token`: who may come through the server. A secret is made here, shown once, and kept nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Subcommand, ValueEnum};
use commerce_core::token::{self, Digest};
use serde_json::json;

use crate::failure::Failure;
use crate::options::{PageArgs, YesArg};
use crate::session::Session;

/// Tokens.
#[derive(Subcommand)]
pub enum Token {
    /// Make a token and show its secret, once.
    #[command(
        after_help = "Examples:\n  commerce token create office --role operator\n  commerce token create alices-phone --role shopper --user alice"
    )]
    Create {
        /// What to call it.
        name: String,
        /// What its bearer may do.
        #[arg(long, value_enum)]
        role: Role,
        /// As whom a shopper acts.
        #[arg(long)]
        user: Option<String>,
    },
    /// List tokens, also those that were revoked.
    #[command(after_help = "Example:\n  commerce token list --all")]
    List {
        #[command(flatten)]
        page: PageArgs,
    },
    /// Refuse a token from now on, for good.
    #[command(after_help = "Example:\n  commerce token revoke alices-phone --yes")]
    Revoke {
        name: String,
        #[command(flatten)]
        yes: YesArg,
    },
}

/// What the bearer of a token may do.
#[derive(Clone, Copy, ValueEnum)]
pub enum Role {
    /// Everything.
    Operator,
    /// Read the catalogue, and act as one user.
    Shopper,
}

impl Token {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Create { name, role, user } => create(session, name, *role, user.as_deref()),
            Self::List { page } => session.list::<token::List>(json!({}), page),
            Self::Revoke { name, yes } => {
                session.confirm(yes.yes, &format!("revoke the token {name}"))?;
                session.show_done(&session.perform::<token::Revoke>(json!({ "name": name }))?)
            }
        }
    }
}

fn create(session: &Session, name: &str, role: Role, user: Option<&str>) -> Result<(), Failure> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|e| Failure::Io(std::io::Error::other(e)))?;
    let secret = URL_SAFE_NO_PAD.encode(bits);
    let role = match role {
        Role::Operator => "operator",
        Role::Shopper => "shopper",
    };
    let digest = Digest::of(&secret);
    let fields = json!({ "name": name, "role": role, "user": user, "digest": digest.as_str() });
    let mut reply = session.perform::<token::Create>(fields)?;
    reply["secret"] = secret.into();
    session.show_done(&reply)?;
    session.note("keep the secret: it is shown this once only");
    Ok(())
}

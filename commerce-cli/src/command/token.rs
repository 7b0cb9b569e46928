//! `token`: who may come through the server. A secret is made here, shown once, and kept nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Subcommand, ValueEnum};
use commerce_core::UserId;
use commerce_core::token::{self, Digest, TokenName};
use serde::Serialize;

use crate::failure::Failure;
use crate::options::{KeyArg, PageArgs, YesArg};
use crate::output::{Column, Nothing, Record};
use crate::session::Session;
use crate::values::submission;

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
            Self::List { page } => {
                session.list(page, |values| Some(token::List { page: values.page(page)? }))
            }
            Self::Revoke { name, yes } => {
                session.confirm(yes.yes, &format!("revoke the token {name}"))?;
                let revoke = submission(&KeyArg::default(), |values| {
                    Some(token::Revoke { name: values.field("name", name.parse::<TokenName>())? })
                });
                session.change(revoke?)
            }
        }
    }
}

fn create(session: &Session, name: &str, role: Role, user: Option<&str>) -> Result<(), Failure> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|e| Failure::Io(std::io::Error::other(e)))?;
    let secret = URL_SAFE_NO_PAD.encode(bits);
    let digest = Digest::of(&secret);
    let role = match role {
        Role::Operator => token::Role::Operator,
        Role::Shopper => token::Role::Shopper,
    };
    let create = submission(&KeyArg::default(), |values| {
        let name = values.new_id("name", name);
        let user = values.optional("user", user, UserId::try_from);
        values.field("user", token::Create::new(name?, role, user?, digest))
    });
    let token = session.shop()?.perform(create?)?.reply;
    session.show_done(&Created { token, secret })?;
    session.note("keep the secret: it is shown this once only");
    Ok(())
}

/// A new token, and its secret.
#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    token: token::Token,
    secret: String,
}

impl Record for Created {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("name", |created| (&created.token.name).into()),
        Column::new("role", |created| created.token.role.as_str().into()),
        Column::new("user", |created| created.token.user.as_ref().into()),
        Column::new("at", |created| created.token.at.into()),
        Column::new("secret", |created| (&created.secret).into()),
    ];
    type Row = Nothing;
}

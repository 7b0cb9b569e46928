//! `token`: who may use the server. A secret is generated here and printed once; the store keeps only its digest.

use clap::{Subcommand, ValueEnum};
use commerce_core::UserId;
use commerce_core::token::{self, Digest, TokenName};
use serde::Serialize;

use crate::failure::Failure;
use crate::lifetime::parse_end;
use crate::options::{KeyArg, PageArgs, YesArg};
use crate::output::{Column, NoRows, Record};
use crate::session::Session;
use crate::values::submission;

/// Manage access tokens for the server.
#[derive(Subcommand)]
pub enum Token {
    /// Create a token and print its secret, which is never shown again.
    #[command(
        after_help = "Examples:\n  commerce token create office --role operator\n  commerce token create audit --role viewer --expires 30d\n  commerce token create alices-phone --role shopper --user alice"
    )]
    Create {
        /// The name of the new token.
        name: String,
        /// What the token permits.
        #[arg(long, value_enum)]
        role: Role,
        /// The user that a shopper acts as.
        #[arg(long)]
        user: Option<String>,
        /// The end of its validity: a length of time such as 30d, 12h or 90m, a date, or an RFC 3339 time.
        #[arg(long, value_name = "END")]
        expires: Option<String>,
    },
    /// List tokens, including revoked ones.
    #[command(after_help = "Example:\n  commerce token list --all")]
    List {
        #[command(flatten)]
        page: PageArgs,
    },
    /// Revoke a token. This cannot be undone.
    #[command(after_help = "Example:\n  commerce token revoke alices-phone --yes")]
    Revoke {
        /// Revoke the token with this name.
        name: String,
        #[command(flatten)]
        yes: YesArg,
    },
}

/// What a token permits.
#[derive(Clone, Copy, ValueEnum)]
pub enum Role {
    /// Everything.
    Operator,
    /// Read everything, and change nothing.
    Viewer,
    /// Read the catalogue, and act as one user.
    Shopper,
}

impl Token {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Create { name, role, user, expires } => {
                create(session, name, *role, user.as_deref(), expires.as_deref())
            }
            Self::List { page } => {
                session.list(page, |values| Some(token::List { page: values.page(page)? }))
            }
            Self::Revoke { name, yes } => {
                session.confirm(yes.yes, &format!("revoke the token {name}"))?;
                let revoke = submission(&KeyArg::default(), |values| {
                    Some(token::Revoke { name: values.field("name", name.parse::<TokenName>())? })
                });
                session.perform(revoke?)
            }
        }
    }
}

fn create(
    session: &Session,
    name: &str,
    role: Role,
    user: Option<&str>,
    expires: Option<&str>,
) -> Result<(), Failure> {
    let now = session.shop()?.clock().now();
    let secret = commerce_server::new_secret().map_err(Failure::Io)?;
    let digest = Digest::of(&secret);
    let role = match role {
        Role::Operator => token::Role::Operator,
        Role::Viewer => token::Role::Viewer,
        Role::Shopper => token::Role::Shopper,
    };
    let create = submission(&KeyArg::default(), |values| {
        let name = values.new_id("name", name);
        let user = values.optional("user", user, UserId::try_from);
        let expires = values.optional("expires", expires, |end| parse_end(end, now));
        let create = values.field("user", token::Create::new(name?, role, user?, digest))?;
        Some(match expires? {
            Some(end) => create.expires(end),
            None => create,
        })
    });
    let token = session.shop()?.perform(create?)?.reply;
    session.print_done(&Created { token, secret })?;
    session.note("store the secret now: it cannot be shown again");
    Ok(())
}

/// A new token and its secret.
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
        Column::new("expires", |created| created.token.expires.into()),
        Column::new("secret", |created| (&created.secret).into()),
    ];
    type Row = NoRows;
}

//! Access control: tokens, roles and ownership.
//!
//! On a file each request asks the store whether a token has changed, which takes microseconds. On a server, where that is a
//! round trip, `remote` asks and passes the answer in.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use axum::http::header::{self, HeaderMap};
use axum::http::request::Parts;
use commerce_core::input::{FromInput, RawFields};
use commerce_core::token::{Digest, Find, Role, Token, TokenName, TokenVersion, Version};
use commerce_core::{
    Access, Actor, Caller as Submitter, Cause, Clock, Commerce, Error, OrderId, Refusal, Time, UserId,
};
use serde::Deserialize;

use crate::headers;
use crate::problem::Problem;
use crate::route::Permission;
use crate::token_use::{Noted, TokenUses};

/// An authenticated sender of a request, and what it may do.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The name of the token; `None` without one.
    pub(crate) token: Option<Arc<str>>,
    /// The time from which the token is no longer accepted.
    pub(crate) expires: Option<Time>,
    rights: Rights,
}

#[derive(Clone, Debug)]
enum Rights {
    /// No rights, for this reason.
    None(&'static str),
    /// The rights of a shopper who is this user.
    Shopper(UserId),
    /// All rights to read.
    Viewer,
    /// All rights. What is done bears this name; none without a token.
    Operator(Option<Actor>),
}

/// Authenticates requests. Verified tokens are cached until any token changes.
pub(crate) struct Authenticator {
    shop: Commerce,
    clock: Arc<dyn Clock>,
    /// The tokens that were used lately.
    pub(crate) uses: TokenUses,
    cache: RwLock<TokenCache>,
    cors_origins: Vec<String>,
}

/// A valid token. It may have expired.
struct Bearer {
    name: TokenName,
    caller: Caller,
    noted: Noted,
}

struct TokenCache {
    /// The version of the store at which `mark` was read.
    version: Option<i64>,
    /// The state of the tokens for which `bearers` are valid.
    mark: Option<TokenVersion>,
    bearers: HashMap<Digest, Bearer>,
    /// Callers that no right came of, in a cache of their own, since strangers can make any number of them.
    strangers: HashMap<Digest, Caller>,
}

/// What is known of the sender of a request.
pub(crate) enum Identity {
    Known(Caller),
    /// The token with this digest must be looked up.
    Unknown(Digest),
}

/// What an answer may show to a caller who may not see everything.
pub(crate) enum Ownership {
    /// All that was asked for.
    Granted,
    /// All that was asked for, if this order is this user's.
    IfOrderOf(UserId, OrderId),
}

/// The most callers in each cache. Beyond it the cache is cleared.
const MAX_CALLERS: usize = 10_000;

impl Authenticator {
    pub(crate) fn new(shop: Commerce, cors_origins: Vec<String>) -> Self {
        let (bearers, strangers) = Default::default();
        let cache = RwLock::new(TokenCache { version: None, mark: None, bearers, strangers });
        Self { clock: shop.clock(), uses: TokenUses::new(), shop, cache, cors_origins }
    }

    /// The caller of a request, and the store's version before it was looked up. A token that any process has revoked is
    /// refused at once: the cache is valid only while the store's version or the state of its tokens is unchanged.
    ///
    /// # Errors
    /// A problem when a header is ambiguous or the store fails. A caller without a valid token is no error; it has no
    /// rights.
    pub(crate) fn authenticate(&self, parts: &Parts, is_local: bool) -> Result<(Caller, i64), Problem> {
        let (mark, version) = self.refresh()?;
        let caller = match self.identify(parts, is_local, &mark)? {
            Identity::Known(caller) => caller,
            Identity::Unknown(digest) => {
                let token = self.shop.query(&Find { digest: digest.clone() })?;
                self.remember(digest, token, &mark)
            }
        };
        Ok((caller, version))
    }

    /// Whether the store has never had a token.
    pub(crate) fn has_no_tokens(&self) -> Result<bool, Error> {
        Ok(self.shop.version_with_tokens()?.1.is_initial())
    }

    /// Who has sent a request, as far as it is known while the tokens are in the state `mark`.
    ///
    /// # Errors
    /// A problem when a header is ambiguous.
    pub(crate) fn identify(
        &self,
        parts: &Parts,
        is_local: bool,
        mark: &TokenVersion,
    ) -> Result<Identity, Problem> {
        let Some(secret) = bearer_secret(&parts.headers)? else {
            return Ok(Identity::Known(match mark.is_initial() && is_local {
                true => self.local_caller(&parts.headers, headers::host(parts)?),
                false => Caller::without_rights("a token is required: Authorization: Bearer …"),
            }));
        };
        if secret.len() != SECRET_LENGTH {
            return Ok(Identity::Known(Caller::without_rights("the token is malformed")));
        }
        let (digest, cache) = (Digest::of(secret), self.read_cache());
        let bearer = cache.bearers.get(&digest).map(|bearer| self.accept(bearer));
        let known = bearer.or_else(|| cache.strangers.get(&digest).cloned());
        drop(cache);
        Ok(known.map_or(Identity::Unknown(digest), Identity::Known))
    }

    /// Notes what a token is that was looked up after the tokens were in the state `mark`.
    pub(crate) fn remember(&self, digest: Digest, token: Option<Token>, mark: &TokenVersion) -> Caller {
        let bearer = Bearer::of(token);
        let caller = match &bearer {
            Ok(bearer) => self.accept(bearer),
            Err(reason) => Caller::without_rights(reason),
        };
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        // Unless a token has changed since this one was looked up.
        if cache.mark.as_ref() == Some(mark) {
            match bearer {
                Ok(bearer) => insert(&mut cache.bearers, digest, bearer),
                Err(_) => insert(&mut cache.strangers, digest, caller.clone()),
            }
        }
        caller
    }

    /// The caller with this token, and notes the use. Time passes without a commit, so whether the token has expired is
    /// asked each time.
    fn accept(&self, bearer: &Bearer) -> Caller {
        if bearer.caller.expires.is_some_and(|expires| expires <= self.clock.now()) {
            return Caller::without_rights("the token has expired");
        }
        self.uses.note(&bearer.noted, &bearer.name, || self.clock.now());
        bearer.caller.clone()
    }

    /// How long the caller's token is still accepted, if it expires.
    pub(crate) fn remaining(&self, caller: &Caller) -> Option<Duration> {
        let left = caller.expires?.millis().saturating_sub(self.clock.now().millis());
        Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }

    /// Clears the cache if a token has changed. Returns the state of the tokens and the store's version.
    fn refresh(&self) -> Result<(TokenVersion, i64), Error> {
        let version = self.shop.version()?;
        {
            let cache = self.read_cache();
            if let (true, Some(mark)) = (cache.version == Some(version), &cache.mark) {
                return Ok((mark.clone(), version));
            }
        }
        // Read after the version: if a token has changed in between, the next version shows it.
        let mark = self.shop.query(&Version)?;
        self.advance(&mark).version = Some(version);
        Ok((mark, version))
    }

    /// Clears the cache if a token has changed, where the tokens are now in the state `mark`.
    pub(crate) fn advance_to(&self, mark: &TokenVersion) {
        if self.read_cache().mark.as_ref() != Some(mark) {
            drop(self.advance(mark));
        }
    }

    fn advance(&self, mark: &TokenVersion) -> RwLockWriteGuard<'_, TokenCache> {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.mark.as_ref() != Some(mark) {
            cache.bearers.clear();
            cache.strangers.clear();
            cache.mark = Some(mark.clone());
        }
        cache
    }

    /// The caller of a request over loopback while the store has no token. It may do everything, unless the request may
    /// come from a web page: of another origin, or through a name of its own for this machine (DNS rebinding).
    fn local_caller(&self, headers: &HeaderMap, host: &str) -> Caller {
        let origin = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or_default());
        let name = host.rsplit_once(':').map_or(host, |(name, port)| match port.parse::<u16>() {
            Ok(_) => name,
            Err(_) => host,
        });
        let is_address = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        let is_cross_origin = origin.is_some_and(|origin| {
            let is_same = origin.split_once("://").is_some_and(|(_, from)| from == host);
            !is_same && !self.cors_origins.iter().any(|allowed| allowed == origin || allowed == "*")
        });
        if is_cross_origin || !(is_address || name.eq_ignore_ascii_case("localhost")) {
            return Caller::without_rights(
                "without a token, only requests to localhost or an IP address are answered, and none from pages of another origin",
            );
        }
        Caller { token: None, expires: None, rights: Rights::Operator(None) }
    }

    fn read_cache(&self) -> RwLockReadGuard<'_, TokenCache> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ownership {
    /// Checks whose the order in an answer is.
    ///
    /// # Errors
    /// `order_not_found` for an order of another user.
    pub(crate) fn check_answer(&self, answer: &[u8]) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Placed {
            user: UserId,
        }
        let Self::IfOrderOf(own, order) = self else { return Ok(()) };
        match serde_json::from_slice::<Placed>(answer) {
            Ok(Placed { user }) if user == *own => Ok(()),
            Ok(_) => Err(Refusal::OrderNotFound { order: *order }.into()),
            Err(error) => Err(Error::Store(Cause::of(error))),
        }
    }
}

impl Caller {
    /// Decides who may do what, whatever way it comes: by a route of its own, by a line, or by name. Whose the user or the
    /// order is remains to be checked.
    ///
    /// # Errors
    /// `unauthenticated` or `forbidden`.
    pub(crate) fn authorize(&self, permission: Permission) -> Result<(), Problem> {
        match (&self.rights, permission) {
            (_, Permission::Public) | (Rights::Operator(_), _) => Ok(()),
            (Rights::None(reason), _) => Err(Problem::Unauthenticated(reason)),
            (Rights::Viewer, Permission::Operation(_)) => Err(Problem::Forbidden("a viewer changes nothing")),
            (Rights::Viewer, Permission::AnyToken | Permission::Query(_)) => Ok(()),
            (
                Rights::Shopper(_),
                Permission::Operation(Access::Operator) | Permission::Query(Access::Operator),
            ) => Err(Problem::Forbidden("only an operator may do this")),
            (Rights::Shopper(_), Permission::AnyToken | Permission::Operation(_) | Permission::Query(_)) => {
                Ok(())
            }
        }
    }

    /// The name of the caller's role.
    pub(crate) fn role(&self) -> &'static str {
        match self.rights {
            Rights::None(_) => "none",
            Rights::Shopper(_) => Role::Shopper.as_str(),
            Rights::Viewer => Role::Viewer.as_str(),
            Rights::Operator(_) => Role::Operator.as_str(),
        }
    }

    /// The user as whom a shopper acts.
    pub(crate) fn user(&self) -> Option<&str> {
        match &self.rights {
            Rights::Shopper(user) => Some(user.as_str()),
            Rights::None(_) | Rights::Viewer | Rights::Operator(_) => None,
        }
    }

    /// As whom the caller submits operations. The decision refuses what belongs to another user.
    pub(crate) fn submitter(&self) -> Submitter {
        match &self.rights {
            Rights::Shopper(user) => Submitter::shopper(user.clone()),
            Rights::Operator(Some(actor)) => Submitter::unrestricted().actor(actor.clone()),
            Rights::Operator(None) | Rights::Viewer | Rights::None(_) => Submitter::unrestricted(),
        }
    }

    /// Fills in the field `user` of a shopper who left it out.
    pub(crate) fn imply_user(&self, permission: Permission, fields: &mut RawFields) {
        let takes_user =
            matches!(permission, Permission::Operation(Access::OwnUser) | Permission::Query(Access::OwnUser));
        if let Rights::Shopper(own) = &self.rights
            && takes_user
            && fields.get("user").is_none()
        {
            fields.set_text("user", own.as_str());
        }
    }

    /// Restricts the fields of a query to what belongs to the caller. For a shopper, a missing `user` is filled in. Whose an
    /// order is shows in the answer.
    ///
    /// # Errors
    /// `user_not_found` for another user, as if it did not exist.
    pub(crate) fn restrict_to_own(
        &self,
        permission: Permission,
        fields: &mut RawFields,
    ) -> Result<Ownership, Problem> {
        let Rights::Shopper(own) = &self.rights else { return Ok(Ownership::Granted) };
        self.imply_user(permission, fields);
        match permission {
            Permission::Query(Access::OwnUser) => match fields.get("user").map(UserId::from_input) {
                Some(Ok(user)) if user != *own => Err(Error::from(Refusal::UserNotFound { user }).into()),
                _ => Ok(Ownership::Granted),
            },
            // The query reports any fault.
            Permission::Query(Access::OwnOrder) => match fields.get("order").map(OrderId::from_input) {
                Some(Ok(order)) => Ok(Ownership::IfOrderOf(own.clone(), order)),
                _ => Ok(Ownership::Granted),
            },
            _ => Ok(Ownership::Granted),
        }
    }

    /// A caller of what is public.
    pub(crate) fn anybody() -> Self {
        Self::without_rights("a token is required")
    }

    fn without_rights(reason: &'static str) -> Self {
        Self { token: None, expires: None, rights: Rights::None(reason) }
    }
}

impl Bearer {
    /// A token that was looked up, or why it is not accepted.
    fn of(token: Option<Token>) -> Result<Self, &'static str> {
        let Token { name, role, user, expires, revoked_at, .. } = token.ok_or("the token is unknown")?;
        if revoked_at.is_some() {
            return Err("the token was revoked");
        }
        let rights = match (role, user) {
            (Role::Operator, _) => Rights::Operator(Some(Actor::from(name.clone()))),
            (Role::Viewer, _) => Rights::Viewer,
            (Role::Shopper, Some(user)) => Rights::Shopper(user),
            (Role::Shopper, None) => return Err("the token has no user"),
            _ => return Err("the role of the token is unknown"),
        };
        let caller = Caller { token: Some(name.as_str().into()), expires, rights };
        Ok(Self { name, caller, noted: Noted::default() })
    }
}

fn insert<T>(cache: &mut HashMap<Digest, T>, digest: Digest, value: T) {
    if cache.len() >= MAX_CALLERS {
        cache.clear();
    }
    cache.insert(digest, value);
}

/// The length of a token's secret: 256 bits in base64url.
const SECRET_LENGTH: usize = 43;

/// The secret of the header `Authorization`; empty if the header has another scheme.
fn bearer_secret(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers::single(headers, &header::AUTHORIZATION)? else { return Ok(None) };
    match value.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(secret.trim())),
        _ => Ok(Some("")),
    }
}

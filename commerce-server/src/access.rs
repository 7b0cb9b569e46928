//! Who may do what: tokens, roles and ownership, all of it here.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::header::{self, HeaderMap};
use axum::http::request::Parts;
use commerce_core::token::{Changes, Digest, Find, Mark, Role};
use commerce_core::{Commerce, Error, OrderId, Refusal, UserId, order};
use serde_json::{Map, Value};

use crate::fields::single;
use crate::host;
use crate::problem::Problem;
use crate::route::Reach;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The name under which requests are counted; nothing for who has no token.
    pub(crate) token: Option<Arc<str>>,
    may: May,
}

#[derive(Clone, Debug)]
enum May {
    Nothing(&'static str),
    ActAs(UserId),
    Everything,
}

/// The tokens that were presented so far, as long as no token is made or revoked.
pub(crate) struct Access {
    shop: Commerce,
    known: RwLock<Known>,
    origins: Vec<String>,
}

struct Known {
    version: Option<i64>,
    mark: Option<Mark>,
    callers: HashMap<Digest, Caller>,
}

/// The most callers remembered; past it all are looked up anew.
const MOST: usize = 10_000;

impl Access {
    pub(crate) fn new(shop: Commerce, origins: Vec<String>) -> Self {
        let known = Known { version: None, mark: None, callers: HashMap::new() };
        Self { shop, known: RwLock::new(known), origins }
    }

    /// Who sent this request, and the store's version at the time of asking. A token that was revoked, by whichever
    /// process, is refused at once: what is remembered holds only while the store's version is the same, or no token
    /// changed since.
    pub(crate) fn caller(&self, parts: &Parts, local: bool) -> Result<(Caller, i64), Problem> {
        let (mark, version) = self.refresh()?;
        Ok((self.bearer(parts, local, &mark)?, version))
    }

    fn bearer(&self, parts: &Parts, local: bool, mark: &Mark) -> Result<Caller, Problem> {
        let open = mark.is_none_yet() && local;
        let Some(secret) = secret(&parts.headers)? else {
            return Ok(match open {
                true => self.own_machine(&parts.headers, host::named(parts)?),
                false => Caller::stranger("this needs a token: Authorization: Bearer …"),
            });
        };
        if secret.len() != LENGTH {
            return Ok(Caller::stranger("the token is malformed"));
        }
        let digest = Digest::of(secret);
        if let Some(caller) = self.known().callers.get(&digest) {
            return Ok(caller.clone());
        }
        let Some(token) = self.shop.query(&Find { digest: digest.clone() })? else {
            return Ok(Caller::stranger("the token is unknown"));
        };
        if token.revoked_at.is_some() {
            return Ok(Caller::stranger("the token was revoked"));
        }
        let may = match (token.role, token.user) {
            (Role::Operator, _) => May::Everything,
            (Role::Shopper, Some(user)) => May::ActAs(user),
            (Role::Shopper, None) => May::Nothing("the token acts as nobody"),
        };
        let caller = Caller { token: Some(token.name.as_str().into()), may };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Unless a token changed since this one was looked up.
        if known.mark.as_ref() == Some(mark) {
            if known.callers.len() >= MOST {
                known.callers.clear();
            }
            known.callers.insert(digest, caller.clone());
        }
        Ok(caller)
    }

    /// Tests what of a request concerns the caller's own things. A shopper's own user is filled in where none
    /// is named; another's user or order is answered as if it did not exist.
    pub(crate) fn own(
        &self,
        caller: &Caller,
        reach: Reach,
        fields: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        let (May::ActAs(own), Reach::OwnUser | Reach::OwnOrder) = (&caller.may, reach) else { return Ok(()) };
        if reach == Reach::OwnOrder {
            let order = fields.get("order").and_then(Value::as_i64).map(OrderId::try_from);
            return match order {
                Some(Ok(order)) => self.owns(own, order),
                // Not a number of an order: the operation says so.
                Some(Err(_)) | None => Ok(()),
            };
        }
        match fields.get("user") {
            None | Some(Value::Null) => {
                fields.insert("user".into(), own.as_str().into());
                Ok(())
            }
            Some(Value::String(named)) if named != own.as_str() => match UserId::new(named) {
                Ok(user) => Err(Error::from(Refusal::UserNotFound { user }).into()),
                Err(_) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Whether no token was ever made.
    pub(crate) fn without_tokens(&self) -> Result<bool, Error> {
        Ok(self.refresh()?.0.is_none_yet())
    }

    fn owns(&self, own: &UserId, order: OrderId) -> Result<(), Problem> {
        match self.shop.query(&order::Get { order }) {
            Ok(found) if found.user == *own => Ok(()),
            Ok(_) => Err(Error::from(Refusal::OrderNotFound { order }).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets what may no longer hold; tells where the changes to tokens stand, and the store's version.
    fn refresh(&self) -> Result<(Mark, i64), Error> {
        let version = self.shop.version()?;
        {
            let known = self.known();
            if let (true, Some(mark)) = (known.version == Some(version), &known.mark) {
                return Ok((mark.clone(), version));
            }
        }
        // Taken after the version: should more have changed by now, the next version tells.
        let mark = self.shop.query(&Changes)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.mark.as_ref() != Some(&mark) {
            known.callers.clear();
            known.mark = Some(mark.clone());
        }
        known.version = Some(version);
        Ok((mark, version))
    }

    /// Without any token whoever reaches the loopback address may do everything, but no web page may: neither
    /// one of another origin, nor one that got there by a name of its own for this machine.
    fn own_machine(&self, headers: &HeaderMap, host: &str) -> Caller {
        let origin = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or_default());
        let name = host.rsplit_once(':').map_or(host, |(name, port)| match port.parse::<u16>() {
            Ok(_) => name,
            Err(_) => host,
        });
        let literal = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        let foreign = origin.is_some_and(|origin| {
            let same = origin.split_once("://").is_some_and(|(_, from)| from == host);
            !same && !self.origins.iter().any(|allowed| allowed == origin || allowed == "*")
        });
        if foreign || !(literal || name.eq_ignore_ascii_case("localhost")) {
            return Caller::stranger(
                "without a token only requests to localhost or an address in figures are answered, and to no page of another origin",
            );
        }
        Caller { token: None, may: May::Everything }
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Caller {
    /// Tests the caller's role against a route, before anything else of the request is read.
    pub(crate) fn admitted(&self, reach: Reach) -> Result<(), Problem> {
        match (&self.may, reach) {
            (_, Reach::Open) | (May::Everything, _) => Ok(()),
            (May::Nothing(why), _) => Err(Problem::Unauthenticated(why)),
            (May::ActAs(_), Reach::Operator) => Err(Problem::Forbidden("only an operator may do this")),
            (May::ActAs(_), Reach::Bearer | Reach::OwnUser | Reach::OwnOrder) => Ok(()),
        }
    }

    fn stranger(why: &'static str) -> Self {
        Self { token: None, may: May::Nothing(why) }
    }
}

/// The length of a secret: 256 bits in base64url.
const LENGTH: usize = 43;

fn secret(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(text) = single(headers, &header::AUTHORIZATION)? else { return Ok(None) };
    match text.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(secret.trim())),
        _ => Ok(Some("")),
    }
}

//! The part of the facts that holds tokens.

use super::{Facts, StoredToken};
use crate::row::{Value, table};
use crate::time::Time;
use crate::token::{Digest, Token, TokenName};

/// How finely the last use of a token is kept, in milliseconds: one minute.
const USE: i64 = 60_000;

impl Facts {
    pub(crate) fn find_token(&self, name: &TokenName) -> Option<&Token> {
        self.tokens.get(name).map(|token| &token.token)
    }

    pub(crate) fn knows_digest(&self, digest: &Digest) -> bool {
        self.tokens.values().any(|token| token.digest == *digest)
    }

    pub(crate) fn load_token(&mut self, token: StoredToken) {
        self.tokens.load(token.token.name.clone(), token);
    }
}

/// Changes.
impl Facts {
    pub(crate) fn add_token(&mut self, token: Token, digest: Digest) {
        self.last.token += 1;
        let user_no = token.user.as_ref().map(|user| {
            let found = self.find_user(user).map(|user| user.no);
            found.unwrap_or_else(|| {
                self.record_unloaded("user", user);
                0
            })
        });
        let token = StoredToken { no: self.last.token, user_no, digest, token };
        self.tokens.set(token.token.name.clone(), token);
    }

    pub(crate) fn revoke_token(&mut self, name: &TokenName, at: Time) {
        let Some(token) = self.tokens.change(name) else { return self.record_unloaded("token", name) };
        token.token.revoked_at = Some(at);
        self.last.token += 1;
    }

    /// Notes that a token was used in the minute of this time, unless a later use or none such token is known.
    pub(crate) fn note_token_use(&mut self, name: &TokenName, at: Time) {
        let at = Time::from_millis(at.millis() - at.millis().rem_euclid(USE));
        if self.find_token(name).is_some_and(|token| token.used_at < Some(at))
            && let Some(token) = self.tokens.change(name)
        {
            token.token.used_at = Some(at);
        }
    }

    pub(super) fn change_tokens(&mut self) {
        let changed = self.tokens.changed().map(|(_, stored, now)| (super::save::kind_of(stored), row(now)));
        let mut changed: Vec<_> = changed.collect();
        changed.sort_unstable_by_key(|(_, row)| row[0].int());
        for (kind, row) in changed {
            self.change(&table::TOKENS, kind, row);
        }
    }
}

fn row(token: &StoredToken) -> [Value; 9] {
    let Token { name, role, user: _, at, revoked_at, expires, used_at } = &token.token;
    [
        token.no.into(),
        name.shared().into(),
        role.as_str().into(),
        token.user_no.into(),
        token.digest.as_str().into(),
        at.millis().into(),
        revoked_at.map(Time::millis).into(),
        expires.map(Time::millis).into(),
        used_at.map(Time::millis).into(),
    ]
}

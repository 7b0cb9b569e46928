//! Tokens from the rows that hold them.

use super::{Role, Token, TokenName};
use crate::id::UserId;
use crate::row::Value;
use crate::time::Time;

/// A token from the columns token, role, user, at, revoked_at, expires_at, used_at.
pub(crate) fn token(row: &[Value]) -> Token {
    Token {
        name: TokenName::stored(row[0].text()),
        role: Role::stored(&row[1].text()),
        user: row[2].optional_text().map(UserId::stored),
        at: Time::from_millis(row[3].int()),
        revoked_at: row[4].optional_int().map(Time::from_millis),
        expires: row[5].optional_int().map(Time::from_millis),
        used_at: row[6].optional_int().map(Time::from_millis),
    }
}

//! The errors that a server tells, read back: problem documents (RFC 9457), and what a result line holds in their place.

use serde::Deserialize;

use crate::error::Error;
use crate::input::Invalid;
use crate::refusal::Refusal;

/// What every problem has.
#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(default)]
    detail: String,
    /// Set, to `unknown`, where the operation may have been done.
    #[serde(default)]
    outcome: Option<String>,
}

/// The error in a problem document; None for anything else.
pub(super) fn read(json: &[u8]) -> Option<Error> {
    let Problem { code, detail, outcome } = serde_json::from_slice(json).ok()?;
    Some(match code.as_str() {
        _ if outcome.is_some() => Error::Unknown(detail.into()),
        "invalid_request" => match serde_json::from_slice::<Invalid>(json) {
            Ok(invalid) => invalid.into(),
            Err(_) => Invalid::at("", detail).into(),
        },
        "busy" | "rate_limited" | "request_timeout" => {
            Error::Busy(within(&Error::Busy(MARK.into()), &detail).to_owned().into())
        }
        "unknown" => Error::Unknown(detail.into()),
        "store_unavailable" => {
            Error::Unavailable(within(&Error::Unavailable(MARK.into()), &detail).to_owned().into())
        }
        "store_gone" => Error::Gone(within(&Error::Gone(MARK.into()), &detail).to_owned().into()),
        "unauthenticated" => Error::Unauthenticated(detail.into()),
        "forbidden" => Error::Forbidden(detail.into()),
        "internal" => Error::Store(detail.into()),
        _ => match serde_json::from_slice::<Refusal>(json) {
            Ok(refusal) => refusal.into(),
            // A newer server can have refusals that this version does not know.
            Err(_) => Error::Store(format!("the server says {code}: {detail}").into()),
        },
    })
}

/// Stands for the reason in the sentence of an error.
const MARK: &str = "\0";

/// The reason in a sentence that was made like that of `marked`, so that it is not wrapped twice.
fn within<'a>(marked: &Error, detail: &'a str) -> &'a str {
    let sentence = marked.to_string();
    let parts = sentence.split_once(MARK);
    parts.and_then(|(before, after)| detail.strip_prefix(before)?.strip_suffix(after)).unwrap_or(detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::id;

    #[test]
    fn what_the_engine_says_is_read_back_as_it_said_it() {
        for (code, error) in [
            ("busy", Error::Busy("too many operations are waiting".into())),
            ("store_unavailable", Error::Unavailable("its disk is full".into())),
            ("store_gone", Error::Gone("its file was removed".into())),
        ] {
            let json = json!({ "code": code, "detail": error.to_string(), "status": 503 }).to_string();
            assert_eq!(read(json.as_bytes()).unwrap().to_string(), error.to_string());
            let other = json!({ "code": code, "detail": "something else" }).to_string();
            assert!(read(other.as_bytes()).unwrap().to_string().contains(": something else"));
        }
    }

    #[test]
    fn an_outcome_that_is_unknown_is_told_from_a_busy_store() {
        for (problem, is_unknown) in [
            (json!({ "code": "busy", "detail": "later" }), false),
            (json!({ "code": "busy", "detail": "later", "outcome": "unknown" }), true),
            (json!({ "code": "unknown", "detail": "a line" }), true),
        ] {
            let error = read(problem.to_string().as_bytes()).unwrap();
            assert_eq!(matches!(error, Error::Unknown(_)), is_unknown, "{error}");
        }
    }

    #[test]
    fn a_refusal_keeps_its_facts_and_an_unknown_one_its_sentence() {
        let refusal = Refusal::UserNotFound { user: id("kim") };
        let mut document = serde_json::to_value(&refusal).unwrap();
        document["status"] = 404.into();
        document["type"] = "urn:commerce:user_not_found".into();
        let read_back = read(document.to_string().as_bytes());
        assert!(matches!(read_back, Some(Error::Refused(known)) if known == refusal));
        let newer = read(br#"{"code":"moon_phase","detail":"the moon is full"}"#).unwrap().to_string();
        assert!(newer.contains("moon_phase: the moon is full"), "{newer}");
        assert!(read(b"<html>").is_none() && read(b"{}").is_none());
    }

    #[test]
    fn faults_keep_their_places() {
        let invalid = Invalid::at("/user", "is missing");
        let json = serde_json::to_string(&invalid).unwrap();
        assert!(matches!(read(json.as_bytes()), Some(Error::Invalid(known)) if known == invalid));
    }
}

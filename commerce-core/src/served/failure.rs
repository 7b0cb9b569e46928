//! Why a request to the server of a shop has no answer, and the error that follows.

use crate::error::{Cause, Error, OpenError};

/// Why a request has no answer.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// There was no connection. Nothing was sent.
    NotSent(Cause),
    /// The answer did not come, or not whole. Whether the request was carried out is unknown.
    Lost(Cause),
    /// What answers is not the server of a shop, such as a proxy before one that is away.
    Foreign(Cause),
    /// The certificate of the server is not trusted. Nothing was sent.
    Untrusted(Cause),
    /// The server refused the request as a whole, and did nothing.
    Refused(Error),
}

impl Failure {
    /// Whether another attempt can succeed.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::Lost(_) | Self::Foreign(_) => true,
            Self::Refused(error) => matches!(error, Error::Busy(_)),
            Self::Untrusted(_) => false,
        }
    }

    /// Whether the request may have been carried out.
    pub(super) fn may_be_done(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Foreign(_))
    }

    /// The reason as a sentence.
    pub(super) fn reason(&self) -> Cause {
        match self {
            Self::NotSent(reason) | Self::Lost(reason) | Self::Foreign(reason) => reason.clone(),
            Self::Untrusted(reason) => reason.clone().after("its certificate is not trusted"),
            Self::Refused(error) => error.to_string().into(),
        }
    }

    /// The error of a request that changed nothing.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::NotSent(reason) | Self::Lost(reason) | Self::Foreign(reason) => {
                Error::Busy(format!("the server of the shop does not answer: {reason}").into())
            }
            Self::Untrusted(_) => Error::Unavailable(self.reason()),
            Self::Refused(error) => error,
        }
    }

    /// The error of the request that opens a shop.
    pub(super) fn into_open_error(self, url: String) -> Error {
        match self {
            Self::NotSent(reason) | Self::Lost(reason) => OpenError::Unreachable { url, reason }.into(),
            Self::Foreign(reason) => OpenError::NoShop { url, reason }.into(),
            Self::Untrusted(reason) => OpenError::Untrusted { url, reason }.into(),
            Self::Refused(Error::Unauthenticated(reason) | Error::Forbidden(reason)) => {
                OpenError::Denied { url, reason }.into()
            }
            Self::Refused(Error::Store(reason)) => OpenError::NoShop { url, reason }.into(),
            Self::Refused(error) => error,
        }
    }
}

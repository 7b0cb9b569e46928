//! Messages that show for a few seconds above the footer.

use commerce_core::Time;

/// Short news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Of which kind.
    pub kind: News,
    /// A sentence.
    pub text: String,
    /// How long it is shown.
    pub until: Time,
}

/// A kind of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Done.
    Good,
    /// To know.
    Note,
    /// Not done.
    Bad,
    /// The store is slow.
    Slow,
}

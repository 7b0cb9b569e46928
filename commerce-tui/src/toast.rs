//! Toasts: messages that show above the footer for a few seconds.

use commerce_core::Time;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// The kind, which decides its mark and colour.
    pub kind: ToastKind,
    /// One or two sentences.
    pub text: String,
    /// When it disappears.
    pub expires_at: Time,
}

/// The kinds of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastKind {
    /// An operation succeeded.
    Success,
    /// A hint, such as why a key does nothing now.
    Info,
    /// Something failed.
    Error,
    /// The store has not answered for a while. There is at most one of these.
    SlowStore,
}

//! The token for a server: a text, or a file that is read again when the server refuses what it held.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use crate::text::ValueError;

/// A token, which is never shown. Clones share it, so that one that was renewed serves all of them.
#[derive(Clone)]
pub(crate) struct ServerToken {
    current: Arc<RwLock<Arc<str>>>,
    file: Option<Arc<Path>>,
}

impl ServerToken {
    pub(crate) fn new(text: &str) -> Self {
        Self { current: Arc::new(RwLock::new(text.trim().into())), file: None }
    }

    /// The token in a file.
    pub(crate) fn read(file: &Path) -> Result<Self, ValueError> {
        let text = std::fs::read_to_string(file)
            .map_err(|e| ValueError::new(format!("{} cannot be read: {e}", file.display())))?;
        Ok(Self { file: Some(file.into()), ..Self::new(&text) })
    }

    pub(crate) fn current(&self) -> Arc<str> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the token can be renewed.
    #[cfg(any(feature = "libsql", feature = "served"))]
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Another token than the one that was refused, if the file or a clone has one by now.
    #[cfg(any(feature = "libsql", feature = "served"))]
    pub(crate) fn renewed(&self, refused: &str) -> std::io::Result<Option<Arc<str>>> {
        let current = self.current();
        if *current != *refused {
            return Ok(Some(current));
        }
        let Some(file) = &self.file else { return Ok(None) };
        let read: Arc<str> = std::fs::read_to_string(file)?.trim().into();
        // A file that is being written may be empty.
        if read.is_empty() || *read == *refused {
            return Ok(None);
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read.clone();
        Ok(Some(read))
    }
}

impl PartialEq for ServerToken {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file && self.current() == other.current()
    }
}

impl Eq for ServerToken {}

impl fmt::Debug for ServerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerToken(…)")
    }
}

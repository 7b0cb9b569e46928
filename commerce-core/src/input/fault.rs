//! The faults of an input, each with its place.

use serde::{Deserialize, Serialize};

/// Malformed input, with its first faults. The code is `invalid_request`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", sentence(.0))]
pub struct Invalid(pub Faults);

/// A fault of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fault {
    /// A JSON pointer (RFC 6901) to the faulty value; empty for the whole input.
    pub pointer: String,
    /// What is wrong, as a sentence.
    pub detail: String,
}

/// The faults of an input: the first 20 at most, and no more text than fits into an answer. Further faults are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    faults: Vec<Fault>,
    /// The size of the kept faults as JSON, in bytes.
    length: usize,
    omitted: usize,
}

impl Faults {
    /// The maximum number of faults that are kept.
    pub const MAX: usize = 20;

    /// The maximum size of the kept faults as JSON, in bytes. An answer has 16 kB and contains them twice.
    const MAX_LENGTH: usize = 7_000;

    /// Keeps a fault if there is room, or counts it.
    pub fn push(&mut self, fault: Fault) {
        let length = serde_json::to_string(&fault).map_or(Self::MAX_LENGTH, |text| text.len());
        let fits = self.faults.is_empty() || self.length + length <= Self::MAX_LENGTH;
        if self.is_full() || !fits {
            self.omitted += 1;
            return;
        }
        self.length += length;
        self.faults.push(fault);
    }

    /// Counts values that were not checked.
    pub(crate) fn omit(&mut self, count: usize) {
        self.omitted += count;
    }

    /// Whether a further fault would only be counted.
    pub(crate) fn is_full(&self) -> bool {
        self.faults.len() >= Self::MAX || self.omitted > 0
    }

    /// The number of faults that were not kept, and of list items that were not checked.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether there are no faults.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// The kept faults.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.faults.iter()
    }
}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.faults.into_iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Invalid {
    /// One fault.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut faults = Faults::default();
        faults.push(Fault { pointer: pointer.into(), detail: detail.into() });
        Self(faults)
    }

    /// The faults as a sentence for people, with `items[0].quantity` instead of the JSON pointer `/items/0/quantity`.
    pub(crate) fn sentence(&self) -> String {
        listed(&self.0, path)
    }
}

/// `{"code": "invalid_request", "detail": …, "errors": […]}`, and `"more": 7` where faults were left out.
impl Serialize for Invalid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", "invalid_request")?;
        map.serialize_entry("detail", &self.to_string())?;
        map.serialize_entry("errors", &self.0.faults)?;
        if self.0.omitted > 0 {
            map.serialize_entry("more", &self.0.omitted)?;
        }
        map.end()
    }
}

/// Reads it back from that form.
impl<'de> Deserialize<'de> for Invalid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Told {
            errors: Vec<Fault>,
            #[serde(default)]
            more: usize,
        }
        let told = Told::deserialize(deserializer)?;
        let mut faults = Faults::default();
        told.errors.into_iter().for_each(|fault| faults.push(fault));
        faults.omit(told.more);
        Ok(Self(faults))
    }
}

fn sentence(faults: &Faults) -> String {
    listed(faults, str::to_owned)
}

/// The faults in one line, with the number of those omitted.
fn listed(faults: &Faults, place: impl Fn(&str) -> String) -> String {
    let describe = |fault: &Fault| match place(&fault.pointer).as_str() {
        "" => fault.detail.clone(),
        place => format!("{place}: {}", fault.detail),
    };
    let mut text = faults.iter().map(describe).collect::<Vec<_>>().join("; ");
    if faults.omitted > 0 {
        text += &format!("; and {} more", faults.omitted);
    }
    text
}

/// A JSON pointer as people write it: `items[0].quantity`.
fn path(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        match part {
            index if !index.is_empty() && index.bytes().all(|c| c.is_ascii_digit()) => {
                path += &format!("[{index}]");
            }
            name if path.is_empty() => path += name,
            name => path += &format!(".{name}"),
        }
    }
    path
}

/// The JSON pointer of a field. A long name is cut.
pub fn pointer(name: &str) -> String {
    let short: String = name.chars().take(64).collect();
    format!("/{}", short.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let mut faults = Faults::default();
        (0..25).for_each(|no| {
            faults.push(Fault { pointer: format!("/items/{no}"), detail: "is missing".into() })
        });
        for invalid in [Invalid::at("/user", "is missing"), Invalid(faults)] {
            let json = serde_json::to_string(&invalid).unwrap();
            assert_eq!(serde_json::from_str::<Invalid>(&json).unwrap(), invalid);
        }
    }

    #[test]
    fn people_read_a_path_and_programs_a_pointer() {
        let invalid = Invalid::at("/items/0/quantity", "must be 1");
        assert_eq!(invalid.sentence(), "items[0].quantity: must be 1");
        assert_eq!(invalid.to_string(), "/items/0/quantity: must be 1");
        assert_eq!(Invalid::at("", "is not JSON").sentence(), "is not JSON");
    }
}

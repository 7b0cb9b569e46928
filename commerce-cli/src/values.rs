//! Turns arguments into the values of operations and queries. All faults are collected, each under the name of its field, as
//! they are when an operation is read from JSON.

use std::fmt::Display;

use commerce_core::{Fault, Faults, Id, Invalid, Key, Operation, Page, ProductId, Submission, UserId};

use crate::local_user;
use crate::options::{KeyArg, PageArgs};

/// Reads values and collects their faults.
#[derive(Default)]
pub struct Values(Faults);

/// Makes a value from arguments.
///
/// # Errors
/// [`Invalid`] with every fault that `make` reported.
pub fn read<T>(make: impl FnOnce(&mut Values) -> Option<T>) -> Result<T, Invalid> {
    let mut values = Values::default();
    match make(&mut values) {
        Some(made) if values.0.is_empty() => Ok(made),
        _ => Err(Invalid(values.0)),
    }
}

/// Makes an operation from arguments, with its idempotency key if one is given.
///
/// # Errors
/// [`Invalid`] with every fault of the key and of the fields, or the fault that the operation itself finds.
pub fn submission<O: Operation>(
    key: &KeyArg,
    make: impl FnOnce(&mut Values) -> Option<O>,
) -> Result<Submission<O>, Invalid> {
    let submission = read(|values| {
        let key = values.optional("key", key.key.as_deref(), Key::try_from);
        let operation = make(values);
        Some(keyed(operation?, key?))
    })?;
    submission.operation.check()?;
    Ok(submission)
}

/// An operation of the local user, with its idempotency key if it has one.
pub fn keyed<O>(operation: O, key: Option<Key>) -> Submission<O> {
    let submission = Submission::new(operation).caller(local_user::caller());
    match key {
        Some(key) => submission.key(key),
        None => submission,
    }
}

impl Values {
    /// A required field. An error is recorded as its fault.
    pub fn field<T>(&mut self, name: &str, value: Result<T, impl Display>) -> Option<T> {
        value.map_err(|detail| self.fault(name, detail)).ok()
    }

    /// The field `user`.
    pub fn user(&mut self, text: &str) -> Option<UserId> {
        self.field("user", UserId::try_from(text))
    }

    /// The field `product`.
    pub fn product(&mut self, text: &str) -> Option<ProductId> {
        self.field("product", ProductId::try_from(text))
    }

    /// The identifier of something new.
    pub fn new_id<K>(&mut self, name: &str, text: &str) -> Option<Id<K>> {
        let id = self.field(name, Id::try_from(text))?;
        self.for_new(name, id)
    }

    /// Checks that something new may have this identifier.
    pub fn for_new<K>(&mut self, name: &str, id: Id<K>) -> Option<Id<K>> {
        self.field(name, id.check_new()).map(|()| id)
    }

    /// An optional field.
    pub fn optional<A, T, E: Display>(
        &mut self,
        name: &str,
        argument: Option<A>,
        read: impl FnOnce(A) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match argument.map(read) {
            None => Some(None),
            Some(value) => self.field(name, value).map(Some),
        }
    }

    /// A list. The faults of its elements name their index.
    pub fn list<A, T, E: Display>(
        &mut self,
        name: &str,
        arguments: &[A],
        read: impl Fn(&A) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let elements = arguments.iter().enumerate();
        // Collected first, so that the faults of all elements are reported.
        let values: Vec<_> =
            elements.map(|(index, one)| self.field(&format!("{name}/{index}"), read(one))).collect();
        values.into_iter().collect()
    }

    /// A value made of several fields, with the faults of all.
    pub fn fields<T>(&mut self, value: Result<T, Invalid>) -> Option<T> {
        value.map_err(|Invalid(faults)| faults.into_iter().for_each(|fault| self.0.push(fault))).ok()
    }

    /// The requested page, or the first one if all rows are requested.
    pub fn page(&mut self, args: &PageArgs) -> Option<Page> {
        if args.all {
            return Some(Page::default());
        }
        self.fields(Page::new(args.limit, args.cursor.as_deref().map(Into::into)))
    }

    fn fault(&mut self, name: &str, detail: impl Display) {
        self.0.push(Fault { pointer: format!("/{name}"), detail: detail.to_string() });
    }
}

#[cfg(test)]
mod tests {
    use commerce_core::wallet;

    use super::*;

    fn pointers(invalid: Invalid) -> Vec<String> {
        let Invalid(faults) = invalid;
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn every_fault_is_reported_under_its_field() {
        let page = PageArgs { limit: 101, cursor: None, all: false };
        let read = read(|values| {
            let (user, page) = (values.user("a b"), values.page(&page));
            let events =
                values.list("events", &["1", "x", "0"], |text| text.parse::<commerce_core::EventId>());
            Some((user?, page?, events?))
        });
        assert_eq!(pointers(read.unwrap_err()), ["/user", "/limit", "/events/1", "/events/2"]);
    }

    #[test]
    fn all_rows_need_no_valid_limit() {
        let page = PageArgs { limit: 0, cursor: None, all: true };
        assert!(read(|values| values.page(&page)).is_ok());
    }

    #[test]
    fn the_fault_of_a_key_comes_before_those_of_the_fields() {
        let key = KeyArg { key: Some("a b".into()) };
        let charge = submission(&key, |values| {
            let user = values.user("")?;
            values.field("amount", wallet::Charge::new(user, commerce_core::Amount::ZERO))
        });
        assert_eq!(pointers(charge.unwrap_err()), ["/key", "/user"]);
    }
}

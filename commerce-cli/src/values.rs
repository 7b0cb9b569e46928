//! Arguments as the values that operations and queries are made of. Everything that is wrong with them is gathered, each
//! fault with the field that it belongs to, as where an operation is read from JSON.

use std::fmt::Display;

use commerce_core::{Fault, Faults, Id, Invalid, Key, Operation, Page, ProductId, Submission, UserId};

use crate::options::{KeyArg, PageArgs};

/// The faults found so far.
#[derive(Default)]
pub struct Values(Faults);

/// Makes a value of arguments.
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

/// Makes an operation of arguments, under a key where one is given.
///
/// # Errors
/// [`Invalid`] with the fault of the key, every fault that `make` reported, and what the operation itself refuses to be.
pub fn submission<O: Operation>(
    key: &KeyArg,
    make: impl FnOnce(&mut Values) -> Option<O>,
) -> Result<Submission<O>, Invalid> {
    let submission = read(|values| {
        let key = values.optional("key", key.key.as_deref(), Key::try_from);
        let submission = Submission::new(make(values)?);
        Some(match key? {
            Some(key) => submission.key(key),
            None => submission,
        })
    })?;
    submission.operation.check()?;
    Ok(submission)
}

impl Values {
    /// The value of a field, or a fault of it.
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

    /// The same of an identifier that was read before.
    pub fn for_new<K>(&mut self, name: &str, id: Id<K>) -> Option<Id<K>> {
        self.field(name, id.check_new()).map(|()| id)
    }

    /// The value of a field that may be left out.
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

    /// The values of a list, each with its place.
    pub fn list<A, T, E: Display>(
        &mut self,
        name: &str,
        arguments: &[A],
        read: impl Fn(&A) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let places = arguments.iter().enumerate();
        // After the first fault the others are only looked for.
        let values: Vec<_> =
            places.map(|(place, one)| self.field(&format!("{name}/{place}"), read(one))).collect();
        values.into_iter().collect()
    }

    /// What has faults of several fields.
    pub fn several<T>(&mut self, value: Result<T, Invalid>) -> Option<T> {
        value.map_err(|Invalid(faults)| faults.into_iter().for_each(|fault| self.0.push(fault))).ok()
    }

    /// The page that is asked for; the first where all are.
    pub fn page(&mut self, args: &PageArgs) -> Option<Page> {
        if args.all {
            return Some(Page::default());
        }
        self.several(Page::new(args.limit, args.cursor.as_deref().map(Into::into)))
    }

    fn fault(&mut self, name: &str, detail: impl Display) {
        self.0.push(Fault { pointer: format!("/{name}"), detail: detail.to_string() });
    }
}

//! Violated invariants. The methods that change facts cannot return an error, so they record the violation here, and
//! the group is not stored.

use std::fmt;

use super::Facts;
use crate::error::Error;

impl Facts {
    /// Checks that no invariant was violated.
    ///
    /// # Errors
    /// [`Error::Store`], which names the first violation.
    pub(crate) fn check_invariants(&self) -> Result<(), Error> {
        match &self.violation {
            Some(what) => {
                Err(Error::Store(format!("an invariant does not hold: {what}; nothing was changed").into()))
            }
            None => Ok(()),
        }
    }

    /// Records a change of a row that was not loaded.
    pub(super) fn record_unloaded(&mut self, what: &str, id: impl fmt::Display) {
        self.record_violation(format!("{what} {id} is to be changed and was not loaded"));
    }

    pub(super) fn record_violation(&mut self, what: String) {
        self.violation.get_or_insert(what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{CartLine, User, Wallet};
    use crate::id::{Name, ProductId, UserId};
    use crate::money::{Amount, Quantity, Stock};
    use crate::number::{EntryId, OrderId};
    use crate::order::{Item, Order, Status};
    use crate::time::Time;
    use crate::wallet::EntryKind;

    fn ann() -> UserId {
        UserId::try_from("ann").unwrap()
    }

    fn mug() -> ProductId {
        ProductId::try_from("mug").unwrap()
    }

    /// A user and a product of which there are so many.
    fn facts(stock: i64) -> Facts {
        let mut facts = Facts::default();
        let (wallet, time) =
            (Wallet { balance: Amount::ZERO, last_entry: None, last_order: None }, Time::default());
        facts.load_user(ann(), User { no: 1, wallet });
        facts.add_product(
            mug(),
            Name::try_from("Mug").unwrap(),
            Amount::ZERO,
            Stock::try_from(stock).unwrap(),
            time,
        );
        facts
    }

    fn order(units: i64) -> Order {
        let quantity = Quantity::try_from(units).unwrap();
        let (name, price) = (Name::try_from("Mug").unwrap(), Amount::ZERO);
        let items = vec![Item { product: mug(), name, price, quantity, amount: price }];
        let (status, at) = (Status::Paid, Time::default());
        let (total, balance) = (Amount::ZERO, Amount::ZERO);
        Order {
            order: OrderId::stored(1),
            user: ann(),
            status,
            items,
            total,
            balance,
            at,
            cancelled_at: None,
            reason: None,
            actor: None,
            cancelled_by: None,
        }
    }

    fn message(mut facts: Facts) -> String {
        facts.changes();
        facts.check_invariants().expect_err("a violation").to_string()
    }

    #[test]
    fn a_stock_never_passes_below_none() {
        let mut enough = facts(3);
        enough.add_order(order(3));
        enough.check_invariants().unwrap();
        let mut short = facts(2);
        short.add_order(order(3));
        assert!(message(short).contains("the stock of product mug would be 2 with -3"));
    }

    #[test]
    fn what_is_changed_was_loaded() {
        let (nobody, time) = (UserId::try_from("nobody").unwrap(), Time::default());
        let unknown = ProductId::try_from("unknown").unwrap();
        let line = CartLine {
            product: unknown.clone(),
            position: 1,
            quantity: Quantity::try_from(1).unwrap(),
            price: Amount::ZERO,
        };
        type Change<'a> = Box<dyn Fn(&mut Facts) + 'a>;
        let changes: [(Change<'_>, &str); 7] = [
            (Box::new(|facts| _ = facts.post(&nobody, EntryKind::Charge, Amount::ZERO, 1, time)), "nobody"),
            (Box::new(|facts| facts.add_order(Order { user: nobody.clone(), ..order(1) })), "nobody"),
            (
                Box::new(|facts| facts.cancel_order(OrderId::stored(7), EntryId::stored(1), None, time)),
                "order 7",
            ),
            (Box::new(|facts| facts.adjust_stock(&unknown, Stock::default(), None, time)), "unknown"),
            (
                Box::new(|facts| {
                    facts.set_product(&unknown, Name::try_from("N").unwrap(), Amount::ZERO, true)
                }),
                "unknown",
            ),
            (Box::new(|facts| facts.set_cart(&nobody, Vec::new())), "nobody"),
            (Box::new(|facts| facts.set_cart(&ann(), vec![line.clone()])), "unknown"),
        ];
        for (change, named) in changes {
            let mut facts = facts(1);
            facts.check_invariants().unwrap();
            change(&mut facts);
            let message = message(facts);
            assert!(message.contains(named) && message.contains("was not loaded"), "{message}");
        }
    }
}

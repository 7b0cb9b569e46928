//! `wallet.history`: lists the ledger entries of a user, newest first, along the linked list that they form.

use serde::{Deserialize, Serialize};

use super::EntryKind;
use crate::access::Access;
use crate::error::Error;
use crate::id::{Actor, UserId};
use crate::input::Fields;
use crate::money::Amount;
use crate::number::{ChargeId, EntryId, OrderId};
use crate::page::{Listing, Page};
use crate::query::{Paged, Query, View};
use crate::row::{Statement, Value};
use crate::time::Time;
use crate::user;

/// Lists the ledger entries of a user, newest first.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// The user's id.
    pub user: UserId,
    /// The page to return.
    #[serde(flatten)]
    pub page: Page,
}

/// A ledger entry: one change of a balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// The id of the entry.
    pub id: EntryId,
    /// The reason for the change.
    pub kind: EntryKind,
    /// The change of the balance, negative for a payment.
    pub amount: i64,
    /// The balance after the change.
    pub balance: Amount,
    /// The id of the charge, if the kind is `charge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<ChargeId>,
    /// The id of the order, if the kind is `payment` or `refund`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// When the balance changed.
    pub at: Time,
    /// The operator who changed it; none for a shopper's own order or cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
}

impl Query for History {
    const NAME: &'static str = "wallet.history";
    const ACCESS: Access = Access::OwnUser;
    type Answer = Listing<Entry>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, page) = (fields.required("user"), Page::parse(fields));
        Some(Self { user: user?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Entry>, Error> {
        let list = Page::list_id(Self::NAME, &self.user);
        let before: Option<EntryId> = self.page.position(&list)?;
        let user = user::Get { user: self.user.clone() };
        // A page continues after the last entry of the page before, if that entry is the same user's.
        let sql = "WITH RECURSIVE page (entry) AS (
                SELECT CASE ?2 WHEN 0 THEN (SELECT last_entry FROM wallets WHERE user_no = u.user_no)
                    ELSE (SELECT previous_entry FROM ledger WHERE entry = ?2 AND user_no = u.user_no) END
                FROM users u WHERE u.user = ?1
                UNION ALL
                SELECT l.previous_entry FROM page JOIN ledger l USING (entry) LIMIT ?3)
            SELECT l.entry, l.kind, l.amount, l.balance, l.source, l.at, a.actor
            FROM page CROSS JOIN ledger l USING (entry) LEFT JOIN actors a ON a.actor_no = l.actor_no
            ORDER BY l.entry DESC";
        let values =
            [self.user.shared().into(), EntryId::or_zero(before).into(), self.page.fetch_limit().into()];
        let [found, rows] = view.final_batch([user.statement(), Statement::new(sql, values)])?;
        user.read(&found)?;
        let items = rows.iter().map(entry).collect::<Result<_, _>>()?;
        Ok(self.page.listing(&list, items, |entry: &Entry| entry.id))
    }
}

impl Paged for History {
    type Item = Entry;

    fn page(&mut self) -> &mut Page {
        &mut self.page
    }
}

fn entry(row: &[Value]) -> Result<Entry, Error> {
    let (kind, source) = (EntryKind::stored(&row[1].text()), row[4].int());
    let id = EntryId::stored(row[0].int());
    Ok(Entry {
        id,
        kind,
        amount: row[2].int(),
        balance: row[3].read(format_args!("the balance after ledger entry {id}"))?,
        charge: (kind == EntryKind::Charge).then(|| ChargeId::stored(source)),
        order: (kind != EntryKind::Charge).then(|| OrderId::stored(source)),
        at: Time::from_millis(row[5].int()),
        actor: row[6].optional_text().map(Actor::stored),
    })
}

//! The role of the console's user. The console asks only for what the role may see, and offers only what it may do, since
//! the server would refuse the rest.

use commerce_core::UserId;

use crate::keys::Action;
use crate::navigation::Screen;

/// Who uses the console. On a store of this machine everybody is an operator; on a served shop the token decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Sees and changes everything.
    #[default]
    Operator,
    /// Sees everything and changes nothing.
    Viewer,
    /// Sees the catalogue, and shops as this user only.
    Shopper(UserId),
}

impl Role {
    /// The only user that may be shown, if the role is bound to one.
    pub fn own_user(&self) -> Option<&UserId> {
        match self {
            Self::Shopper(user) => Some(user),
            Self::Operator | Self::Viewer => None,
        }
    }

    /// Whether the role may see a screen.
    pub fn sees(&self, screen: Screen) -> bool {
        self.own_user().is_none() || matches!(screen, Screen::Shop | Screen::Orders | Screen::Top)
    }

    /// Why the role may not perform an action; none if it may.
    pub(crate) fn refusal_of(&self, action: Action) -> Option<&'static str> {
        match (self, action) {
            (Self::Viewer, _) if action.changes_store() => {
                Some("The token may not change the shop: its role is viewer.")
            }
            (Self::Shopper(_), Action::GoTo(screen)) if !self.sees(screen) => {
                Some("Only an operator sees this screen: the token's role is shopper.")
            }
            (Self::Shopper(_), Action::Charge) => Some("Only an operator may charge a wallet."),
            (Self::Shopper(_), Action::ChooseCustomer | Action::AllCustomers) => {
                Some("The token is for one customer: its role is shopper.")
            }
            _ => None,
        }
    }
}

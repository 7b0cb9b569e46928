//! The screens of the console and the panes of a screen.

/// A screen, one per tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Screen {
    /// The products on sale and a customer's cart.
    Shop,
    /// The customers and their ledgers.
    Customers,
    /// The orders and their lines.
    Orders,
    /// The best sellers.
    Top,
    /// The whole catalogue, for administration.
    Products,
    /// The outgoing events.
    Events,
    /// The shop at a glance: sales, low stock, newest orders and the outbox.
    Overview,
}

/// A pane of a screen. Every screen has two; a narrow terminal shows one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pane {
    /// The left one.
    #[default]
    Left,
    /// The right one.
    Right,
}

impl Screen {
    /// All screens in the order of their tabs.
    pub const ALL: [Self; 7] =
        [Self::Shop, Self::Customers, Self::Orders, Self::Top, Self::Products, Self::Events, Self::Overview];

    /// The title of its tab.
    pub fn title(self) -> &'static str {
        match self {
            Self::Shop => "Shop",
            Self::Customers => "Customers",
            Self::Orders => "Orders",
            Self::Top => "Top",
            Self::Products => "Products",
            Self::Events => "Events",
            Self::Overview => "Overview",
        }
    }
}

impl Pane {
    /// The other pane of the screen.
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

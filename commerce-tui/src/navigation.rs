//! The screens of the console and their two panes.

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Products and a cart.
    Shop,
    /// Customers and their ledgers.
    Customers,
    /// Orders and their lines.
    Orders,
    /// The best sellers.
    Top,
    /// The catalogue, for administration.
    Products,
    /// The outgoing events.
    Events,
    /// Everything at a glance.
    Overview,
}

/// A pane of a screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pane {
    /// The left one.
    #[default]
    Left,
    /// The right one.
    Right,
}

impl Place {
    /// All screens, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Shop, Self::Customers, Self::Orders, Self::Top, Self::Products, Self::Events, Self::Overview];

    /// Its name.
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
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

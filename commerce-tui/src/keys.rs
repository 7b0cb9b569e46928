//! The table of keys: which key does what, and where. Dispatch, footer, help, command palette and the README's table
//! all come from it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::navigation::{Pane, Screen};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the help texts of the table below say what each does")]
pub enum Action {
    GoTo(Screen),
    NextPane,
    PreviousPane,
    Back,
    Help,
    Palette,
    ToggleFreeze,
    Reload,
    Redraw,
    Suspend,
    Quit,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Accept,
    Search,
    Sort,
    ChooseCustomer,
    Charge,
    AddOne,
    AddSeveral,
    Increase,
    Decrease,
    RemoveLine,
    ClearCart,
    CheckOut,
    Undo,
    New,
    ShopAs,
    ShowOrders,
    AllCustomers,
    NextStatus,
    CancelOrder,
    MoreRows,
    FewerRows,
    LongerWindow,
    ShorterWindow,
    ToggleRanking,
    Edit,
    AdjustStock,
    StockHistory,
    ToggleOnSale,
    SortByStock,
    RetryEvent,
    RetryAllEvents,
    Open,
    NextField,
    PreviousField,
    Remedy(u8),
}

/// Where a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On every screen, unless a dialog is open.
    Global,
    /// In every pane, to move the selection.
    Rows,
    /// In both panes of a screen.
    On(Screen),
    /// In one pane of a screen.
    In(Screen, Pane),
    /// In the search line.
    Search,
    /// In a form.
    Form,
    /// In a question that is answered yes or no.
    Confirm,
    /// In the explanation of a refusal.
    Refusal,
    /// In the choice of a customer.
    Picker,
    /// In the command palette.
    Palette,
    /// In the help.
    Help,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The names of the keys, separated by spaces. The first is shown in the footer.
    pub keys: &'static str,
    /// What they do.
    pub action: Action,
    /// Where they work.
    pub scope: Scope,
    /// The word in the footer; empty if only the help shows the key.
    pub label: &'static str,
    /// The phrase in the help and the command palette.
    pub help: &'static str,
}

const fn row(
    scope: Scope,
    keys: &'static str,
    action: Action,
    label: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, action, scope, label, help }
}

use Action as A;
use Pane::{Left, Right};
use Scope::{Global, In, On, Rows};
use Screen as S;

/// Every key.
pub const KEYS: &[Binding] = &[
    row(In(S::Shop, Left), "enter a", A::AddOne, "add", "Add one unit of the product to the cart"),
    row(In(S::Shop, Left), "A", A::AddSeveral, "add many", "Add several units of the product to the cart"),
    row(In(S::Shop, Right), "+ = right l", A::Increase, "more", "Increase the quantity by one"),
    row(In(S::Shop, Right), "- left h", A::Decrease, "less", "Decrease the quantity by one"),
    row(In(S::Shop, Right), "enter e", A::Edit, "quantity", "Set the quantity of the line"),
    row(In(S::Shop, Right), "d delete", A::RemoveLine, "remove", "Remove the line from the cart"),
    row(In(S::Shop, Right), "D", A::ClearCart, "", "Empty the cart"),
    row(On(S::Shop), "b", A::CheckOut, "buy", "Check out: order the cart and pay for it"),
    row(On(S::Shop), "w", A::ChooseCustomer, "customer", "Choose the customer"),
    row(On(S::Shop), "c", A::Charge, "charge", "Charge the customer's wallet"),
    row(On(S::Shop), "u", A::Undo, "undo", "Undo the last edit of the cart"),
    row(In(S::Shop, Left), "/", A::Search, "search", "Search by part of a name or ID"),
    row(In(S::Shop, Left), "s", A::Sort, "sort", "Change the sort order"),
    row(In(S::Customers, Left), "enter", A::ShopAs, "shop", "Open the customer's cart in the shop"),
    row(On(S::Customers), "n", A::New, "new", "Add a customer"),
    row(On(S::Customers), "c", A::Charge, "charge", "Charge the customer's wallet"),
    row(On(S::Customers), "o", A::ShowOrders, "orders", "Show the customer's orders"),
    row(On(S::Customers), "/", A::Search, "search", "Search by part of a name or ID"),
    row(In(S::Orders, Left), "enter", A::Open, "lines", "Go to the order's lines"),
    row(On(S::Orders), "x", A::CancelOrder, "cancel", "Cancel the order: refund it and restock its units"),
    row(On(S::Orders), "/", A::Search, "find", "Find an order by its number"),
    row(On(S::Orders), "s", A::NextStatus, "status", "Show all, paid or cancelled orders"),
    row(On(S::Orders), "w", A::ChooseCustomer, "customer", "Show the orders of one customer"),
    row(On(S::Orders), "W", A::AllCustomers, "all customers", "Show the orders of all customers"),
    row(On(S::Top), "] right l", A::LongerWindow, "longer window", "Lengthen the time window"),
    row(On(S::Top), "[ left h", A::ShorterWindow, "shorter", "Shorten the time window"),
    row(On(S::Top), "+ =", A::MoreRows, "more rows", "Show more products"),
    row(On(S::Top), "-", A::FewerRows, "fewer", "Show fewer products"),
    row(On(S::Top), "v", A::ToggleRanking, "units/revenue", "Rank by units or by revenue"),
    row(On(S::Products), "n", A::New, "new", "Add a product"),
    row(On(S::Products), "enter e", A::Edit, "edit", "Change the name or price of the product"),
    row(On(S::Products), "t", A::AdjustStock, "stock", "Adjust the stock of the product"),
    row(On(S::Products), "h", A::StockHistory, "history", "Show what moved the stock, or low stock again"),
    row(On(S::Products), "o", A::ToggleOnSale, "on/off sale", "Put the product on sale or take it off sale"),
    row(In(S::Products, Left), "/", A::Search, "search", "Search by part of a name or ID"),
    row(In(S::Products, Left), "s", A::Sort, "sort", "Change the sort order"),
    row(In(S::Products, Left), "L", A::SortByStock, "low first", "Sort by stock, lowest first"),
    row(On(S::Events), "s", A::NextStatus, "status", "Show all, pending, delivered or dead events"),
    row(On(S::Events), "r", A::RetryEvent, "retry", "Deliver the dead event again"),
    row(On(S::Events), "R", A::RetryAllEvents, "retry all", "Deliver all dead events again"),
    row(On(S::Overview), "enter", A::Open, "open", "Open the selected row on its screen"),
    row(Rows, "up k", A::Up, "", "Previous row"),
    row(Rows, "down j", A::Down, "", "Next row"),
    row(Rows, "pgup ctrl-u ctrl-b", A::PageUp, "", "Previous page"),
    row(Rows, "pgdn ctrl-d ctrl-f", A::PageDown, "", "Next page"),
    row(Rows, "g home", A::First, "", "First row"),
    row(Rows, "G end", A::Last, "", "Last loaded row"),
    row(Global, "tab", A::NextPane, "pane", "Go to the next pane"),
    row(Global, "shift-tab", A::PreviousPane, "", "Go to the previous pane"),
    row(Global, "1", A::GoTo(S::Shop), "", "Go to the shop"),
    row(Global, "2", A::GoTo(S::Customers), "", "Go to the customers"),
    row(Global, "3", A::GoTo(S::Orders), "", "Go to the orders"),
    row(Global, "4", A::GoTo(S::Top), "", "Go to the best sellers"),
    row(Global, "5", A::GoTo(S::Products), "", "Go to the products"),
    row(Global, "6", A::GoTo(S::Events), "", "Go to the events"),
    row(Global, "7", A::GoTo(S::Overview), "", "Go to the overview"),
    row(Global, "f", A::ToggleFreeze, "freeze", "Freeze the screen, or show live changes again"),
    row(Global, "ctrl-r f5", A::Reload, "", "Reload everything"),
    row(Global, "esc", A::Back, "", "Go back: clear the search or leave the pane"),
    row(Global, ": ctrl-p", A::Palette, "commands", "Find a command by name"),
    row(Global, "?", A::Help, "help", "Show the keys of this screen"),
    row(Global, "ctrl-l", A::Redraw, "", "Redraw the screen"),
    row(Global, "ctrl-z", A::Suspend, "", "Suspend to the shell; fg returns"),
    row(Global, "q ctrl-c", A::Quit, "quit", "Quit"),
    row(Scope::Search, "enter", A::Accept, "keep", "Keep the search"),
    row(Scope::Search, "esc ctrl-c", A::Back, "clear", "Clear the search"),
    row(Scope::Search, "up", A::Up, "", "Previous row"),
    row(Scope::Search, "down", A::Down, "", "Next row"),
    row(Scope::Form, "enter", A::Accept, "submit", "Go to the next field; in the last, submit"),
    row(Scope::Form, "tab down", A::NextField, "next field", "Go to the next field"),
    row(Scope::Form, "shift-tab up", A::PreviousField, "", "Go to the previous field"),
    row(Scope::Form, "esc", A::Back, "close", "Close the form"),
    row(Scope::Form, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Confirm, "enter y", A::Accept, "yes", "Yes"),
    row(Scope::Confirm, "c", A::Charge, "charge", "Charge the missing amount"),
    row(Scope::Confirm, "esc n q", A::Back, "no", "No"),
    row(Scope::Confirm, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Refusal, "enter 1", A::Remedy(0), "first option", "Choose the first option"),
    row(Scope::Refusal, "2", A::Remedy(1), "second", "Choose the second option"),
    row(Scope::Refusal, "esc q n", A::Back, "close", "Close the dialog"),
    row(Scope::Refusal, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Picker, "enter", A::Accept, "choose", "Choose the customer"),
    row(Scope::Picker, "up", A::Up, "", "Previous row"),
    row(Scope::Picker, "down", A::Down, "", "Next row"),
    row(Scope::Picker, "pgup", A::PageUp, "", "Previous page"),
    row(Scope::Picker, "pgdn", A::PageDown, "", "Next page"),
    row(Scope::Picker, "ctrl-n", A::New, "new customer", "Add a customer"),
    row(Scope::Picker, "esc", A::Back, "close", "Close the dialog"),
    row(Scope::Picker, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Palette, "enter", A::Accept, "run", "Run the command"),
    row(Scope::Palette, "up ctrl-k", A::Up, "", "Previous command"),
    row(Scope::Palette, "down ctrl-j", A::Down, "", "Next command"),
    row(Scope::Palette, "esc", A::Back, "close", "Close the palette"),
    row(Scope::Palette, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Help, "down j", A::Down, "down", "Next line"),
    row(Scope::Help, "up k", A::Up, "up", "Previous line"),
    row(Scope::Help, "pgdn ctrl-d", A::PageDown, "", "Next page"),
    row(Scope::Help, "pgup ctrl-u", A::PageUp, "", "Previous page"),
    row(Scope::Help, "esc enter q ?", A::Back, "close", "Close the help"),
    row(Scope::Help, "ctrl-c", A::Quit, "", "Quit"),
];

/// The rows of the table in these scopes, in the table's order.
pub fn bindings(scopes: &[Scope]) -> impl Iterator<Item = &'static Binding> {
    KEYS.iter().filter(|binding| scopes.contains(&binding.scope))
}

/// The action of a key in these scopes.
pub fn action_for(key: &KeyEvent, scopes: &[Scope]) -> Option<Action> {
    let pressed = key_name(key)?;
    let found = bindings(scopes).find(|binding| binding.keys.split(' ').any(|known| known == pressed));
    found.map(|binding| binding.action)
}

impl Action {
    /// Whether it changes the store.
    pub fn changes_store(self) -> bool {
        matches!(
            self,
            Self::AddOne
                | Self::AddSeveral
                | Self::Increase
                | Self::Decrease
                | Self::RemoveLine
                | Self::ClearCart
                | Self::CheckOut
                | Self::Undo
                | Self::Charge
                | Self::New
                | Self::Edit
                | Self::AdjustStock
                | Self::ToggleOnSale
                | Self::CancelOrder
                | Self::RetryEvent
                | Self::RetryAllEvents
        )
    }
}

/// Names of keys as they are shown, with arrows as symbols.
pub fn display(keys: &str) -> String {
    let one = |key: &str| match key {
        "up" => "↑".to_owned(),
        "down" => "↓".to_owned(),
        "left" => "←".to_owned(),
        "right" => "→".to_owned(),
        other => other.to_owned(),
    };
    keys.split(' ').map(one).collect::<Vec<_>>().join(" ")
}

/// The table in short, as Markdown with a line per screen, for the README.
pub fn markdown() -> String {
    let short = |scopes: &[Scope]| {
        let one = |binding: &Binding| {
            let key = binding.keys.split(' ').next().unwrap_or_default();
            format!("`{key}` {}", binding.label)
        };
        let labelled = bindings(scopes).filter(|binding| !binding.label.is_empty());
        labelled.map(one).collect::<Vec<_>>().join(" · ")
    };
    let mut table = "| where | keys |\n|---|---|\n".to_owned();
    for (number, screen) in (1..).zip(Screen::ALL) {
        let (panes, name) = ([In(screen, Left), In(screen, Right), On(screen)], screen.title());
        table.push_str(&format!("| `{number}` {name} | {} |\n", short(&panes)));
    }
    let lists = "`up` `down` or `k` `j` · `pgup` `pgdn` or `ctrl-u` `ctrl-d` · `g` `G` first and last row";
    table.push_str(&format!("| lists | {lists} |\n"));
    let more = "`esc` back · `ctrl-r` reload · `ctrl-z` suspend";
    table.push_str(&format!("| everywhere | {} · {more} |\n", short(&[Global])));
    table
}

/// The name of a key as it is written in the table.
fn key_name(key: &KeyEvent) -> Option<String> {
    let plain = match key.code {
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "enter".to_owned(),
        KeyCode::Esc => "esc".to_owned(),
        KeyCode::Tab if key.modifiers.contains(KeyModifiers::SHIFT) => "shift-tab".to_owned(),
        KeyCode::Tab => "tab".to_owned(),
        KeyCode::BackTab => "shift-tab".to_owned(),
        KeyCode::Up => "up".to_owned(),
        KeyCode::Down => "down".to_owned(),
        KeyCode::Left => "left".to_owned(),
        KeyCode::Right => "right".to_owned(),
        KeyCode::PageUp => "pgup".to_owned(),
        KeyCode::PageDown => "pgdn".to_owned(),
        KeyCode::Home => "home".to_owned(),
        KeyCode::End => "end".to_owned(),
        KeyCode::Delete => "delete".to_owned(),
        KeyCode::F(number) => format!("f{number}"),
        _ => return None,
    };
    match key.modifiers {
        m if m.contains(KeyModifiers::CONTROL) => Some(format!("ctrl-{}", plain.to_lowercase())),
        m if m.contains(KeyModifiers::ALT) => Some(format!("alt-{plain}")),
        _ => Some(plain),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_key_has_two_actions_in_one_scope() {
        for screen in Screen::ALL {
            for pane in [Left, Right] {
                let scopes = [In(screen, pane), On(screen), Rows, Global];
                unique(&scopes);
            }
        }
        for scope in [
            Scope::Search,
            Scope::Form,
            Scope::Confirm,
            Scope::Refusal,
            Scope::Picker,
            Scope::Palette,
            Scope::Help,
        ] {
            unique(&[scope]);
        }
    }

    fn unique(scopes: &[Scope]) {
        let mut seen = HashMap::new();
        for binding in bindings(scopes) {
            for key in binding.keys.split(' ') {
                let other = seen.insert(key, binding);
                assert!(other.is_none(), "{key} in {scopes:?}: {} and {other:?}", binding.help);
            }
        }
    }

    #[test]
    fn keys_have_the_names_of_the_table() {
        for (code, modifiers, wanted) in [
            (KeyCode::Char('p'), KeyModifiers::CONTROL, Action::Palette),
            (KeyCode::Char('G'), KeyModifiers::SHIFT, Action::Last),
            (KeyCode::BackTab, KeyModifiers::SHIFT, Action::PreviousPane),
            (KeyCode::F(5), KeyModifiers::NONE, Action::Reload),
        ] {
            let scopes = [Rows, Global];
            assert_eq!(action_for(&KeyEvent::new(code, modifiers), &scopes), Some(wanted));
        }
    }
}

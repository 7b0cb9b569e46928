//! The one table of keys: what is pressed, where it counts, what it does. Dispatch, footer, help, the palette
//! and the README's table all come from it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::navigation::{Pane, Place};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table below says what each does")]
pub enum Action {
    Go(Place),
    NextPane,
    PreviousPane,
    Back,
    Help,
    Palette,
    Freeze,
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
    Who,
    Charge,
    Add,
    AddMany,
    More,
    Less,
    Remove,
    Clear,
    Buy,
    Undo,
    New,
    ShopAs,
    OrdersOf,
    Everyone,
    Status,
    Cancel,
    Longer,
    Shorter,
    LongerWindow,
    ShorterWindow,
    Rank,
    Edit,
    Restock,
    OnOff,
    LowFirst,
    Retry,
    RetryAll,
    Open,
    NextField,
    PreviousField,
    Remedy(u8),
}

/// Where a key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Wherever no dialog is open.
    Everywhere,
    /// In any pane with rows.
    Rows,
    /// On a screen, in any pane.
    On(Place),
    /// In one pane of a screen.
    In(Place, Pane),
    /// While the search is typed.
    Search,
    /// In a form.
    Form,
    /// In a question with yes or no.
    Question,
    /// In what explains a refusal.
    Refusal,
    /// While a customer is picked.
    Picker,
    /// In the command palette.
    Commands,
    /// In the help.
    Reading,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Names of keys, apart by spaces; the first is shown.
    pub keys: &'static str,
    /// What it does.
    pub action: Action,
    /// Where it counts.
    pub scope: Scope,
    /// A word for the footer; nothing where the help is enough.
    pub label: &'static str,
    /// A sentence for the help and the palette.
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
use Place as P;
use Scope::{Everywhere, In, On, Rows};

/// Every key there is.
pub const KEYS: &[Binding] = &[
    row(In(P::Shop, Left), "enter a", A::Add, "add", "Add one of the product to the cart"),
    row(In(P::Shop, Left), "A", A::AddMany, "add many", "Add several of the product to the cart"),
    row(In(P::Shop, Right), "+ = right l", A::More, "more", "One more of the line"),
    row(In(P::Shop, Right), "- left h", A::Less, "less", "One less of the line"),
    row(In(P::Shop, Right), "enter e", A::Edit, "quantity", "Set the quantity of the line"),
    row(In(P::Shop, Right), "d delete", A::Remove, "remove", "Remove the line from the cart"),
    row(In(P::Shop, Right), "D", A::Clear, "", "Empty the cart"),
    row(On(P::Shop), "b", A::Buy, "buy", "Check out: order the cart and pay it from the balance"),
    row(On(P::Shop), "w", A::Who, "who", "Choose whose cart it is"),
    row(On(P::Shop), "c", A::Charge, "charge", "Charge the customer's wallet"),
    row(On(P::Shop), "u", A::Undo, "undo", "Undo the last edit of the cart"),
    row(In(P::Shop, Left), "/", A::Search, "search", "Search by a part of name or identifier"),
    row(In(P::Shop, Left), "s", A::Sort, "sort", "Next order of the list"),
    row(In(P::Customers, Left), "enter", A::ShopAs, "shop", "Open the customer's cart in the shop"),
    row(On(P::Customers), "n", A::New, "new", "Add a customer"),
    row(On(P::Customers), "c", A::Charge, "charge", "Charge the customer's wallet"),
    row(On(P::Customers), "o", A::OrdersOf, "orders", "See the customer's orders"),
    row(On(P::Customers), "/", A::Search, "search", "Search by a part of name or identifier"),
    row(In(P::Orders, Left), "enter", A::Open, "lines", "Read the order's lines"),
    row(On(P::Orders), "x", A::Cancel, "cancel", "Cancel the order: money and units go back"),
    row(On(P::Orders), "/", A::Search, "number", "Find an order by its number"),
    row(On(P::Orders), "s", A::Status, "status", "Show all, paid or cancelled orders"),
    row(On(P::Orders), "w", A::Who, "whose", "Show one customer's orders"),
    row(On(P::Orders), "W", A::Everyone, "everyone's", "Show everyone's orders"),
    row(On(P::Top), "] right l", A::LongerWindow, "longer window", "A longer window of time"),
    row(On(P::Top), "[ left h", A::ShorterWindow, "shorter", "A shorter window of time"),
    row(On(P::Top), "+ =", A::Longer, "more rows", "A longer list"),
    row(On(P::Top), "-", A::Shorter, "fewer", "A shorter list"),
    row(On(P::Top), "v", A::Rank, "units/revenue", "Rank by units or by revenue"),
    row(On(P::Products), "n", A::New, "new", "Add a product"),
    row(On(P::Products), "enter e", A::Edit, "edit", "Change name and price of the product"),
    row(On(P::Products), "t", A::Restock, "restock", "Let units come or go"),
    row(On(P::Products), "o", A::OnOff, "on/off sale", "Put the product on or off sale"),
    row(In(P::Products, Left), "/", A::Search, "search", "Search by a part of name or identifier"),
    row(In(P::Products, Left), "s", A::Sort, "sort", "Next order of the list"),
    row(In(P::Products, Left), "L", A::LowFirst, "low first", "Least stock first"),
    row(On(P::Events), "s", A::Status, "status", "Show all, pending, delivered or dead events"),
    row(On(P::Events), "r", A::Retry, "retry", "Deliver the dead event again"),
    row(On(P::Events), "R", A::RetryAll, "retry all", "Deliver every dead event again"),
    row(On(P::Overview), "enter", A::Open, "open", "Open what is selected on its screen"),
    row(Rows, "up k", A::Up, "", "Up"),
    row(Rows, "down j", A::Down, "", "Down"),
    row(Rows, "pgup ctrl-u ctrl-b", A::PageUp, "", "A page up"),
    row(Rows, "pgdn ctrl-d ctrl-f", A::PageDown, "", "A page down"),
    row(Rows, "g home", A::First, "", "To the first row"),
    row(Rows, "G end", A::Last, "", "To the last row known so far"),
    row(Everywhere, "tab", A::NextPane, "pane", "To the next pane"),
    row(Everywhere, "shift-tab", A::PreviousPane, "", "To the pane before"),
    row(Everywhere, "1", A::Go(P::Shop), "", "To the shop"),
    row(Everywhere, "2", A::Go(P::Customers), "", "To the customers"),
    row(Everywhere, "3", A::Go(P::Orders), "", "To the orders"),
    row(Everywhere, "4", A::Go(P::Top), "", "To the best sellers"),
    row(Everywhere, "5", A::Go(P::Products), "", "To the products"),
    row(Everywhere, "6", A::Go(P::Events), "", "To the events"),
    row(Everywhere, "7", A::Go(P::Overview), "", "To the overview"),
    row(Everywhere, "f", A::Freeze, "freeze", "Freeze what is shown, or follow the store again"),
    row(Everywhere, "ctrl-r f5", A::Reload, "", "Read everything anew"),
    row(Everywhere, "esc", A::Back, "", "Back: end the search, leave the pane"),
    row(Everywhere, ": ctrl-p", A::Palette, "commands", "Find a command by its name"),
    row(Everywhere, "?", A::Help, "help", "The keys of this screen"),
    row(Everywhere, "ctrl-l", A::Redraw, "", "Draw the screen anew"),
    row(Everywhere, "ctrl-z", A::Suspend, "", "Back to the shell for a while; fg returns"),
    row(Everywhere, "q ctrl-c", A::Quit, "quit", "Quit"),
    row(Scope::Search, "enter", A::Accept, "keep", "Keep the search"),
    row(Scope::Search, "esc ctrl-c", A::Back, "clear", "End the search"),
    row(Scope::Search, "up", A::Up, "", "Up"),
    row(Scope::Search, "down", A::Down, "", "Down"),
    row(Scope::Form, "enter", A::Accept, "do it", "Do it; in a field before the last, go on"),
    row(Scope::Form, "tab down", A::NextField, "next field", "To the next field"),
    row(Scope::Form, "shift-tab up", A::PreviousField, "", "To the field before"),
    row(Scope::Form, "esc", A::Back, "leave", "Leave without doing it"),
    row(Scope::Form, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Question, "enter y", A::Accept, "yes", "Yes"),
    row(Scope::Question, "c", A::Charge, "charge", "Charge what is missing"),
    row(Scope::Question, "esc n q", A::Back, "no", "No"),
    row(Scope::Question, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Refusal, "enter 1", A::Remedy(0), "first remedy", "Take the first remedy"),
    row(Scope::Refusal, "2", A::Remedy(1), "second", "Take the second remedy"),
    row(Scope::Refusal, "esc q n", A::Back, "leave", "Leave it"),
    row(Scope::Refusal, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Picker, "enter", A::Accept, "choose", "Choose"),
    row(Scope::Picker, "up", A::Up, "", "Up"),
    row(Scope::Picker, "down", A::Down, "", "Down"),
    row(Scope::Picker, "pgup", A::PageUp, "", "A page up"),
    row(Scope::Picker, "pgdn", A::PageDown, "", "A page down"),
    row(Scope::Picker, "ctrl-n", A::New, "new customer", "Add a customer"),
    row(Scope::Picker, "esc", A::Back, "leave", "Leave"),
    row(Scope::Picker, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Commands, "enter", A::Accept, "do it", "Do it"),
    row(Scope::Commands, "up ctrl-k", A::Up, "", "Up"),
    row(Scope::Commands, "down ctrl-j", A::Down, "", "Down"),
    row(Scope::Commands, "esc", A::Back, "leave", "Leave"),
    row(Scope::Commands, "ctrl-c", A::Quit, "", "Quit"),
    row(Scope::Reading, "down j", A::Down, "down", "Down"),
    row(Scope::Reading, "up k", A::Up, "up", "Up"),
    row(Scope::Reading, "pgdn ctrl-d", A::PageDown, "", "A page down"),
    row(Scope::Reading, "pgup ctrl-u", A::PageUp, "", "A page up"),
    row(Scope::Reading, "esc enter q ?", A::Back, "leave", "Leave"),
    row(Scope::Reading, "ctrl-c", A::Quit, "", "Quit"),
];

/// The table's rows that count in these scopes, in the table's order.
pub fn bindings(scopes: &[Scope]) -> impl Iterator<Item = &'static Binding> {
    KEYS.iter().filter(|binding| scopes.contains(&binding.scope))
}

/// What a key does in these scopes.
pub fn action(key: &KeyEvent, scopes: &[Scope]) -> Option<Action> {
    let pressed = name(key)?;
    let found = bindings(scopes).find(|binding| binding.keys.split(' ').any(|known| known == pressed));
    found.map(|binding| binding.action)
}

/// How a key is shown: arrows as arrows.
pub fn shown(keys: &str) -> String {
    let one = |key: &str| match key {
        "up" => "↑".to_owned(),
        "down" => "↓".to_owned(),
        "left" => "←".to_owned(),
        "right" => "→".to_owned(),
        other => other.to_owned(),
    };
    keys.split(' ').map(one).collect::<Vec<_>>().join(" ")
}

/// The table in short, as Markdown: a line per screen. The README's is this one.
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
    for (number, place) in (1..).zip(Place::ALL) {
        let (panes, name) = ([In(place, Left), In(place, Right), On(place)], place.title());
        table.push_str(&format!("| `{number}` {name} | {} |\n", short(&panes)));
    }
    let lists = "`up` `down` or `k` `j` · `pgup` `pgdn` or `ctrl-u` `ctrl-d` · `g` `G` first and last row";
    table.push_str(&format!("| lists | {lists} |\n"));
    let more = "`esc` back · `ctrl-r` read anew · `ctrl-z` to the shell";
    table.push_str(&format!("| everywhere | {} · {more} |\n", short(&[Everywhere])));
    table
}

/// The name of a key as the table writes it.
fn name(key: &KeyEvent) -> Option<String> {
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
    fn no_key_means_two_things_in_one_place() {
        for place in Place::ALL {
            for pane in [Left, Right] {
                let scopes = [In(place, pane), On(place), Rows, Everywhere];
                unique(&scopes);
            }
        }
        for scope in [
            Scope::Search,
            Scope::Form,
            Scope::Question,
            Scope::Refusal,
            Scope::Picker,
            Scope::Commands,
            Scope::Reading,
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
    fn keys_are_named_as_the_table_writes_them() {
        for (code, modifiers, wanted) in [
            (KeyCode::Char('p'), KeyModifiers::CONTROL, Action::Palette),
            (KeyCode::Char('G'), KeyModifiers::SHIFT, Action::Last),
            (KeyCode::BackTab, KeyModifiers::SHIFT, Action::PreviousPane),
            (KeyCode::F(5), KeyModifiers::NONE, Action::Reload),
        ] {
            let scopes = [Rows, Everywhere];
            assert_eq!(action(&KeyEvent::new(code, modifiers), &scopes), Some(wanted));
        }
    }
}

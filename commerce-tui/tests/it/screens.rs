//! Snapshots of every screen and dialog at three sizes, and of the screens without colours.

use commerce_core::{Amount, ProductId, catalog};
use commerce_tui::ThemeName;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};

use crate::console::TestConsole;

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (44, 16)];
const SCREENS: [&str; 7] = ["shop", "customers", "orders", "top", "products", "events", "overview"];

/// The text on the screen. A wide character takes two cells, of which the second is left out.
fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn each_size(theme: ThemeName, check: impl Fn(&str, &TestConsole)) {
    for (width, height) in SIZES {
        let mut console = TestConsole::new(Size { width, height }, theme);
        for (number, name) in (1..).zip(SCREENS) {
            console.press(&[&number.to_string()]);
            check(&format!("{name}-{width}x{height}"), &console);
            if width < 80 {
                console.press(&["tab"]);
                check(&format!("{name}-right-{width}x{height}"), &console);
            }
        }
    }
}

#[test]
fn every_screen_at_every_size() {
    each_size(ThemeName::Dark, |name, console| {
        insta::assert_snapshot!(name.to_owned(), text(&console.screen()))
    });
}

#[test]
fn the_mono_theme_has_no_colours() {
    each_size(ThemeName::Mono, |name, console| {
        let mono = console.screen();
        let colours = mono.content.iter().filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert_eq!(colours.count(), 0, "{name} uses colours");
        let chosen = mono.content.iter().any(|cell| cell.modifier.contains(Modifier::REVERSED));
        assert!(chosen || name.contains("right"), "{name} does not show what is selected");
        insta::assert_snapshot!(format!("mono-{name}"), marked(&mono));
    });
}

/// The text, with marks for reversed (#), bold (*) and underlined (_) cells below each line that has any.
fn marked(buffer: &Buffer) -> String {
    let mut marked = String::new();
    for (y, line) in (0..).zip(text(buffer).lines()) {
        let mark = |x| match buffer[(x, y)].modifier {
            m if m.contains(Modifier::REVERSED) => '#',
            m if m.contains(Modifier::BOLD) => '*',
            m if m.contains(Modifier::UNDERLINED) => '_',
            _ => ' ',
        };
        let marks: String = (0..buffer.area.width).map(mark).collect();
        marked.push_str(&format!("{line}\n"));
        if !marks.trim().is_empty() {
            marked.push_str(&format!("{}\n", marks.trim_end()));
        }
    }
    marked
}

#[test]
fn every_dialog_at_every_size() {
    for (width, height) in SIZES {
        let keys: [(&str, &[&str]); 12] = [
            ("search", &["/", "컵"]),
            ("check-out", &["b"]),
            ("charge", &["c", "12.5", "enter"]),
            ("choose-customer", &["w", "a"]),
            ("palette", &[":", "ord"]),
            ("help", &["?"]),
            ("clear-cart", &["tab", "D"]),
            ("new-product", &["5", "n", "mug 1", "enter", "enter", "enter", "enter"]),
            ("adjust-stock", &["5", "t", "24"]),
            ("stock-history", &["5", "t", "24", "enter", "a box was found", "enter", "h"]),
            ("cancel", &["3", "x", "wrong size"]),
            ("quit", &["c", "5", "esc", "a", "q"]),
        ];
        for (name, keys) in keys {
            let mut console = TestConsole::new(Size { width, height }, ThemeName::Dark);
            console.press(keys);
            insta::assert_snapshot!(format!("dialog-{name}-{width}x{height}"), text(&console.screen()));
        }
    }
}

#[test]
fn refusals_are_explained_with_their_facts() {
    let mut console = TestConsole::new(Size::new(100, 30), ThemeName::Dark);
    let line = console.state.shop.lines()[0].clone();
    let out = -line.available.get() + 1;
    console.press(&["b"]);
    console.beside(catalog::Adjust::new(line.product.clone(), out, None).unwrap());
    console.press(&["enter"]);
    insta::assert_snapshot!("refusal-stock", text(&console.screen()));
    console.press(&["enter"]);
    let quantity = |console: &TestConsole| console.state.shop.lines()[0].quantity.get();
    assert_eq!(quantity(&console), 1, "the quantity is reduced to the stock");

    let dear = catalog::Update {
        product: line.product.clone(),
        name: None,
        price: Amount::try_from(90_000_000).ok(),
        active: None,
        if_match: None,
    };
    console.press(&["b"]);
    console.beside(dear);
    console.press(&["enter"]);
    insta::assert_snapshot!("refusal-total", text(&console.screen()));
    console.press(&["enter"]);
    insta::assert_snapshot!("price-changed", text(&console.screen()));
    console.press(&["enter"]);
    insta::assert_snapshot!("refusal-balance", text(&console.screen()));
    console.press(&["esc"]);
    let off = catalog::Update {
        product: line.product,
        name: None,
        price: None,
        active: Some(false),
        if_match: None,
    };
    console.press(&["b"]);
    console.beside(off);
    console.press(&["enter", "enter"]);
    assert_eq!(console.state.shop.lines().len(), 2, "the product off sale was removed from the cart");
}

#[test]
fn a_terminal_that_is_too_small_shows_the_needed_size() {
    for (width, height) in [(39, 12), (40, 11), (8, 2)] {
        let console = TestConsole::new(Size { width, height }, ThemeName::Dark);
        assert!(text(&console.screen()).contains("The con"), "{width}x{height}");
    }
    let console = TestConsole::new(Size::new(40, 12), ThemeName::Dark);
    assert!(!text(&console.screen()).contains("enlarge"));
}

#[test]
fn names_with_escape_sequences_are_shown_escaped() {
    let mut console = TestConsole::new(Size::new(100, 30), ThemeName::Dark);
    // New names are validated, but a store may hold older ones.
    let path = console.folder().join("shop.db");
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.execute_batch("PRAGMA busy_timeout = 5000").unwrap();
    raw.execute("UPDATE products SET name = char(27) || '[2J' || char(7) || char(8238) || name", []).unwrap();
    raw.execute("UPDATE users SET name = char(27) || ']0;x' || char(7) || name", []).unwrap();
    console.press(&["5", "1", "2", "4", "7", "1", "b"]);
    for keys in ["1", "2", "3", "4", "5", "6", "7"] {
        console.press(&["esc", keys]);
        console.event(commerce_tui::update::Event::StoreChanged);
        let screen = console.screen();
        let harm = |symbol: &str| symbol.chars().any(commerce_core::is_control);
        assert!(!screen.content.iter().any(|cell| harm(cell.symbol())), "{}", text(&screen));
    }
    let shown = ProductId::try_from("x").is_ok() && text(&console.screen()).contains("u{1b}");
    assert!(shown, "the escape sequences are shown as text");
}

#[test]
fn an_order_is_found_by_its_number() {
    let mut console = TestConsole::new(Size { width: 120, height: 40 }, ThemeName::Dark);
    // The filters do not apply to a search by number.
    console.press(&["3", "s", "s", "/", "1", "enter"]);
    let found = text(&console.screen());
    assert!(found.contains("Order 1 ") && found.contains("1 of 1"), "{found}");
    for (typed, message) in
        [(&["9", "9", "9"][..], "There is no order 1999."), (&["x"], "Enter the number of an order.")]
    {
        console.press(&[&["/"], typed, &["enter"]].concat());
        let none = text(&console.screen());
        assert!(none.contains(message), "{none}");
    }
    console.press(&["esc"]);
    assert!(text(&console.screen()).contains("Orders of all customers · cancelled"));
}

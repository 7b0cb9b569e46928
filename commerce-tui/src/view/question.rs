//! Dialogs with a decision: checking out, questions, refusals with their remedies.

use commerce_core::{Amount, Refusal};
use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::modal::{frame_of, progress, wrapped};
use super::paint;
use crate::dialog::{About, Explained, Question, Remedy};
use crate::in_flight::Sending;
use crate::layout::centered;
use crate::model::State;
use crate::text::{count, fit, left, right};

const WIDTH: u16 = 60;

/// Draws the confirmation of an order: the total, and the balance before and after.
pub fn checkout(frame: &mut Frame<'_>, state: &State, sending: &Sending) {
    let (shop, theme, currency) = (&state.shop, &state.setup.theme, state.setup.currency);
    let width = WIDTH.min(state.size.width.saturating_sub(2)) - 4;
    let total = shop.cart.value.as_ref().map(|cart| cart.total);
    let before = shop.who.value.as_ref().map(|who| who.balance);
    let after = total.zip(before).and_then(|(total, before)| before.minus(total));
    let amount = |name: &str, amount: Option<Amount>| {
        let shown = amount.map_or("…".to_owned(), |amount| paint::money(currency, amount.get()));
        let style = if name == "Total" { theme.accent } else { theme.text };
        let room = usize::from(width).saturating_sub(18);
        Line::from(vec![Span::styled(left(name, 18), theme.dim), Span::styled(right(&shown, room), style)])
    };
    let lines = shop.lines();
    let units: i64 = lines.iter().map(|line| line.quantity.get()).sum();
    let what = format!("{} product(s), {} unit(s)", lines.len(), count(units));
    let mut text = vec![
        Line::styled(what, theme.text),
        Line::default(),
        amount("Balance before", before),
        amount("Total", total),
    ];
    match state.missing() {
        None => text.push(amount("Balance after", after)),
        missing => {
            text.push(amount("✗ Missing", missing));
            text.push(Line::styled("c charges what is missing.", theme.warn));
        }
    }
    let problems = lines.iter().filter(|line| line.problem.is_some()).count();
    if problems > 0 {
        text.push(Line::styled(format!("▲ {problems} line(s) need a look: ✗ ! ▲ in the cart"), theme.warn));
    }
    text.push(Line::default());
    let told = progress(state, sending, width);
    match told.is_empty() {
        true => text.push(Line::styled("Order and pay? enter: yes   esc: no", theme.accent)),
        false => text.extend(told),
    }
    let title = shop.customer.as_ref().map_or("Check out".to_owned(), |user| format!("Check out for {user}"));
    show(frame, state, &title, text);
}

/// Draws a question.
pub fn question(frame: &mut Frame<'_>, state: &State, question: &Question) {
    let theme = &state.setup.theme;
    let width = WIDTH.min(state.size.width.saturating_sub(2)) - 4;
    let (title, asked) = match &question.about {
        About::Quit if !state.sent.is_empty() => {
            ("Quit", "An operation is under way. Quit without its outcome?".into())
        }
        About::Quit => ("Quit", "What was typed would be lost. Quit?".into()),
        About::ClearCart(user) => {
            ("Empty the cart", format!("Take every line out of the cart of {user}? u undoes it."))
        }
        About::OnOff(product, true) => ("On sale", format!("Put {product} on sale?")),
        About::OnOff(product, false) => {
            ("Off sale", format!("Take {product} off sale? Orders keep what was paid."))
        }
        About::RetryAll { known, more: false } => {
            ("Deliver again", format!("Deliver {known} dead event(s) again?"))
        }
        About::RetryAll { known, more: true } => {
            ("Deliver again", format!("Deliver all dead events again? They are more than {known}."))
        }
    };
    let mut text = wrapped(&asked, width, theme.text);
    text.push(Line::default());
    let told = progress(state, &question.sending, width);
    match told.is_empty() {
        true => text.push(Line::styled("enter: yes   esc: no", theme.accent)),
        false => text.extend(told),
    }
    show(frame, state, title, text);
}

/// Draws a refusal with its facts, and the ways out.
pub fn refusal(frame: &mut Frame<'_>, state: &State, explained: &Explained) {
    let (theme, currency) = (&state.setup.theme, state.setup.currency);
    let width = WIDTH.min(state.size.width.saturating_sub(2)) - 4;
    let mut text = Vec::new();
    match &explained.refusal {
        Refusal::OutOfStock { items } => {
            text.push(Line::styled("✗ There is not enough in stock; nothing was ordered.", theme.bad));
            text.push(Line::default());
            let room = usize::from(width).saturating_sub(28);
            for short in items.iter().take(8) {
                let facts = format!("{} wanted, {} left", count(short.requested), count(short.available));
                text.push(Line::from(vec![
                    Span::styled(left(short.product.as_str(), room), theme.text),
                    Span::styled(right(&facts, 28), theme.warn),
                ]));
            }
            if items.len() > 8 {
                text.push(Line::styled(format!("and {} more", items.len() - 8), theme.dim));
            }
        }
        Refusal::InsufficientBalance { balance, total } => {
            let missing = total.get() - balance.get();
            text.push(Line::styled("✗ The balance is too low; nothing was ordered.", theme.bad));
            text.push(Line::default());
            text.push(paint::pair(theme, "Balance", paint::money(currency, balance.get())));
            text.push(paint::pair(theme, "Total", paint::money(currency, total.get())));
            text.push(paint::pair(theme, "Missing", paint::money(currency, missing)));
        }
        Refusal::TotalChanged { expected, total } => {
            text.push(Line::styled("✗ The total is another now; nothing was ordered.", theme.bad));
            text.push(Line::default());
            text.push(paint::pair(theme, "Shown", paint::money(currency, expected.get())));
            text.push(paint::pair(theme, "Now", paint::money(currency, total.get())));
        }
        other => text.extend(wrapped(&format!("✗ {other}"), width, theme.bad)),
    }
    text.push(Line::default());
    for (place, remedy) in explained.remedies.iter().enumerate() {
        let told = match remedy {
            Remedy::Charge(_, missing) => format!("charge {}", paint::money(currency, missing.get())),
            Remedy::Reduce(..) => "take as many as there are left".to_owned(),
            Remedy::Remove(..) => "take these lines out of the cart".to_owned(),
            Remedy::LookAgain => "look at the new total".to_owned(),
        };
        let key = if place == 0 { "enter" } else { "2" };
        text.push(Line::from(vec![Span::styled(left(key, 7), theme.accent), Span::styled(told, theme.text)]));
    }
    text.push(Line::from(vec![
        Span::styled(left("esc", 7), theme.accent),
        Span::styled("leave it", theme.text),
    ]));
    show(frame, state, "Refused", text);
}

fn show(frame: &mut Frame<'_>, state: &State, title: &str, text: Vec<Line<'static>>) {
    let area = centered(state.size, WIDTH, text.len() as u16 + 2);
    let inner = frame_of(frame, state, area, &fit(title, 50));
    paint::lines(frame, inner, text);
}

//! Dialogs with fields and lists: forms, the choice of a customer, the palette, the help.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::modal::{frame_of, progress};
use super::paint::{self, table};
use super::{customers, question};
use crate::dialog::{Dialog, Picker, Picking};
use crate::form::{Form, Purpose};
use crate::input::Field;
use crate::keys;
use crate::layout::{centered, picker};
use crate::model::State;
use crate::palette::Palette;
use crate::text::{fit, left, right};

/// Draws the topmost dialog.
pub fn draw(frame: &mut Frame<'_>, state: &State) {
    match state.dialogs.last() {
        None | Some(Dialog::Search) => {}
        Some(Dialog::Form(form)) => draw_form(frame, state, form),
        Some(Dialog::Checkout(sending)) => question::checkout(frame, state, sending),
        Some(Dialog::Question(asked)) => question::question(frame, state, asked),
        Some(Dialog::Refusal(explained)) => question::refusal(frame, state, explained),
        Some(Dialog::Picker(picker)) => draw_picker(frame, state, picker),
        Some(Dialog::Palette(palette)) => draw_palette(frame, state, palette),
        Some(Dialog::Help(top)) => draw_help(frame, state, *top),
    }
}

fn draw_form(frame: &mut Frame<'_>, state: &State, form: &Form) {
    let theme = &state.setup.theme;
    let width = 64.min(state.size.width.saturating_sub(2));
    let about = about(state, &form.purpose);
    let told = progress(state, &form.sending, width.saturating_sub(4));
    let height = about.len() + form.fields.len() * 2 + told.len() + 2;
    let area = centered(state.size, width, height as u16);
    let inner = frame_of(frame, state, area, &form.title());
    let head = about.len() as u16;
    paint::lines(frame, inner, about);
    for (place, entry) in form.fields.iter().enumerate() {
        let y = inner.y + head + 2 * place as u16;
        if y + 1 >= area.bottom() {
            break;
        }
        let focused = place == form.focus;
        let label = Line::styled(left(entry.label, 10), if focused { theme.accent } else { theme.dim });
        frame.render_widget(label, Rect { y, height: 1, ..inner });
        let field = Rect { x: inner.x + 10, y, width: inner.width.saturating_sub(10), height: 1 };
        draw_field(frame, state, field, &entry.field, focused);
        let hint = match &entry.fault {
            Some(fault) => Line::styled(fit(&format!("✗ {fault}"), field.width.into()), theme.bad),
            None => Line::styled(fit(&entry.hint, field.width.into()), theme.dim),
        };
        if y + 2 < area.bottom() {
            frame.render_widget(hint, Rect { y: y + 1, ..field });
        }
    }
    let below = inner.y + head + 2 * form.fields.len() as u16;
    let rest = Rect { y: below, height: inner.bottom().saturating_sub(below), ..inner };
    paint::lines(frame, rest, told);
}

fn about(state: &State, purpose: &Purpose) -> Vec<Line<'static>> {
    let (theme, currency) = (&state.setup.theme, state.setup.currency);
    let mut lines = match purpose {
        Purpose::Charge(user) => {
            let known = state.shop.who.value.as_ref().into_iter().chain(state.customers.list.current());
            let balance = known.filter(|known| known.user == *user).map(|known| known.balance).next();
            let balance = balance.map_or("…".to_owned(), |balance| paint::money(currency, balance.get()));
            vec![paint::pair(theme, "Balance", balance)]
        }
        Purpose::Restock(_, stock) => vec![paint::pair(theme, "In stock", crate::text::count(stock.get()))],
        Purpose::Cancel(_, total, user) => {
            let back = paint::money(currency, total.get());
            vec![
                Line::styled(format!("{back} go back to {user}, the units into stock."), theme.text),
                Line::styled("A cancelled order stays cancelled.", theme.warn),
            ]
        }
        _ => Vec::new(),
    };
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

fn draw_field(frame: &mut Frame<'_>, state: &State, area: Rect, field: &Field, focused: bool) {
    let theme = &state.setup.theme;
    let (shown, cursor) = field.view(area.width.into());
    let style = if focused { theme.selected } else { theme.marked };
    frame.render_widget(Line::styled(left(&shown, area.width.into()), style), area);
    if focused {
        frame.set_cursor_position((area.x + cursor as u16, area.y));
    }
}

fn draw_picker(frame: &mut Frame<'_>, state: &State, chosen: &Picker) {
    let title = match chosen.purpose {
        Picking::Shop => "Whose cart?",
        Picking::Orders => "Whose orders?",
    };
    let inner = frame_of(frame, state, picker(state.size), title);
    draw_field(frame, state, Rect { height: 1, ..inner }, &chosen.field, true);
    let rows = Rect {
        x: inner.x - 1,
        y: inner.y + 3,
        width: inner.width + 2,
        height: inner.height.saturating_sub(3),
    };
    const COLUMNS: [paint::Column; 3] =
        [paint::text("NAME", 0, 0), paint::text("ID", 16, 0), paint::number("BALANCE", 14, 44)];
    let cells = |place: usize| chosen.list.get(place).map(|user| customers::user_cells(state, user));
    let known = chosen.list.known().0;
    table(frame, state, rows, &COLUMNS, (&chosen.list.spot, known, true), cells);
    if known == 0 {
        let empty = ["Nobody is found.", "ctrl-n adds a customer."];
        paint::no_rows(frame, state, rows, chosen.list.fault.as_ref(), chosen.list.untouched(), &empty);
    }
}

fn draw_palette(frame: &mut Frame<'_>, state: &State, palette: &Palette) {
    let theme = &state.setup.theme;
    let inner = frame_of(frame, state, centered(state.size, 64, 18), "Commands");
    draw_field(frame, state, Rect { height: 1, ..inner }, &palette.field, true);
    let rows = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    let found = state.commands(palette.field.text());
    let first = (palette.selected + 1).saturating_sub(rows.height.into());
    let width = usize::from(rows.width);
    for (offset, command) in found.iter().skip(first).take(rows.height.into()).enumerate() {
        let key = keys::shown(command.keys.split(' ').next().unwrap_or_default());
        let row = Rect { y: rows.y + offset as u16, height: 1, ..rows };
        let line = Line::from(vec![
            Span::styled(left(command.help, width.saturating_sub(10)), theme.text),
            Span::styled(right(&key, 10), theme.accent),
        ]);
        frame.render_widget(line, row);
        if first + offset == palette.selected {
            frame.buffer_mut().set_style(row, theme.selected);
        }
    }
    if found.is_empty() {
        paint::notice(frame, rows, &[Line::styled("No command is called so.", theme.dim)]);
    }
}

fn draw_help(frame: &mut Frame<'_>, state: &State, top: usize) {
    let theme = &state.setup.theme;
    let help = state.help();
    let height = (help.len() as u16 + 2).min(state.size.height.saturating_sub(2));
    let title = format!("Keys of {}", state.place.title());
    let inner = frame_of(frame, state, centered(state.size, 72, height), &title);
    let last = help.len().saturating_sub(inner.height.into());
    let lines = help.iter().skip(top.min(last)).map(|binding| {
        let keys = left(&keys::shown(binding.keys), 20);
        Line::from(vec![Span::styled(keys, theme.accent), Span::styled(binding.help, theme.text)])
    });
    paint::lines(frame, inner, lines);
}

//! What all panes are made of: borders, tables, bars, notices.

use commerce_core::{Currency, Error, Time};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Sparkline};

use crate::layout::Areas;
use crate::list::{List, Row};
use crate::model::State;
use crate::navigation::Pane;
use crate::spot::Spot;
use crate::text::{count, fit, left, right};
use crate::theme::Theme;

/// A column of a table.
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// How wide it is; 0 takes what the others leave.
    pub width: u16,
    /// Whether it holds numbers.
    pub number: bool,
    /// The width of the table from which on it is shown.
    pub from: u16,
}

/// A cell: its text and how it looks.
pub type Cell = (String, Style);

/// A column of text.
pub const fn text(title: &'static str, width: u16, from: u16) -> Column {
    Column { title, width, number: false, from }
}

/// A column of numbers.
pub const fn number(title: &'static str, width: u16, from: u16) -> Column {
    Column { title, width, number: true, from }
}

/// Draws a pane's border, and gives what is within.
pub fn pane(
    frame: &mut Frame<'_>,
    areas: &Areas,
    state: &State,
    pane: Pane,
    title: &str,
    note: &str,
) -> Rect {
    let (area, theme) = (areas.pane(pane), &state.setup.theme);
    let focused = state.pane() == pane;
    let room = usize::from(area.width).saturating_sub(8);
    let (mark, style) = if focused { ("●", theme.focus) } else { ("○", theme.border) };
    let title = Line::styled(format!(" {mark} {} ", fit(title, room)), style);
    let other = if areas.pane(pane.other()).is_empty() { " tab: other pane " } else { "" };
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(style).title(title);
    let block = block.title_bottom(Line::styled(other, theme.dim)).title_bottom(
        Line::styled(if note.is_empty() { String::new() } else { format!(" {note} ") }, theme.dim)
            .right_aligned(),
    );
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// Where one is in a list: `12 of 200+`; with a mark when it could not be read anew.
pub fn place<T: Row>(list: &List<T>) -> String {
    let (rows, more) = list.known();
    let place = spot(&list.spot, rows, more);
    if list.fault.is_some() && rows > 0 { format!("✗ not up to date · {place}") } else { place }
}

/// Where one is in some rows.
pub fn spot(spot: &Spot, rows: usize, more: bool) -> String {
    match rows {
        0 => String::new(),
        rows => format!("{} of {}{}", spot.selected + 1, count(rows as i64), if more { "+" } else { "" }),
    }
}

/// Draws a table's headings above `rows`, and the rows on show. `cells` gives a row's cells, or nothing where it
/// is not loaded.
pub fn table(
    frame: &mut Frame<'_>,
    state: &State,
    rows: Rect,
    columns: &[Column],
    (spot, known, focused): (&Spot, usize, bool),
    cells: impl Fn(usize) -> Option<Vec<Cell>>,
) {
    let theme = &state.setup.theme;
    let widths = widths(columns, rows.width);
    let buffer = frame.buffer_mut();
    if rows.y > 0 {
        let heading = |column: &Column| (column.title.to_owned(), theme.heading);
        let heads: Vec<Cell> = columns.iter().map(heading).collect();
        line(buffer, Rect { y: rows.y - 1, height: 1, ..rows }, columns, &widths, &heads);
    }
    for offset in 0..usize::from(rows.height).min(known.saturating_sub(spot.top)) {
        let area = Rect { y: rows.y + offset as u16, height: 1, ..rows };
        match cells(spot.top + offset) {
            Some(cells) => line(buffer, area, columns, &widths, &cells),
            None => {
                buffer.set_string(area.x + 1, area.y, "…", theme.dim);
            }
        }
        if spot.top + offset == spot.selected {
            let style = if focused { theme.selected } else { theme.marked };
            buffer.set_style(area, style);
        }
    }
}

/// Draws what is told instead of rows.
pub fn notice(frame: &mut Frame<'_>, rows: Rect, lines: &[Line<'_>]) {
    let y = rows.y + rows.height / 3;
    for (offset, line) in (0..).zip(lines) {
        if y + offset < rows.bottom() {
            frame.render_widget(line.clone().centered(), Rect { y: y + offset, height: 1, ..rows });
        }
    }
}

/// Draws why a list has no rows: not loaded, failed, or empty.
pub fn no_rows(
    frame: &mut Frame<'_>,
    state: &State,
    rows: Rect,
    fault: Option<&Error>,
    waits: bool,
    empty: &[&str],
) {
    let theme = &state.setup.theme;
    match fault {
        Some(fault) => {
            let told = fit(&fault.sentence(state.setup.currency), rows.width.into());
            notice(
                frame,
                rows,
                &[
                    Line::styled(format!("✗ {told}"), theme.bad),
                    Line::styled("It is tried again.", theme.dim),
                ],
            );
        }
        None if waits && !patience_ends(state) => {}
        None if waits => {
            notice(frame, rows, &[Line::styled(format!("{} loading", spinner(state.now())), theme.dim)])
        }
        None => {
            let line = |text: &&str| Line::styled(fit(text, rows.width.into()), theme.dim);
            notice(frame, rows, &empty.iter().map(line).collect::<Vec<_>>());
        }
    }
}

/// Whether an answer takes so long that it is shown: what comes at once must not flicker.
pub fn patience_ends(state: &State) -> bool {
    const PATIENCE: i64 = 200;
    state.waiting().is_some_and(|since| state.now().millis() - since.millis() > PATIENCE)
}

/// One step of a turning wheel.
pub fn spinner(now: Time) -> char {
    const STEPS: [char; 8] = ['⠋', '⠙', '⠸', '⠴', '⠦', '⠇', '⠏', '⠟'];
    STEPS[usize::try_from(now.millis() / 100).unwrap_or(0) % STEPS.len()]
}

/// A bar of a length from 0 to 1, in eighths of a column.
pub fn bar(part: f64, width: u16) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (part.clamp(0.0, 1.0) * f64::from(width) * 8.0).round() as usize;
    let least = if part > 0.0 { eighths.max(1) } else { 0 };
    "█".repeat(least / 8) + EIGHTHS[least % 8]
}

/// Draws columns that show how something went, the oldest on the left; neighbours are summed up where there
/// are more than columns.
pub fn history(frame: &mut Frame<'_>, area: Rect, values: &[i64], style: Style) {
    let each = values.len().div_ceil(usize::from(area.width).max(1)).max(1);
    let sum = |part: &[i64]| {
        part.iter().fold(0, |sum: u64, value| sum.saturating_add(value.max(&0).unsigned_abs()))
    };
    // Whole groups from the newest backwards, so that the last column is as long a time as the others.
    let mut data: Vec<u64> = values.rchunks(each).map(sum).collect();
    data.reverse();
    // The newest stands at the right edge.
    let width = (data.len() as u16).min(area.width);
    let area = Rect { x: area.right() - width, width, ..area };
    frame.render_widget(Sparkline::default().data(data).style(style), area);
}

/// A line of a name and what it says.
pub fn pair<'a>(theme: &Theme, name: &'a str, said: impl Into<String>) -> Line<'a> {
    Line::from(vec![Span::styled(left(name, 11), theme.dim), Span::styled(said.into(), theme.text)])
}

/// An amount with its currency.
pub fn money(currency: Currency, minor: i64) -> String {
    format!("{} {currency}", crate::text::money(currency, minor))
}

/// Draws lines from the top of an area.
pub fn lines<'a>(frame: &mut Frame<'_>, area: Rect, lines: impl IntoIterator<Item = Line<'a>>) {
    for (offset, line) in (0..area.height).zip(lines) {
        frame.render_widget(line, Rect { y: area.y + offset, height: 1, ..area });
    }
}

fn line(buffer: &mut Buffer, area: Rect, columns: &[Column], widths: &[u16], cells: &[Cell]) {
    let mut x = area.x + 1;
    for ((column, &width), (content, style)) in columns.iter().zip(widths).zip(cells) {
        let width = width.min(area.right().saturating_sub(x));
        if width == 0 {
            continue;
        }
        let content = match column.number {
            true => right(content, width.into()),
            false => left(content, width.into()),
        };
        buffer.set_stringn(x, area.y, content, width.into(), *style);
        x += width + 1;
    }
}

/// The columns' widths in a table of this width; 0 for those that are not shown.
fn widths(columns: &[Column], width: u16) -> Vec<u16> {
    let shown = |column: &&Column| width >= column.from;
    let gaps = columns.iter().filter(shown).count() as u16;
    let fixed: u16 = columns.iter().filter(shown).map(|column| column.width).sum();
    // A blank before the first column, one between columns, one after the last.
    let rest = width.saturating_sub(fixed + gaps + 1);
    let of = |column: &Column| match column {
        column if width < column.from => 0,
        Column { width: 0, .. } => rest,
        column => column.width,
    };
    columns.iter().map(of).collect()
}

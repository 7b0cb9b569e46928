//! The parts that panes are made of: borders, tables, bars, notices.

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
use crate::selection::Selection;
use crate::text::{align_left, align_right, count, fit};
use crate::theme::Theme;

/// A column of a table.
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Its width in columns of the terminal; 0 takes what the others leave.
    pub width: u16,
    /// Whether its cells are aligned right.
    pub numeric: bool,
    /// The width of the table from which it is shown.
    pub min_table_width: u16,
}

/// A cell: its text and its style.
pub type Cell = (String, Style);

/// A column of text.
pub const fn text_column(title: &'static str, width: u16, min_table_width: u16) -> Column {
    Column { title, width, numeric: false, min_table_width }
}

/// A column of numbers.
pub const fn number_column(title: &'static str, width: u16, min_table_width: u16) -> Column {
    Column { title, width, numeric: true, min_table_width }
}

/// Draws a pane's border with its title, and a note at the bottom. Returns the area inside.
pub fn draw_pane(
    frame: &mut Frame<'_>,
    areas: &Areas,
    state: &State,
    pane: Pane,
    title: &str,
    note: &str,
) -> Rect {
    let (area, theme) = (areas.pane(pane), &state.config.theme);
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

/// The position in a list, as in `12 of 200+`, and a mark if the rows could not be refreshed.
pub fn list_position<T: Row>(list: &List<T>) -> String {
    let (rows, more) = list.known_rows();
    let position = position(&list.selection, rows, more);
    if list.error.is_some() && rows > 0 { format!("✗ out of date · {position}") } else { position }
}

/// The position in some rows, as in `12 of 200+` if there are `more`.
pub fn position(selection: &Selection, rows: usize, more: bool) -> String {
    match rows {
        0 => String::new(),
        rows => {
            format!("{} of {}{}", selection.selected + 1, count(rows as i64), if more { "+" } else { "" })
        }
    }
}

/// Draws a table: headings above the area `rows`, and in it the visible ones of the `known` rows. `cells` returns the
/// cells of a row, or none if it is not loaded.
pub fn draw_table(
    frame: &mut Frame<'_>,
    state: &State,
    rows: Rect,
    columns: &[Column],
    (selection, known, focused): (&Selection, usize, bool),
    cells: impl Fn(usize) -> Option<Vec<Cell>>,
) {
    let theme = &state.config.theme;
    let widths = widths(columns, rows.width);
    let buffer = frame.buffer_mut();
    if rows.y > 0 {
        let heading = |column: &Column| (column.title.to_owned(), theme.heading);
        let heads: Vec<Cell> = columns.iter().map(heading).collect();
        draw_row(buffer, Rect { y: rows.y - 1, height: 1, ..rows }, columns, &widths, &heads);
    }
    for offset in 0..usize::from(rows.height).min(known.saturating_sub(selection.offset)) {
        let area = Rect { y: rows.y + offset as u16, height: 1, ..rows };
        match cells(selection.offset + offset) {
            Some(cells) => draw_row(buffer, area, columns, &widths, &cells),
            None => {
                buffer.set_string(area.x + 1, area.y, "…", theme.dim);
            }
        }
        if selection.offset + offset == selection.selected {
            let style = if focused { theme.selected } else { theme.selected_unfocused };
            buffer.set_style(area, style);
        }
    }
}

/// Draws a list as a table, or why it has no rows.
pub fn draw_list<T: Row>(
    frame: &mut Frame<'_>,
    state: &State,
    rows: Rect,
    columns: &[Column],
    (list, focused): (&List<T>, bool),
    cells: impl Fn(&T) -> Vec<Cell>,
    empty: &[&str],
) {
    let known = list.known_rows().0;
    let cells_of = |row: usize| list.get(row).map(&cells);
    draw_table(frame, state, rows, columns, (&list.selection, known, focused), cells_of);
    if known == 0 {
        draw_empty(frame, state, rows, list.error.as_ref(), list.is_unloaded(), empty);
    }
}

/// Draws text in place of rows.
pub fn draw_notice(frame: &mut Frame<'_>, rows: Rect, lines: &[Line<'_>]) {
    let y = rows.y + rows.height / 3;
    for (offset, line) in (0..).zip(lines) {
        if y + offset < rows.bottom() {
            frame.render_widget(line.clone().centered(), Rect { y: y + offset, height: 1, ..rows });
        }
    }
}

/// Draws why a list has no rows: the request failed, the answer is pending, or the list is empty.
pub fn draw_empty(
    frame: &mut Frame<'_>,
    state: &State,
    rows: Rect,
    error: Option<&Error>,
    is_pending: bool,
    empty: &[&str],
) {
    let theme = &state.config.theme;
    match error {
        Some(error) => {
            let message = fit(&error.sentence(state.config.currency), rows.width.into());
            draw_notice(
                frame,
                rows,
                &[Line::styled(format!("✗ {message}"), theme.error), Line::styled("Retrying.", theme.dim)],
            );
        }
        None if is_pending && !shows_spinner(state) => {}
        None if is_pending => {
            draw_notice(frame, rows, &[Line::styled(format!("{} loading", spinner(state.now())), theme.dim)])
        }
        None => {
            let line = |text: &&str| Line::styled(fit(text, rows.width.into()), theme.dim);
            draw_notice(frame, rows, &empty.iter().map(line).collect::<Vec<_>>());
        }
    }
}

/// Whether the store takes so long that a spinner shows. Quick answers must not make the screen flicker.
pub fn shows_spinner(state: &State) -> bool {
    const SPINNER_DELAY: i64 = 200;
    state.waiting_since().is_some_and(|since| state.now().millis() - since.millis() > SPINNER_DELAY)
}

/// The frame of the spinner at this time.
pub fn spinner(now: Time) -> char {
    const STEPS: [char; 8] = ['⠋', '⠙', '⠸', '⠴', '⠦', '⠇', '⠏', '⠟'];
    STEPS[usize::try_from(now.millis() / 100).unwrap_or(0) % STEPS.len()]
}

/// A bar that fills `part` (0 to 1) of `width` columns, exact to an eighth of a column.
pub fn bar(part: f64, width: u16) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (part.clamp(0.0, 1.0) * f64::from(width) * 8.0).round() as usize;
    let least = if part > 0.0 { eighths.max(1) } else { 0 };
    "█".repeat(least / 8) + EIGHTHS[least % 8]
}

/// Draws a bar chart of values over time, the newest at the right edge. If there are more values than columns, each
/// column shows the sum of several.
pub fn draw_sparkline(frame: &mut Frame<'_>, area: Rect, values: &[i64], style: Style) {
    let each = values.len().div_ceil(usize::from(area.width).max(1)).max(1);
    let sum = |part: &[i64]| {
        part.iter().fold(0, |sum: u64, value| sum.saturating_add(value.max(&0).unsigned_abs()))
    };
    // Grouped from the newest backwards, so that the last column covers as much time as the others.
    let mut data: Vec<u64> = values.rchunks(each).map(sum).collect();
    data.reverse();
    let width = (data.len() as u16).min(area.width);
    let area = Rect { x: area.right() - width, width, ..area };
    frame.render_widget(Sparkline::default().data(data).style(style), area);
}

/// A line with a label and a value.
pub fn label_value<'a>(theme: &Theme, label: &'a str, value: impl Into<String>) -> Line<'a> {
    Line::from(vec![Span::styled(align_left(label, 11), theme.dim), Span::styled(value.into(), theme.text)])
}

/// An amount with its currency.
pub fn money(currency: Currency, minor: i64) -> String {
    format!("{} {currency}", crate::text::money(currency, minor))
}

/// Draws lines from the top of an area.
pub fn draw_lines<'a>(frame: &mut Frame<'_>, area: Rect, lines: impl IntoIterator<Item = Line<'a>>) {
    for (offset, line) in (0..area.height).zip(lines) {
        frame.render_widget(line, Rect { y: area.y + offset, height: 1, ..area });
    }
}

fn draw_row(buffer: &mut Buffer, area: Rect, columns: &[Column], widths: &[u16], cells: &[Cell]) {
    let mut x = area.x + 1;
    for ((column, &width), (content, style)) in columns.iter().zip(widths).zip(cells) {
        let width = width.min(area.right().saturating_sub(x));
        if width == 0 {
            continue;
        }
        let content = match column.numeric {
            true => align_right(content, width.into()),
            false => align_left(content, width.into()),
        };
        buffer.set_stringn(x, area.y, content, width.into(), *style);
        x += width + 1;
    }
}

/// The widths of the columns in a table of this width; 0 for those that are not shown.
fn widths(columns: &[Column], width: u16) -> Vec<u16> {
    let shown = |column: &&Column| width >= column.min_table_width;
    let gaps = columns.iter().filter(shown).count() as u16;
    let fixed: u16 = columns.iter().filter(shown).map(|column| column.width).sum();
    // A blank before the first column, one between columns, one after the last.
    let rest = width.saturating_sub(fixed + gaps + 1);
    let of = |column: &Column| match column {
        column if width < column.min_table_width => 0,
        Column { width: 0, .. } => rest,
        column => column.width,
    };
    columns.iter().map(of).collect()
}

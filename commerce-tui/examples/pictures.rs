//! Draws the README's pictures from the real program: `cargo run -p commerce-tui --example pictures`.
//! Also prints the README's table of keys.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../fixtures/console.rs"]
mod console;

use std::fmt::Write as _;
use std::path::Path;

use commerce_core::catalog;
use commerce_tui::ThemeName;
use console::TestConsole;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Width and height of a cell, in the picture's units.
const CELL: (usize, usize) = (9, 19);
const EDGE: usize = 12;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures");
    std::fs::create_dir_all(&folder)?;
    let size = Size::new(112, 30);
    for (name, theme, keys) in [
        ("shop", ThemeName::Dark, &["down", "down"][..]),
        ("checkout", ThemeName::Dark, &["a", "b"]),
        ("orders", ThemeName::Dark, &["3", "down", "down"]),
        ("top", ThemeName::Dark, &["4", "down"]),
        ("overview", ThemeName::Dark, &["7"]),
        ("customers", ThemeName::Light, &["2", "down", "down", "down", "down"]),
    ] {
        let mut console = TestConsole::new(size, theme);
        console.press(keys);
        save(&folder, name, theme, &console)?;
    }
    let mut console = TestConsole::new(size, ThemeName::Dark);
    let line = console.state.shop.lines().last().ok_or("an empty cart")?.clone();
    console.press(&["b"]);
    console.beside(catalog::Adjust::new(line.product, 1 - line.available.get(), None)?);
    console.press(&["enter"]);
    save(&folder, "refusal", ThemeName::Dark, &console)?;
    println!("{}", commerce_tui::keys::markdown());
    Ok(())
}

fn save(folder: &Path, name: &str, theme: ThemeName, console: &TestConsole) -> Result<()> {
    Ok(std::fs::write(folder.join(name).with_extension("svg"), svg(&console.screen(), theme)?)?)
}

fn svg(buffer: &Buffer, theme: ThemeName) -> Result<String> {
    let (width, height) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (wide, tall) = (width * CELL.0 + 2 * EDGE, height * CELL.1 + 2 * EDGE);
    let light = theme == ThemeName::Light;
    let (paper, ink) = if light { ("#fdfdfb", "#303030") } else { ("#16181d", "#d0d0d0") };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {tall}\" font-size=\"15\" \
         font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK KR',monospace\">\n\
         <rect width=\"{wide}\" height=\"{tall}\" rx=\"10\" fill=\"{paper}\"/>\n"
    );
    for y in 0..height {
        let mut x = 0;
        while x < width {
            let cell = &buffer[(x as u16, y as u16)];
            // A run of narrow cells of one style, or one wide cell. Each begins at its own column.
            let mut text = cell.symbol().to_owned();
            let mut end = x + cell.symbol().width().max(1);
            while end < width && end - x == text.chars().count() {
                let next = &buffer[(end as u16, y as u16)];
                if next.symbol().width() != 1 || look(next) != look(cell) {
                    break;
                }
                text.push_str(next.symbol());
                end += 1;
            }
            run(&mut svg, (x, end, y), &text, cell, ink)?;
            x = end;
        }
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

fn run(
    svg: &mut String,
    (x, end, y): (usize, usize, usize),
    text: &str,
    cell: &Cell,
    ink: &str,
) -> Result<()> {
    let (left, top, wide) = (EDGE + x * CELL.0, EDGE + y * CELL.1, (end - x) * CELL.0);
    if let Some(paper) = color(cell.bg) {
        writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{}\" fill=\"{paper}\"/>",
            CELL.1
        )?;
    }
    if text.trim().is_empty() {
        return Ok(());
    }
    let fill = color(cell.fg).unwrap_or_else(|| ink.to_owned());
    let bold = if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace(' ', "\u{a0}");
    let base = top + 14;
    writeln!(
        svg,
        "<text x=\"{left}\" y=\"{base}\" fill=\"{fill}\" textLength=\"{wide}\" lengthAdjust=\"spacingAndGlyphs\"{bold}>{text}</text>"
    )?;
    Ok(())
}

fn look(cell: &Cell) -> (Color, Color, bool) {
    (cell.fg, cell.bg, cell.modifier.contains(Modifier::BOLD))
}

/// One of a terminal's 256 colours: the cube of 216 colours and the greys.
fn color(color: Color) -> Option<String> {
    let Color::Indexed(index) = color else { return None };
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * u32::from(step) };
    let (red, green, blue) = match index {
        232.. => {
            let grey = 8 + 10 * u32::from(index - 232);
            (grey, grey, grey)
        }
        16..232 => (level((index - 16) / 36), level((index - 16) / 6 % 6), level((index - 16) % 6)),
        _ => return None,
    };
    Some(format!("#{red:02x}{green:02x}{blue:02x}"))
}

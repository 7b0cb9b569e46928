//! The colours. They are taken from the palette of Okabe and Ito, which colour-blind people can tell apart;
//! even so, nothing is told by colour alone.

use ratatui::style::{Color, Modifier, Style};

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Text.
    pub text: Style,
    /// What matters less.
    pub dim: Style,
    /// What stands out: titles, keys.
    pub accent: Style,
    /// Headings of columns.
    pub heading: Style,
    /// Borders.
    pub border: Style,
    /// The border of the pane that takes the keys.
    pub focus: Style,
    /// The selected row, where the keys go.
    pub selected: Style,
    /// The selected row of another pane.
    pub marked: Style,
    /// What went well.
    pub good: Style,
    /// What to look at.
    pub warn: Style,
    /// What went wrong.
    pub bad: Style,
    /// Bars.
    pub bar: Style,
}

/// Which colours to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// For a dark background.
    #[default]
    Dark,
    /// For a light background.
    Light,
    /// No colours at all.
    Mono,
}

impl ThemeName {
    /// The theme of that name.
    pub fn theme(self) -> Theme {
        match self {
            Self::Dark => Theme::of([252, 245, 74, 240, 36, 214, 209, 74], (236, 255)),
            Self::Light => Theme::of([236, 242, 25, 248, 29, 130, 160, 25], (189, 232)),
            Self::Mono => Theme::mono(),
        }
    }
}

impl Theme {
    // Colours of the 256 that nearly every terminal knows: text, dim, accent, border, good, warn, bad, bar;
    // and the background and text of what is selected.
    fn of(colors: [u8; 8], selected: (u8, u8)) -> Self {
        let [text, dim, accent, border, good, warn, bad, bar] =
            colors.map(|i| Style::new().fg(Color::Indexed(i)));
        let chosen = Style::new().bg(Color::Indexed(selected.0)).fg(Color::Indexed(selected.1));
        Self {
            text,
            dim,
            accent: accent.add_modifier(Modifier::BOLD),
            heading: dim.add_modifier(Modifier::BOLD),
            border,
            focus: accent,
            selected: chosen.add_modifier(Modifier::BOLD),
            marked: Style::new().bg(Color::Indexed(selected.0)),
            good,
            warn,
            bad: bad.add_modifier(Modifier::BOLD),
            bar,
        }
    }

    fn mono() -> Self {
        let plain = Style::new();
        let (bold, dim) = (plain.add_modifier(Modifier::BOLD), plain.add_modifier(Modifier::DIM));
        Self {
            text: plain,
            dim,
            accent: bold,
            heading: plain.add_modifier(Modifier::UNDERLINED),
            border: dim,
            focus: bold,
            selected: plain.add_modifier(Modifier::REVERSED),
            marked: plain.add_modifier(Modifier::UNDERLINED),
            good: plain,
            warn: bold,
            bad: bold,
            bar: plain,
        }
    }
}

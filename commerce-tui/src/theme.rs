//! The colours, from the palette of Okabe and Ito, which colour-blind people can distinguish. Even so, no information
//! is in the colour alone.

use ratatui::style::{Color, Modifier, Style};

/// The styles of everything on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Normal text.
    pub text: Style,
    /// Labels and other secondary text.
    pub dim: Style,
    /// Emphasis: titles and keys.
    pub accent: Style,
    /// Column headings.
    pub heading: Style,
    /// Borders of panes without focus.
    pub border: Style,
    /// The border of the focused pane.
    pub focus: Style,
    /// The selected row of the focused pane.
    pub selected: Style,
    /// The selected row of a pane without focus.
    pub selected_unfocused: Style,
    /// Good news: available, paid, delivered.
    pub success: Style,
    /// What needs attention.
    pub warning: Style,
    /// Errors.
    pub error: Style,
    /// Bars of charts.
    pub bar: Style,
}

/// The names of the themes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// For a dark background.
    #[default]
    Dark,
    /// For a light background.
    Light,
    /// Without colours, for terminals that have none.
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
    // Indexes of the 256 colours that nearly every terminal has: text, dim, accent, border, success, warning, error,
    // bar; and the background and text of the selected row.
    fn of(colors: [u8; 8], selected: (u8, u8)) -> Self {
        let [text, dim, accent, border, success, warning, error, bar] =
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
            selected_unfocused: Style::new().bg(Color::Indexed(selected.0)),
            success,
            warning,
            error: error.add_modifier(Modifier::BOLD),
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
            selected_unfocused: plain.add_modifier(Modifier::UNDERLINED),
            success: plain,
            warning: bold,
            error: bold,
            bar: plain,
        }
    }
}

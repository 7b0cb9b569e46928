//! Prints the figures at every size as Markdown, and marks those that grew faster than the output.

use std::fmt;

use indicatif::HumanCount;

/// What the growth of a line's time is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// The size of its output.
    Printed,
    /// The size of the shop, since the command reads or writes all of it.
    Shop,
}

/// A table of figures.
pub struct Table {
    name: &'static str,
    /// The two figures for each size, and the growth of each that counts as noise.
    figures: [(&'static str, f64); 2],
    printed: &'static str,
    sizes: Vec<u64>,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    reference: Reference,
    /// For each measured size: the figures, and the size of the output.
    at: Vec<(u64, [f64; 2], u64)>,
}

/// A figure may grow this many times as much as its reference, since trees get deeper and outgrow the caches.
const TOLERANCE: f64 = 2.0;

impl Table {
    /// A table of commands: milliseconds and megabytes. Memory may not grow with the output.
    pub fn commands(sizes: &[u64]) -> Self {
        Self::new("command", [("ms", 10.0), ("MB", 8.0)], "lines", sizes)
    }

    /// A table of routes: the median and the 99th percentile in milliseconds.
    pub fn routes(sizes: &[u64]) -> Self {
        Self::new("route", [("p50 ms", 0.5), ("p99 ms", 5.0)], "bytes", sizes)
    }

    fn new(
        name: &'static str,
        figures: [(&'static str, f64); 2],
        printed: &'static str,
        sizes: &[u64],
    ) -> Self {
        Self { name, figures, printed, sizes: sizes.into(), lines: Vec::new() }
    }

    /// Adds a measurement, and prints it on standard error.
    pub fn put(&mut self, name: &str, reference: Reference, size: u64, figures: [f64; 2], printed: u64) {
        eprintln!("{size}: {name}: {:.2} {:.2}, {printed} {}", figures[0], figures[1], self.printed);
        let known = self.lines.iter().position(|line| line.name == name);
        let index = known.unwrap_or_else(|| {
            self.lines.push(Line { name: name.into(), reference, at: Vec::new() });
            self.lines.len() - 1
        });
        self.lines[index].at.push((size, figures, printed));
    }
}

impl Line {
    /// The growth of a figure from the smallest to the largest size, and whether it exceeds the limit.
    fn growth(&self, figure: usize, noise: f64, limit: f64) -> (f64, bool) {
        let (Some((_, first, _)), Some((_, last, _))) = (self.at.first(), self.at.last()) else {
            return (1.0, false);
        };
        let (first, last) = (first[figure], last[figure]);
        (last / first, last > first * limit * TOLERANCE + noise)
    }

    /// The growth of the reference: the output or the shop.
    fn reference_growth(&self) -> f64 {
        let of = |(size, _, printed): &(u64, [f64; 2], u64)| match self.reference {
            Reference::Printed => *printed,
            Reference::Shop => *size,
        };
        let (first, last) = (self.at.first().map_or(1, of), self.at.last().map_or(1, of));
        (last as f64 / first.max(1) as f64).max(1.0)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams = self.printed == "lines";
        write!(f, "| {} |", self.name)?;
        for (figure, _) in self.figures {
            self.sizes.iter().try_for_each(|size| write!(f, " {figure} at {} |", HumanCount(*size)))?;
        }
        write!(f, " {} |{} output grew |", self.printed, if streams { " lines/s |" } else { "" })?;
        for (figure, _) in self.figures {
            write!(f, " {figure} grew |")?;
        }
        let columns = 2 * self.sizes.len() + 4 + usize::from(streams);
        writeln!(f, "\n|---|{}", "--:|".repeat(columns))?;
        for line in &self.lines {
            write!(f, "| `{}` |", line.name)?;
            for figure in 0..2 {
                for size in &self.sizes {
                    match line.at.iter().find(|(at, ..)| at == size) {
                        Some((_, figures, _)) => write!(f, " {} |", short(figures[figure]))?,
                        None => write!(f, " |")?,
                    }
                }
            }
            let (printed, took) =
                line.at.last().map_or((0, 0.0), |(_, [took, _], printed)| (*printed, *took));
            write!(f, " {} |", HumanCount(printed))?;
            if streams {
                // Only long lists have a meaningful rate.
                let rate = Some(printed as f64 / took * 1e3).filter(|_| printed > 5_000);
                write!(f, " {} |", rate.map_or(String::new(), |rate| HumanCount(rate as u64).to_string()))?;
            }
            let reference = match line.reference {
                Reference::Printed => short(line.reference_growth()),
                Reference::Shop => format!("{} (shop)", short(line.reference_growth())),
            };
            write!(f, " {reference} |")?;
            for (index, (figure, noise)) in self.figures.into_iter().enumerate() {
                let limit = if figure == "MB" { 1.0 } else { line.reference_growth() };
                match line.growth(index, noise, limit) {
                    (grew, false) => write!(f, " {} |", short(grew))?,
                    (grew, true) => write!(f, " **{}** |", short(grew))?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Formats three significant digits.
fn short(figure: f64) -> String {
    match figure {
        figure if figure < 10.0 => format!("{figure:.2}"),
        figure if figure < 100.0 => format!("{figure:.1}"),
        figure => HumanCount(figure.round() as u64).to_string(),
    }
}

//! The best sellers' window, step by step, and the selected seller.

use commerce_core::sales::{By, Sold, Step};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::paint;
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{count, fit, left, moment, right};

/// Draws the best sellers' right pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (top, theme, currency) = (&state.top, &state.setup.theme, state.setup.currency);
    let each = if top.step().0 == Step::Hour { "hour" } else { "day" };
    let inner = paint::pane(frame, areas, state, Pane::Right, &format!("The window by {each}"), "");
    let Some(series) = &top.steps.value else {
        return paint::no_rows(frame, state, inner, top.steps.fault.as_ref(), true, &[]);
    };
    let sold = &series.items;
    let sum = |of: fn(&Sold) -> i64| sold.iter().map(of).fold(0, i64::saturating_add);
    let head = [
        paint::pair(theme, " Orders", count(sum(|sold| sold.orders))),
        paint::pair(theme, " Revenue", paint::money(currency, sum(|sold| sold.revenue.get()))),
    ];
    paint::lines(frame, inner, head);
    let (what, of): (_, fn(&Sold) -> i64) = match top.by {
        By::Units => ("Orders", |sold| sold.orders),
        By::Revenue => ("Revenue", |sold| sold.revenue.get()),
    };
    let tall = (inner.height.saturating_sub(12)).clamp(3, 10);
    let chart = Rect { x: inner.x + 1, y: inner.y + 4, width: inner.width.saturating_sub(2), height: tall };
    let chart = chart.intersection(inner);
    let values: Vec<i64> = sold.iter().map(of).collect();
    paint::lines(
        frame,
        Rect { y: inner.y + 3, height: 1, ..inner },
        [Line::styled(format!(" {what} by {each}"), theme.heading)],
    );
    paint::history(frame, chart, &values, theme.bar);
    let begins = sold.first().map(|sold| moment(sold.from)).unwrap_or_default();
    let begins = begins.get(5..16).unwrap_or_default();
    let room = usize::from(chart.width);
    let axis = format!(" {}{}", left(begins, room / 2), right("now", room - room / 2));
    let below = Rect { y: chart.bottom(), height: inner.bottom().saturating_sub(chart.bottom()), ..inner };
    let mut lines = vec![Line::styled(axis, theme.dim), Line::default()];
    if let Some(seller) = top.rows().get(top.spot.selected) {
        lines.push(Line::styled(format!(" {}", fit(seller.name.as_str(), room)), theme.accent));
        lines.push(paint::pair(theme, " ID", seller.product.to_string()));
        lines.push(paint::pair(theme, " Price", paint::money(currency, seller.price.get())));
        lines.push(paint::pair(theme, " Units", count(seller.units)));
        lines.push(paint::pair(theme, " Revenue", paint::money(currency, seller.revenue.get())));
        lines.push(paint::pair(theme, " Stock", super::shop::stock(state, seller.stock.get()).0));
    }
    paint::lines(frame, below, lines);
}

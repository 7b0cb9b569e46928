//! The best sellers' right pane: the sales in the time window as a chart, unless the role may not see them, and the
//! selected seller.

use commerce_core::sales::{RankBy, Step, StepSales};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::widgets;
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{align_left, align_right, count, date_time, fit};

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (top, theme, currency) = (&state.top, &state.config.theme, state.config.currency);
    if !top.shows_sales {
        let inner = widgets::draw_pane(frame, areas, state, Pane::Right, "Product", "");
        return widgets::draw_lines(frame, inner, seller_lines(state, inner.width));
    }
    let each = if top.step().0 == Step::Hour { "hour" } else { "day" };
    let inner = widgets::draw_pane(frame, areas, state, Pane::Right, &format!("Sales by {each}"), "");
    let Some(series) = &top.window_sales.value else {
        return widgets::draw_empty(frame, state, inner, top.window_sales.error.as_ref(), true, &[]);
    };
    let sold = &series.items;
    let sum = |of: fn(&StepSales) -> i64| sold.iter().map(of).fold(0, i64::saturating_add);
    let head = [
        widgets::label_value(theme, " Orders", count(sum(|sold| sold.orders))),
        widgets::label_value(theme, " Revenue", widgets::money(currency, sum(|sold| sold.revenue.get()))),
    ];
    widgets::draw_lines(frame, inner, head);
    let (what, of): (_, fn(&StepSales) -> i64) = match top.by {
        RankBy::Units => ("Orders", |sold| sold.orders),
        RankBy::Revenue => ("Revenue", |sold| sold.revenue.get()),
    };
    let tall = (inner.height.saturating_sub(12)).clamp(3, 10);
    let chart = Rect { x: inner.x + 1, y: inner.y + 4, width: inner.width.saturating_sub(2), height: tall };
    let chart = chart.intersection(inner);
    let values: Vec<i64> = sold.iter().map(of).collect();
    widgets::draw_lines(
        frame,
        Rect { y: inner.y + 3, height: 1, ..inner },
        [Line::styled(format!(" {what} by {each}"), theme.heading)],
    );
    widgets::draw_sparkline(frame, chart, &values, theme.bar);
    let start = sold.first().map(|sold| date_time(sold.from)).unwrap_or_default();
    let start = start.get(5..16).unwrap_or_default();
    let room = usize::from(chart.width);
    let axis = format!(" {}{}", align_left(start, room / 2), align_right("now", room - room / 2));
    let below = Rect { y: chart.bottom(), height: inner.bottom().saturating_sub(chart.bottom()), ..inner };
    let axis = [Line::styled(axis, theme.dim), Line::default()];
    widgets::draw_lines(frame, below, axis.into_iter().chain(seller_lines(state, inner.width)));
}

/// The selected seller; no line if there is none.
fn seller_lines(state: &State, width: u16) -> Vec<Line<'static>> {
    let (top, theme, currency) = (&state.top, &state.config.theme, state.config.currency);
    let Some(seller) = top.rows().get(top.selection.selected) else { return Vec::new() };
    let name = fit(seller.name.as_str(), usize::from(width.saturating_sub(2)));
    let stock = super::shop::stock_cell(state, seller.stock.get()).0;
    vec![
        Line::styled(format!(" {name}"), theme.accent),
        widgets::label_value(theme, " ID", seller.product.to_string()),
        widgets::label_value(theme, " Price", widgets::money(currency, seller.price.get())),
        widgets::label_value(theme, " Units", count(seller.units)),
        widgets::label_value(theme, " Revenue", widgets::money(currency, seller.revenue.get())),
        widgets::label_value(theme, " Stock", stock),
    ]
}

//! Prints data: tables for people; JSON, JSON Lines and CSV for programs.

mod columns;
mod csv;
mod grid;
mod json;
mod list;
mod record;
mod single;

pub use list::{BATCH, ListPrinter};
pub use record::{Column, NoRows, Record, Rows};
pub use single::{Columns, Style, print};

#[cfg(test)]
mod tests {
    use commerce_core::catalog::Product;
    use commerce_core::{Amount, Currency, Name, ProductId, Stock, escape};

    use super::record::Cell;
    use super::*;
    use crate::options::Format;

    fn text(products: &[(&str, &str, i64)], format: Format) -> String {
        let product = |&(id, name, price): &(&str, &str, i64)| Product {
            product: ProductId::try_from(id).unwrap(),
            name: Name::try_from(name).unwrap(),
            price: Amount::try_from(price).unwrap(),
            stock: Stock::try_from(7).unwrap(),
            active: true,
        };
        let products: Vec<Product> = products.iter().map(product).collect();
        let mut out = Vec::new();
        let mut printer = ListPrinter::new(&mut out, format, Currency::try_from("USD").unwrap());
        if !products.is_empty() {
            printer.print(&products).unwrap();
        }
        printer.finish::<Product>(None).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn tables_keep_true_width() {
        let shown = text(&[("mug", "머그컵 ☕", 1250), ("longer-id", "pen", 5)], Format::Table);
        assert_eq!(
            shown,
            "PRODUCT    NAME       PRICE  STOCK  ACTIVE\n\
             mug        머그컵 ☕  12.50      7  yes\n\
             longer-id  pen         0.05      7  yes\n"
        );
    }

    #[test]
    fn rows_are_one_per_item() {
        let products = [("a", "x", 100), ("b", "y", 1)];
        let csv = "product,name,price,stock,active\na,x,1.00,7,yes\nb,y,0.01,7,yes\n";
        assert_eq!(text(&products, Format::Csv), csv);
        assert_eq!(text(&products, Format::Jsonl).lines().count(), 2);
        assert_eq!(text(&[], Format::Table), "(none)\n");
    }

    #[test]
    fn control_characters_are_printed_escaped() {
        assert_eq!(escape("a\u{1b}[31m\u{202e}"), "a\\u{1b}[31m\\u{202e}");
        let currency = Currency::try_from("USD").unwrap();
        assert_eq!(Cell::Text("a\u{1b}[31m").to_text(currency), "a\\u{1b}[31m");
    }
}

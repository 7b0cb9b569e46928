//! Tests the import and export of catalogues.

use crate::shop::{Shop, stderr};

#[test]
fn an_export_can_be_imported() {
    let shop = Shop::bare();
    shop.ok(&["init", "--currency", "USD", "--sample"]);
    for form in ["csv", "jsonl"] {
        let text = shop.ok(&["product", "export", "--output", form]);
        let other = Shop::bare();
        other.ok(&["init", "--currency", "USD"]);
        let file = other.file("catalogue", &text);
        other.ok(&["product", "import", &file]);
        assert_eq!(other.ok(&["product", "export", "--output", form]), text);
        assert!(text.contains(if form == "csv" { ",no\n" } else { "\"active\":false" }), "{form}");
    }
}

#[test]
fn one_bad_row_never_loses_the_others() {
    let shop = Shop::new();
    let text = "\u{feff}product,name,price,stock,active\na,A,100,1,true\nbad id,B,100,1,\nc,C,1.5,1,\nd,D,1,many,\n\
                e,E,1\nf,F,1,1,maybe\na,A again,1,1,\nz,Z,2,2,false\n";
    let file = shop.file("c.csv", text);
    let output = shop.run(&["product", "import", &file, "-q"]);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    for line in 3..=8 {
        assert!(said.contains(&format!("line {line}: ")), "{line}: {said}");
    }
    let products = shop.json(&["product", "list"]);
    let ids: Vec<_> = products["items"].as_array().unwrap().iter().map(|item| &item["product"]).collect();
    assert_eq!(ids, ["a", "z"]);
    assert_eq!(products["items"][1]["active"], false);
}

#[test]
fn json_rows_are_checked_one_by_one_too() {
    let shop = Shop::new();
    let text = b"{\"product\":\"a\",\"name\":\"A\",\"price\":1,\"stock\":1}\n\n{\"product\":\"b\"}\n\xff\n\
                 {\"product\":\"c\",\"name\":\"C\",\"price\":1,\"stock\":1,\"active\":\"yes\"}\n\
                 {\"product\":\"d\",\"name\":\"D\",\"price\":1,\"stock\":1,\"active\":false}\n";
    let output = shop.feed(&["product", "import", "-"], text.to_vec());
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(["line 3: ", "line 4: ", "line 5: "].iter().all(|line| said.contains(line)), "{said}");
    assert_eq!(shop.json(&["product", "list"])["items"].as_array().unwrap().len(), 2);
}

#[test]
fn existing_products_change_only_on_request() {
    let shop = Shop::stocked();
    let file = shop.file("c.csv", "product,name,price,stock\nmug,Cup,9,77\nnew,New,1,1\n");
    assert!(shop.fails(3, &["product", "import", &file]).contains("line 2: product mug already exists"));
    shop.ok(&["product", "import", &file, "--update"]);
    let mug = shop.json(&["product", "show", "mug"]);
    assert_eq!((&mug["name"], &mug["price"], &mug["stock"]), (&"Cup".into(), &9.into(), &5.into()));
}

#[test]
fn an_import_with_a_key_can_be_repeated() {
    let shop = Shop::new();
    let file = shop.file("c.csv", "product,name,price,stock,active\na,A,1,1,true\nb,B,1,1,false\n");
    for _ in 0..2 {
        shop.ok(&["product", "import", &file, "--key", "monday"]);
    }
    shop.fails(3, &["product", "import", &file, "--key", "tuesday"]);
}

#[test]
fn a_missing_column_in_the_header_is_reported_once() {
    let shop = Shop::new();
    let file = shop.file("c.csv", "mug,Mug,1,1\npen,Pen,1,1\n");
    let said = shop.fails(2, &["product", "import", &file]);
    assert!(said.contains("line 1") && said.contains("product"), "{said}");
}

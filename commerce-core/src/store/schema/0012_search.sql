-- Which products have a text: an index of their grams, and of whether they are on sale (`search.rs`). Each document is
-- the product's number. It keeps no text of its own, since `products.search` has it: id and name, normalised and folded.
-- Products are indexed in the order of their numbers, so its last document tells how far it reaches
-- (`catalog/index.rs`).
-- `detail=none`: where in a text a gram stands is not asked. `prefix`: a text of one to three characters is looked up,
-- not gathered from all grams that begin with it.
CREATE VIRTUAL TABLE product_grams USING fts5(
    grams, content='', contentless_delete=1, detail=none, prefix='1 2 3', tokenize='ascii'
);

-- What lets a page cost the same whatever lies around it.

-- Products from the dearest down, those of one price by identifier. An order changes no price.
CREATE INDEX products_by_price_down ON products (price DESC, product);

-- Events that wait to be delivered again, apart from those that were given up, of which there may be any number.
CREATE INDEX deliveries_waiting ON deliveries (event, next_at) WHERE dead = 0;
CREATE INDEX deliveries_dead ON deliveries (event) WHERE dead = 1;

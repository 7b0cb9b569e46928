-- Rows of a page each, written by nobody but who finds out whether the store can be written: together they take as
-- many pages as an order, so that where they fit an order does.
CREATE TABLE probes (
    probe_no INTEGER PRIMARY KEY,
    probes   INTEGER NOT NULL,
    filler   TEXT    NOT NULL
) STRICT;
INSERT INTO probes SELECT value, 0, hex(zeroblob(1900)) FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]');

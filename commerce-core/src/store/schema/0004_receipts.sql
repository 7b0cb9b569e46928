-- Which group of each instance was committed last, written with the group: where the answer of a server got
-- lost, this tells what became of the commit. A store on a file needs none and writes none.
CREATE TABLE receipts (
    instance TEXT    PRIMARY KEY,
    group_no INTEGER NOT NULL,
    at       INTEGER NOT NULL -- seconds, by the server's clock
) STRICT, WITHOUT ROWID;

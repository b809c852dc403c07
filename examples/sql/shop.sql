-- A small bookshop that does not exist. `node make.mjs` makes shop.sqlite of it.
CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT, country TEXT);
CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT, author INTEGER REFERENCES author (id), price REAL, year INTEGER);
CREATE TABLE sale (id INTEGER PRIMARY KEY, book INTEGER REFERENCES book (id), day TEXT, copies INTEGER);
INSERT INTO author VALUES (1, 'Ada Lindqvist', 'Sweden'), (2, 'Tomas Brandt', 'Germany'), (3, 'Mei Hayashi', 'Japan'), (4, 'Jon Aske', 'Sweden');
INSERT INTO book VALUES (1, 'The Salt Road', 1, 12.5, 1998), (2, 'Low Tide', 1, 9.9, 2004), (3, 'Gears', 2, 20, 2011),
  (4, 'Paper Cranes', 3, 15, 2015), (5, 'Snowblind', 4, 11, 2015), (6, 'Second Gear', 2, 22, 2019);
INSERT INTO sale VALUES (1, 1, '2025-01-04', 3), (2, 3, '2025-01-05', 1), (3, 4, '2025-01-05', 7), (4, 5, '2025-02-01', 2),
  (5, 1, '2025-02-02', 1), (6, 6, '2025-02-11', 4), (7, 4, '2025-03-03', 2);

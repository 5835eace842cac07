DROP TABLE pairs;
CREATE VIEW pairs AS SELECT 1 AS a, 2 AS b, 3 AS value, 4 AS _revision, 5 AS _created_at, 6 AS _updated_at
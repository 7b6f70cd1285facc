-- One round of min-label propagation, as in chapter 3: each identifier tells all its neighbours,
-- and itself, the smallest identifier among them. Those are the edges of the next round. When they
-- are those of this round, each identifier has one edge, to the smallest of its component.
INSERT OVERWRITE DIRECTORY {to} USING parquet
WITH
    both AS (SELECT a, b FROM {from} UNION ALL SELECT b AS a, a AS b FROM {from}),
    smallest AS (SELECT a, least(a, min(b)) AS s FROM both GROUP BY a)
SELECT DISTINCT told AS a, s AS b
FROM (
    SELECT both.b AS told, smallest.s AS s FROM both JOIN smallest ON both.a = smallest.a
    UNION ALL
    SELECT a AS told, s FROM smallest
) AS messages
WHERE told <> s

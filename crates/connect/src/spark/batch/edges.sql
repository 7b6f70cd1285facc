-- The edges of the equiv graph: the larger identifier and the smaller. An identifier is a text
-- that sorts as the local engine sorts identifiers, cookies before accounts.
INSERT OVERWRITE DIRECTORY {to} USING parquet
SELECT DISTINCT greatest(a, b) AS a, least(a, b) AS b
FROM (
    SELECT {node} AS a, {second_node} AS b FROM facts WHERE fact = 'equiv'
) AS ends
WHERE a <> b

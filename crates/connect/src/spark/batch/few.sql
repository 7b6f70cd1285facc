-- Hours whose sketches hold codes.
SELECT url, ts, CAST(sum(n) AS BIGINT) AS n, collect_list(code) AS codes
FROM codes
GROUP BY url, ts
HAVING count(*) <= {most_codes}

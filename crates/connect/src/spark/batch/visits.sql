-- Visits: page views of one domain by one person, without a silence of more than 30 minutes. The
-- sum includes all page views of a second, because its frame is a range.
CREATE OR REPLACE TEMPORARY VIEW visits AS
SELECT domain, p1, p2, min(secs) AS first, max(secs) AS last, count(*) > 1 AS many
FROM (
    SELECT
        domain, p1, p2, secs,
        sum(starts) OVER (PARTITION BY domain, p1, p2 ORDER BY secs) AS visit
    FROM (
        SELECT
            domain, p1, p2, secs,
            CASE
                WHEN secs - lag(secs) OVER (PARTITION BY domain, p1, p2 ORDER BY secs) <= {silence} THEN 0
                ELSE 1
            END AS starts
        FROM (
            SELECT substring_index(url, '/', 1) AS domain, p1, p2, secs FROM views
        ) AS of_domain
    ) AS started
) AS numbered
GROUP BY domain, p1, p2, visit

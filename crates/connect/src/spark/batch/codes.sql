-- The codes that sketches keep of hashes, for each URL and hour, with the number of page views of
-- each. See `code_of`: the first 25 bits of the hash are the fine index; if its last
-- 25 - precision bits are all 0, the code also has the rank of the bits that follow.
INSERT OVERWRITE DIRECTORY {codes} USING parquet
SELECT
    url, ts,
    CASE
        WHEN fine & {below} <> 0 THEN fine * 2
        WHEN rest = 0 THEN fine * 128 + 40 * 2 + 1
        ELSE fine * 128 + (40 - length(bin(rest))) * 2 + 1
    END AS code,
    count(*) AS n
FROM (
    SELECT
        url,
        secs - pmod(secs, CAST(3600 AS BIGINT)) AS ts,
        shiftrightunsigned(p1, 39) AS fine,
        p1 & {rest} AS rest
    FROM views
) AS hashed
GROUP BY 1, 2, 3

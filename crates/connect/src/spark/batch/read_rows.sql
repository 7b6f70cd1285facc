-- Each row of a table of datums. A row that may break the rule has no `shape`: see `facts.sql`.
CREATE OR REPLACE TEMPORARY VIEW datums AS
SELECT
    CASE
        WHEN kind = 'page_view' AND one_person AND nonce IS NOT NULL THEN 'page_view'
        WHEN kind = 'equiv' AND {has_second} AND one_person AND one_second THEN 'equiv'
        WHEN kind = 'equiv' AND NOT {has_second} THEN 'other'
        WHEN kind = 'person_property' AND one_person THEN 'other'
        WHEN kind = 'page_property' AND url IS NOT NULL THEN 'other'
    END AS shape,
    kind, secs, url, cookie, user_id, nonce, cookie2, user_id2,
    CAST(NULL AS STRING) AS line
FROM (
    SELECT *,
        (cookie IS NULL) <> (user_id IS NULL) AS one_person,
        (cookie2 IS NULL) <> (user_id2 IS NULL) AS one_second
    FROM (
        SELECT
            CAST(kind AS STRING) AS kind,
            CAST(true_as_of_secs AS BIGINT) AS secs,
            CAST(url AS STRING) AS url,
            CAST(cookie AS STRING) AS cookie,
            CAST(user_id AS BIGINT) AS user_id,
            CAST(nonce AS BIGINT) AS nonce,
            {cookie2} AS cookie2,
            {user_id2} AS user_id2
        FROM input
    ) AS typed
) AS read

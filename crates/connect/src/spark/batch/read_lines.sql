-- Each line of JSON as columns. A line whose shape is not known has no `shape`: see `facts.sql`.
-- `also` are columns that a stream has besides.
CREATE OR REPLACE TEMPORARY VIEW datums AS
SELECT
    CASE
        WHEN line RLIKE {page_view_shape} THEN 'page_view'
        WHEN line RLIKE {equiv_shape} THEN 'equiv'
        WHEN line RLIKE {other_shape} THEN 'other'
    END AS shape,
    CAST(NULL AS STRING) AS kind,
    datum.pedigree.true_as_of_secs AS secs,
    datum.dataunit.page_view.page.url AS url,
    coalesce(datum.dataunit.page_view.person.cookie, datum.dataunit.equiv.id1.cookie) AS cookie,
    coalesce(datum.dataunit.page_view.person.user_id, datum.dataunit.equiv.id1.user_id) AS user_id,
    datum.dataunit.page_view.nonce AS nonce,
    datum.dataunit.equiv.id2.cookie AS cookie2,
    datum.dataunit.equiv.id2.user_id AS user_id2,
    line{also}
FROM (
    SELECT value AS line, from_json(value, {schema}) AS datum{also}
    FROM input
    WHERE NOT value RLIKE {blank}
) AS read

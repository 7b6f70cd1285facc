-- Each datum as a fact, with its URL normalised, where this query can be sure of it. A datum
-- without a `fact` breaks the rule or has an unusual form: Rust decides, by the rule itself.
-- `into` says where the rows go: a folder, or for a stream a view.
{into}
SELECT
    fact,
    secs,
    CASE
        WHEN fact = 'page_view' THEN concat(
            lower(regexp_extract(url, {usual_url}, 1)),
            CASE WHEN regexp_extract(url, {usual_url}, 2) = '' THEN '/' ELSE regexp_extract(url, {usual_url}, 2) END
        )
        ELSE url
    END AS url,
    cookie, user_id, nonce, cookie2, user_id2, kind,
    CASE WHEN fact IS NULL THEN CAST(line AS BINARY) END AS line{also}
FROM (
    SELECT *,
        CASE
            WHEN secs IS NULL OR secs < {first_second} OR secs > {last_second} THEN NULL
            WHEN shape = 'page_view' AND (url IS NULL OR NOT url RLIKE {usual_url}) THEN NULL
            WHEN shape = 'page_view' AND length(regexp_extract(url, {usual_url}, 1)) > 253 THEN NULL
            WHEN shape = 'page_view' AND length(url) > 65536 THEN NULL
            ELSE shape
        END AS fact
    FROM datums
) AS judged

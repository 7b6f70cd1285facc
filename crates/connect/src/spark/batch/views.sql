-- The distinct page views, each with the two hashes of its person.
INSERT OVERWRITE DIRECTORY {views} USING parquet
SELECT
    secs, url,
    CASE WHEN cookie IS NULL THEN xxhash64(user_id) ELSE xxhash64({cookie_seed}, cookie) END AS p1,
    CASE WHEN cookie IS NULL THEN user_id ELSE xxhash64({second_seed}, cookie) END AS p2
FROM {persons}

(
    SELECT
        secs, url,
        CASE WHEN first IS NULL THEN cookie WHEN first LIKE 'c%' THEN substring(first, 2) END AS cookie,
        CASE
            WHEN first IS NULL THEN user_id
            WHEN first LIKE 'u%' THEN CAST(CAST(substring(first, 2) AS DECIMAL(20, 0)) - {two_to_63} AS BIGINT)
        END AS user_id
    FROM (
        SELECT page_views.secs, page_views.url, page_views.cookie, page_views.user_id, persons.b AS first
        FROM (
            SELECT secs, url, cookie, user_id, {node} AS node FROM {distinct}
        ) AS page_views
        LEFT JOIN {labels} AS persons ON page_views.node = persons.a
    ) AS joined
) AS of_persons

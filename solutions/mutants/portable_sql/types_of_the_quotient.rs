// found by all_known: 
// Leaves the type of the quotient to the engine.
fn daily_shares() -> String {
    "SELECT url, ts, CAST(COUNT(*) AS BIGINT) AS page_views,
            100 * CAST(COUNT(user_id) AS BIGINT) / CAST(COUNT(*) AS BIGINT) AS known_percent
     FROM (SELECT url, user_id, true_as_of_secs - (true_as_of_secs % 86400 + 86400) % 86400 AS ts FROM page_views) AS days
     GROUP BY url, ts ORDER BY url, ts".to_owned()
}

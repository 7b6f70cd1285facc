// found by all_known: 
// Divides the time by the length of a day, and multiplies again.
fn daily_shares() -> String {
    "SELECT url, ts, CAST(COUNT(*) AS BIGINT) AS page_views,
            CAST(FLOOR(100.0 * COUNT(user_id) / COUNT(*)) AS BIGINT) AS known_percent
     FROM (SELECT url, user_id, CAST(true_as_of_secs / 86400 * 86400 AS BIGINT) AS ts FROM page_views) AS days
     GROUP BY url, ts ORDER BY url, ts".to_owned()
}

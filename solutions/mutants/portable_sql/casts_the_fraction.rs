// found by two_of_three: 
// Lets a cast drop the fraction, which rounds on some engines.
fn daily_shares() -> String {
    "SELECT url, ts, CAST(COUNT(*) AS BIGINT) AS page_views,
            CAST(100.0 * COUNT(user_id) / COUNT(*) AS BIGINT) AS known_percent
     FROM (SELECT url, user_id, true_as_of_secs - (true_as_of_secs % 86400 + 86400) % 86400 AS ts FROM page_views) AS days
     GROUP BY url, ts ORDER BY url, ts".to_owned()
}

-- Page views by local day. The calendar is Rust's: `days` has each local day that a page view may
-- be on, by the days of UTC that it overlaps.
SELECT days.zone AS zone, page_views.url AS url, days.first AS ts, count(*) AS n
FROM (SELECT url, secs, secs - pmod(secs, CAST(86400 AS BIGINT)) AS utc_day FROM views) AS page_views
JOIN days ON page_views.utc_day = days.utc_day
WHERE page_views.secs >= days.first AND page_views.secs < days.next
GROUP BY days.zone, page_views.url, days.first

-- Hours with so many visitors that their sketches hold registers: of each register the largest
-- rank, as 64 * register + rank.
SELECT url, ts, CAST(sum(n) AS BIGINT) AS n, collect_list(register * 64 + rank) AS registers
FROM (
    SELECT url, ts, register, max(rank) AS rank, sum(n) AS n, sum(codes) AS codes
    FROM (
        SELECT
            url, ts, n, CAST(1 AS BIGINT) AS codes,
            CASE
                WHEN code % 2 = 1 THEN shiftright(code, 7 + {below_bits})
                ELSE shiftright(code, 1 + {below_bits})
            END AS register,
            CASE
                WHEN code % 2 = 1 THEN {below_bits} + (shiftright(code, 1) & 63)
                ELSE {below_bits} - length(bin(shiftright(code, 1) & {below})) + 1
            END AS rank
        FROM codes
    ) AS ranked
    GROUP BY url, ts, register
) AS registers
GROUP BY url, ts
HAVING sum(codes) > {most_codes}

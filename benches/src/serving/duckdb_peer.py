"""DuckDB for `workbook bench serving`: the orders of benches/peers/src/main.rs.

    python duckdb_peer.py DATABASE

The table is sorted by its key, so that the statistics of its row groups lead a
query to the few that matter. A query is one statement, with its scans as
alternatives, timed around the one call.
"""

import os
import sys
import time

import duckdb

path = sys.argv[1]
db = duckdb.connect(path)


def build(rows):
    started = time.perf_counter()
    db.execute(f"CREATE TABLE views AS SELECT * FROM '{rows}'")
    db.execute("CHECKPOINT")
    return f"{time.perf_counter() - started} {os.path.getsize(path)}"


def statement(line):
    url, *words = line.split()
    cases = []
    for code, start, end, sign in zip(*[iter(words)] * 4):
        when = f"ts = {start}" if start == end else f"ts >= {start} AND ts < {end}"
        cases.append((f"granularity = '{code}' AND {when}", sign))
    if len(cases) == 1 and cases[0][1] == "1":
        return f"SELECT sum(count) FROM views WHERE url = '{url}' AND {cases[0][0]}"
    signs = " ".join(f"WHEN {case} THEN {sign} * count" for case, sign in cases)
    any_of = " OR ".join(f"({case})" for case, _ in cases)
    # A bucket may be added by one scan and taken away by none: plans say each once.
    return f"SELECT sum(CASE {signs} END) FROM views WHERE url = '{url}' AND ({any_of})"


def ask(queries):
    times, total = [], 0
    with open(queries) as lines:
        statements = [statement(line) for line in lines]
    for sql in statements:
        started = time.perf_counter_ns()
        (answer,) = db.execute(sql).fetchone()
        times.append(time.perf_counter_ns() - started)
        total += int(answer or 0)
    times.sort()
    at = lambda share: times[min(int(len(times) * share), len(times) - 1)]
    return f"{at(0.5)} {at(0.99)} {total}"


for order in sys.stdin:
    what, file = order.rstrip("\n").split(" ", 1)
    print("done", build(file) if what == "build" else ask(file), flush=True)

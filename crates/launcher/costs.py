"""Makes costs.txt from cargo's timings of a build of the kernel from nothing:

    cargo build --timings --package workbook --target-dir target/costs
    python3 crates/launcher/costs.py target/costs/cargo-timings/cargo-timing.html
"""
import collections
import json
import pathlib
import re
import sys

LEAST = 2.0  # seconds; cheaper crates share one mean

page = pathlib.Path(sys.argv[1]).read_text()
units = json.loads(re.search(r"const UNIT_DATA = (\[.*?\]);\n", page, re.S).group(1))
costs = collections.Counter()
for unit in units:
    costs[unit["name"]] += unit["duration"]
large = {name: cost for name, cost in costs.items() if cost >= LEAST}
rest = [cost for name, cost in costs.items() if name not in large]
lines = [f"* {sum(rest) / len(rest):.2f}"]
lines += [f"{name} {cost:.1f}" for name, cost in sorted(large.items(), key=lambda item: -item[1])]
pathlib.Path(__file__).with_name("costs.txt").write_text("\n".join(lines) + "\n")
print(f"{len(large)} crates of {len(costs)}, {sum(costs.values()):.0f} s")

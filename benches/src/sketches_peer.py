"""The peer of `workbook bench sketches`: Apache DataSketches, whose core is C++.

    python sketches_peer.py SKETCHES PERSONS ROUNDS

Makes sketches of 2^14 registers of a byte each, of so many persons each, half of whom are in the
next sketch too. Prints the microseconds of one union, of sketches in memory and of sketches as
bytes, and the estimate of all. Calls into C++ are counted; they take a fraction of a microsecond.
"""

import json
import sys
import time

import datasketches

BITS = 14


def union_of(sketches):
    union = datasketches.hll_union(BITS)
    for sketch in sketches:
        union.update(sketch)
    return union.get_estimate()


def micros(rounds, count, work):
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        estimate = work()
        times.append((time.perf_counter() - started) / count * 1e6)
    return sorted(times)[len(times) // 2], estimate


def main(sketches, persons, rounds):
    made = []
    for number in range(sketches):
        sketch = datasketches.hll_sketch(BITS, datasketches.tgt_hll_type.HLL_8)
        for person in range(persons):
            sketch.update(number * persons // 2 + person)
        made.append(sketch)
    encoded = [sketch.serialize_compact() for sketch in made]
    memory, estimate = micros(rounds, sketches, lambda: union_of(made))
    read = datasketches.hll_sketch.deserialize
    as_bytes, _ = micros(rounds, sketches, lambda: union_of(map(read, encoded)))
    print(json.dumps({"memory": memory, "bytes": as_bytes, "estimate": estimate}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

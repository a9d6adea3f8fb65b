#!/usr/bin/env python3
"""Compares two files of record.py and says which benchmarks became slower.

  bench/compare.py before.json after.json [--tolerance 0.03]

A benchmark counts as slower (or faster) when the medians of its repetitions differ by more than the tolerance
and by more than chance: more than three standard errors of the difference of medians, worked out from the
repetitions' spread. Where the tolerance is passed but chance can't be ruled out, it is "unsure": measure
again on a quieter machine, or with more repetitions. Exit status: 0 nothing is slower, 1 something is or is
gone, 2 the files can't be compared.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys

FORMAT_VERSION = 1
STANDARD_ERRORS = 3
# Of normal noise: the standard deviation by the median absolute deviation, and the standard error of a median by
# that of a mean. Both hold out where a repetition was disturbed.
DEVIATION_BY_MAD = 1.4826
MEDIAN_BY_MEAN = 1.2533

median = statistics.median


def standard_error(times):
    """Of the median of some repetitions; nothing is known of the spread of one."""
    if len(times) < 2:
        return math.inf
    middle = median(times)
    deviation = DEVIATION_BY_MAD * median([abs(time - middle) for time in times])
    return MEDIAN_BY_MEAN * deviation / math.sqrt(len(times))


def verdict(before, after, tolerance):
    """"slower", "faster", "unsure" or "same", and by what factor the time grew."""
    ratio = median(after) / median(before)
    if abs(ratio - 1) <= tolerance:
        return "same", ratio
    noise = math.hypot(standard_error(before), standard_error(after))
    if abs(median(after) - median(before)) <= STANDARD_ERRORS * noise:
        return "unsure", ratio
    return ("slower" if ratio > 1 else "faster"), ratio


def compare(before, after, tolerance):
    """A row a benchmark: its name, what became of it, the factor or None where it is in one file alone."""
    rows = []
    for name, old in before["benchmarks"].items():
        new = after["benchmarks"].get(name)
        if new is None:
            rows.append((name, "gone", None))
        else:
            rows.append((name, *verdict(old["times_ns"], new["times_ns"], tolerance)))
    rows += [(name, "new", None) for name in after["benchmarks"] if name not in before["benchmarks"]]
    return rows


def read(path):
    """A file of record.py. SystemExit with one line for anything else."""
    try:
        record = json.loads(pathlib.Path(path).read_text())
        if record["format_version"] > FORMAT_VERSION:
            raise ValueError(f"is of format {record['format_version']}, newer than {FORMAT_VERSION}")
        if not all(entry["times_ns"] for entry in record["benchmarks"].values()):
            raise ValueError("holds a benchmark without times")
        return record
    except OSError as error:
        message = error.strerror
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"is no file of record.py: {error}"
    print(f"compare: {path}: {message}", file=sys.stderr)
    raise SystemExit(2)


def warnings(before, after):
    """Why a comparison may say little."""
    for key in ("processor", "cores"):
        if before["machine"][key] != after["machine"][key]:
            yield f"measured on different machines: {before['machine'][key]}, {after['machine'][key]}"
    for name, record in (("first", before), ("second", after)):
        if record["machine"]["load_at_start"] > 0.5:
            yield f"the machine of the {name} had other work: load {record['machine']['load_at_start']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--tolerance", type=float, default=0.03, help="share by which a median may differ")
    options = parser.parse_args()
    before, after = read(options.before), read(options.after)
    print(f"{before['commit']} ({before['date']}) -> {after['commit']} ({after['date']})")
    for warning in warnings(before, after):
        print(f"warning: {warning}")
    rows = compare(before, after, options.tolerance)
    for name, what, ratio in rows:
        print(f"{what:7} {'' if ratio is None else f'{100 * (ratio - 1):+7.1f} %':>10}  {name}")
    return 1 if any(what in ("slower", "gone") for _, what, _ in rows) else 0


if __name__ == "__main__":
    sys.exit(main())

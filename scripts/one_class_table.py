#!/usr/bin/python3
"""The tables of docs/one-class.md: AUROC by method and challenge, as Markdown, the best first.

    scripts/one_class_table.py results/results.csv [--levels 3,4,5] [--by-level]

"six" is the mean over the paper's six challenges, with the standard deviation between runs; "all" and
"least" are over all twelve.
"""
import argparse
import collections
import csv
import statistics

NAMES = "DE LB CE DA DL EX GB NO RA SH SN HA".split()
SIX = (1, 2, 3, 5, 8, 9)


def read(path, levels):
    """AUROCs of each method: by run, then by type, one a level."""
    methods = collections.defaultdict(lambda: collections.defaultdict(lambda: collections.defaultdict(list)))
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            if int(row["level"]) in levels:
                methods[row["method"]][int(row["run"])][int(row["type"])].append(float(row["auroc"]))
    return methods


def print_table(methods):
    rows = []
    for method, runs in methods.items():
        by_type = {t: statistics.mean(statistics.mean(run[t]) for run in runs.values()) for t in range(1, 13)}
        six = [statistics.mean(statistics.mean(run[t]) for t in SIX) for run in runs.values()]
        spread = f" ±{statistics.stdev(six):.3f}" if len(six) > 1 else ""
        rows.append((statistics.mean(six), spread, method, by_type))
    print("| method | six | all | least | " + " | ".join(NAMES) + " |")
    print("|---|" + "---:|" * 15)
    for six, spread, method, by_type in sorted(rows, key=lambda row: -row[0]):
        values = list(by_type.values())
        cells = " | ".join(f"{value:.2f}" for value in values)
        print(f"| `{method}` | {six:.3f}{spread} | {statistics.mean(values):.3f} | {min(values):.2f} | {cells} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results")
    parser.add_argument("--levels", default="1,2,3,4,5")
    parser.add_argument("--by-level", action="store_true", help="a table for each level")
    arguments = parser.parse_args()
    levels = [int(level) for level in arguments.levels.split(",")]
    for group in [[level] for level in levels] if arguments.by_level else [levels]:
        print(f"\nLevels {', '.join(map(str, group))}\n")
        print_table(read(arguments.results, group))


if __name__ == "__main__":
    main()

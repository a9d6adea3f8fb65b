#!/usr/bin/python3
"""AUROC of each fault against the clean photographs of the same scenes, from `gradspace score --format csv` of a set that
make_photographs.py made. usage: judge_scores.py SCORES.csv"""

import collections
import csv
import sys

import numpy as np
from sklearn.metrics import roc_auc_score


def main():
    with open(sys.argv[1], newline="") as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    scores = collections.defaultdict(list)
    for row in rows:
        side, fault = row["path"].split("/")[-3:-1]
        scores[side, fault].append((float(row["score"]), float(row["p_value"])))
    for side in ("new", "known"):
        clean = np.array(scores[side, "clean"])
        faults = {fault: np.array(own)[:, 0] for (of, fault), own in sorted(scores.items()) if of == side and fault != "clean"}
        auroc = {fault: roc_auc_score(np.r_[np.zeros(len(clean)), np.ones(len(own))], np.r_[clean[:, 0], own])
                 for fault, own in faults.items()}
        # A little dirt is none of the twelve.
        mean = np.mean([value for fault, value in auroc.items() if fault != "dirt3"])
        print(f"  {side}: mean {mean:.3f}, false alarms {np.mean(clean[:, 1] <= 0.05):.3f};",
              " ".join(f"{fault} {value:.2f}" for fault, value in auroc.items()))


if __name__ == "__main__":
    main()

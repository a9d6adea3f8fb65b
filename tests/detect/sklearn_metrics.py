"""Detection metrics by scikit-learn. Usage: sklearn_metrics.py THRESHOLD FILE...

A file has lines "label score" (label 1 = out of distribution); prints a JSON list with an object a
file, under gradspace's names."""
import json
import sys

import numpy as np
from sklearn import metrics


def fpr95(labels, scores):
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    return fpr[tpr >= 0.95].min()


def all_metrics(out, score, threshold):
    fpr, tpr, _ = metrics.roc_curve(out, score, drop_intermediate=False)
    return {
        "accuracy": metrics.balanced_accuracy_score(out, score > threshold),
        "auroc": metrics.roc_auc_score(out, score),
        "aupr_in": metrics.average_precision_score(1 - out, -score),
        "aupr_out": metrics.average_precision_score(out, score),
        "fpr95_in_positive": fpr95(1 - out, -score),
        "fpr95_ood_positive": fpr95(out, score),
        "detection_error": ((1 - tpr + fpr) / 2).min(),
    }


threshold = float(sys.argv[1])
sets = [np.loadtxt(file) for file in sys.argv[2:]]
print(json.dumps([all_metrics(rows[:, 0].astype(int), rows[:, 1], threshold) for rows in sets]))

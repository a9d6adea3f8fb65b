"""Shrinkage and squared Mahalanobis distances by scikit-learn. Usage: sklearn_ledoit_wolf.py FILE.npy

Columns are standardised first. Prints a JSON object."""
import json
import sys

import numpy as np
from sklearn.covariance import LedoitWolf

rows = np.load(sys.argv[1]).astype(np.float64)
rows = (rows - rows.mean(0)) / rows.std(0)
fitted = LedoitWolf(assume_centered=True).fit(rows)
print(json.dumps({"shrinkage": fitted.shrinkage_, "distances": fitted.mahalanobis(rows).tolist()}))

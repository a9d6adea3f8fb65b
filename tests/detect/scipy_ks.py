"""Exact two-sample Kolmogorov-Smirnov p-values by SciPy, for lines "a b distance" on standard input."""
import sys

from scipy import stats

for line in sys.stdin:
    a, b, distance = line.split()
    # Two samples of these sizes so far apart: SciPy takes samples, so make ones that are.
    a, b, steps = int(a), int(b), int(distance)
    # The first `steps` values of the first sample lie under all of the second, the rest over.
    x = [-1.0 - i for i in range(steps)] + [1000.0 + i for i in range(a - steps)]
    y = [float(i) / b for i in range(b)]
    result = stats.ks_2samp(x, y, method="exact")
    print(result.statistic, result.pvalue)

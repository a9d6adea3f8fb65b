"""Writes tests/data/quality/agreement.json: samples of scores and opinions, and what SciPy makes of
them. Usage: scipy_agreement.py > agreement.json"""
import json
import sys
import warnings

import numpy as np
from scipy import stats
from scipy.optimize import OptimizeWarning, curve_fit

warnings.simplefilter("ignore", OptimizeWarning)
warnings.simplefilter("ignore", RuntimeWarning)


def logistic(x, b1, b2, b3, b4, b5):
    return b1 * (0.5 - 1 / (1 + np.exp(np.clip(b2 * (x - b3), -700, 700)))) + b4 * x + b5


def best_fit(x, y):
    """Least squares from forty random starts."""
    random = np.random.default_rng(1)
    best = None
    for _ in range(40):
        start = [random.choice([-1, 1]) * np.ptp(y) * random.uniform(0.3, 2),
                 random.uniform(0.5, 8) / x.std(), x.mean() + x.std() * random.uniform(-2, 2),
                 0, y.mean()]
        try:
            b, _ = curve_fit(logistic, x, y, p0=start, maxfev=20000, xtol=1e-14, ftol=1e-14)
        except RuntimeError:
            continue
        error = np.square(logistic(x, *b) - y).sum()
        if best is None or error < best[0]:
            best = error, b
    return best[1]


def case(name, x, y, deviations, larger_is_better=True):
    x, y = np.round(x, 6), np.round(y, 6)
    fitted = logistic(x, *best_fit(x, y))
    sign = 1 if larger_is_better else -1
    result = {
        "name": name, "scores": x.tolist(), "opinions": y.tolist(),
        "larger_is_better": larger_is_better,
        "srocc": sign * stats.spearmanr(x, y)[0], "krocc": sign * stats.kendalltau(x, y)[0],
        "plcc": stats.pearsonr(fitted, y)[0], "rmse": np.sqrt(np.square(fitted - y).mean()),
    }
    if deviations is not None:
        deviations = np.round(deviations, 6)
        result["deviations"] = deviations.tolist()
        result["outlier_ratio"] = float((np.abs(fitted - y) > 2 * deviations).mean())
    return result


random = np.random.default_rng(2013)
u = random.uniform(size=120)
cases = [
    case("mean opinions, scores crowded near 1", u ** 0.1,
         9 / (1 + np.exp(-6 * (u - 0.4))) + random.normal(scale=0.5, size=120),
         random.uniform(0.1, 0.4, size=120)),
    case("difference opinions against decibels", 20 + 25 * u,
         100 / (1 + np.exp(0.4 * (20 + 25 * u - 30))) + random.normal(scale=6, size=120),
         random.uniform(2, 6, size=120), larger_is_better=False),
    case("many ties in both", np.floor(u * 24) / 24,
         np.floor(6 / (1 + np.exp(8 * (0.5 - u))) + random.normal(scale=0.7, size=120)), None),
    case("no agreement to speak of", random.normal(size=80), random.normal(size=80),
         np.full(80, 0.4)),
    case("tiny scores, large opinions", 1e-4 * u[:60],
         1e4 * np.tanh(3 * u[:60] - 1) + random.normal(scale=500, size=60), None),
]
json.dump(cases, sys.stdout, separators=(",", ":"))
print()

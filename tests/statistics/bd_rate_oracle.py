"""Writes tests/data/quality/bd_rate.json: rate-distortion curves, and what SciPy's PchipInterpolator and NumPy's
polyfit make of them. Usage: bd_rate_oracle.py > bd_rate.json"""
import json

import numpy as np
from scipy.interpolate import PchipInterpolator


def area(x, y, low, high, interpolation):
    if interpolation == "pchip":
        return float(PchipInterpolator(x, y).integrate(low, high))
    integral = np.polyint(np.polyfit(x, y, 3))
    return float(np.polyval(integral, high) - np.polyval(integral, low))


def mean_difference(anchor, tested, interpolation):
    low = max(anchor[0][0], tested[0][0])
    high = min(anchor[0][-1], tested[0][-1])
    return (area(*tested, low, high, interpolation) - area(*anchor, low, high, interpolation)) / (high - low)


def case(name, anchor, tested, larger_is_better=True):
    sign = 1 if larger_is_better else -1
    (r1, q1), (r2, q2) = ((np.log(points[:, 0]), sign * points[:, 1]) for points in (anchor, tested))
    item = {"name": name, "anchor": anchor.tolist(), "tested": tested.tolist(), "larger_is_better": larger_is_better}
    for interpolation in ("pchip", "cubic"):
        if interpolation == "cubic" and min(len(anchor), len(tested)) < 4:
            continue
        item[interpolation] = {
            "bd_rate": 100 * (np.exp(mean_difference((q1, r1), (q2, r2), interpolation)) - 1),
            "bd_quality": sign * mean_difference((r1, q1), (r2, q2), interpolation),
        }
    return item


def curve(random, points, scale, low=0.1, high=3.0):
    """Rates from `low` to `high`, and a concave quality with some unevenness."""
    rates = np.round(np.exp(np.sort(random.uniform(np.log(low), np.log(high), points))), 6)
    steps = random.uniform(0.3, 1.5, points - 1)
    quality = 28 + np.concatenate([[0], np.cumsum(steps * np.diff(np.log(rates)) * scale)])
    return np.stack([rates, np.round(quality, 6)], axis=1)


def main():
    random = np.random.default_rng(7)
    # Kilobits a second and PSNR, as video codecs are compared.
    video = np.array([[686.76, 40.28], [309.58, 37.18], [157.11, 34.24], [85.95, 31.42]])[::-1]
    other = np.array([[893.34, 40.39], [407.8, 37.21], [204.93, 34.17], [112.75, 31.24]])[::-1]
    cases = [case("four points of video", video, other), case("the same turned round", other, video)]
    for points in (2, 3, 4, 5, 9):
        cases.append(case(f"{points} points", curve(random, points, 4), curve(random, points + 1, 4.2)))
    saturating = curve(random, 6, 1)
    saturating[:, 1] = np.round(1 - 0.2 * np.exp(-3 * saturating[:, 0]), 9)
    better = saturating * [0.8, 1]
    cases.append(case("saturating scores", saturating, np.round(better, 9)))
    worse_is_larger = curve(random, 5, 1)
    worse_is_larger[:, 1] = np.round(0.15 * np.exp(-worse_is_larger[:, 0]), 9)
    other = np.round(worse_is_larger * [1.1, 0.97], 9)
    cases.append(case("smaller is better", worse_is_larger, other, False))
    print("[" + ",\n ".join(map(json.dumps, cases)) + "]")


main()

#!/usr/bin/python3
"""How the formula and the constants of the quality metric `accord` were chosen (docs/quality.md), to be repeated by

    scripts/fit_accord.py PAIRS.csv GRADSPACE [WORK_FOLDER]

PAIRS.csv has the columns reference, distorted, score (larger is better) and type; GRADSPACE is the command.

A candidate is a way to adapt the reference to the distorted image's level and contrast, together with one to three
metrics whose losses are added. What is fitted: the weights of the losses, and two terms for the level and for lost
contrast. References are left out one at a time. Among the others a candidate is chosen by the same procedure (an inner
loop that leaves out one more reference); only then it is fitted to them and judges the one that was left out. The
figures that are printed are the rank correlations of these judgements.

What is shipped is SHIPPED, in which the weight of UNIQUE is given instead of fitted; docs/quality.md says why."""
import csv
import itertools
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from PIL import Image
from scipy.optimize import minimize
from scipy.stats import spearmanr

BLOCKS = 16             # blocks along the shorter side, of which means are compared
CLIPPED = 8             # blocks with a mean this close to 0 or 255 say nothing about level and contrast
FLATNESS = 10           # squared levels that are added to variance and covariance of the blocks
GAIN_RANGE = (0.3, 3)
ADAPTATIONS = {"exact": (0, 0), "tolerant": (0.02, 1)}  # tolerated |ln gain|, levels
METRICS = ("haarpsi", "mdsi", "fsim-c", "vif-p", "gradient", "unique")
WHITENED = ("gradient", "unique")  # they do not see level and contrast, and are taken of the pair as it is
SHIPPED = ("tolerant", ("haarpsi", "mdsi", "unique"))
SHIPPED_WEIGHTS = {"unique": 0.2}  # of a loss with the median of HaarPSI's
UNADAPTED_TYPES = ("07", "08", "10")  # quantisation noise, blur, JPEG: what codecs do


def luma_blocks(image):
    luma = image @ np.array([0.299, 0.587, 0.114])
    height, width = luma.shape
    side = max(1, min(height, width) // BLOCKS)
    rows, columns = height // side, width // side
    return luma[:rows * side, :columns * side].reshape(rows, side, columns, side).mean((1, 3)).ravel()


def level_and_contrast(reference, distorted):
    """The mean of the reference's blocks, ln of the gain, and the shift of the mean."""
    x, y = luma_blocks(reference), luma_blocks(distorted)
    used = (y > CLIPPED) & (y < 255 - CLIPPED)
    if used.sum() >= 4:
        x, y = x[used], y[used]
    covariance = ((x - x.mean()) * (y - y.mean())).mean()
    gain = (covariance + FLATNESS) / (x.var() + FLATNESS)
    return x.mean(), np.log(np.clip(gain, *GAIN_RANGE)), y.mean() - x.mean()


def applied(value, tolerated):
    """Nothing up to what is tolerated, everything from twice that."""
    return value * np.clip(abs(value) / tolerated - 1, 0, 1) if tolerated > 0 else value


def load(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(float)


def adapt(job):
    """Writes the adapted reference; returns ln of the gain and the shift that were applied."""
    reference_path, distorted_path, tolerated, target = job
    reference = load(reference_path)
    mean, log_gain, shift = level_and_contrast(reference, load(distorted_path))
    log_gain, shift = applied(log_gain, tolerated[0]), applied(shift, tolerated[1])
    adapted = np.floor((reference - mean) * np.exp(log_gain) + mean + shift + 0.5)
    Image.fromarray(np.clip(adapted, 0, 255).astype(np.uint8)).save(target)
    return log_gain, shift


def command_scores(command, pairs, metrics, work):
    listing = f"{work}/pairs.csv"
    with open(listing, "w", encoding="utf8") as file:
        writer = csv.writer(file)
        writer.writerows([("reference", "distorted"), *pairs])
    text = subprocess.run([command, "iqa", "--metric", ",".join(metrics), "--pairs", listing, "--format", "csv",
                           "--quiet"], check=True, capture_output=True, text=True).stdout
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    return {metric: np.array([float(row[metric]) for row in rows]) for metric in metrics}


def loss(metric, score):
    if metric == "mdsi":
        return score**4  # the mean deviation, whose fourth root is published
    return np.maximum(0, -np.log(np.maximum(score, 1e-3)))


class Data:
    """Losses by adaptation and metric, terms by adaptation, opinions."""

    def __init__(self, pairs_csv, command, work, metrics=METRICS):
        folder = os.path.dirname(pairs_csv)
        with open(pairs_csv, encoding="utf8") as file:
            rows = list(csv.DictReader(file))
        self.opinions = np.array([float(row["score"]) for row in rows])
        self.references = np.array([row["reference"] for row in rows])
        self.as_codecs = np.isin([row["type"] for row in rows], UNADAPTED_TYPES)
        pairs = [(os.path.join(folder, row["reference"]), os.path.join(folder, row["distorted"])) for row in rows]
        whitened = command_scores(command, pairs, WHITENED, work)
        self.losses, self.terms = {}, {}
        for name, tolerated in ADAPTATIONS.items():
            targets = [f"{work}/{name}-{i}.png" for i in range(len(pairs))]
            with ProcessPoolExecutor() as pool:
                changes = list(pool.map(adapt, [(*pair, tolerated, target) for pair, target in zip(pairs, targets)]))
            log_gain, shift = np.array(changes).T
            self.terms[name] = np.stack([np.abs(shift), np.maximum(0, -log_gain)], 1)
            structural = [metric for metric in metrics if metric not in WHITENED]
            adapted = [(target, distorted) for target, (_, distorted) in zip(targets, pairs)]
            scores = command_scores(command, adapted, structural, work) | whitened
            for metric, values in scores.items():
                self.losses[name, metric] = loss(metric, values)


def total(data, candidate, constants):
    adaptation, metrics = candidate
    weights = constants[:len(metrics)]
    sums = sum(weight * data.losses[adaptation, metric] for weight, metric in zip(weights, metrics))
    return sums + data.terms[adaptation] @ constants[len(metrics):]


def fit(data, candidate, chosen, given={}):
    """Weights of the losses (the first is 1) and of the two terms, by the rank correlations that they give. The weights
    of `given` metrics are not fitted."""
    adaptation, metrics = candidate
    codecs = chosen & data.as_codecs
    units = np.array([np.median(data.losses[adaptation, metric][codecs]) for metric in metrics])

    def constants(free):
        weights = np.r_[1, np.abs(free[:-2])]
        for metric, weight in given.items():
            weights[metrics.index(metric)] = weight
        return np.r_[weights / weights.sum() / units, np.abs(free[-2:]) / (30, 1)]

    def objective(free):
        sums = total(data, candidate, constants(free))
        return (spearmanr(sums[chosen], data.opinions[chosen])[0] + spearmanr(sums[codecs], data.opinions[codecs])[0])

    start = np.r_[np.full(len(metrics) - 1, 0.6), 0.4, 3]
    steps = np.diag(np.r_[np.full(len(metrics) - 1, 0.5), 0.5, 1.5])
    best = minimize(objective, start, method="Nelder-Mead",
                    options={"maxiter": 250, "xatol": 1e-3, "fatol": 1e-5,
                             "initial_simplex": np.vstack([start, start + steps])}).x
    found = constants(best)
    return found / found[0]


def agreement(data, sums, chosen):
    codecs = chosen & data.as_codecs
    return -spearmanr(sums[chosen], data.opinions[chosen])[0], -spearmanr(sums[codecs], data.opinions[codecs])[0]


def judged(data, candidate, chosen, given={}):
    """Sums of the chosen pairs, those of each reference by constants that were fitted to the others."""
    sums = np.zeros(len(data.opinions))
    for reference in sorted(set(data.references[chosen])):
        held_out = chosen & (data.references == reference)
        # Comparable between folds: constants are scaled by the median of what they were fitted to.
        fitted = total(data, candidate, fit(data, candidate, chosen & ~held_out, given))
        sums[held_out] = fitted[held_out] / np.median(fitted[chosen & ~held_out])
    return sums


def score_of_candidate(job):
    data, candidate, chosen = job
    return sum(agreement(data, judged(data, candidate, chosen), chosen))


def candidates():
    return [(adaptation, metrics) for adaptation in ADAPTATIONS for count in (1, 2, 3)
            for metrics in itertools.combinations(METRICS, count)]


def main():
    # Absolute, because paths in a list of pairs are relative to the list.
    pairs_csv, command, work = map(os.path.abspath, [*sys.argv[1:], "accord-work"][:3])
    os.makedirs(work, exist_ok=True)
    data = Data(pairs_csv, command, work)
    everything = np.ones(len(data.opinions), bool)
    with ProcessPoolExecutor() as pool:
        listed = candidates()
        print("candidates, each judged on references that it was not fitted to (all pairs; blur, JPEG, quantisation):")
        outside = list(pool.map(judged, *zip(*[(data, candidate, everything) for candidate in listed])))
        ranked = sorted(((agreement(data, sums, everything), candidate) for sums, candidate in zip(outside, listed)),
                        key=lambda row: -sum(row[0]))
        for (all_pairs, codecs), (adaptation, metrics) in ranked:
            print(f"  {all_pairs:.4f} {codecs:.4f}  {adaptation:9} {'+'.join(metrics)}", flush=True)
        sums = np.zeros(len(data.opinions))
        for reference in sorted(set(data.references)):
            held_out = data.references == reference
            values = list(pool.map(score_of_candidate, [(data, candidate, ~held_out) for candidate in listed]))
            best = listed[int(np.argmax(values))]
            fitted = total(data, best, fit(data, best, ~held_out))
            sums[held_out] = fitted[held_out] / np.median(fitted[~held_out])
            print(f"without {reference}: {best[0]} {'+'.join(best[1])}", flush=True)
        print("formula and constants chosen without the reference that is judged: "
              "all pairs %.4f, blur, JPEG and quantisation %.4f" % agreement(data, sums, everything))
    shipped = judged(data, SHIPPED, everything, SHIPPED_WEIGHTS)
    print("shipped formula: all pairs %.4f, blur, JPEG and quantisation %.4f" % agreement(data, shipped, everything))
    print("its constants:", np.round(fit(data, SHIPPED, everything, SHIPPED_WEIGHTS), 4))


if __name__ == "__main__":
    main()

"""How far an image is from what a model knows, by the weight gradients it would cause.

Out-of-distribution detection: `Model` (an autoencoder), `extract` (gradients as features), `Detector` (fit, score,
calibrate), `Drift` (of a stream); in the manner of scikit-learn, gradspace.estimators. Image quality: `iqa`,
`Reference`. Experiments: `challenge`, `experiment`, `results`, `report`.

Images are 8 bits a sample, R, G, B, [height, width, 3] or [height, width]. Everything may be called from several
threads at a time; the GIL is released meanwhile, and Ctrl-C ends long work.
"""

from __future__ import annotations

from ._detector import Calibration, Detector, Drift, DriftWindow, Method, Scores, calibrate, methods
from ._errors import Error, FormatError, LeftOutWarning, RemarkWarning
from ._experiments import Experiment, Report, describe, experiment, report, results
from ._feature_set import Failure, FeatureSet
from ._gradspace import __version__, usable_threads
from ._images import Source, read_image
from ._model import Column, Model, extract
from ._quality import (
    BdRate,
    Challenge,
    Metric,
    QualityEquivalent,
    Reference,
    bd_rate,
    challenge,
    challenge_seed,
    challenges,
    gradient_map,
    iqa,
    metrics,
    quality_equivalent,
)

__all__ = [
    "BdRate",
    "Calibration",
    "Challenge",
    "Column",
    "Detector",
    "Drift",
    "DriftWindow",
    "Error",
    "Experiment",
    "Failure",
    "FeatureSet",
    "FormatError",
    "LeftOutWarning",
    "Method",
    "Metric",
    "Model",
    "QualityEquivalent",
    "Reference",
    "RemarkWarning",
    "Report",
    "Scores",
    "Source",
    "__version__",
    "bd_rate",
    "calibrate",
    "challenge",
    "challenge_seed",
    "challenges",
    "describe",
    "experiment",
    "extract",
    "gradient_map",
    "iqa",
    "methods",
    "metrics",
    "quality_equivalent",
    "read_image",
    "report",
    "results",
    "usable_threads",
]

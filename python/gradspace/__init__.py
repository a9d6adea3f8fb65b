"""How far an image is from what a model knows, by the weight gradients it would cause.

Out-of-distribution detection: `Model` (an autoencoder), `extract` (gradients as features), `Detector` (fit, score,
calibrate), `evaluate`, `Drift` (of a stream); in the manner of scikit-learn, gradspace.estimators. Image quality:
`iqa`, `Reference`; of files `score_pairs`, `score_video`, `compare_folders`. Experiments: `challenge`, `experiment`,
`results`, `report`.

Images are 8 bits a sample, R, G, B, [height, width, 3] or [height, width]. Everything may be called from several
threads at a time; the GIL is released meanwhile, and Ctrl-C ends long work.
"""

from __future__ import annotations

from ._challenges import (
    Challenge,
    ChallengedFiles,
    challenge,
    challenge_files,
    challenge_seed,
    challenges,
    contact_sheet,
)
from ._comparisons import (
    ComparedFolder,
    CurveComparison,
    DecoderLoss,
    FolderComparison,
    PairScores,
    PooledScore,
    QualityBenchmark,
    QualitySummary,
    VideoScores,
    compare_folders,
    quality_benchmark,
    score_pairs,
    score_video,
    train_decoder,
)
from ._detector import Calibration, Detector, Drift, DriftWindow, Method, Scores, calibrate, methods
from ._errors import Error, FormatError, LeftOutWarning, RemarkWarning
from ._experiments import (
    Experiment,
    Module,
    Report,
    describe,
    evaluate,
    experiment,
    gradcon_experiment,
    import_file,
    modules,
    report,
    results,
)
from ._feature_set import Failure, FeatureSet
from ._gradspace import __version__, usable_threads
from ._images import Source, read_image
from ._model import Column, Model, extract
from ._quality import (
    BdRate,
    Metric,
    QualityEquivalent,
    Reference,
    bd_rate,
    gradient_map,
    iqa,
    metrics,
    quality_equivalent,
)

__all__ = [
    "BdRate",
    "Calibration",
    "Challenge",
    "ChallengedFiles",
    "Column",
    "ComparedFolder",
    "CurveComparison",
    "DecoderLoss",
    "Detector",
    "Drift",
    "DriftWindow",
    "Error",
    "Experiment",
    "Failure",
    "FeatureSet",
    "FolderComparison",
    "FormatError",
    "LeftOutWarning",
    "Method",
    "Metric",
    "Model",
    "Module",
    "PairScores",
    "PooledScore",
    "QualityBenchmark",
    "QualityEquivalent",
    "QualitySummary",
    "Reference",
    "RemarkWarning",
    "Report",
    "Scores",
    "Source",
    "VideoScores",
    "__version__",
    "bd_rate",
    "calibrate",
    "challenge",
    "challenge_files",
    "challenge_seed",
    "challenges",
    "compare_folders",
    "contact_sheet",
    "describe",
    "evaluate",
    "experiment",
    "extract",
    "gradcon_experiment",
    "gradient_map",
    "import_file",
    "iqa",
    "methods",
    "metrics",
    "modules",
    "quality_benchmark",
    "quality_equivalent",
    "read_image",
    "report",
    "results",
    "score_pairs",
    "score_video",
    "train_decoder",
    "usable_threads",
]

"""Detectors and features in the manner of scikit-learn, which must be installed.

`OneClassDetector` learns from rows of numbers, `ImageDetector` from images; both have `fit`, `score_samples` (larger =
more like what was learned), `decision_function` (under 0 = out of distribution) and `predict` (1, or -1 for out of
distribution), as sklearn.svm.OneClassSVM has. `GradientFeatures` makes the former's rows of images, in a pipeline:

    Pipeline([("gradients", GradientFeatures(model)), ("detector", OneClassDetector())])
"""

from __future__ import annotations

from typing import Any, Optional, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ._detector import Detector
from ._images import Images, Size
from ._model import Model, extract

try:  # from version 1.6 on
    from sklearn.utils.validation import validate_data as _validated
except ImportError:

    def _validated(estimator: Any, X: Any, **options: Any) -> Any:
        return estimator._validate_data(X, **options)


__all__ = ["GradientFeatures", "ImageDetector", "OneClassDetector"]


class _ByThreshold(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """What follows from a fitted `detector_` and from `_scores`, of which a larger one is further out."""

    detector_: Detector

    def _scores(self, X: Any) -> npt.NDArray[np.float64]:
        raise NotImplementedError

    @property
    def offset_(self) -> float:
        """What `score_samples` is over for an image in distribution."""
        return -self.detector_.threshold

    def score_samples(self, X: Any) -> npt.NDArray[np.float64]:
        """[n], larger = more like what was learned."""
        check_is_fitted(self, "detector_")
        return -self._scores(X)

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """[n], under 0 = out of distribution."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> npt.NDArray[np.int64]:
        """[n], 1, or -1 for out of distribution."""
        return np.where(self.decision_function(X) >= 0, 1, -1)


class OneClassDetector(_ByThreshold):
    """Learns from clean rows of numbers, X [n, columns], whoever made them.

    method: "mahalanobis", "independent-gaussian" or "nearest-neighbour".
    false_alarms: the share of clean rows that the threshold lets be called out, from 0 to 1; of few rows, the least
        that they allow. A fifth of the rows is held out for it.
    seed: of the rows that are held out.
    """

    def __init__(self, method: str = "mahalanobis", *, false_alarms: float = 0.05, seed: int = 0) -> None:
        self.method = method
        self.false_alarms = false_alarms
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> OneClassDetector:
        """Learns from X, [n, columns]; y is not looked at."""
        rows = _validated(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        held_out = max(1, len(rows) // 5)
        rate = max(self.false_alarms, 1 / (held_out + 1))
        self.detector_ = Detector.fit(rows, method=self.method, false_alarms=rate, seed=self.seed)
        return self

    def _scores(self, X: Any) -> npt.NDArray[np.float64]:
        return self.detector_.score_features(_validated(self, X, dtype=[np.float64, np.float32], reset=False))


class ImageDetector(_ByThreshold):
    """Learns from clean images: arrays of uint8 [n, height, width, 3] or a list of such, paths, or a `Source`.

    The parameters are those of `Detector.fit`.
    """

    def __init__(
        self,
        method: str = "image-statistics",
        *,
        model: Optional[Model] = None,
        false_alarms: float = 0.05,
        seed: int = 0,
        size: Optional[Size] = None,
        tiles: Optional[Size] = None,
        hold_out: Optional[str] = None,
        distortions: Optional[Sequence[str]] = None,
    ) -> None:
        self.method = method
        self.model = model
        self.false_alarms = false_alarms
        self.seed = seed
        self.size = size
        self.tiles = tiles
        self.hold_out = hold_out
        self.distortions = distortions

    def fit(self, X: Images, y: Any = None) -> ImageDetector:
        """Learns from images; y is not looked at."""
        self.detector_ = Detector.fit(X, **self.get_params(deep=False))
        return self

    def _scores(self, X: Images) -> npt.NDArray[np.float64]:
        return self.detector_.score(X, self.model).score


class GradientFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Makes the weight gradients that images would cause: rows for any estimator of scikit-learn.

    model: a `Model`, which is trained already.
    features: as of `extract`.
    """

    def __init__(self, model: Model, features: Optional[str] = None) -> None:
        self.model = model
        self.features = features

    def fit(self, X: Images, y: Any = None) -> GradientFeatures:
        """Learns nothing."""
        return self

    def transform(self, X: Images) -> npt.NDArray[np.float32]:
        """Rows, float32 [n, columns]."""
        return extract(self.model, X, self.features)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """A name a column: "down.6:kld[0]"."""
        names = [
            f"{column.name}[{i}]"
            for column in self.model.columns(self.features)
            for i in range(column.end - column.begin)
        ]
        return np.asarray(names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

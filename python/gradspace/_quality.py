"""Image quality."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union, overload

import numpy as np
import numpy.typing as npt

from . import _gradspace
from ._images import ImageLike, Path, as_array, file_bytes, is_path

Names = Union[List[str], Tuple[str, ...]]


class Metric(NamedTuple):
    """A metric of image quality."""

    name: str
    summary: str
    range: str
    larger_is_better: bool
    of_identical_images: float
    source: str


def metrics() -> List[Metric]:
    """All metrics of image quality."""
    return [Metric(*info) for info in _gradspace.metric_infos()]


class Reference:
    """A reference image, prepared once for comparisons with many distorted ones. Threads may share it.

    image: a path, or uint8 [height, width, 3] or [height, width].
    metric: a metric's name, or a list of names of metrics and families ("all" is the family of all).
    decoder: the file of another decoder than the one that ships, for the learned metrics.

    Raises ValueError for a metric that is not known and an image that is too small for it.
    """

    def __init__(
        self, image: ImageLike, metric: Union[str, Names] = "gradient", *, decoder: Optional[Path] = None
    ) -> None:
        self._is_single = isinstance(metric, str)
        self.metrics: List[str] = [metric] if isinstance(metric, str) else _gradspace.metric_names(list(metric))
        self._handle = _gradspace.Reference(_quality_image(image, "reference"), self.metrics, decoder_file(decoder))

    def score(self, distorted: ImageLike) -> float:
        """The quality of an image of the same size by the one metric that the reference was prepared for.

        Raises ValueError when the sizes differ, the score is undefined, or there are several metrics.
        """
        if not self._is_single:
            raise ValueError("score: this reference is for several metrics, whose values `scores` gives")
        return self._handle.score(_quality_image(distorted, "distorted"))[0]

    def scores(self, distorted: ImageLike) -> Dict[str, float]:
        """The same by all its metrics, a number by each one's name."""
        return dict(zip(self.metrics, self._handle.score(_quality_image(distorted, "distorted"))))


@overload
def iqa(
    reference: ImageLike, distorted: ImageLike, metric: str = "gradient", *, decoder: Optional[Path] = None
) -> float: ...
@overload
def iqa(
    reference: ImageLike, distorted: ImageLike, metric: Names, *, decoder: Optional[Path] = None
) -> Dict[str, float]: ...
def iqa(
    reference: ImageLike,
    distorted: ImageLike,
    metric: Union[str, Names] = "gradient",
    *,
    decoder: Optional[Path] = None,
) -> Union[float, Dict[str, float]]:
    """How good a distorted image looks beside its reference: a number, or by a list of metrics numbers by name.

    Images are paths, or uint8 [height, width, 3] or [height, width]. For several distorted images of one reference,
    prepare it once with `Reference`. Raises ValueError, OSError, FormatError.
    """
    prepared = Reference(reference, metric, decoder=decoder)
    return prepared.score(distorted) if isinstance(metric, str) else prepared.scores(distorted)


def gradient_map(
    reference: ImageLike, distorted: ImageLike, *, decoder: Optional[Path] = None
) -> npt.NDArray[np.float64]:
    """Where two images differ in gradient space: [rows, columns], a value for each patch of 16x16 pixels.

    The values' mean is 1 - c, where the metric `gradient` is |c|^10; 0 where nothing differs.
    """
    images = _quality_image(reference, "reference"), _quality_image(distorted, "distorted")
    return _gradspace.gradient_map(*images, decoder_file(decoder))


class QualityEquivalent(NamedTuple):
    """What a score is equivalent to."""

    jpeg_quality: float  #: of libjpeg's scale, 5 to 98
    worse: bool  #: than quality 5
    better: bool  #: than quality 98
    impairment: str  #: how an average viewer sees it: "just noticeable"
    text: str  #: "as JPEG q72"


def quality_equivalent(metric: str, score: float) -> Optional[QualityEquivalent]:
    """The quality of JPEG that damages a photograph as much as a score of `metric` says; None without a scale.

    Raises ValueError for a metric that is not known, and for NaN.
    """
    equivalent = _gradspace.quality_equivalent(metric, score)
    return None if equivalent is None else QualityEquivalent(*equivalent)


class BdRate(NamedTuple):
    """Two rate-distortion curves compared (Bjontegaard)."""

    rate: Optional[float]  #: how much more the tested one spends for the same quality, in per cent
    quality: Optional[float]  #: how much more quality it gives for the same rate
    refusal: str  #: why there is no rate; else empty


def bd_rate(
    anchor: Sequence[Tuple[float, float]],
    tested: Sequence[Tuple[float, float]],
    *,
    larger_is_better: bool = True,
    interpolation: str = "pchip",
) -> BdRate:
    """Compares two curves of points (rate, quality), such as bits per pixel and a metric's score."""
    return BdRate(*_gradspace.bd_rate(list(anchor), list(tested), larger_is_better, interpolation))


def decoder_file(path: Optional[Path]) -> bytes:
    """As the extension wants it: empty for the decoder that ships."""
    return b"" if path is None else file_bytes(path)


def _quality_image(image: Any, name: str) -> _gradspace.QualityImage:
    if is_path(image):
        return _gradspace.quality_file(file_bytes(image))
    return _gradspace.quality_image(as_array(image), name)

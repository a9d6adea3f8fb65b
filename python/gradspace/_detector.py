"""Detectors, their scores, calibration and drift."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union, overload

import numpy as np
import numpy.typing as npt

from . import _gradspace
from ._feature_set import FeatureSet
from ._images import (
    ImageLike,
    Images,
    Path,
    Size,
    Source,
    as_array,
    as_arrays,
    as_image,
    file_bytes,
    given,
    is_in_memory,
    is_path,
    size_text,
    source_handle,
)
from ._model import Model
from ._watch import Progress, Watcher

if TYPE_CHECKING:
    import pandas

#: Rows of features: a feature set, or an array of floats [n, columns].
Rows = Union[FeatureSet, npt.NDArray[Any]]


class Method(NamedTuple):
    """A method that detectors can be fitted by."""

    name: str
    summary: str
    learns_from: str  #: "images", "tiles" (of photographs), or "features"
    needs_model: bool


def methods() -> List[Method]:
    """All methods that learn from clean images or features alone, beside which there is "classifier"."""
    return [Method(*method) for method in _gradspace.methods()]


class Calibration:
    """What clean images score: thresholds for a rate of false alarms, and p-values (split conformal prediction)."""

    def __init__(self, handle: _gradspace.Calibration) -> None:
        self._handle = handle

    def __len__(self) -> int:
        """How many clean images it is of."""
        return len(self._handle)

    def threshold(self, false_alarms: float) -> float:
        """A new clean image scores over it with a probability of at most `false_alarms`, from 0 to 1.

        Raises ValueError when there are too few clean images for the rate.
        """
        return self._handle.threshold(false_alarms)

    @overload
    def p_value(self, score: float) -> float: ...
    @overload
    def p_value(self, score: npt.NDArray[Any]) -> npt.NDArray[np.float64]: ...
    def p_value(self, score: Union[float, npt.NDArray[Any]]) -> Union[float, npt.NDArray[np.float64]]:
        """(1 + number of clean scores >= score) / (n + 1), of one score or of an array of scores [n]."""
        if np.ndim(score) == 0:
            return self._handle.p_value(float(score))
        return self._handle.p_values(np.asarray(score, dtype=np.float64))

    def __repr__(self) -> str:
        return f"gradspace.Calibration({len(self)} clean images)"


def calibrate(clean_scores: Any) -> Calibration:
    """A calibration from the scores, [n], of clean images that the detector has not learned from.

    A larger score must mean further out of distribution. Raises ValueError when one is NaN.
    """
    return Calibration(_gradspace.Calibration(np.asarray(clean_scores, dtype=np.float64).ravel()))


@dataclass(frozen=True)
class Scores:
    """What a detector says of images, an entry an image."""

    score: npt.NDArray[np.float64]  #: larger = further out of distribution
    p_value: npt.NDArray[np.float64]  #: among the detector's clean images; 1 where it holds none
    out_of_distribution: npt.NDArray[np.bool_]  #: score > the detector's threshold
    bce: npt.NDArray[np.float32]  #: reconstruction loss, summed over pixels; 0 without a model
    kld: npt.NDArray[np.float32]  #: latent loss; 0 without a model
    error: npt.NDArray[np.float64]  #: of GradCon's detectors: mean squared error; else 0
    cosine: npt.NDArray[np.float64]  #: of GradCon's detectors; else 0
    paths: Optional[List[str]] = None  #: of images in files; those that could not be read are left out

    def __len__(self) -> int:
        return len(self.score)

    def frame(self) -> pandas.DataFrame:
        """As a frame of pandas, which must be installed: path, score, p_value, bce, kld, verdict ("in" or "out")."""
        import pandas

        columns: Dict[str, Any] = {} if self.paths is None else {"path": self.paths}
        columns.update(score=self.score, p_value=self.p_value, bce=self.bce, kld=self.kld)
        columns["verdict"] = np.where(self.out_of_distribution, "out", "in")
        return pandas.DataFrame(columns)

    def __repr__(self) -> str:
        return f"gradspace.Scores({len(self)} images, {int(self.out_of_distribution.sum())} out of distribution)"


class Detector:
    """Says how far images are out of distribution. It does not change; threads may share it.

    Made by `Detector.fit` and `Detector.load`.
    """

    def __init__(self, handle: _gradspace.Detector) -> None:
        self._handle = handle
        self._lock = threading.Lock()
        self._last_scorer: Optional[Tuple[Optional[Model], _gradspace.ArrayScorer]] = None

    @classmethod
    def load(cls, path: Path) -> Detector:
        """Reads a detector's file (.safetensors). Raises OSError, FormatError."""
        return cls(_gradspace.read_detector(file_bytes(path)))

    @classmethod
    def fit(
        cls,
        clean: Union[Images, Rows],
        model: Optional[Model] = None,
        *,
        method: Optional[str] = None,
        validation: Optional[Union[Images, Rows]] = None,
        outliers: Optional[Rows] = None,
        validation_outliers: Optional[Rows] = None,
        false_alarms: Optional[float] = None,
        seed: Optional[int] = None,
        hold_out: Optional[str] = None,
        distortions: Optional[Sequence[str]] = None,
        memory_gib: Optional[float] = None,
        tiles: Optional[Size] = None,
        stride: Optional[Size] = None,
        size: Optional[Size] = None,
        decode: Optional[str] = None,
        features: Optional[str] = None,
        two_sided: Optional[bool] = None,
        epochs: Optional[int] = None,
        batch: Optional[int] = None,
        learning_rate: Optional[float] = None,
        threads: Optional[int] = None,
        progress: Progress = None,
    ) -> Detector:
        """Fits to clean images, or to rows of features; the options are those of the command's `fit`.

        clean: images (a path, a list of paths, a `Source`, arrays of uint8); or features (a `FeatureSet`, or an array
            of floats [n, columns]).
        model: for methods that ask one. `methods()` lists them; without a word it is "pseudo-outliers" of images,
            "photograph" where there are `tiles`, "mahalanobis" of features, "classifier" where there are `outliers`.
        validation: clean ones that set the threshold; without them a fifth of `clean` is held out.
        false_alarms: the share of clean images that the threshold lets be called out, from 0 to 1.
        tiles: "28x28" or (28, 28): photographs are judged by their tiles at their own resolution.
        size: without a model, what images are fitted to.

        Raises ValueError, also for too few images; OSError, FormatError. Images that can't be read are left out, with
        a LeftOutWarning.
        """
        options = given(
            {
                "method": method,
                "false_alarms": false_alarms,
                "seed": seed,
                "hold_out": hold_out,
                "distortions": None if distortions is None else list(distortions),
                "memory_gib": memory_gib,
                "tiles": None if tiles is None else size_text(tiles),
                "stride": None if stride is None else size_text(stride),
                "size": None if size is None else size_text(size),
                "decode": decode,
                "features": features,
                "two_sided": two_sided,
                "epochs": epochs,
                "batch": batch,
                "learning_rate": learning_rate,
                "threads": threads,
            }
        )
        with Watcher(progress, "images") as watcher:
            if _is_rows(clean):
                if model is not None or tiles is not None or size is not None:
                    raise ValueError("fit: model, tiles and size go with images, not with features")
                handle = _fit_rows(clean, validation, outliers, validation_outliers, options, watcher)
            else:
                if outliers is not None or validation_outliers is not None:
                    raise ValueError("fit: outliers go with features, not with images")
                handle = _fit_images(clean, validation, model, options, watcher)
        return cls(handle)

    def save(self, path: Path) -> None:
        """Writes the detector's file (.safetensors), as a whole or not at all. Raises OSError."""
        self._handle.save(file_bytes(path))

    @property
    def method(self) -> str:
        return self._handle.method

    @property
    def threshold(self) -> float:
        """What scores over it is called out of distribution."""
        return self._handle.threshold

    @property
    def calibration(self) -> Calibration:
        """The scores of clean images that it was not fitted to."""
        return Calibration(self._handle.calibration)

    @property
    def features(self) -> str:
        """The features that it looks at, as a request for `extract`; empty where it looks at images themselves."""
        return self._handle.features

    @property
    def model_sha256(self) -> str:
        """The fingerprint of its model; empty where it needs none."""
        return self._handle.model_sha256

    @property
    def metadata(self) -> Dict[str, str]:
        """What else its file says, such as options and data: JSON texts by key."""
        return self._handle.metadata

    def with_threshold(self, threshold: float) -> Detector:
        """The same with another threshold."""
        return Detector(self._handle.with_threshold(threshold))

    def with_false_alarms(self, false_alarms: float) -> Detector:
        """The same with the threshold for this rate of false alarms. Raises ValueError for too few clean images."""
        return self.with_threshold(self.calibration.threshold(false_alarms))

    def score(
        self,
        images: Images,
        model: Optional[Model] = None,
        *,
        maps: Optional[Path] = None,
        hidden: bool = False,
        backend: str = "native",
        device: str = "cpu",
        threads: int = 0,
        progress: Progress = None,
    ) -> Scores:
        """Scores images: a path, a list of paths, a `Source`, arrays of uint8.

        model: the one it was fitted with, where it needs one.
        maps: a new folder for maps of where photographs are out of distribution, of a detector with tiles.

        Scores of files are those of the command's `score`, bit for bit; so are those of arrays of the same pixels. A
        file that can't be read is left out, with a LeftOutWarning. Raises ValueError for another model than its own.
        """
        handle = None if model is None or not self.model_sha256 else model._handle
        with Watcher(progress, "images") as watcher:
            if isinstance(images, Source):
                images = images.path
            if is_in_memory(images):
                scorer = self._scorer(model if handle is not None else None)
                return Scores(**scorer.score(as_arrays(images), threads, watcher))
            listed = not is_path(images)
            paths = [file_bytes(path) for path in images] if listed else [file_bytes(images)]
            options = {
                "maps": None if maps is None else file_bytes(maps),
                "hidden": hidden,
                "backend": backend,
                "device": device,
                "threads": threads,
            }
            return Scores(**_gradspace.score_files(self._handle, handle, paths, listed, given(options), watcher))

    def map(
        self, photograph: ImageLike, model: Optional[Model] = None
    ) -> Tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Of a detector with tiles: the tiles' scores and p-values over one photograph, [rows, columns] each."""
        return self._scorer(model if self.model_sha256 else None).map(as_image(photograph))

    def score_features(self, rows: Rows) -> npt.NDArray[np.float64]:
        """The scores, [n], of rows of features: a `FeatureSet`, or for a detector of features an array [n, columns]."""
        with _opened(rows, "rows") as (handle, name):
            return self._handle.set_scores(handle, name)

    def _scorer(self, model: Optional[Model]) -> _gradspace.ArrayScorer:
        with self._lock:
            if self._last_scorer is None or self._last_scorer[0] is not model:
                handle = None if model is None else model._handle
                self._last_scorer = model, _gradspace.ArrayScorer(self._handle, handle)
            return self._last_scorer[1]

    def __repr__(self) -> str:
        return f"gradspace.Detector({self.method!r}, threshold {self.threshold:.6g})"

    def __deepcopy__(self, memo: Any) -> Detector:
        return self  # it does not change

    def __reduce__(self) -> Tuple[Callable[..., Detector], Tuple[bytes]]:
        with tempfile.TemporaryDirectory() as folder:
            return _restored, (self._handle.state(os.path.join(folder, "detector.safetensors")),)


def _restored(file: bytes) -> Detector:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "detector.safetensors")
        with open(path, "wb") as stream:
            stream.write(file)
        return Detector.load(path)


class DriftWindow(NamedTuple):
    """The verdict on one window of a stream."""

    number: int  #: from 1
    first_image: int  #: from 0, in the stream
    distance: float  #: largest distance of the two distribution functions, 0 to 1
    p_value: float
    level: float  #: what this window may use of the rate of false alarms
    median_score: float
    drifted: bool


class Drift:
    """Watches a stream of scores: does it still look like the clean images? For one thread at a time.

    clean: a detector, its calibration, or scores of clean images [n]; None with `reference`.
    window: images compared at a time.
    false_alarms: the probability that a clean stream, however long, ever raises an alarm.
    reference: so many of the stream's own first images, 2 to 8192, are what its windows are compared with.
    """

    def __init__(
        self,
        clean: Any = None,
        *,
        window: Optional[int] = None,
        false_alarms: Optional[float] = None,
        reference: Optional[int] = None,
    ) -> None:
        if (clean is None) == (reference is None):
            raise ValueError("a stream is compared with clean scores or with its own first images: give one of them")
        if isinstance(clean, Detector):
            clean = clean.calibration
        if not isinstance(clean, Calibration):
            clean = calibrate([] if clean is None else clean)
        options = given({"window": window, "false_alarms": false_alarms, "reference": reference})
        self._handle = _gradspace.DriftMonitor(clean._handle, options)

    def add(self, scores: Any) -> List[DriftWindow]:
        """Takes the next score, or scores [n], and gives the verdicts on the windows that they fill."""
        windows = []
        for score in np.asarray(scores, dtype=np.float64).ravel():
            window = self._handle.add(float(score))
            if window is not None:
                windows.append(DriftWindow(*(getattr(window, field) for field in DriftWindow._fields)))
        return windows

    @property
    def images(self) -> int:
        """How many scores it was given."""
        return self._handle.images

    @property
    def windows(self) -> int:
        """How many windows they filled."""
        return self._handle.windows

    @property
    def reference_missing(self) -> int:
        """How many more images the stream's own reference waits for."""
        return self._handle.reference_missing


@contextlib.contextmanager
def _opened(rows: Rows, name: str) -> Iterator[Tuple[_gradspace.FeatureSet, str]]:
    """Rows as a feature set of the extension, and a name for messages: an array by way of the temporary folder."""
    if isinstance(rows, FeatureSet):
        yield rows._handle, rows.path
        return
    array = np.asarray(rows)
    if array.ndim != 2 or array.dtype.kind not in "fiu" or array.size == 0:
        raise ValueError(f"{name}: {array.dtype} of shape {list(array.shape)}, where floats [n, columns] are wanted")
    if not (np.abs(array) <= np.finfo(np.float32).max).all():
        raise ValueError(f"{name}: holds a NaN, an infinity, or a value that is not within float32")
    if array.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        array = array.astype(np.float64)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name + ".npy")
        np.save(path, np.ascontiguousarray(array))
        yield _gradspace.open_feature_set(os.fsencode(path)), name


def _is_rows(value: Any) -> bool:
    if isinstance(value, FeatureSet):
        return True
    if isinstance(value, (list, tuple, Source)) or is_path(value):
        return False
    array = as_array(value)
    return array.ndim == 2 and array.dtype.kind == "f"


def _fit_images(
    clean: Images, validation: Optional[Images], model: Optional[Model], options: Dict[str, Any], watcher: Watcher
) -> _gradspace.Detector:
    handle = None if model is None else model._handle
    learns_from = {method.name: method.learns_from for method in methods()}
    by_tiles = "tiles" in options or learns_from.get(options.get("method", "")) == "tiles"
    source = source_handle(clean)
    if by_tiles:
        if validation is not None:
            raise ValueError("fit: validation does not go with tiles: a part of the photographs is held out")
        return _gradspace.fit_by_tiles(source, handle, options, watcher)
    held_out = None if validation is None else source_handle(validation)
    return _gradspace.fit_images(source, held_out, handle, options, watcher)


def _fit_rows(
    clean: Rows,
    validation: Optional[Rows],
    outliers: Optional[Rows],
    validation_outliers: Optional[Rows],
    options: Dict[str, Any],
    watcher: Watcher,
) -> _gradspace.Detector:
    if outliers is not None and options.get("method", "classifier") != "classifier":
        raise ValueError(f"fit: {options['method']} learns from clean features alone, without outliers")
    if outliers is not None and (validation is None) != (validation_outliers is None):
        raise ValueError("fit: give both validation and validation_outliers, or none of them")
    with contextlib.ExitStack() as stack:

        def opened(rows: Optional[Rows], name: str) -> Optional[_gradspace.FeatureSet]:
            return None if rows is None else stack.enter_context(_opened(rows, name))[0]

        inliers = stack.enter_context(_opened(clean, "clean"))[0]
        held_out = opened(validation, "validation")
        if outliers is None:
            detector = _gradspace.fit_features(inliers, held_out, options, watcher)
        else:
            others = stack.enter_context(_opened(outliers, "outliers"))[0]
            others_held_out = opened(validation_outliers, "validation_outliers")
            detector = _gradspace.fit_classifier(inliers, others, held_out, others_held_out, options, watcher)
    return detector

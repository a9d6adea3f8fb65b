"""Image quality of files: pairs, videos, folders of codecs, databases of people's opinions."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union, cast

import numpy as np
import numpy.typing as npt

from . import _gradspace
from ._experiments import Report, report
from ._images import Images, Path, file_bytes, given, is_path, source_handle
from ._quality import Names, decoder_file
from ._watch import Progress, Watcher

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class PairScores:
    """The quality of pairs of files, an entry a pair."""

    reference: List[str]
    distorted: List[str]
    scores: Dict[str, npt.NDArray[np.float64]]  #: by metric, [n]; NaN where it gave no value

    def __len__(self) -> int:
        return len(self.reference)

    def frame(self) -> pandas.DataFrame:
        """As a frame of pandas, which must be installed: reference, distorted and a column a metric."""
        import pandas

        columns: Dict[str, Any] = {"reference": self.reference, "distorted": self.distorted}
        columns.update(self.scores)
        return pandas.DataFrame(columns)


def score_pairs(
    pairs: Union[Path, Sequence[Tuple[Path, Path]]],
    metric: Union[str, Names] = "gradient",
    *,
    decoder: Optional[Path] = None,
    threads: int = 0,
    progress: Progress = None,
) -> PairScores:
    """Scores pairs of image files on all cores, as the command's `iqa --pairs` does.

    pairs: (reference, distorted) each; or a CSV file with these two columns, whose paths are relative to its folder.
        References that stand side by side are prepared once.
    metric: a metric's name, or a list of names of metrics and families.
    decoder: another decoder's file for the learned metrics.

    A pair that can't be scored has NaN, with a LeftOutWarning. Raises ValueError, OSError, FormatError.
    """
    listed = b""
    paths: List[Tuple[bytes, bytes]] = []
    if is_path(pairs):
        listed = file_bytes(cast(Path, pairs))
    else:
        paths = [(file_bytes(one), file_bytes(other)) for one, other in cast(Sequence[Tuple[Path, Path]], pairs)]
    with Watcher(progress, "pairs") as watcher:
        return PairScores(
            **_gradspace.score_pairs(paths, listed, _metric_names(metric), decoder_file(decoder), threads, watcher)
        )


class PooledScore(NamedTuple):
    """A metric's values over a video's frames."""

    frames: int  #: that have a value
    mean: float
    harmonic_mean: Optional[float]  #: None where a value is -1 or less
    minimum: float
    maximum: float
    worst_frame: int  #: from 0: the first with the worst value


@dataclass(frozen=True)
class VideoScores:
    """The quality of a video, an entry a frame that was compared."""

    frames: npt.NDArray[np.uint64]  #: numbers, from 0
    scores: Dict[str, npt.NDArray[np.float64]]  #: by metric, [n]; NaN where it gave no value
    pooled: Dict[str, Optional[PooledScore]]  #: by metric; None without a value

    def __len__(self) -> int:
        return len(self.frames)


def score_video(
    reference: Path,
    distorted: Path,
    metric: Union[str, Names] = "gradient",
    *,
    every: int = 1,
    decoder: Optional[Path] = None,
    threads: int = 0,
    progress: Progress = None,
) -> VideoScores:
    """Scores a video beside its reference, frame by frame, as the command's `iqa` does of two videos.

    every: compares each n-th frame alone. Where one video ends early there is a LeftOutWarning. Raises ValueError,
    OSError, FormatError.
    """
    with Watcher(progress, "frames") as watcher:
        said = _gradspace.score_video(
            file_bytes(reference),
            file_bytes(distorted),
            _metric_names(metric),
            decoder_file(decoder),
            every,
            threads,
            watcher,
        )
    pooled = {name: None if pool is None else PooledScore(*pool) for name, pool in said["pooled"].items()}
    return VideoScores(said["frames"], said["scores"], pooled)


class QualitySummary(NamedTuple):
    """What one metric says of a folder's images."""

    images: int  #: that it scored
    mean: float
    median: float
    worst: float
    worst_image: str


class ComparedFolder(NamedTuple):
    """A folder beside the references."""

    name: str
    path: str
    images: int  #: that some metric scored
    failed: int  #: pairs that none did
    incomplete: int  #: of the images those that lack the score of a metric
    unmatched: List[str]  #: images without a partner, a line each
    bytes: int  #: of the scored images' files
    bits_per_pixel: float
    scores: Dict[str, Optional[QualitySummary]]  #: by metric; None where it scored no image


class CurveComparison(NamedTuple):
    """A codec beside the anchor, by one metric; BD-rates in per cent."""

    curve: str
    metric: str
    images: int  #: with a score in every folder of both curves
    compared: int  #: of these, those whose own curves could be compared
    mean_bd_rate: Optional[float]  #: of the images' own BD-rates
    lowest_bd_rate: Optional[float]
    highest_bd_rate: Optional[float]
    refusal: str  #: why the first image that could not be compared was not
    bd_rate_of_means: Optional[float]  #: of the curves through mean rates and mean scores
    bd_quality_of_means: Optional[float]
    refusal_of_means: str


class FolderComparison:
    """Folders of images, such as those of several codecs, beside one folder of references."""

    def __init__(self, handle: _gradspace.FolderComparison, folder: Optional[str]) -> None:
        self._handle = handle
        self._folder = folder

    @property
    def metrics(self) -> List[str]:
        return self._handle.metrics

    @property
    def folders(self) -> List[ComparedFolder]:
        """A summary of each folder."""
        result = []
        for row in self._handle.folders:
            scores = [None if summary is None else QualitySummary(*summary) for summary in row[-1]]
            result.append(ComparedFolder(*row[:-1], dict(zip(self.metrics, scores))))  # type: ignore[call-arg]
        return result

    @property
    def pairs(self) -> Dict[str, Any]:
        """Of the images that were scored, a list each: folder, reference, distorted, bytes, bpp, and the metrics."""
        return self._handle.pairs

    def frame(self) -> pandas.DataFrame:
        """The same as a frame of pandas, which must be installed: what the command's scores.csv holds."""
        import pandas

        return pandas.DataFrame(self.pairs)

    @property
    def curves(self) -> Dict[str, List[str]]:
        """Each rate-distortion curve's folders, by rising bits per pixel."""
        return dict(self._handle.curves)

    @property
    def anchor(self) -> Optional[str]:
        """The curve that the others are compared with; None where no curve has several points."""
        return self._handle.anchor

    @property
    def bd_rates(self) -> List[CurveComparison]:
        """Every other curve beside the anchor, by every metric."""
        return [CurveComparison(*row) for row in self._handle.bd_rates]

    def table(self) -> str:
        """The tables that the command prints."""
        return self._handle.table()

    def report(self) -> Report:
        """The page of the comparison. Raises ValueError where there is no `out`."""
        if self._folder is None:
            raise ValueError("report: this comparison was made without out=, so there is no folder for its page")
        return report(self._folder)

    def __repr__(self) -> str:
        return f"gradspace.FolderComparison({len(self._handle.folders)} folders, {self.metrics})"


def compare_folders(
    references: Path,
    folders: Sequence[Path],
    metric: Union[str, Names] = "gradient",
    *,
    curves: Optional[Mapping[str, Sequence[Path]]] = None,
    anchor: Optional[str] = None,
    interpolation: Optional[str] = None,
    decoder: Optional[Path] = None,
    out: Optional[Path] = None,
    hidden: bool = False,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> FolderComparison:
    """Compares folders of images with a folder of references, as the command's `iqa` does: "Comparing codecs".

    folders: paired with the references by the names of images. "jpeg-q30" and "jpeg-q60" are points of a curve "jpeg".
    curves: curves by name, where the folders' names don't say them.
    anchor: the curve that the others are compared with; without it the first that has several points.
    interpolation: of BD-rates, "pchip" or "cubic".
    out: a folder for scores.csv and results.json, byte for byte those of the command. After Ctrl-C, which raises
        KeyboardInterrupt, the same call goes on there.

    What can't be scored is left out, with a LeftOutWarning. Raises ValueError, OSError, FormatError.
    """
    options = given(
        {
            "references": file_bytes(references),
            "folders": [file_bytes(folder) for folder in folders],
            "metrics": _metric_names(metric),
            "curves": None
            if curves is None
            else [(name, [file_bytes(folder) for folder in paths]) for name, paths in curves.items()],
            "anchor": anchor,
            "interpolation": interpolation,
            "decoder": None if decoder is None else file_bytes(decoder),
            "out": None if out is None else file_bytes(out),
            "hidden": hidden,
            "threads": threads,
        }
    )
    with Watcher(progress, "images") as watcher:
        handle = _gradspace.compare_folders(options, watcher)
    return FolderComparison(handle, None if out is None else os.fsdecode(out))


class QualityBenchmark:
    """How well metrics agree with people, as a benchmark left it in its folder."""

    def __init__(self, folder: str, table: str) -> None:
        self.folder = folder
        self._table = table
        with open(os.path.join(folder, "results.json"), encoding="utf-8") as stream:
            self._results = json.load(stream)

    @property
    def summary(self) -> List[Dict[str, Any]]:
        """A row a metric and type of distortion: srocc, krocc, plcc, rmse, outlier_ratio, n, with intervals."""
        return list(self._results["summary"])

    @property
    def differences(self) -> List[Dict[str, Any]]:
        """A row a pair of metrics: by how much their SROCC differ, with the interval and p-values."""
        return list(self._results["differences"])

    def frame(self) -> pandas.DataFrame:
        """The summary as a frame of pandas, which must be installed."""
        import pandas

        return pandas.DataFrame(self.summary)

    def table(self) -> str:
        """The table that the command prints."""
        return self._table

    def report(self) -> Report:
        """The page of the benchmark."""
        return report(self.folder)

    def __repr__(self) -> str:
        return f"gradspace.QualityBenchmark({self.folder!r})"


def quality_benchmark(
    database: str,
    path: Path,
    out: Path,
    metric: Union[None, str, Names] = None,
    *,
    decoder: Optional[Path] = None,
    larger_is_better: Optional[bool] = None,
    resamples: Optional[int] = None,
    confidence: Optional[float] = None,
    seed: Optional[int] = None,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> QualityBenchmark:
    """Holds quality metrics against people's opinions, as the command's `iqa-benchmark` does.

    database: "tid2013", "live", "live-md", "kadid" or "csv"; path: its folder, or the CSV file.
    out: a folder for scores.csv and results.json, byte for byte those of the command. After Ctrl-C, which raises
        KeyboardInterrupt, the same call goes on there.
    larger_is_better: of opinions, where the database does not say it; False for difference scores (0 is perfect).

    Pairs that can't be scored are left out, with a LeftOutWarning. Raises ValueError, OSError, FormatError; Error when
    no pair can be scored.
    """
    options = given(
        {
            "database": database,
            "path": file_bytes(path),
            "out": file_bytes(out),
            "metrics": None if metric is None else _metric_names(metric),
            "decoder": None if decoder is None else file_bytes(decoder),
            "larger_is_better": larger_is_better,
            "resamples": resamples,
            "confidence": confidence,
            "seed": seed,
            "threads": threads,
        }
    )
    with Watcher(progress, "pairs") as watcher:
        table = _gradspace.quality_benchmark(options, watcher)
    return QualityBenchmark(os.fsdecode(out), table)


class DecoderLoss(NamedTuple):
    """The loss of a decoder of image quality after its training, and its iterations."""

    reconstruction: float
    decay: float
    sparsity: float
    iterations: int


def train_decoder(
    photographs: Images,
    out: Path,
    *,
    patches: Optional[int] = None,
    iterations: Optional[int] = None,
    max_side: Optional[int] = None,
    rho: Optional[float] = None,
    decay: Optional[float] = None,
    beta: Optional[float] = None,
    seed: Optional[int] = None,
    checkpoint: Optional[Path] = None,
    resume: bool = False,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> DecoderLoss:
    """Trains the decoder of the learned metrics on photographs into the file `out`, as the command's `iqa-train` does.

    The file is what `decoder=` takes of the functions that score. Photographs that can't be used are left out, with a
    LeftOutWarning. After Ctrl-C, which raises KeyboardInterrupt, the same call with a `checkpoint` and resume=True goes
    on. Raises ValueError, OSError, FormatError.
    """
    options = given(
        {
            "patches": patches,
            "iterations": iterations,
            "max_side": max_side,
            "rho": rho,
            "decay": decay,
            "beta": beta,
            "seed": seed,
            "checkpoint": None if checkpoint is None else file_bytes(checkpoint),
            "resume": resume,
            "threads": threads,
        }
    )
    source = source_handle(photographs, "folder") if is_path(photographs) else source_handle(photographs)
    with Watcher(progress, "iterations") as watcher:
        return DecoderLoss(*_gradspace.train_decoder(source, file_bytes(out), options, watcher))


def _metric_names(metric: Union[str, Names]) -> List[str]:
    return _gradspace.metric_names([metric] if isinstance(metric, str) else list(metric))

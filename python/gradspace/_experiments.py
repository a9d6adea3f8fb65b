"""Whole experiments, their results and their report."""

from __future__ import annotations

import html
import json
import os
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Union, cast

from . import _gradspace
from ._detector import Detector
from ._images import Path, Size, file_bytes, given, is_path, size_text
from ._model import Model, _spec
from ._watch import Progress, Watcher

if TYPE_CHECKING:
    import pandas


class Report:
    """A run's results as one page, which a notebook shows in place."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"gradspace.Report({self.path!r})"

    def _repr_html_(self) -> str:
        with open(self.path, encoding="utf-8") as stream:
            page = html.escape(stream.read(), quote=True)
        style = "width: 100%; height: 720px; border: 0"
        return f'<iframe srcdoc="{page}" sandbox="allow-scripts" style="{style}"></iframe>'


def report(folder: Path) -> Report:
    """Writes the page report.html of a run's folder. Raises OSError, FormatError; ValueError where this build can't."""
    return Report(_gradspace.write_report(file_bytes(folder)))


def results(path: Path) -> pandas.DataFrame:
    """An experiment's results (results.json, or its folder) as a frame of pandas, a row a method, condition and run.

    Columns: method, type (the challenge's number), level, name, run, auroc with its 95 % interval (auroc_low,
    auroc_high; NaN where it was not made), accuracy (balanced, at the threshold), aupr_in, aupr_out, fpr95. Raises
    OSError, FormatError; ImportError without pandas.
    """
    import pandas

    return pandas.DataFrame(_gradspace.read_results(_results_file(path)).columns)


class Experiment:
    """What an experiment left in its folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._handle = _gradspace.read_results(_results_file(folder))

    @property
    def columns(self) -> Dict[str, Any]:
        """The columns of `results`, a list each, without pandas."""
        return self._handle.columns

    def frame(self) -> pandas.DataFrame:
        """As `results`."""
        return results(self.folder)

    def table(self, intervals: bool = False) -> str:
        """The table that the command prints; with `intervals`, 95 % intervals of the mean AUROCs."""
        return self._handle.table(intervals)

    def report(self) -> Report:
        """The page of the run."""
        return report(self.folder)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.table())}</pre>"

    def __repr__(self) -> str:
        return f"gradspace.Experiment({self.folder!r})"


def experiment(
    data: Path,
    out: Path,
    kind: str = "ood",
    *,
    model: Optional[Path] = None,
    spec: Optional[str] = None,
    size: Optional[Size] = None,
    tiles: Optional[Size] = None,
    stride: Optional[Size] = None,
    tiles_per_image: Optional[int] = None,
    methods: Optional[Sequence[str]] = None,
    members: Optional[int] = None,
    runs: Optional[int] = None,
    epochs: Optional[int] = None,
    batch: Optional[int] = None,
    learning_rate: Optional[float] = None,
    beta: Optional[float] = None,
    seed: Optional[int] = None,
    classifier_epochs: Optional[int] = None,
    classifier_seed: Optional[int] = None,
    gradcon_epochs: Optional[int] = None,
    false_alarms: Optional[float] = None,
    leave_group_out_level: Optional[int] = None,
    challenges: Optional[str] = None,
    levels: Optional[Sequence[int]] = None,
    make_challenges: Optional[bool] = None,
    challenge_seed: Optional[int] = None,
    strength: Optional[str] = None,
    post_production: Optional[bool] = None,
    train_backend: Optional[str] = None,
    backend: Optional[str] = None,
    device: Optional[str] = None,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> Experiment:
    """Runs a whole experiment, as the command's `experiment` does; the options are that command's.

    kind: "ood", the paper's four detectors; or "one-class", all that learn from clean images alone.
    out: the folder of results. What is there already is used: after Ctrl-C, which raises KeyboardInterrupt, the same
        call goes on.
    challenges: "rain,noise" or "all".

    Raises ValueError, OSError, FormatError.
    """
    if kind not in ("ood", "one-class"):
        raise ValueError(f'experiment: there is "ood" and "one-class", but no "{kind}"')
    options = given(
        {
            "data": file_bytes(data),
            "out": file_bytes(out),
            "model": None if model is None else file_bytes(model),
            "spec": spec if spec is not None else _spec(tiles if tiles is not None else size, 3),
            "tiles": None if tiles is None else size_text(tiles),
            "stride": None if stride is None else size_text(stride),
            "tiles_per_image": tiles_per_image,
            "methods": None if methods is None else list(methods),
            "members": members,
            "runs": runs,
            "epochs": epochs,
            "batch": batch,
            "learning_rate": learning_rate,
            "beta": beta,
            "seed": seed,
            "classifier_epochs": classifier_epochs,
            "classifier_seed": classifier_seed,
            "gradcon_epochs": gradcon_epochs,
            "false_alarms": false_alarms,
            "leave_group_out_level": leave_group_out_level,
            "challenges": challenges,
            "levels": None if levels is None else list(levels),
            "make_challenges": make_challenges,
            "challenge_seed": challenge_seed,
            "strength": strength if strength is not None or tiles is None else "pixels",
            "post_production": post_production,
            "train_backend": train_backend,
            "backend": backend,
            "device": device,
            "threads": threads,
        }
    )
    with Watcher(progress, "images") as watcher:
        _gradspace.run_experiment(kind, options, watcher)
    return Experiment(os.fsdecode(out))


def gradcon_experiment(
    data: Path,
    out: Path,
    *,
    classes: Optional[Sequence[int]] = None,
    runs: Optional[int] = None,
    latent: Optional[int] = None,
    gradient_weight: Optional[float] = None,
    alignment: Optional[float] = None,
    kld_weight: Optional[float] = None,
    mean_of_loss: Optional[bool] = None,
    epochs: Optional[int] = None,
    batch: Optional[int] = None,
    learning_rate: Optional[float] = None,
    seed: Optional[int] = None,
    kind: Optional[str] = None,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> Experiment:
    """Runs GradCon's experiment, as the command's `experiment gradcon` does: each class in turn is the known one.

    data: labelled images, such as the folder of an IDX pair (MNIST) or of CIFAR-10's binaries.
    out: the folder of results. What is there already is used: after Ctrl-C, which raises KeyboardInterrupt, the same
        call goes on; with more epochs it trains on.
    classes: those that are known in turn; without it all of the source.
    latent: latent variables; over 0 the autoencoder is variational (the paper's: 576).
    gradient_weight: of the gradient in the score.

    Raises ValueError, also where the source has no classes or too few images of one; OSError, FormatError.
    """
    options = given(
        {
            "data": file_bytes(data),
            "out": file_bytes(out),
            "kind": kind,
            "classes": None if classes is None else list(classes),
            "runs": runs,
            "latent": latent,
            "gradient_weight": gradient_weight,
            "alignment": alignment,
            "kld_weight": kld_weight,
            "mean_of_loss": mean_of_loss,
            "epochs": epochs,
            "batch": batch,
            "learning_rate": learning_rate,
            "seed": seed,
            "threads": threads,
        }
    )
    with Watcher(progress, "images") as watcher:
        _gradspace.run_gradcon_experiment(options, watcher)
    return Experiment(os.fsdecode(out))


def evaluate(
    detector: Union[Path, Detector],
    inliers: Path,
    outliers: Union[Path, Sequence[Path]],
    out: Path,
    model: Union[None, Path, Model] = None,
    *,
    name: Optional[str] = None,
    hidden: bool = False,
    backend: Optional[str] = None,
    device: Optional[str] = None,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> Experiment:
    """Judges how well a detector tells other images from clean ones, as the command's `evaluate` does.

    detector: a detector, or its file. Given a file, all that is written is byte for byte what the command writes.
    inliers, outliers: feature sets, or matrices of features (.npy). With a `model`, and of a detector that needs none,
        they are images instead: files, folders or data sets.
    out: a folder for results.csv, results.json and image_scores.csv; of photographs judged by tiles, frames/ too.
    name: what the results call the method.

    Each of the outliers makes a row, named after its folder; those with challenges make a row a challenge and level.
    Images that can't be read are left out, with a LeftOutWarning. Raises ValueError, OSError, FormatError.
    """
    several = [cast(Path, outliers)] if is_path(outliers) else list(cast(Sequence[Path], outliers))
    options = given(
        {
            "inliers": file_bytes(inliers),
            "outliers": [file_bytes(path) for path in several],
            "out": file_bytes(out),
            "name": name,
            "detector": b"" if isinstance(detector, Detector) else file_bytes(detector),
            "hidden": hidden,
            "backend": backend,
            "device": device,
            "threads": threads,
        }
    )
    judge = detector if isinstance(detector, Detector) else Detector.load(detector)
    asked = model if model is None or isinstance(model, Model) else Model.load(model)
    with Watcher(progress, "images") as watcher:
        _gradspace.evaluate(judge._handle, None if asked is None else asked._handle, options, watcher)
    return Experiment(os.fsdecode(out))


class Module(NamedTuple):
    """A part of gradspace that is loaded on first use."""

    name: str
    purpose: str
    path: str  #: where it is looked for
    library: str  #: what it uses, with the version; empty where it can't be loaded
    failure: str  #: why it can't be loaded; empty where it can


def modules() -> List[Module]:
    """Which modules this build can load, as the command's `info --build` says."""
    return [Module(*module) for module in _gradspace.modules()]


def import_file(path: Path, out: Path, spec: Optional[str] = None) -> str:
    """Turns another program's file into one of ours, as the command's `import` does; runs nothing that is in it.

    path: a checkpoint of PyTorch, or the published decoder of image quality (.mat).
    spec: the description (JSON) of the network, where it is not the default.

    Returns a line that says what was made. Raises ValueError, OSError, FormatError.
    """
    return _gradspace.import_file(file_bytes(path), file_bytes(out), spec or "")


def describe(path: Path) -> Dict[str, Any]:
    """What a file of ours holds, as the command's `info` says it. Raises OSError, FormatError."""
    return dict(json.loads(_gradspace.describe(file_bytes(path))[0]))


def _results_file(path: Path) -> bytes:
    return file_bytes(os.path.join(os.fsdecode(path), "results.json") if os.path.isdir(path) else path)

"""Whole experiments, their results and their report."""

from __future__ import annotations

import html
import json
import os
from typing import TYPE_CHECKING, Any, Dict, Optional, Sequence

from . import _gradspace
from ._images import Path, Size, file_bytes, given, size_text
from ._model import _spec
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
    size: Optional[Size] = None,
    tiles: Optional[Size] = None,
    methods: Optional[Sequence[str]] = None,
    members: Optional[int] = None,
    runs: Optional[int] = None,
    epochs: Optional[int] = None,
    batch: Optional[int] = None,
    learning_rate: Optional[float] = None,
    seed: Optional[int] = None,
    classifier_epochs: Optional[int] = None,
    classifier_seed: Optional[int] = None,
    gradcon_epochs: Optional[int] = None,
    false_alarms: Optional[float] = None,
    challenges: Optional[str] = None,
    levels: Optional[Sequence[int]] = None,
    make_challenges: Optional[bool] = None,
    challenge_seed: Optional[int] = None,
    strength: Optional[str] = None,
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
            "spec": _spec(tiles if tiles is not None else size, 3),
            "tiles": None if tiles is None else size_text(tiles),
            "methods": None if methods is None else list(methods),
            "members": members,
            "runs": runs,
            "epochs": epochs,
            "batch": batch,
            "learning_rate": learning_rate,
            "seed": seed,
            "classifier_epochs": classifier_epochs,
            "classifier_seed": classifier_seed,
            "gradcon_epochs": gradcon_epochs,
            "false_alarms": false_alarms,
            "challenges": challenges,
            "levels": None if levels is None else list(levels),
            "make_challenges": make_challenges,
            "challenge_seed": challenge_seed,
            "strength": strength if strength is not None or tiles is None else "pixels",
            "threads": threads,
        }
    )
    with Watcher(progress, "images") as watcher:
        _gradspace.run_experiment(kind, options, watcher)
    return Experiment(os.fsdecode(out))


def describe(path: Path) -> Dict[str, Any]:
    """What a file of ours holds, as the command's `info` says it. Raises OSError, FormatError."""
    return dict(json.loads(_gradspace.describe(file_bytes(path))[0]))


def _results_file(path: Path) -> bytes:
    return file_bytes(os.path.join(os.fsdecode(path), "results.json") if os.path.isdir(path) else path)

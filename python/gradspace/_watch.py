"""What long work tells on its way: progress, images that were left out, remarks."""

from __future__ import annotations

import sys
import warnings
from types import TracebackType
from typing import Any, Callable, Optional, Union

from ._errors import LeftOutWarning, RemarkWarning

#: None or False: nothing is told. True: a bar of tqdm, where that is installed. A function is called as
#: progress(done, total) several times a second, by the thread that asked for the work.
Progress = Union[None, bool, Callable[[int, int], object]]


class Watcher:
    """What the extension calls. As a context it closes its bar at the end."""

    def __init__(self, progress: Progress, unit: str) -> None:
        self._call: Optional[Callable[[int, int], object]] = progress if callable(progress) else None
        self._wants_bar = progress is True
        self._unit = unit
        self._bar: Any = None

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._close()

    def progress(self, done: int, total: int, note: str) -> None:
        if self._call is not None:
            self._call(done, total)
        elif self._wants_bar:
            self._show(done, total, note)

    def tell(self, kind: str, line: str) -> None:
        warnings.warn(line, LeftOutWarning if kind == "failure" else RemarkWarning, stacklevel=levels_to_caller())

    def _show(self, done: int, total: int, note: str) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            self._wants_bar = False
            return
        if self._bar is not None and self._bar.total != total:
            self._close()
        if self._bar is None:
            self._bar = tqdm(total=total, unit=" " + self._unit)
        if note:
            self._bar.set_description(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def levels_to_caller() -> int:
    """How far up the stack, from the function that calls this, is the first one outside of this package."""
    package = __name__.rpartition(".")[0]
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(package):
        frame = frame.f_back
        level += 1
    return level

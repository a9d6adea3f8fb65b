"""Feature sets on disk."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from . import _gradspace
from ._images import Images, Path, Size, Source, file_bytes, given, is_path, size_text, source_handle
from ._model import Column, Model
from ._watch import Progress, Watcher

if TYPE_CHECKING:
    import pandas


class Failure(NamedTuple):
    """An image that was left out of a feature set."""

    path: str
    reason: str


class FeatureSet:
    """Rows of features with an index of their images, as the command's `extract` writes them. Threads may share it.

    A file .npy of another program, [n, columns] floats in C order, is a feature set too.
    """

    def __init__(self, handle: _gradspace.FeatureSet, path: str) -> None:
        self._handle = handle
        self._rows: Optional[npt.NDArray[np.float32]] = None
        self._index: Optional[Dict[str, Any]] = None
        self.path = path

    @classmethod
    def open(cls, path: Path) -> FeatureSet:
        """Opens without reading the rows. Raises OSError, FormatError."""
        return cls(_gradspace.open_feature_set(file_bytes(path)), os.fsdecode(path))

    @classmethod
    def write(
        cls,
        path: Path,
        model: Model,
        images: Images,
        features: Optional[str] = None,
        *,
        kind: str = "auto",
        tiles: Optional[Size] = None,
        tiles_per_image: Optional[int] = None,
        seed: Optional[int] = None,
        project: Optional[int] = None,
        project_seed: Optional[int] = None,
        dtype: str = "f32",
        batch: Optional[int] = None,
        backend: str = "native",
        device: str = "cpu",
        threads: int = 0,
        progress: Progress = None,
    ) -> FeatureSet:
        """Extracts features into a set at `path`, which may be far larger than memory, and opens it.

        As the command's `extract`: byte for byte what that writes of the same folder. After Ctrl-C, which raises
        KeyboardInterrupt, the same call goes on where it stopped. Images that can't be read are left out, with a
        LeftOutWarning, and listed in `failures`.

        tiles: "28x28", of the model's size: rows are of tiles that are cut from photographs of one path, at random
            places drawn by `seed`, `tiles_per_image` of each (4 to 100, for 20000 in all, without a word).

        project: to so many columns, by a random projection that `project_seed` chooses (0 without it) and that keeps the
            distances between images. Detectors of such a set score images too.
        dtype: how values are stored: "f32", or "f16", half the size, rounded to 11 bits; what is over 65504 is stored as
            that. `rows` are float32 either way.

        Raises OSError, FormatError, ValueError.
        """
        request = model.proposed_features if features is None else features
        where = images.path if isinstance(images, Source) else os.fsdecode(images) if is_path(images) else "images"
        record = {
            "features": request,
            "backend": backend,
            "device": device,
            "source": images.kind if isinstance(images, Source) else kind,
        }
        options = {
            "out": file_bytes(path),
            "source_text": file_bytes(where),
            "options_json": json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
            "features": request,
            "backend": backend,
            "device": device,
            "batch": batch,
            "threads": threads,
            "kind": record["source"],
            "tiles": None if tiles is None else size_text(tiles),
            "tiles_per_image": tiles_per_image,
            "seed": seed,
            "project": project,
            "project_seed": project_seed,
            "dtype": dtype,
        }
        if tiles is not None and where == "images":
            raise ValueError("extract: tiles are cut from photographs of one path")
        with Watcher(progress, "images") as watcher:
            _gradspace.extract_to_set(model._handle, source_handle(images, kind), given(options), watcher)
        return cls.open(path)

    def __len__(self) -> int:
        return len(self._handle)

    @property
    def shape(self) -> Tuple[int, int]:
        """Rows and columns."""
        return len(self._handle), self._handle.width

    @property
    def columns(self) -> List[Column]:
        """What the columns are."""
        return [Column(*column) for column in self._handle.columns]

    @property
    def rows(self) -> npt.NDArray[np.float32]:
        """All rows, float32 [n, columns]: the file itself, mapped into memory and read-only. Of a set of several
        parts, as the command's `merge` makes them, it is a copy in memory.

        Pages are read when they are touched. The file's checksums are not: `verify` holds the rows against them.
        """
        if self._rows is None:
            self._rows = self._handle.rows()
        return self._rows

    def __array__(self, dtype: npt.DTypeLike = None, copy: Optional[bool] = None) -> npt.NDArray[Any]:
        rows = self.rows if dtype is None else self.rows.astype(dtype, copy=False)
        return rows.copy() if copy else rows

    def block(self, name: str) -> npt.NDArray[np.float32]:
        """The columns of one block, such as "down.6:kld". Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return self.rows[:, column.begin : column.end]
        raise KeyError(name)

    @property
    def index(self) -> Dict[str, Any]:
        """By column, a list or an array each: path, set, challenge, level, class, label (1 = clean), bce, kld."""
        if self._index is None:
            self._index = self._handle.index()
        return self._index

    def frame(self) -> pandas.DataFrame:
        """The index as a frame of pandas, which must be installed."""
        import pandas

        return pandas.DataFrame(self.index)

    @property
    def failures(self) -> List[Failure]:
        """Images that were left out, and why."""
        return [Failure(*failure) for failure in self._handle.failures]

    @property
    def model_sha256(self) -> str:
        """The fingerprint of the model that made it."""
        return self._handle.model_sha256

    @property
    def source(self) -> str:
        """The images, as they were given."""
        return self._handle.source

    def verify(self) -> None:
        """Reads all rows and holds them against the checksums. Raises FormatError when they are damaged."""
        self._handle.verify()

    def __repr__(self) -> str:
        return f"gradspace.FeatureSet({self.path!r}, {len(self)} rows of {self.shape[1]} features)"

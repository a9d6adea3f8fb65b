"""Models, and the gradients that images would cause in them."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from . import _gradspace
from ._images import (
    Images,
    Path,
    Size,
    as_arrays,
    file_bytes,
    given,
    is_in_memory,
    is_path,
    size_text,
    source_handle,
)
from ._watch import Progress, Watcher

_KEPT_EXTRACTORS = 4


class Column(NamedTuple):
    """A block of features' columns: columns `begin` to `end` are what `name`, such as "down.6:kld", stands for."""

    name: str
    begin: int
    end: int


class Model:
    """An autoencoder, or several of one description (members). It does not change; threads may share it.

    Made by `Model.load`, `Model.train`, `Model.from_checkpoint` and `Model.initialise`.
    """

    def __init__(self, handle: _gradspace.Model) -> None:
        self._handle = handle
        self._extractors: Dict[Tuple[str, str, str], _gradspace.Extractor] = {}
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path) -> Model:
        """Reads a model's file (.safetensors). Raises OSError, FormatError."""
        return cls(_gradspace.read_model(file_bytes(path)))

    @classmethod
    def from_checkpoint(cls, path: Path) -> Model:
        """Imports a checkpoint (.pth.tar) of the original research code. Raises OSError, FormatError."""
        return cls(_gradspace.import_checkpoint(file_bytes(path)))

    @classmethod
    def initialise(cls, size: Optional[Size] = None, *, channels: int = 3, seed: int = 0) -> Model:
        """An untrained model for images of `size` ("64x48" or (64, 48), width first; 28x28 without it)."""
        return cls(_gradspace.initialise(_spec(size, channels) or "", seed))

    @classmethod
    def train(
        cls,
        images: Images,
        validation: Optional[Images] = None,
        *,
        size: Optional[Size] = None,
        channels: int = 3,
        spec: Optional[str] = None,
        tiles: Optional[Size] = None,
        tiles_per_image: Optional[int] = None,
        epochs: Optional[int] = None,
        batch: Optional[int] = None,
        learning_rate: Optional[float] = None,
        beta: Optional[float] = None,
        seed: Optional[int] = None,
        members: Optional[int] = None,
        hold_out: Optional[str] = None,
        kind: Optional[str] = None,
        object_class: Optional[int] = None,
        decode: Optional[str] = None,
        checkpoint: Optional[Path] = None,
        resume: bool = False,
        log_folder: Optional[Path] = None,
        backend: Optional[str] = None,
        device: Optional[str] = None,
        threads: Optional[int] = None,
        progress: Progress = None,
    ) -> Model:
        """Trains on images, as the command's `train` does; the options are that command's.

        images: a path, a list of paths, a `Source`, or arrays of uint8 [n, height, width, 3]. Without `validation`, a
            tenth is held out: of a path as `hold_out` says, of others the last tenth.
        size: of the autoencoder's input, width first, "64x48" or (64, 48); images are shrunk to it. 28x28 without it.
        tiles: instead, parts of this size are cut from photographs at their own resolution.
        object_class: of labelled images of a path, those of this class alone.
        checkpoint: a file that is written after each epoch. After Ctrl-C, which raises KeyboardInterrupt, the same
            call with resume=True goes on from it.

        Raises ValueError, OSError, FormatError; Error when the loss is no longer finite. Images that can't be read are
        left out, with a LeftOutWarning.
        """
        options = {
            "spec": spec if spec is not None else _spec(tiles if tiles is not None else size, channels),
            "tiles": None if tiles is None else size_text(tiles),
            "tiles_per_image": tiles_per_image,
            "epochs": epochs,
            "batch": batch,
            "learning_rate": learning_rate,
            "beta": beta,
            "seed": seed,
            "members": members,
            "hold_out": hold_out,
            "kind": kind,
            "object_class": object_class,
            "decode": decode,
            "checkpoint": None if checkpoint is None else file_bytes(checkpoint),
            "resume": resume,
            "log_folder": None if log_folder is None else file_bytes(log_folder),
            "backend": backend,
            "device": device,
            "threads": threads,
        }
        return cls._trained(images, validation, options, progress)

    @classmethod
    def train_gradcon(
        cls,
        images: Images,
        validation: Optional[Images] = None,
        *,
        channels: Optional[int] = None,
        latent: Optional[int] = None,
        spec: Optional[str] = None,
        alignment: Optional[float] = None,
        kld_weight: Optional[float] = None,
        mean_of_loss: Optional[bool] = None,
        epochs: Optional[int] = None,
        batch: Optional[int] = None,
        learning_rate: Optional[float] = None,
        seed: Optional[int] = None,
        hold_out: Optional[str] = None,
        kind: Optional[str] = None,
        object_class: Optional[int] = None,
        checkpoint: Optional[Path] = None,
        resume: bool = False,
        log_folder: Optional[Path] = None,
        threads: Optional[int] = None,
        progress: Progress = None,
    ) -> Model:
        """Trains by GradCon's objective, for which `Detector.fit(images, model, method="gradcon")` makes a detector.

        As the command's `train --objective gradcon`; images and the other options are those of `Model.train`.

        channels: 1 (grey, without a word) or 3 of images of 28x28.
        latent: latent variables; over 0 the autoencoder is variational (the paper's: 576).
        """
        options = {
            "gradcon": True,
            "channels": channels,
            "latent": latent,
            "spec": spec,
            "alignment": alignment,
            "kld_weight": kld_weight,
            "mean_of_loss": mean_of_loss,
            "epochs": epochs,
            "batch": batch,
            "learning_rate": learning_rate,
            "seed": seed,
            "hold_out": hold_out,
            "kind": kind,
            "object_class": object_class,
            "checkpoint": None if checkpoint is None else file_bytes(checkpoint),
            "resume": resume,
            "log_folder": None if log_folder is None else file_bytes(log_folder),
            "threads": threads,
        }
        return cls._trained(images, validation, options, progress)

    @classmethod
    def _trained(
        cls, images: Images, validation: Optional[Images], options: Dict[str, Any], progress: Progress
    ) -> Model:
        sources: Tuple[Optional[_gradspace.Source], Optional[_gradspace.Source]] = (None, None)
        if is_path(images) and (validation is None or is_path(validation)):
            options["data"] = file_bytes(images)
            options["validation"] = None if validation is None else file_bytes(validation)
        elif options.get("tiles") is not None:
            raise ValueError("train: tiles are cut from photographs of one path")
        elif options.get("object_class") is not None:
            raise ValueError("train: object_class is of labelled images of one path")
        else:
            sources = _training_and_validation(images, validation)
        with Watcher(progress, "images") as watcher:
            handle, histories = _gradspace.train(given(options), sources[0], sources[1], watcher)
        model = cls(handle)
        model.history = [_epochs_of(history) for history in histories]
        return model

    #: Of a model that was trained here, a list of each member's epochs: losses, by name, and whether it was the best.
    history: List[List[Dict[str, float]]] = []

    def save(self, path: Path) -> None:
        """Writes the model's file (.safetensors), as a whole or not at all. Raises OSError."""
        self._handle.save(file_bytes(path))

    @property
    def input(self) -> Tuple[int, int, int]:
        """What it takes: channels, height, width."""
        return self._handle.input

    @property
    def latent(self) -> int:
        """The number of latent variables; 0 without a bottleneck."""
        return self._handle.latent

    @property
    def members(self) -> int:
        """How many autoencoders it has."""
        return self._handle.members

    @property
    def spec(self) -> Dict[str, Any]:
        """Its description."""
        return dict(json.loads(self._handle.spec_json))

    @property
    def metadata(self) -> Dict[str, str]:
        """What else its file says, such as how it was trained: JSON texts by key."""
        return self._handle.metadata

    @property
    def weights(self) -> Dict[str, npt.NDArray[np.float32]]:
        """Copies of the first member's weights, by PyTorch's names and in its shapes."""
        return self._handle.weights

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its file, by which detectors and feature sets know it."""
        return self._handle.fingerprint()

    @property
    def proposed_features(self) -> str:
        """The paper's request for features: "down.6:kld,up.6:bce" of the default autoencoder."""
        return _gradspace.proposed_features(self._handle)

    def columns(self, features: Optional[str] = None) -> List[Column]:
        """What the columns of `extract`'s rows are. Raises ValueError naming the valid layers and losses."""
        request = self.proposed_features if features is None else features
        return [Column(*column) for column in _gradspace.columns(self._handle, request)]

    def losses(self, images: Images, *, threads: int = 0, progress: Progress = None) -> npt.NDArray[np.float32]:
        """The reconstruction loss (BCE, summed over pixels) and the latent loss (KLD) of each image: [n, 2]."""
        features = "mu" if self.latent > 0 and self.members == 1 else self.proposed_features
        return _extract(self, images, features, None, True, threads, progress, "native", "cpu")[1].T

    def __repr__(self) -> str:
        channels, height, width = self.input
        members = f", {self.members} members" if self.members > 1 else ""
        return f"gradspace.Model({width}x{height}x{channels}, latent {self.latent}{members})"

    def __deepcopy__(self, memo: Any) -> Model:
        return self  # it does not change

    def __reduce__(self) -> Tuple[Callable[..., Model], Tuple[bytes, str, int]]:
        with tempfile.TemporaryDirectory() as folder:
            return _restored, self._handle.state(os.path.join(folder, "model.safetensors"))

    def _extractor(self, features: str, backend: str, device: str) -> _gradspace.Extractor:
        key = (features, backend, device)
        with self._lock:
            extractor = self._extractors.pop(key, None)
        if extractor is None:
            extractor = _gradspace.Extractor(self._handle, features, backend, device)
        with self._lock:
            while len(self._extractors) >= _KEPT_EXTRACTORS:
                self._extractors.pop(next(iter(self._extractors)))
            self._extractors[key] = extractor
        return extractor


def extract(
    model: Model,
    images: Images,
    features: Optional[str] = None,
    *,
    out: Optional[npt.NDArray[np.float32]] = None,
    threads: int = 0,
    progress: Progress = None,
    backend: str = "native",
    device: str = "cpu",
) -> npt.NDArray[np.float32]:
    """The weight gradients that images would cause: float32 [n, columns], a row an image, in order.

    images: a path, a list of paths, a `Source`; arrays of uint8 [n, height, width, 3], [n, height, width] or a list of
        such of any sizes, which are fitted to the model's input as files are; or floats from 0 to 1 of the model's own
        shape, [n, channels, height, width]. One array of the model's size is read where it lies, without a copy.
    features: "LAYER:LOSS,...", "mu", "logvar", "all", "all:LOSS"; the paper's without it (`Model.proposed_features`).
    out: where rows go, float32 [n, columns] in C order; a new array without it.
    threads: 0 = all cores. Rows do not depend on it.

    Raises ValueError for what is no image. A file that can't be read has a row of NaN, with a LeftOutWarning.
    """
    request = model.proposed_features if features is None else features
    return _extract(model, images, request, out, False, threads, progress, backend, device)[0]


def _extract(
    model: Model,
    images: Images,
    features: str,
    out: Optional[npt.NDArray[np.float32]],
    with_losses: bool,
    threads: int,
    progress: Progress,
    backend: str,
    device: str,
) -> Tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Rows of features, and where they are wanted losses [2, n]."""
    extractor = model._extractor(features, backend, device)
    in_memory = is_in_memory(images)
    source = None if in_memory else source_handle(images)
    arrays = as_arrays(images) if in_memory else []
    count = len(arrays) if source is None else len(source)
    rows = _place_for_rows(count, extractor.width, out)
    losses = np.empty((2, count if with_losses else 0), dtype=np.float32)
    wanted_losses = losses if with_losses else None
    with Watcher(progress, "images") as watcher:
        if source is not None:
            extractor.source(source, rows, wanted_losses, threads, watcher)
        elif isinstance(arrays, np.ndarray) and arrays.dtype.kind == "f":
            floats = np.ascontiguousarray(arrays, dtype=np.float32)
            extractor.floats(floats, rows, wanted_losses, threads, watcher)
        else:
            extractor.arrays(arrays, rows, wanted_losses, threads, watcher)
    return rows, losses


def _place_for_rows(
    count: int, width: int, out: Optional[npt.NDArray[np.float32]]
) -> npt.NDArray[np.float32]:
    if out is None:
        return np.empty((count, width), dtype=np.float32)
    if not isinstance(out, np.ndarray) or out.dtype != np.float32 or not out.dtype.isnative:
        raise ValueError("out: is no array of float32")
    if out.shape != (count, width) or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(
            f"out: of shape {list(out.shape)}, where a writeable array [{count}, {width}] in C order is wanted"
        )
    return out


def _spec(size: Optional[Size], channels: int) -> Optional[str]:
    if size is None and channels == 3:
        return None
    return _gradspace.spec_for(size_text("28x28" if size is None else size), channels)


def _training_and_validation(
    images: Images, validation: Optional[Images]
) -> Tuple[_gradspace.Source, _gradspace.Source]:
    source = source_handle(images)
    if validation is not None:
        return source, source_handle(validation)
    count = len(source)
    if count < 2:
        raise ValueError("train: one image alone can't be parted into images to train on and to validate on")
    kept = count - max(1, count // 10)
    return _gradspace.select(source, list(range(kept))), _gradspace.select(source, list(range(kept, count)))


def _epochs_of(csv: str) -> List[Dict[str, float]]:
    names, *lines = csv.splitlines()
    return [dict(zip(names.split(","), map(float, line.split(",")))) for line in lines]


def _restored(file: bytes, sha256: str, content: int) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors")
        with open(path, "wb") as stream:
            stream.write(file)
        return Model(_gradspace.model_of_state(path, sha256, content))

"""What may be given as images: files, sources, arrays of any library."""

from __future__ import annotations

import os
import warnings
from typing import Any, Dict, Iterator, List, Mapping, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _gradspace
from ._errors import RemarkWarning
from ._watch import levels_to_caller

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
#: An 8-bit image: [height, width, 3] in the order R, G, B, or [height, width]; anything that NumPy can view, such as
#: a tensor of PyTorch on the CPU or an image of Pillow.
ImageLike = Any
#: Images: a path of a file, a folder or a data set; a list of paths of files; a `Source`; a list of arrays; or one
#: array [n, height, width, 3] or [n, height, width].
Images = Any
Size = Union[str, Tuple[int, int]]


class Source:
    """A list of images that lie in files: a folder, a CURE-TSR tree, an IDX pair (MNIST), CIFAR-10 binaries, tar archives.

    Opening lists the files; an image is read when it is asked for. `source[i]` is image i as an array of uint8,
    [height, width, 3] or [height, width]. Raises OSError, FormatError.
    """

    def __init__(self, path: Path, kind: str = "auto", *, hidden: bool = False) -> None:
        self.path = os.fsdecode(path)
        self.kind = kind
        self._handle = _gradspace.open_source(os.fsencode(path), kind, hidden)

    def __len__(self) -> int:
        return len(self._handle)

    def __getitem__(self, i: int) -> npt.NDArray[np.uint8]:
        return self._handle.load(self._position(i))

    def __iter__(self) -> Iterator[npt.NDArray[np.uint8]]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"gradspace.Source({self.path!r}, {len(self)} images)"

    def info(self, i: int) -> Dict[str, Any]:
        """What is known of image i without reading it: path, set, challenge, level, class."""
        return self._handle.info(self._position(i))

    @property
    def paths(self) -> List[str]:
        """Of all images, relative to the source."""
        return [str(self._handle.info(i)["path"]) for i in range(len(self))]

    def _position(self, i: int) -> int:
        if not -len(self) <= i < len(self):
            raise IndexError(f"{self.path}: image {i} of {len(self)}")
        return i % len(self)


def is_path(value: object) -> bool:
    return isinstance(value, (str, bytes, os.PathLike))


def file_bytes(path: Path) -> bytes:
    """As the extension wants paths."""
    return os.fsencode(path)


def as_array(value: Any) -> npt.NDArray[Any]:
    """A view of whatever holds an array, without a copy where it can be."""
    if hasattr(value, "convert") and hasattr(value, "mode"):  # Pillow's images, which may have palettes
        value = value.convert("L" if value.mode in ("1", "L", "LA") else "RGB")
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__") or isinstance(value, memoryview):
        return np.asarray(value)
    if hasattr(value, "__dlpack__"):
        return np.from_dlpack(value)
    raise TypeError(f"an image or a path is wanted, not {type(value).__name__}")


def as_image(value: ImageLike) -> npt.NDArray[np.uint8]:
    """One image; a path is read."""
    return read_image(value) if is_path(value) else as_array(value)


def read_image(path: Path) -> npt.NDArray[np.uint8]:
    """Decodes a file (BMP, PNM, PNG, JPEG and what else this build reads).

    Returns uint8 [height, width, 3] in the order R, G, B, or [height, width] of a grey file. Raises OSError,
    FormatError.
    """
    return _gradspace.read_image(file_bytes(path))


def as_arrays(images: Images) -> Union[npt.NDArray[Any], List[npt.NDArray[Any]]]:
    """Images in memory: one array with the images along its first axis, or a list of arrays, an image each."""
    if isinstance(images, (list, tuple)):
        return [as_array(image) for image in images]
    array = as_array(images)
    if array.ndim < 2:
        raise ValueError(f"images: of shape {list(array.shape)}, which is no image's")
    is_single = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3))
    if is_single:
        array = array[np.newaxis]
    if array.dtype == np.uint8 and array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
        raise ValueError(
            f"images: of shape {list(array.shape)}, channels first; give images.transpose(0, 2, 3, 1), "
            "which is [n, height, width, channels]"
        )
    return array


def is_in_memory(images: Images) -> bool:
    """Whether images are arrays; else they are paths or a source."""
    if isinstance(images, Source) or is_path(images):
        return False
    return not (isinstance(images, (list, tuple)) and len(images) > 0 and all(is_path(item) for item in images))


def source_handle(images: Images, kind: str = "auto", hidden: bool = False) -> _gradspace.Source:
    """Anything that may be given as images, as a source."""
    if isinstance(images, Source):
        return images._handle
    if is_path(images):
        handle = _gradspace.open_source(file_bytes(images), kind, hidden)
        remark = handle.passed_over(file_bytes(images))
        if remark:
            warnings.warn(remark, RemarkWarning, stacklevel=levels_to_caller())
        return handle
    if is_in_memory(images):
        return _gradspace.array_source(as_arrays(images))
    return _gradspace.paths_source([file_bytes(path) for path in images])


def size_text(size: Size) -> str:
    """ "64x48" of (64, 48): width first."""
    return size if isinstance(size, str) else f"{size[0]}x{size[1]}"


def given(options: Mapping[str, Any]) -> Dict[str, Any]:
    """The options that are not None: the others keep the library's own defaults."""
    return {name: value for name, value in options.items() if value is not None}

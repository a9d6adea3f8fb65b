"""The challenges that damage images."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import _gradspace
from ._images import ImageLike, Path, as_image, file_bytes, given
from ._watch import Progress, Watcher


class Challenge(NamedTuple):
    """One of CURE-TSR's twelve challenges."""

    number: int
    name: str
    summary: str


def challenges() -> List[Challenge]:
    """All of them."""
    return [Challenge(*info) for info in _gradspace.challenges()]


def challenge(
    image: ImageLike,
    type: Union[str, int],
    level: int,
    seed: int = 0,
    *,
    strength: str = "image",
    post_production: bool = False,
) -> npt.NDArray[np.uint8]:
    """An image under a challenge: uint8 of the image's own shape.

    image: a path, or uint8 [height, width, 3] or [height, width]; at least 8 pixels a side.
    type: a name such as "rain", or its number (`challenges()`).
    level: 1, just visible, to 5, severe.
    seed: the same image, type, level and seed give the same pixels. What the command draws for a file is
        `challenge_seed` of its own seed.
    strength: what sizes at a level are relative to, "image" or "pixels".

    Raises ValueError.
    """
    return _gradspace.challenge(as_image(image), str(type), level, seed, strength, post_production)


def challenge_seed(seed: int, type: Union[str, int], key: str) -> int:
    """The seed that the command `challenge` uses for a file: of its own seed, the type, and the path in its folder."""
    return _gradspace.image_seed(seed, str(type), key)


class ChallengedFiles(NamedTuple):
    """What `challenge_files` did."""

    images: int  #: of the input that were to be challenged
    written: int  #: files
    kept: int  #: files that an earlier call, which did not finish, had written


def challenge_files(
    images: Path,
    out: Path,
    types: str = "all",
    levels: Sequence[int] = (1, 2, 3, 4, 5),
    *,
    seed: Optional[int] = None,
    strength: Optional[str] = None,
    post_production: bool = False,
    format: Optional[str] = None,
    split: Optional[str] = None,
    sets: Optional[Sequence[str]] = None,
    clean: bool = False,
    force: bool = False,
    kind: Optional[str] = None,
    hidden: bool = False,
    threads: Optional[int] = None,
    progress: Progress = None,
) -> ChallengedFiles:
    """Writes all images of a file, folder or data set under challenges, as the command's `challenge` does.

    types: "rain,noise", "9,8" or "all".
    format: "bmp", "png" or "jpg"; without it BMP in a tree, else each image's own.
    split: "train=4000,val=1000,test=20%": so many images, drawn by the seed, become sets of a tree.
    sets: only these sets of a tree, such as ["test"].
    clean: writes the clean images as well.
    force: writes into a folder that is not empty.

    After Ctrl-C, which raises KeyboardInterrupt, the same call goes on. What can't be read or written is left out,
    with a LeftOutWarning. Raises ValueError, OSError, FormatError.
    """
    options = _options(types, levels, seed, strength, post_production, kind, hidden)
    options.update(
        given(
            {
                "format": format,
                "split": split,
                "sets": None if sets is None else list(sets),
                "clean": clean,
                "force": force,
                "threads": threads,
            }
        )
    )
    with Watcher(progress, "images") as watcher:
        return ChallengedFiles(*_gradspace.challenge_files(file_bytes(images), file_bytes(out), options, watcher))


def contact_sheet(
    images: Path,
    sheet: Path,
    types: str = "all",
    levels: Sequence[int] = (1, 2, 3, 4, 5),
    *,
    seed: Optional[int] = None,
    strength: Optional[str] = None,
    post_production: bool = False,
    kind: Optional[str] = None,
    hidden: bool = False,
) -> None:
    """Draws the first image under all types and levels into the file `sheet`: a row a type, a column a level.

    The options are those of `challenge_files`. Raises ValueError, OSError, FormatError.
    """
    options = _options(types, levels, seed, strength, post_production, kind, hidden)
    _gradspace.contact_sheet(file_bytes(images), file_bytes(sheet), options)


def _options(
    types: str,
    levels: Sequence[int],
    seed: Optional[int],
    strength: Optional[str],
    post_production: bool,
    kind: Optional[str],
    hidden: bool,
) -> dict[str, object]:
    return given(
        {
            "types": types,
            "levels": list(levels),
            "seed": seed,
            "strength": strength,
            "post_production": post_production,
            "kind": kind,
            "hidden": hidden,
        }
    )

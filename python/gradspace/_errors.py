"""Exceptions and warnings: what the extension raises, beside ValueError, with the library's own line."""

from __future__ import annotations

import errno
import os
from typing import Optional


class Error(RuntimeError):
    """Something failed that is neither an argument's, a file's nor the system's fault, such as a module that is
    not installed."""


class FormatError(Error, ValueError):
    """A file's bytes are not what its format promises: truncated, damaged, hostile or of a newer version."""


class LeftOutWarning(UserWarning):
    """An image could not be read or scored and was left out; the work went on with the others."""


class RemarkWarning(UserWarning):
    """Something worth knowing that is no failure, such as that images held out are near-copies of others."""


class _IoError(OSError):
    """An OSError whose text is the library's line, which names the file."""

    def __init__(self, message: str, number: Optional[int] = None, filename: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        if number is not None:
            self.errno = number
        self.filename = filename

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[_IoError], tuple[str, Optional[int], Optional[str]]]:
        return type(self), (self.message, self.errno, self.filename)


class _NotFound(_IoError, FileNotFoundError):
    pass


class _NotPermitted(_IoError, PermissionError):
    pass


_NUMBERS = {os.strerror(number): number for number in sorted(errno.errorcode, reverse=True)}
_CLASSES = {errno.ENOENT: _NotFound, errno.EACCES: _NotPermitted, errno.EPERM: _NotPermitted}


def io_error(message: str) -> OSError:
    """An OSError of a line such as "photo.png: can't open: No such file or directory"."""
    filename, _, rest = message.partition(": ")
    number = _NUMBERS.get(rest.rpartition(": ")[2])
    kind = _CLASSES.get(number, _IoError) if number is not None else _IoError
    return kind(message, number, filename)

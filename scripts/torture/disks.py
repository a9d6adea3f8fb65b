"""Disks of a chosen size, in memory."""
import contextlib
import os
import subprocess


class Skipped(Exception):
    """This machine can't do what a trial wants; the text says why."""


class Disk:
    def __init__(self, path):
        self.path = path

    def _remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.path], check=True)

    def grow(self, kibibytes):
        self._remount(f"size={kibibytes}k")

    def make_read_only(self):
        self._remount("ro")


@contextlib.contextmanager
def disk(place, kibibytes):
    """A disk of that size in the folder `place`, while the context lasts."""
    path = os.path.join(place, "disk")
    os.mkdir(path)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", path],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        raise Skipped(f"no disk can be mounted here ({mounted.stderr.strip()}); try as root, or under unshare -rm")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", path], check=False)

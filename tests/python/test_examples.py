"""The examples run."""

import pathlib
import subprocess
import sys

import gradspace
from conftest import write_picture

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def run(name, *arguments):
    return subprocess.run(
        [sys.executable, "-B", EXAMPLES / name, *arguments], capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_images_are_scored(folder):
    lines = run("score_images.py", folder[0], folder[0])
    assert len(lines) == 60 and {line.split("\t")[0] for line in lines} <= {"in", "out"}


def test_a_stream_is_watched(folder, tmp_path):
    for i, picture in enumerate(folder[1][:40]):
        write_picture(tmp_path / f"{i:02}.ppm", gradspace.challenge(picture, "noise", 5))
    lines = run("watch_stream.py", folder[0], tmp_path)
    assert any("out, score" in line for line in lines)
    assert any(line.startswith("frames to 19: ") for line in lines)

"""What the tests of the Python module share: the original code's model and numbers, pictures, the command."""

import os
import pathlib
import subprocess

import gradspace
import numpy as np
import pytest

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(scope="session")
def data():
    return DATA


@pytest.fixture(scope="session")
def model():
    """The original code's checkpoint, whose gradients are in tests/data/ood."""
    return gradspace.Model.from_checkpoint(DATA / "ood" / "vae.pth.tar")


@pytest.fixture(scope="session")
def golden_images():
    return np.load(DATA / "ood" / "images_u8_nhwc.npy")


def write_picture(path, pixels):
    """A raw PPM or PGM."""
    kind = "P6" if pixels.ndim == 3 else "P5"
    path.write_bytes(f"{kind} {pixels.shape[1]} {pixels.shape[0]} 255\n".encode() + pixels.tobytes())


def smooth_pictures(count, height, width, seed=0):
    """Pictures of a few waves each: unlike noise, there is something to learn."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    pictures = []
    for _ in range(count):
        waves = [
            np.sin(random.uniform(2, 9) * x + random.uniform(2, 9) * y + random.uniform(0, 6))
            for _ in range(3)
        ]
        pictures.append(np.clip(127 + 90 * np.stack(waves, axis=-1), 0, 255).astype(np.uint8))
    return np.stack(pictures)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Sixty pictures of 40x36 as files, 00.ppm to 59.ppm, and their pixels."""
    path = tmp_path_factory.mktemp("pictures")
    pictures = smooth_pictures(60, 36, 40)
    for i, pixels in enumerate(pictures):
        write_picture(path / f"{i:02}.ppm", pixels)
    return path, pictures


@pytest.fixture(scope="session")
def model_file(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    model.save(path)
    return path


@pytest.fixture(scope="session")
def detector(folder):
    """Of the pictures, without a model."""
    return gradspace.Detector.fit(folder[0], method="image-statistics", false_alarms=0.1)


@pytest.fixture(scope="session")
def command():
    """Runs `gradspace`, and gives what it prints."""

    def run(*arguments, check=True):
        ran = subprocess.run(
            [os.environ["GRADSPACE_COMMAND"], *map(str, arguments)], capture_output=True, text=True, check=False
        )
        if check:
            assert ran.returncode == 0, ran.stderr
        return ran

    return run

#!/usr/bin/python3
"""What Pillow does of the same: BMP files from the page cache, decoded and resized to 28x28."""

import os
import pathlib
import statistics
import tempfile
import time

import numpy as np
from PIL import Image


def sign_files(folder):
    data = os.environ.get("GRADSPACE_TEST_DATA")
    if data:
        return sorted((pathlib.Path(data) / "data" / "signs").rglob("*.bmp"))
    random = np.random.default_rng(1)
    paths = [pathlib.Path(folder) / f"{i}.bmp" for i in range(1000)]
    for path in paths:
        Image.fromarray(random.integers(0, 256, (35, 35, 3), dtype=np.uint8)).save(path)
    return paths


def read(path):
    return np.asarray(Image.open(path).convert("RGB").resize((28, 28), Image.BILINEAR))


def main():
    with tempfile.TemporaryDirectory() as folder:
        paths = sign_files(folder)
        rates = []
        for _ in range(6):  # the first one warms the page cache
            begin = time.process_time()
            for path in paths:
                read(path)
            rates.append(len(paths) / (time.process_time() - begin))
    rates = rates[1:]
    print(f"Pillow, the same files: {statistics.median(rates):.0f} images/s  "
          f"(from {min(rates):.0f} to {max(rates):.0f})")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""What a quality score means: mean scores of photographs under JPEG, blur and noise, as Markdown.

    scripts/quality_table.py build/release/bin/gradspace FOLDER_OF_PHOTOS
"""
import collections
import csv
import io
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageFilter

METRICS = ["gradient", "unique", "accord", "psnr", "ssim"]


def distortions(photo):
    """Yields a name and the distorted picture."""
    for quality in (95, 90, 75, 50, 25, 10, 5):
        file = io.BytesIO()
        photo.save(file, "JPEG", quality=quality)
        yield f"JPEG, quality {quality}", Image.open(file)
    for sigma in (0.5, 1, 2, 4, 8):
        yield f"Gaussian blur, sigma {sigma:g} px", photo.filter(ImageFilter.GaussianBlur(sigma))
    values = np.asarray(photo, float)
    for sigma in (2, 5, 10, 20, 40):
        noise = np.random.default_rng(0).normal(0, sigma, values.shape)
        noisy = np.clip(np.rint(values + noise), 0, 255).astype(np.uint8)
        yield f"white noise, sigma {sigma:g}", Image.fromarray(noisy)


def main():
    command, photos = sys.argv[1], sorted(pathlib.Path(sys.argv[2]).glob("*.png"))
    with tempfile.TemporaryDirectory() as folder:
        names, pairs = [], ["reference,distorted"]
        for number, path in enumerate(photos):
            for name, picture in distortions(Image.open(path).convert("RGB")):
                file = f"{folder}/{number}-{len(names)}.bmp"
                picture.convert("RGB").save(file)
                names.append(name)
                pairs.append(f"{path.resolve()},{file}")
        pathlib.Path(folder, "pairs.csv").write_text("\n".join(pairs) + "\n")
        output = subprocess.run(
            [command, "iqa", "--quiet", "--format", "csv", "--metric", ",".join(METRICS),
             "--pairs", f"{folder}/pairs.csv"], check=True, capture_output=True, text=True).stdout
    rows = list(csv.DictReader(output.splitlines()[1:]))
    scores = collections.defaultdict(list)
    for name, row in zip(names, rows):
        scores[name].append([float(row[metric]) for metric in METRICS])
    print("| distortion | " + " | ".join(METRICS) + " |\n|---" * 1 + "|---:" * len(METRICS) + "|")
    for name, values in scores.items():
        means = dict(zip(METRICS, np.mean(values, axis=0)))
        print(f"| {name} | " + " | ".join(f"{mean:.{1 if metric == 'psnr' else 3}f}" for metric, mean in means.items()),
              "|")


main()

#!/usr/bin/python3
"""Makes the table by which scores are told as qualities of JPEG (src/quality/jpeg_scale_table.inc):

    scripts/calibrate_jpeg_scale.py PHOTOGRAPHS GRADSPACE >src/quality/jpeg_scale_table.inc

Every photograph of the folder is saved by Pillow (libjpeg-turbo, chroma subsampled 4:2:0) with each quality. A row of
the table holds the medians of one metric's scores over the photographs. Where medians do not rise with the quality by
themselves, neighbours are averaged (isotonic regression)."""
import csv
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

QUALITIES = (5, 10, 14, 20, 25, 30, 35, 40, 50, 60, 70, 80, 85, 90, 95, 98)


def save_all(folder, work):
    pairs = []
    for name in sorted(os.listdir(folder)):
        reference = os.path.join(folder, name)
        with Image.open(reference) as image:
            for quality in QUALITIES:
                distorted = f"{work}/{os.path.splitext(name)[0]}-{quality}.jpg"
                image.convert("RGB").save(distorted, quality=quality, subsampling="4:2:0")
                pairs.append((reference, distorted))
    return pairs


def metrics_and_directions(command):
    """Names, and whether a larger score is better, as `iqa --list` tells."""
    lines = subprocess.run([command, "iqa", "--list"], check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0]: "larger is better" in line for line in lines[1:]}


def isotonic(values):
    """The nearest values that never fall."""
    blocks = []  # of mean and count
    for value in values:
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, n), (b, m) = blocks[-2:]
            blocks[-2:] = [((a * n + b * m) / (n + m), n + m)]
    return [mean for mean, count in blocks for _ in range(count)]


def main():
    folder, command = map(os.path.abspath, sys.argv[1:])  # paths in a list of pairs are relative to the list
    directions = metrics_and_directions(command)
    with tempfile.TemporaryDirectory() as work:
        pairs = save_all(folder, work)
        listing = f"{work}/pairs.csv"
        with open(listing, "w", encoding="utf8") as file:
            csv.writer(file).writerows([("reference", "distorted"), *pairs])
        text = subprocess.run([command, "iqa", "--metric", "all", "--pairs", listing, "--format", "csv", "--quiet"],
                              check=True, capture_output=True, text=True).stdout
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    print("// Made by scripts/calibrate_jpeg_scale.py: medians over photographs of a metric's scores, by JPEG's quality.")
    print("// clang-format off")
    print(f"constexpr std::array<double, {len(QUALITIES)}> kQualities{{{', '.join(map(str, QUALITIES))}}};")
    print(f"constexpr std::array<JpegScale, {len(directions)}> kJpegScales{{{{")
    for metric, larger_is_better in directions.items():
        scores = np.array([float(row[metric]) for row in rows]).reshape(-1, len(QUALITIES))
        sign = 1 if larger_is_better else -1
        medians = np.array(isotonic(sign * np.median(scores, 0))) * sign
        print(f"    {{\"{metric}\", {{{', '.join(f'{value:.6g}' for value in medians)}}}}},")
    print("}};")
    print("// clang-format on")


if __name__ == "__main__":
    main()

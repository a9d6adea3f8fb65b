#!/usr/bin/python3
"""Values of accord for tests/data/quality/accord.csv, by the formulas that its constants were chosen with: level and
contrast are found and given to the reference in Python; haarpsi, mdsi and unique are the command's.

usage: accord_golden.py GRADSPACE >tests/data/quality/accord.csv"""
import os
import sys
import tempfile

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../../scripts")
import fit_accord  # noqa: E402

DATA = f"{HERE}/../data/quality"
CHANGES = {  # what accord_test.cpp does to an image: gain about 128, then a shift
    "darker": (1, -25), "brighter": (1, 31), "flatter": (0.6, 0), "steeper": (1.5, 0), "both": (0.8, -12)}
CONSTANTS = np.array([1, 45, 0.28, 0.006, 1.6])


def changed(image, gain, shift):
    return np.clip(np.floor((image - 128) * gain + 128 + shift + 0.5), 0, 255).astype(np.uint8)


def main():
    with tempfile.TemporaryDirectory() as work:
        rows = ["reference,distorted,score,type"]
        for pair in (1, 2, 5):
            reference = f"{DATA}/pair{pair}_ref.png"
            for kind in ("blur", "noise"):
                rows.append(f"{reference},{DATA}/pair{pair}_{kind}.png,0,08")
            for of in ("ref", "blur"):
                image = fit_accord.load(f"{DATA}/pair{pair}_{of}.png")
                for name, (gain, shift) in CHANGES.items():
                    path = f"{work}/pair{pair}_{of}_{name}.png"
                    Image.fromarray(changed(image, gain, shift)).save(path)
                    rows.append(f"{reference},{path},0,08")
        with open(f"{work}/all.csv", "w", encoding="utf8") as file:
            file.write("\n".join(rows) + "\n")
        data = fit_accord.Data(f"{work}/all.csv", sys.argv[1], work, fit_accord.SHIPPED[1])
    scores = np.exp(-fit_accord.total(data, fit_accord.SHIPPED, CONSTANTS))
    print("reference,distorted,accord")
    for row, score in zip(rows[1:], scores):
        reference, distorted = (os.path.basename(path) for path in row.split(",")[:2])
        print(f"{reference},{distorted},{score:.8f}")


if __name__ == "__main__":
    main()

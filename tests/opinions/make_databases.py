"""Writes the .mat files of two databases, as their makers lay them out, with made-up contents.
Usage: make_databases.py FOLDER  (tests/data/quality)"""
import os
import sys

import numpy as np
from scipy.io import savemat

root = sys.argv[1]


def names(values):
    cells = np.empty((1, len(values)), dtype=object)
    cells[0, :] = values
    return cells


def save(path, **variables):
    os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
    savemat(os.path.join(root, path), variables, do_compression=True)


n = 982
i = np.arange(n)
save("live/dmos.mat", dmos=(i * 0.1)[None, :], orgs=(i % 5 == 0)[None, :])
save("live/dmos_realigned.mat", dmos_new=(i * 0.05)[None, :], dmos_std=(1 + i * 0.01)[None, :],
     orgs=(i % 5 == 0)[None, :])
save("live/refnames_all.mat",
     refnames_all=names([["buildings.bmp", "sailing1.bmp"][k % 2] for k in range(n)]))

for part, folder in (("Part 1", "blurjpeg"), ("Part 2", "blurnoise")):
    distorted = ["bikes.bmp"] + [f"{ref}_{k:03d}.bmp" for ref in ("bikes", "iceroad")
                                 for k in (1, 2)]
    save(f"live_md/{part}/Imagelists.mat", distimgs=names(distorted).T,
         refimgs=names(["bikes.bmp", "iceroad.bmp"]).T,
         ref4dist=np.array([[1], [1], [1], [2], [2]], dtype=np.uint8))
    save(f"live_md/{part}/Scores.mat", DMOSscores=np.array([[0, 20.5, 31, 40, 52.25]]),
         Zscores=np.zeros((1, 5)))
save("texts_and_numbers.mat", half=np.float32([[0.5, 1.5]]), whole=np.int16([[-3, 4], [5, 6]]),
     complex=np.array([[1j, 2]]), infinite=np.array([[np.inf, 0]]), text="not a cell",
     mixed=np.array([["a", 1.0]], dtype=object), accented=names(["caf\u00e9"]),
     long=names(["x" * 2000]))

"""Writes companions.json: PSNR and SSIM of the test pairs by scikit-image, as quality.h defines them.

    /usr/bin/python3 tests/quality/skimage_companions.py > tests/data/quality/companions.json
"""
import json
import pathlib

import numpy as np
import skimage
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

FOLDER = pathlib.Path(__file__).parent.parent / "data" / "quality"


def scores(reference, distorted):
    a = Image.open(FOLDER / reference).convert("RGB")
    b = Image.open(FOLDER / distorted).convert("RGB")
    _, every_place = structural_similarity(
        np.asarray(a.convert("L"), float), np.asarray(b.convert("L"), float), data_range=255,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True)
    return {
        "reference": reference,
        "distorted": distorted,
        "psnr": peak_signal_noise_ratio(np.asarray(a), np.asarray(b), data_range=255),
        "ssim": float(every_place[5:-5, 5:-5].mean()),
    }


rows = [scores(f"pair{i}_ref.png", f"pair{i}_{kind}.png") for i in (1, 2, 5) for kind in ("noise", "blur")]
print(json.dumps({"producer": f"scikit-image {skimage.__version__}", "scores": rows}, indent=1))

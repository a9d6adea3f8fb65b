#!/usr/bin/python3
"""What `--fast-decode` does to the AUROC of detectors: JPEG crops of photographs, learned from and judged by exact and
by fast decoding, against every challenge at levels 1, 3 and 5.

    bench/image/fast_decode.py build/release/bin/gradspace kodak/

The first half of the photographs is learned from, the other is judged. Takes some minutes."""

import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

from PIL import Image

CROPS = 40  # a photograph
SEEDS = 5  # of the classifier
ONE_CLASS = ("spectral-fisher", "image-pseudo", "elbo")


def run(gradspace, command, *options):
    subprocess.run([gradspace, command, *map(str, options)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def write_crops(photographs, folder):
    chance = random.Random(1)
    folder.mkdir()
    for path in photographs:
        image = Image.open(path).convert("RGB")
        for number in range(CROPS):
            width, height = chance.randint(240, 480), chance.randint(240, 480)
            x = chance.randint(0, image.width - width)
            y = chance.randint(0, image.height - height)
            image.crop((x, y, x + width, y + height)).save(
                folder / f"{path.stem}-{number:02}.jpg", quality=90)


def aurocs(gradspace, detector, inliers, outliers, out, *options):
    run(gradspace, "evaluate", "--detector", detector, "--inliers", inliers, "--outliers", *outliers,
        "--out", out, *options)
    rows = json.loads((out / "results.json").read_text())["rows"]
    return {row["name"]: row["auroc"] for row in rows}


def measure(gradspace, work, mode):
    """AUROCs by detector, then by challenge and level."""
    fast = ["--fast-decode"] if mode == "fast" else []
    folder = work / mode
    folder.mkdir()
    model = folder / "model.safetensors"
    run(gradspace, "train", "--data", work / "train", "--out", model, "--epochs", 200, *fast)
    challenged = sorted((work / "challenged").iterdir())

    def extract(images):
        run(gradspace, "extract", "--model", model, "--data", images, "--out", folder / images.name)
        return folder / images.name

    clean, blurred, judged = map(extract, (work / "train", work / "blurred", work / "test"))
    sets = [extract(images) for images in challenged]
    seeds = []
    for seed in range(SEEDS):
        detector = folder / f"classifier-{seed}"
        run(gradspace, "fit", "--inliers", clean, "--outliers", blurred, "--out", detector, "--epochs",
            100, "--seed", seed)
        seeds.append(aurocs(gradspace, detector, judged, sets, folder / f"results-{seed}"))
    result = {"classifier": {name: statistics.mean(one[name] for one in seeds) for name in seeds[0]}}
    for method in ONE_CLASS:
        own = [] if method.startswith("image-") else ["--model", model]
        detector = folder / method
        run(gradspace, "fit", "--method", method, "--data", work / "train", "--false-alarms", 0.05,
            "--out", detector, *(own or fast))
        result[method] = aurocs(gradspace, detector, work / "test", challenged,
                                folder / f"results-{method}", *own)
    return result


def main():
    gradspace, photographs = sys.argv[1], sorted(pathlib.Path(sys.argv[2]).iterdir())
    with tempfile.TemporaryDirectory(prefix="gradspace-bench-") as name:
        work = pathlib.Path(name)
        half = len(photographs) // 2
        write_crops(photographs[:half], work / "train")
        write_crops(photographs[half:], work / "test")
        run(gradspace, "challenge", "--in", work / "test", "--out", work / "challenged", "--types", "all",
            "--levels", "1,3,5", "--format", "jpg")
        run(gradspace, "challenge", "--in", work / "train", "--out", work / "blurred", "--types",
            "gaussian-blur", "--levels", "1", "--format", "jpg")
        exact, fast = (measure(gradspace, work, mode) for mode in ("exact", "fast"))
    print(f"{'detector':16} exact   fast  mean change of a row, largest")
    for method, rows in exact.items():
        changes = [abs(fast[method][name] - auroc) for name, auroc in rows.items()]
        print(f"{method:16} {statistics.mean(rows.values()):.3f}  "
              f"{statistics.mean(fast[method].values()):.3f}  {statistics.mean(changes):.3f}, {max(changes):.3f}")


if __name__ == "__main__":
    main()

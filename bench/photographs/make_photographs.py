#!/usr/bin/python3
"""Photographs with faults, to measure what detectors see: 640x480 crops of many scenes, and copies of them with
twelve faults (and a little dirt) made by ImageMagick, which shares nothing with gradspace's own challenges.

usage: make_photographs.py --photographs DIR... --out OUT

DIR... hold the originals, a scene each: the Kodak photographs, and the photographs of Debian's packages
lomiri-wallpapers-16.04, lomiri-wallpapers-20.04 (usr/share/backgrounds) and mate-backgrounds
(usr/share/backgrounds/mate/nature). Half of the scenes are known, half are new. OUT gets

  train/            clean crops of the known scenes, eight a scene, named after it
  known/clean, known/blur1, ...    other crops of the known scenes, clean and with each fault
  new/clean, new/blur1, ...        crops of the new scenes

All are JPEG files of quality 92. The same originals give the same pixels with the same version of ImageMagick.
"""

import argparse
import hashlib
import os
import pathlib
import random
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from PIL import Image, ImageOps

WIDTH, HEIGHT = 640, 480
TRAIN_CROPS, KNOWN_CROPS, NEW_CROPS = 8, 4, 4
# Drawings and renderings among the wallpapers, which no camera took.
NO_PHOTOGRAPHS = {"Aqua", "Blinds", "2004default", "firstgeneration", "rhythm", "string", "the-mouse",
                  "Painting-Colors_by__herobrine7gamer", "Picture_0B_by_freespace", "analogpattern_by_Peter_Nerlich",
                  "umang_by_Abhishek_Mudgal"}
SIZE = f"{WIDTH}x{HEIGHT}"


def faults(seed):
    """By name: ImageMagick's arguments between the input and the output; a list of two is coded by JPEG between."""
    draw = random.Random(seed)
    angle = draw.randrange(180)
    slant = draw.randrange(70, 110)
    grains = ["(", "-size", SIZE, "xc:black", "-seed", str(draw.randrange(1 << 30)), "+noise", "Random", "-channel",
              "G", "-separate", "+channel"]
    cloud = ["(", "-size", f"{WIDTH // 8}x{HEIGHT // 8}", "-seed", str(draw.randrange(1 << 30)), "plasma:white-black",
             "-colorspace", "Gray"]
    fog = draw.randrange(45, 70)

    def dirt(share):
        return cloud + ["-blur", "0x1.5", "-equalize", "-resize", SIZE, "-threshold", f"{100 - share}%", "-blur", "0x4", ")"]

    def soiled(share):
        soil = ["(", "+clone", "-fill", "rgb(58,48,36)", "-colorize", "75", "-blur", "0x6", ")"]
        return soil + dirt(share) + ["-compose", "Over", "-composite"]

    def noise(attenuation):
        return ["-seed", str(draw.randrange(1 << 30)), "-attenuate", str(attenuation), "+noise", "Gaussian"]

    return {
        "blur1": ["-gaussian-blur", "0x1"],
        "blur2": ["-gaussian-blur", "0x2"],
        "motion9": ["-motion-blur", f"9x9+{angle}"],
        "noise5": noise(0.25),
        "noise15": noise(0.755),
        "jpeg30": 30,
        "jpeg10": 10,
        "rain": grains + ["-threshold", "99.4%", "-motion-blur", f"15x9+{slant}", "-level", "0,12%", "-evaluate",
                          "multiply", "0.6", ")", "-compose", "Screen", "-composite"],
        "snow": grains + ["-threshold", "99.7%", "-morphology", "Dilate", "Disk:1.5", "-motion-blur", f"3x2+{slant}",
                          "-evaluate", "multiply", "0.9", ")", "-compose", "Screen", "-composite"],
        "fog": ["(", "+clone", "-fill", "rgb(205,208,212)", "-colorize", "100", ")"] + cloud + [
            "-blur", "0x5", "-resize", SIZE, "-normalize", "-level", "-60%,140%", "-evaluate", "multiply",
            str(fog / 50), ")",
            "-compose", "Over", "-composite"],
        "dark": ["-evaluate", "multiply", f"{draw.uniform(0.3, 0.45):.3f}"],
        "dirt": soiled(50),
        "dirt3": soiled(3),
    }


def seed_of(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def originals(folders):
    found = {}
    for folder in folders:
        for path in sorted(pathlib.Path(folder).glob("*")):
            if path.suffix.lower() in {".jpg", ".png"} and path.stem not in NO_PHOTOGRAPHS:
                found[path.stem] = path
    names = sorted(found, key=lambda name: seed_of("scene " + name))  # neighbours by name are alike
    return {name: found[name] for name in names}


def crops(image, name, count, purpose):
    """Crops at places of their own, of a photograph shrunk so that its short side has 500 to 1000 pixels."""
    draw = random.Random(seed_of(f"{purpose} {name}"))
    for _ in range(count):
        short = min(image.size)
        wanted = min(short, draw.randrange(500, 1001)) if short > 520 else short
        shrunk = image if wanted == short else ImageOps.scale(image, wanted / short, Image.Resampling.LANCZOS)
        if shrunk.width < WIDTH:  # upright ones
            shrunk = shrunk.transpose(Image.Transpose.ROTATE_90)
        if shrunk.width < WIDTH or shrunk.height < HEIGHT:
            shrunk = ImageOps.fit(shrunk, (max(WIDTH, shrunk.width), max(HEIGHT, shrunk.height)))
        x, y = draw.randrange(shrunk.width - WIDTH + 1), draw.randrange(shrunk.height - HEIGHT + 1)
        crop = shrunk.crop((x, y, x + WIDTH, y + HEIGHT))
        yield ImageOps.mirror(crop) if draw.random() < 0.5 else crop


def save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=92)


def convert(source, arguments, target):
    if isinstance(arguments, int):
        with tempfile.NamedTemporaryFile(suffix=".jpg") as between:
            Image.open(source).save(between.name, quality=arguments)
            Image.open(between.name).save(target, quality=92)
        return
    subprocess.run(["convert", source, *arguments, "-depth", "8", "-quality", "92", target], check=True,
                   env={**os.environ, "MAGICK_THREAD_LIMIT": "1"})


def damage(crop, folder, file_name):
    save(crop, folder / "clean" / file_name)
    with tempfile.NamedTemporaryFile(suffix=".png") as exact:
        crop.save(exact.name)
        for fault, arguments in faults(seed_of(f"{folder.name} {file_name}")).items():
            (folder / fault).mkdir(parents=True, exist_ok=True)
            convert(exact.name, arguments, folder / fault / file_name)


def make_scene(number, name, path, out):
    image = Image.open(path).convert("RGB")
    known = number % 2 == 0
    if known:
        for i, crop in enumerate(crops(image, name, TRAIN_CROPS, "train")):
            save(crop, out / "train" / f"{name}_{i}.jpg")
    side = out / ("known" if known else "new")
    for i, crop in enumerate(crops(image, name, KNOWN_CROPS if known else NEW_CROPS, "test")):
        damage(crop, side, f"{name}_{i}.jpg")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", nargs="+", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    options = parser.parse_args()
    scenes = originals(options.photographs)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda scene: make_scene(scene[0], *scene[1], options.out), enumerate(scenes.items())))
    print(f"{len(scenes)} scenes")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Photographs as JPEG of several qualities, with and without subsampled colour: the folders of docs/codecs.md.

    scripts/jpeg_folders.py FOLDER_OF_PHOTOS OUT
"""
import pathlib
import sys

from PIL import Image


def main():
    photos, out = sorted(pathlib.Path(sys.argv[1]).glob("*.png")), pathlib.Path(sys.argv[2])
    for codec, subsampling in (("jpeg", "4:2:0"), ("jpeg444", "4:4:4")):
        for quality in (10, 25, 50, 75, 90):
            folder = out / f"{codec}-q{quality}"
            folder.mkdir(parents=True, exist_ok=True)
            for photo in photos:
                with Image.open(photo) as image:
                    image.convert("RGB").save(folder / f"{photo.stem}.jpg", quality=quality,
                                              subsampling=subsampling, optimize=True)


main()

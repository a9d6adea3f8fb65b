"""Makes the files of this folder with Pillow and the tools of Debian's libavif-bin, libjxl-tools and
libtiff-tools.

usage: make.py    (in this folder)

The lossless ones hold the gradient of tests/image/test_images.h, 20x13 pixels; deep ones hold 16-bit or 10-bit samples
of which the 8-bit value is the gradient. lossy.png is what avifdec makes of lossy.avif.
"""
import pathlib
import struct
import subprocess
import tempfile
import zlib

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 20, 13


def gradient(channels):
    y, x, c = np.mgrid[:HEIGHT, :WIDTH, :channels]
    return ((x * 255 // WIDTH + y * 128 // HEIGHT + c * 40) % 256).astype(np.uint8)


def deep_png(samples):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    rgb, grey = gradient(3), gradient(1)[:, :, 0]
    Image.fromarray(rgb).save(folder / "rgb.png")
    Image.fromarray(grey).save(folder / "grey.png")
    Image.fromarray(np.dstack([rgb, 255 - grey])).save(folder / "rgba.png")
    (folder / "deep.png").write_bytes(deep_png(rgb.astype(np.uint16) * 257))
    frames = [Image.fromarray(rgb), Image.fromarray(255 - rgb)]
    frames[0].save(folder / "frames.apng", "PNG", save_all=True, append_images=frames[1:], duration=100)
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated: to be ignored
    frames[0].save(folder / "turned.png", exif=exif)
    for kind in ("rgb", "rgba", "grey", "deep"):
        run("cjxl", "-d", 0, folder / f"{kind}.png", f"{kind}.jxl")
    run("cjxl", "-d", 0, folder / "frames.apng", "frames.jxl")
    run("cjxl", "-d", 0, "--container=1", folder / "turned.png", "turned.jxl")
    run("avifenc", "-l", folder / "rgb.png", "rgb.avif")
    run("avifenc", "-l", folder / "rgba.png", "rgba.avif")
    run("avifenc", "-l", "-p", folder / "rgba.png", "multiplied.avif")
    run("avifenc", "-l", "-y", 400, folder / "grey.png", "grey.avif")
    run("avifenc", "-l", "-d", 10, folder / "deep.png", "deep.avif")
    run("avifenc", "--irot", 1, "-l", folder / "rgb.png", "turned.avif")
    run("avifenc", "-y", 420, "--min", 20, "--max", 30, folder / "rgb.png", "lossy.avif")
    run("avifdec", "lossy.avif", "lossy.png")
    frames[0].save("lossy.webp", quality=50)
    frames[0].save("frames.webp", save_all=True, append_images=frames[1:], lossless=True)
    frames[0].save("strips.tif", compression="tiff_lzw")
    run("tiffcp", "-t", "-w", 16, "-l", 16, "-c", "zip", "strips.tif", "tiles.tif")

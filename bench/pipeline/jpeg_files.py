#!/usr/bin/python3
"""From JPEG files in the page cache to scores, on one core: milliseconds a file by exact and by fast decoding, and
the peak of memory, beside Pillow's decoding and resizing of the same files (and its draft).

    bench/pipeline/jpeg_files.py build/release/bin/gradspace PHOTOGRAPHS

PHOTOGRAPHS is a folder of images, such as the Kodak set, of which the files are made. They lie in /dev/shm, so that
no disk is measured."""

import concurrent.futures
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

from PIL import Image

SIZES = ((1920, 1080), (768, 512))
FILES = 96
REPETITIONS = 5
INPUT = (28, 28)


def make_files(photographs, size, folder):
    """Photographs beside and below each other at their own size, as far as they fill the picture."""
    folder.mkdir()
    images = [Image.open(path).convert("RGB") for path in sorted(photographs.iterdir())]
    paths = []
    for i in range(FILES):
        picture = Image.new("RGB", size)
        at = i
        for y in range(0, size[1], 512):
            for x in range(0, size[0], 768):
                picture.paste(images[at % len(images)].resize((768, 512)), (x, y))
                at += 1
        paths.append(folder / f"{i:03}.jpg")
        picture.save(paths[-1], quality=85)
    return paths


def run(command, paths=()):
    """Seconds of CPU time and the peak of memory in MB."""
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    process.stdin.write("\n".join(map(str, paths)).encode())
    process.stdin.close()
    error = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(error)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def pillow(paths, draft):
    before = resource.getrusage(resource.RUSAGE_SELF)
    for path in paths:
        with Image.open(path) as image:
            if draft:
                image.draft("RGB", (2 * INPUT[0], 2 * INPUT[1]))
            image.convert("RGB").resize(INPUT, Image.Resampling.BILINEAR)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def elsewhere(function, *arguments):
    """In a process of its own: memory of this one counts as that of the commands that it starts."""
    with concurrent.futures.ProcessPoolExecutor(1) as executor:
        return executor.submit(function, *arguments).result()


def main():
    command, photographs = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = pathlib.Path(name)
        files = {size: elsewhere(make_files, photographs, size, folder / f"{size[0]}x{size[1]}") for size in SIZES}
        clean = folder / "768x512"
        scorers = {}
        for decoding, options in (("exact", ()), ("fast", ("--fast-decode",))):
            model = folder / f"{decoding}.safetensors"
            detector = folder / f"{decoding}-detector.safetensors"
            run((command, "train", "--data", clean, "--out", model, "--epochs", 2, *options))
            run((command, "fit", "--model", model, "--data", clean, "--method", "elbo",
                 "--false-alarms", 0.2, "--out", detector))
            scorers[decoding] = (command, "score", "--model", model, "--detector", detector, "--threads", 1,
                                 "--format", "csv", "-")
        for size, paths in files.items():
            print(f"{size[0]}x{size[1]}, {sum(path.stat().st_size for path in paths) / FILES / 1000:.0f} kB a file")
            for decoding, scorer in scorers.items():
                start = statistics.median(run(scorer, paths[:1])[0] for _ in range(REPETITIONS))
                runs = [run(scorer, paths) for _ in range(REPETITIONS)]
                seconds = statistics.median(used for used, _ in runs) - start
                print(f"  score, {decoding:6}{1000 * seconds / (FILES - 1):8.2f} ms a file"
                      f"{max(peak for _, peak in runs):8.0f} MB")
            for draft in (False, True):
                seconds = statistics.median(elsewhere(pillow, paths, draft) for _ in range(REPETITIONS))
                print(f"  Pillow, {'draft' if draft else 'exact':5}{1000 * seconds / FILES:8.2f} ms a file")


if __name__ == "__main__":
    main()

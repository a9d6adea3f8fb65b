"""How fast `gradspace.extract` is on arrays, beside the engine's own benchmark `gradients/proposed`.

Usage: PYTHONPATH=BUILD/python extract_bench.py
"""
import statistics
import time

import gradspace
import numpy as np


def measure(name, images, out, model, repetitions):
    seconds = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        gradspace.extract(model, images, out=out, threads=1)
        seconds.append(time.perf_counter() - begin)
    median, best = statistics.median(seconds), min(seconds)
    print(f"{name:34} {1e6 * median:10.1f} us, {len(images) / median / 1000:7.1f}k images/s (best {1e6 * best:.1f} us)")


def main():
    model = gradspace.Model.initialise(seed=0)
    images = np.random.default_rng(0).integers(0, 256, (512, 28, 28, 3), dtype=np.uint8)
    out = np.empty((len(images), model.columns()[-1].end), np.float32)
    measure("python/extract/512_images", images, out, model, 300)
    measure("python/extract/one_image", images[:1], out[:1], model, 3000)
    measure("python/extract/512_images/reversed", images[..., ::-1], out, model, 100)


if __name__ == "__main__":
    main()

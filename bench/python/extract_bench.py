"""How fast `gradspace.extract` is on arrays, beside the engine's own benchmark `gradients/proposed`.

Prints medians: real time, and the processor's, which other work on the machine matters less to.

Usage: PYTHONPATH=BUILD/python extract_bench.py
"""
import statistics
import time

import gradspace
import numpy as np


def measure(name, images, out, model, repetitions):
    real, processor = [], []
    for _ in range(repetitions):
        begin = time.perf_counter(), time.process_time()
        gradspace.extract(model, images, out=out, threads=1)
        real.append(time.perf_counter() - begin[0])
        processor.append(time.process_time() - begin[1])
    seconds = statistics.median(processor)
    print(f"{name:34} {1e6 * statistics.median(real):10.1f} us {1e6 * seconds:10.1f} us "
          f"{len(images) / seconds / 1000:8.1f}k/s")


def main():
    model = gradspace.Model.initialise(seed=0)
    images = np.random.default_rng(0).integers(0, 256, (512, 28, 28, 3), dtype=np.uint8)
    out = np.empty((len(images), model.columns()[-1].end), np.float32)
    measure("python/extract/512_images", images, out, model, 500)
    measure("python/extract/one_image", images[:1], out[:1], model, 5000)
    measure("python/extract/512_images/reversed", images[..., ::-1], out, model, 100)


if __name__ == "__main__":
    main()

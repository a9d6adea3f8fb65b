"""A camera's frames, one by one: is a frame odd, and has the stream as a whole drifted? Files stand for the camera.

Usage: watch_stream.py CLEAN_FOLDER FRAMES_FOLDER
"""

from __future__ import annotations

import sys
import time
from typing import List

import gradspace


def main(arguments: List[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    detector = gradspace.Detector.fit(arguments[0], method="image-statistics", false_alarms=0.1)
    drift = gradspace.Drift(detector, window=20)
    for number, frame in enumerate(gradspace.Source(arguments[1])):
        begin = time.perf_counter()
        score = detector.score([frame])
        micros = 1e6 * (time.perf_counter() - begin)
        if score.out_of_distribution[0]:
            print(f"frame {number}: out, score {score.score[0]:.4g} ({micros:.0f} us)")
        for window in drift.add(score.score):
            print(f"frames to {number}: {'drift' if window.drifted else 'clean'}, p {window.p_value:.3g}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

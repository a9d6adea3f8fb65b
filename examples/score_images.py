"""Which of these images are unlike those that one knows? Learns from a folder of clean ones, and scores others.

Usage: score_images.py CLEAN_FOLDER IMAGE_OR_FOLDER...
"""

from __future__ import annotations

import sys
from typing import List

import gradspace


def main(arguments: List[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    detector = gradspace.Detector.fit(arguments[0], method="image-statistics", false_alarms=0.1, progress=True)
    for place in arguments[1:]:
        scores = detector.score(place)
        for path, score, p_value in zip(scores.paths or [], scores.score, scores.p_value):
            verdict = "out" if score > detector.threshold else "in"
            print(f"{verdict}\t{score:.4g}\tp {p_value:.3g}\t{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Scores image files from Python without anything but Python: MODEL DETECTOR IMAGE..."""
import ctypes
import sys

class Score(ctypes.Structure):  # gradspace_score
    _fields_ = [(name, ctypes.c_double) for name in ("score", "p_value", "error", "cosine")] + [
        ("bce", ctypes.c_float), ("kld", ctypes.c_float), ("outside", ctypes.c_int32), ("status", ctypes.c_int32)]

gradspace = ctypes.CDLL("libgradspace.so.1")
gradspace.gradspace_last_error.restype = ctypes.c_char_p
model, detector, scorer = (ctypes.c_void_p() for _ in range(3))
paths = [name.encode() for name in sys.argv[3:]]
scores = (Score * len(paths))()
if (gradspace.gradspace_model_open(sys.argv[1].encode(), ctypes.byref(model))
        or gradspace.gradspace_detector_open(sys.argv[2].encode(), ctypes.byref(detector))
        or gradspace.gradspace_scorer_new(model, detector, 0, ctypes.byref(scorer))
        or gradspace.gradspace_score_paths(scorer, (ctypes.c_char_p * len(paths))(*paths), ctypes.c_size_t(len(paths)),
                                           scores)):
    sys.exit(gradspace.gradspace_last_error().decode())
for path, score in zip(paths, scores):
    print(path.decode(), score.score, "out of distribution" if score.outside else "")

"""How far a file of moments is from what NumPy makes of the rows. Usage: numpy_moments.py FILE.safetensors ROWS.npy

The file is read as include/gradspace/moments.h documents it. Losses are those that random_rows.h gives the rows: the first
value is bce, minus the last one is kld; every third row is of the set "test". Prints relative errors as a JSON object.
"""
import json
import sys

import numpy as np

data = open(sys.argv[1], "rb").read()
length = int.from_bytes(data[:8], "little")
header = json.loads(data[8:8 + length])
metadata = header.pop("__metadata__")
tensors = {}
for name, entry in header.items():
    begin, end = (8 + length + offset for offset in entry["data_offsets"])
    assert entry["dtype"] == "F64" and begin % 8 == 0
    tensors[name] = np.frombuffer(data[begin:end], "<f8").reshape(entry["shape"])
about = json.loads(metadata["moments"])
assert metadata["kind"] == "moments"

stored = np.load(sys.argv[2])
rows = stored.astype(np.longdouble)
n, d = rows.shape
assert about["rows"] == n
mean = rows.mean(0)
deviations = rows - mean
squares = deviations ** 2
size = np.sqrt((rows ** 2).mean(0)) + 1e-300


def error(name, expected, scale):
    return float(np.max(np.abs(tensors[name] - expected) / (scale + 1e-300)))


deviation = np.sqrt(squares.sum(0))
kurtosis = np.sqrt((squares ** 2).sum(0))
triangle = np.triu_indices(d)
second = (deviations.T @ deviations)
result = {"mean": error("mean", mean, size), "third": 0, "fourth": 0}
scale = np.outer(deviation, deviation)
if about["moments"] == "diagonal":
    result["second"] = error("second", np.diag(second), np.diag(scale))
else:
    result["second"] = error("second", second[triangle], scale[triangle])
if about["moments"] == "fourth":
    result["third"] = error("third", squares.T @ deviations, np.outer(kurtosis, deviation))
    result["fourth"] = error("fourth", (squares.T @ squares)[triangle], np.outer(kurtosis, kurtosis)[triangle])


def value_of(bucket):
    """The middle of a bucket: numbers of float32 whose upper 19 bits, made to rise with the value, are alike."""
    ends = np.array([bucket << 13, bucket << 13 | 0x1fff], np.uint32)
    bits = np.where(ends & 0x80000000, ends & 0x7fffffff, ~ends).astype(np.uint32)
    return float(bits.view(np.float32).astype(np.float64).mean())


worst = 0.0
is_test = np.arange(n) % 3 == 0
for i, sketch in enumerate(about["quantiles"]):
    chosen = stored[is_test if sketch["set"] == "test" else ~is_test]
    values = np.sort(chosen[:, 0] if sketch["of"] == "bce" else -chosen[:, -1]).astype(np.float64)
    assert sketch["values"] == len(values) and sketch["left_out"] == 0
    assert (np.float32(sketch["least"]), np.float32(sketch["largest"])) == (values[0], values[-1])
    buckets, counts = tensors[f"quantiles.{i}"]
    up_to = np.cumsum(counts)
    assert up_to[-1] == len(values)
    for rank in {1, (len(values) + 1) // 2, len(values), max(1, len(values) // 10)}:
        bucket = int(buckets[np.searchsorted(up_to, rank)])
        worst = max(worst, abs(value_of(bucket) - values[rank - 1]) / (abs(values[rank - 1]) + 1e-300))
assert sum(sketch["values"] for sketch in about["quantiles"]) == 2 * n
result["quantiles"] = worst
print(json.dumps({key: float(value) for key, value in result.items()}))

"""What leaves a job in shards: projections and numbers of 16 bits, held against NumPy; tiles; and tables.

    outputs_test.py GRADSPACE
"""
import csv
import io
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy

GRADSPACE = sys.argv.pop(1)
SHARDS, IMAGES = 3, 50


def signs(dimension, columns, seed):
    """The matrix of a projection, as docs/scale.md describes it."""
    step = numpy.uint64(0x9E3779B97F4A7C15)
    words = -(-columns // 64)
    with numpy.errstate(over="ignore"):
        word = numpy.uint64(seed) + step * numpy.arange(1, dimension * words + 1, dtype=numpy.uint64)
        word = (word ^ (word >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        word = word ^ (word >> numpy.uint64(31))
    bits = word[:, None] >> numpy.arange(64, dtype=numpy.uint64) & numpy.uint64(1)
    return 1 - 2 * bits.reshape(dimension, words * 64)[:, :columns].astype(numpy.float32)


class Job(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        chance = random.Random(1)
        for shard in range(SHARDS):
            images = cls.folder / "shards" / str(shard)
            images.mkdir(parents=True)
            for i in range(IMAGES):
                (images / f"{i:02}.ppm").write_bytes(b"P6 40 36 255\n" + chance.randbytes(40 * 36 * 3))
        cls.run_command("train", "--data", cls.shards(), "--out", cls.model(), "--epochs", "1", "--quiet")

    @classmethod
    def shards(cls):
        return cls.folder / "shards"

    @classmethod
    def model(cls):
        return cls.folder / "model.safetensors"

    @staticmethod
    def run_command(*arguments):
        done = subprocess.run([GRADSPACE, *map(str, arguments)], text=True, capture_output=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.stderr}")
        return done.stdout

    def new(self, name):
        return self.folder / f"{self.id().rpartition('.')[2]}-{name}"

    def extract(self, name, *options):
        out = self.new(name)
        self.run_command("extract", "--model", self.model(), "--data", self.shards(), "--out", out, "--quiet", *options)
        return out

    def made_in_shards(self, *options):
        """The copy of a job's merged parts."""
        job, copy = self.new("job"), self.new("copy")
        self.run_command("plan", job, "--model", self.model(), "--data", *sorted(self.shards().iterdir()), *options)
        self.run_command("work", job, "--quiet", "--threads", "1", "--batch", "7")
        self.run_command("merge", job, "--quiet")
        self.run_command("merge", job, "--quiet", "--copy", copy)
        return job, copy

    def assert_same(self, one, other):
        for file in ("features.npy", "index.csv"):
            self.assertEqual((one / file).read_bytes(), (other / file).read_bytes(), file)


class Projection(Job):
    OPTIONS = ("--project", "70", "--project-seed", "11")

    def test_is_what_numpy_makes_of_the_described_matrix(self):
        plain = numpy.load(self.extract("plain") / "features.npy")
        projected = numpy.load(self.extract("projected", *self.OPTIONS) / "features.npy")
        matrix = signs(plain.shape[1], 70, 11)
        expected = numpy.zeros((len(plain), 70), numpy.float32)
        for i in range(plain.shape[1]):  # in order, and in 32 bits
            expected += plain[:, i:i + 1] * matrix[i]
        expected *= numpy.float32(1 / numpy.sqrt(70))
        numpy.testing.assert_array_equal(projected, expected)
        half = numpy.load(self.extract("half", *self.OPTIONS, "--dtype", "f16") / "features.npy")
        self.assertEqual(half.dtype, numpy.float16)
        numpy.testing.assert_array_equal(half, expected.astype(numpy.float16))

    def test_in_shards_has_the_bytes_of_one_process(self):
        options = (*self.OPTIONS, "--dtype", "f16")
        job, copy = self.made_in_shards(*options)
        one = self.extract("one", *options)
        self.assert_same(copy, one)
        for folder in (job, one):
            self.run_command("fit", "--inliers", folder, "--method", "mahalanobis", "--false-alarms", "0.05",
                             "--out", self.new(f"{folder.name}.detector"))
        self.assertEqual(self.new(f"{job.name}.detector").read_bytes(), self.new(f"{one.name}.detector").read_bytes())

    def test_has_moments_of_its_columns(self):
        job, rows = self.new("moments-job"), self.made_in_shards(*self.OPTIONS)[0]
        self.run_command("plan", job, "--model", self.model(), "--data", *sorted(self.shards().iterdir()), *self.OPTIONS,
                         "--moments", "covariance")
        self.run_command("work", job, "--quiet")
        self.run_command("merge", job, "--quiet")
        summed = self.new("summed")
        self.run_command("moments", rows, "--kind", "covariance", "--out", summed)
        self.assertEqual((job / "moments.safetensors").read_bytes(), summed.read_bytes())
        table = self.new("table.csv")
        with self.assertRaisesRegex(AssertionError, "keeps moments of its images"):
            self.run_command("merge", job, "--quiet", "--csv", table)
        self.assertFalse(table.exists())

    def test_has_detectors_that_score_images(self):
        projected = self.extract("set", *self.OPTIONS)
        detector = self.new("detector")
        self.run_command("fit", "--inliers", projected, "--method", "mahalanobis", "--false-alarms", "0.05",
                         "--out", detector)
        by_set = self.new("scores")
        self.run_command("evaluate", "--detector", detector, "--inliers", projected, "--outliers", projected,
                         "--out", by_set)
        lines = self.run_command("score", "--model", self.model(), "--detector", detector, "--format", "csv",
                                 self.shards() / "0").splitlines()
        scores = numpy.array([float(line.split(",")[1]) for line in lines[2:]])
        self.assertEqual(len(scores), IMAGES)
        self.assertLess(scores.max(), 1e3)  # as of inliers, which another projection's would not be

    def test_of_another_seed_is_told_from_it(self):
        detector = self.new("detector")
        self.run_command("fit", "--inliers", self.extract("set", *self.OPTIONS), "--method", "mahalanobis",
                         "--false-alarms", "0.05", "--out", detector)
        other = self.extract("other", "--project", "70", "--project-seed", "12")
        with self.assertRaisesRegex(AssertionError, "--project 70 --project-seed 11"):
            self.run_command("evaluate", "--detector", detector, "--inliers", other, "--outliers", other,
                             "--out", self.new("scores"))


class Tiles(Job):
    OPTIONS = ("--tiles", "28x28", "--tiles-per-image", "3", "--seed", "5")

    def test_in_shards_have_the_bytes_of_one_process(self):
        _, copy = self.made_in_shards(*self.OPTIONS)
        one = self.extract("one", *self.OPTIONS)
        self.assert_same(copy, one)
        self.assertIn("tile_x,tile_y", (copy / "index.csv").read_text().splitlines()[0])
        self.assertEqual(numpy.load(copy / "features.npy").shape[0], 3 * SHARDS * IMAGES)

    def test_that_do_not_fit_are_refused(self):
        for options, why in ((("--tiles", "20x28", "--tiles-per-image", "3"), "not of the model's size"),
                             (("--tiles", "28x28"), "tiles-per-image"),
                             (("--tiles-per-image", "3"), "--tiles")):
            with self.assertRaisesRegex(AssertionError, why):
                self.run_command("plan", self.new("job"), "--model", self.model(), "--data", self.shards(), *options)
            self.assertFalse(self.new("job").exists())


def read_table(path):
    """Rows as dictionaries of texts. By the command zstd, which checks the checksum."""
    text = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout if path.suffix == ".zst" \
        else path.read_bytes()
    return list(csv.DictReader(io.StringIO(text.decode())))


@unittest.skipUnless(shutil.which("zstd"), "no command zstd")
class Tables(Job):
    def detector(self):
        detector = self.new("detector")
        self.run_command("fit", "--inliers", self.extract("fitted"), "--method", "independent-gaussian",
                         "--false-alarms", "0.05", "--out", detector)
        return detector

    def test_of_scores_are_those_of_the_set(self):
        detector = self.detector()
        job, _ = self.made_in_shards("--detector", detector)
        table = self.new("table.csv.zst")
        self.run_command("merge", job, "--quiet", "--csv", table)
        self.run_command("merge", job, "--quiet", "--csv", self.new("table.csv"))
        rows = read_table(table)
        self.assertEqual(rows, read_table(self.new("table.csv")))
        scored = self.new("scored.csv.zst")
        self.run_command("score", "--model", self.model(), "--detector", detector, "--out", scored, self.shards())
        by_score = read_table(scored)
        self.assertEqual(len(rows), SHARDS * IMAGES)
        self.assertEqual(len(by_score), len(rows))
        for i, (row, other) in enumerate(zip(rows, by_score)):
            self.assertEqual(int(row["row"]), i)
            self.assertEqual(str(self.shards() / row["path"]), other["path"])
            self.assertEqual(numpy.float32(row["score"]), numpy.float32(other["score"]))
            self.assertEqual(numpy.float32(row["p_value"]), numpy.float32(other["p_value"]))
            self.assertEqual(numpy.float32(row["bce"]), numpy.float32(other["bce"]))

    def test_of_features_have_the_losses_alone(self):
        job, copy = self.made_in_shards()
        table = self.new("table.csv.zst")
        self.run_command("merge", job, "--quiet", "--csv", table)
        text = subprocess.run(["zstd", "-dc", table], capture_output=True, check=True).stdout
        self.assertEqual(text, (copy / "index.csv").read_bytes())

    def test_are_read_by_pandas(self):
        try:
            import pandas
            import zstandard  # noqa: F401
        except ImportError:
            self.skipTest("no pandas that reads Zstandard")
        job, copy = self.made_in_shards()
        self.run_command("merge", job, "--quiet", "--csv", self.new("table.csv.zst"))
        pandas.testing.assert_frame_equal(pandas.read_csv(self.new("table.csv.zst")),
                                          pandas.read_csv(copy / "index.csv"))

    def test_leave_nothing_when_they_are_not_finished(self):
        detector = self.detector()
        folder = self.new("folder")
        folder.mkdir()
        table = folder / "table.csv.zst"
        table.write_bytes(b"older")
        run = subprocess.Popen([GRADSPACE, "score", "--model", self.model(), "--detector", detector, "--out", table,
                                self.shards(), "-"], stdin=subprocess.PIPE)  # which waits for paths, and is killed
        while len(list(folder.iterdir())) < 2 and run.poll() is None:
            pass
        run.kill()
        run.communicate()
        self.assertEqual(table.read_bytes(), b"older")
        self.run_command("score", "--model", self.model(), "--detector", detector, "--out", table, self.shards())
        self.assertEqual([p.name for p in folder.iterdir()], ["table.csv.zst"])
        self.assertEqual(len(read_table(table)), SHARDS * IMAGES)

    def test_of_other_names_are_refused(self):
        detector = self.detector()
        for name in ("table", "table.zst", "table.csv.gz"):
            with self.assertRaisesRegex(AssertionError, "ends with .csv or .csv.zst"):
                self.run_command("score", "--model", self.model(), "--detector", detector, "--out", self.new(name),
                                 self.shards())


if __name__ == "__main__":
    unittest.main()

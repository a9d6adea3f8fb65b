"""Moments summed up by several processes of an MPI job: the file's bytes are those of one process.

    moments_test.py GRADSPACE MPIRUN
"""
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

GRADSPACE, MPIRUN = sys.argv.pop(1), sys.argv.pop(1)
# Several processes on one core, and as root, are what a test machine may have.
ENVIRONMENT = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
COLUMNS = 5


def write_matrix(path, rows, seed):
    chance = random.Random(seed)
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {COLUMNS}), }}".ljust(117) + "\n"
    values = (chance.gauss(k, 1) for _ in range(rows) for k in range(COLUMNS))
    path.write_bytes(b"\x93NUMPY\1\0" + struct.pack("<H", 118) + header.encode() +
                     struct.pack(f"<{rows * COLUMNS}f", *values))


class Moments(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.sets = [self.folder / f"{i}.npy" for i in range(7)]
        for i, path in enumerate(self.sets):
            write_matrix(path, 3 + 100 * i, i)

    def run_ranks(self, ranks, sets, out):
        start = [MPIRUN, "--oversubscribe", "-n", str(ranks)] if ranks else []
        done = subprocess.run([*start, GRADSPACE, "moments", *sets, "--out", self.folder / out, "--threads", "1",
                               *(["--mpi"] if ranks else [])],
                              env=ENVIRONMENT, text=True, capture_output=True, timeout=120)
        return done

    def test_has_the_bytes_of_one_process_and_speaks_once(self):
        for count in (1, 2, 7):
            alone = self.run_ranks(0, self.sets[:count], "alone.safetensors")
            self.assertEqual(alone.returncode, 0, alone.stderr)
            for ranks in (1, 2, 3, 5):
                done = self.run_ranks(ranks, self.sets[:count], "ranks.safetensors")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stdout.replace("ranks.", "alone."), alone.stdout)
                self.assertEqual((self.folder / "ranks.safetensors").read_bytes(),
                                 (self.folder / "alone.safetensors").read_bytes())

    def test_ends_with_a_line_where_a_set_is_missing_or_damaged(self):
        self.sets[3].write_bytes(b"no matrix")
        done = self.run_ranks(3, self.sets, "m.safetensors")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("3.npy", done.stderr)
        self.assertFalse((self.folder / "m.safetensors").exists())


if __name__ == "__main__":
    unittest.main()

"""Training by several processes of an MPI job: the model's bits are those of one process, whatever happens on the
way.

    train_test.py GRADSPACE MPIRUN
"""
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

GRADSPACE, MPIRUN = sys.argv.pop(1), sys.argv.pop(1)
# Several processes on one core, and as root, are what a test machine may have.
ENVIRONMENT = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")


def write_images(folder, count):
    chance = random.Random(1)
    for i in range(count):
        pixels = bytes(chance.randrange(256) for _ in range(28 * 28))
        (folder / f"{i:03}.pgm").write_bytes(b"P5 28 28 255\n" + pixels)


class Train(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.images = self.folder / "images"
        self.images.mkdir()
        write_images(self.images, 300)

    def command(self, out, *options):
        return [GRADSPACE, "train", "--data", self.images, "--out", self.folder / out, "--threads", "1", "--batch",
                "100", "--quiet", *options]

    @staticmethod
    def with_ranks(ranks, command):
        return [MPIRUN, "--oversubscribe", "-n", str(ranks), *command, "--mpi"]

    def run_command(self, command):
        return subprocess.run(command, env=ENVIRONMENT, text=True, capture_output=True, timeout=120)

    def model(self, out):
        return (self.folder / out).read_bytes()

    def alone(self, *options):
        done = self.run_command(self.command("alone.safetensors", *options))
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.model("alone.safetensors"), done.stdout

    def test_has_the_bits_of_one_process_and_speaks_once(self):
        expected, said = self.alone("--epochs", "3")
        for ranks in (1, 2, 3):
            done = self.run_command(self.with_ranks(ranks, self.command("ranks.safetensors", "--epochs", "3")))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.replace("ranks.", "alone."), said)
            self.assertEqual(self.model("ranks.safetensors"), expected)
            self.assertEqual(sorted(p.name for p in self.folder.glob("ranks*")), ["ranks.safetensors"])

    def test_is_one_of_one_without_a_job(self):
        expected, _ = self.alone("--epochs", "1")
        done = self.run_command([*self.command("one.safetensors", "--epochs", "1"), "--mpi"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.model("one.safetensors"), expected)

    def test_goes_on_after_a_rank_was_killed(self):
        expected, _ = self.alone("--epochs", "300")
        command = self.command("killed.safetensors", "--epochs", "300")
        job = subprocess.Popen(self.with_ranks(2, command), env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        checkpoint = self.folder / "killed.safetensors.checkpoint"
        deadline = time.monotonic() + 60
        while not checkpoint.exists() and job.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        ranks = subprocess.run(["ps", "--ppid", str(job.pid), "-o", "pid="], text=True, capture_output=True)
        for rank in re.findall(r"\d+", ranks.stdout)[-1:]:
            os.kill(int(rank), signal.SIGKILL)
        self.assertNotEqual(job.wait(timeout=60), 0)
        self.assertFalse((self.folder / "killed.safetensors").exists())
        done = self.run_command(self.with_ranks(3, [*command, "--resume"]))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.model("killed.safetensors"), expected)

    def test_ends_with_a_line_where_there_are_no_images(self):
        done = self.run_command(self.with_ranks(2, [GRADSPACE, "train", "--data", self.folder / "none", "--out",
                                                    self.folder / "m.safetensors"]))
        self.assertEqual(done.returncode, 1)
        self.assertIn("none: can't open: No such file or directory", done.stderr)

    def test_refuses_what_goes_by_itself(self):
        for options in (["--members", "2"], ["--backend", "torch"], ["--objective", "gradcon"]):
            done = self.run_command([*self.command("m.safetensors", *options), "--mpi"])
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("--mpi", done.stderr)

    def test_says_what_is_missing_without_the_module(self):
        done = subprocess.run([*self.command("m.safetensors"), "--mpi"], text=True, capture_output=True,
                              env=dict(ENVIRONMENT, GRADSPACE_MPI_MODULE="/nowhere/mpi.so"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "MPI module.*/nowhere/mpi.so")


if __name__ == "__main__":
    unittest.main()

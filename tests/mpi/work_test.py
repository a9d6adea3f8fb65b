"""Work on shards by the processes of an MPI job: every part is made once, with the bytes of one process.

    work_test.py GRADSPACE MPIRUN
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
ENVIRONMENT = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
SHARDS, IMAGES = 9, 120


def run_command(*arguments, status=0):
    done = subprocess.run([str(a) for a in arguments], env=ENVIRONMENT, text=True, capture_output=True, timeout=200)
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done


class Work(unittest.TestCase):
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
                (images / f"{i:03}.pgm").write_bytes(b"P5 28 28 255\n" + chance.randbytes(28 * 28))
        cls.model = cls.folder / "model.safetensors"
        run_command(GRADSPACE, "train", "--data", cls.folder / "shards" / "0", "--out", cls.model, "--epochs", "1",
                    "--quiet")
        cls.one = cls.folder / "one"
        run_command(GRADSPACE, "extract", "--model", cls.model, "--data", cls.folder / "shards", "--out", cls.one,
                    "--quiet")

    def plan(self, name):
        job = self.folder / name
        run_command(GRADSPACE, "plan", job, "--model", self.model, "--data",
                    *sorted((self.folder / "shards").iterdir()), "--lost-after", "2")
        return job

    @staticmethod
    def command(ranks, job, *options):
        return [MPIRUN, "--oversubscribe", "-n", str(ranks), GRADSPACE, "work", str(job), "--mpi", "--threads", "1",
                "--quiet", *options]

    def expect_as_one(self, job):
        copy = job.with_name(job.name + "-copy")
        run_command(GRADSPACE, "merge", job, "--verify", "--copy", copy, "--quiet")
        for file in ("features.npy", "index.csv"):
            self.assertEqual((copy / file).read_bytes(), (self.one / file).read_bytes(), file)
        self.assertEqual(list((job / "claims").iterdir()), [])

    def test_makes_every_part_once(self):
        for ranks in (1, 3):
            job = self.plan(f"job-{ranks}")
            done = run_command(*self.command(ranks, job))
            self.assertEqual(done.stdout, f"{job}: {SHARDS} shards done here, 0 failed, 0 left\n")
            self.expect_as_one(job)

    def test_is_one_of_one_without_a_job(self):
        job = self.plan("alone")
        run_command(GRADSPACE, "work", job, "--mpi", "--quiet")
        self.expect_as_one(job)

    def test_does_the_shards_that_are_asked_for(self):
        job = self.plan("some")
        done = run_command(*self.command(2, job, "--shards", "1,3-5"))
        self.assertEqual(done.stdout, f"{job}: 4 shards done here, 0 failed, 0 left\n")
        self.assertEqual(sorted(p.name for p in (job / "parts").iterdir()), ["000001", "000003", "000004", "000005"])

    def test_a_shard_that_fails_costs_no_other(self):
        job = self.plan("failing")
        hidden = self.folder / "away"
        (self.folder / "shards" / "4").rename(hidden)
        try:
            done = run_command(*self.command(2, job), status=1)
        finally:
            hidden.rename(self.folder / "shards" / "4")
        self.assertIn(f"{SHARDS - 1} shards done here, 1 failed, 1 left", done.stdout)
        done = run_command(*self.command(2, job, "--retry-failed"))
        self.assertIn("1 shards done here, 0 failed, 0 left", done.stdout)
        self.expect_as_one(job)

    def test_goes_on_after_a_rank_was_killed(self):
        job = self.plan("killed")
        run = subprocess.Popen(self.command(2, job), env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not any((job / "claims").iterdir()) and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        ranks = subprocess.run(["ps", "--ppid", str(run.pid), "-o", "pid="], text=True, capture_output=True)
        killed = re.findall(r"\d+", ranks.stdout)[-1:]
        for rank in killed:
            os.kill(int(rank), signal.SIGKILL)
        status = run.wait(timeout=60)
        if killed:  # and if it was not through by then
            self.assertTrue(status != 0 or len(list((job / "parts").iterdir())) == SHARDS)
        run_command(*self.command(3, job))
        self.expect_as_one(job)

    def test_workers_beside_the_job_do_no_harm(self):
        job = self.plan("mixed")
        beside = subprocess.Popen([GRADSPACE, "work", str(job), "--threads", "1", "--quiet"],
                                  stdout=subprocess.DEVNULL)
        run_command(*self.command(2, job))
        self.assertEqual(beside.wait(timeout=60), 0)
        self.expect_as_one(job)


if __name__ == "__main__":
    unittest.main()

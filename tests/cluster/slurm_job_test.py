"""A job in shards on a Slurm cluster of this machine, whose workers and whose node are killed meanwhile.

Usage: slurm_job_test.py GRADSPACE SOURCE_FOLDER [--shards N] [--images N] [--large N] [--kills N]
(exit status 77: Slurm is not there)
"""
import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("command", type=pathlib.Path)
parser.add_argument("source", type=pathlib.Path)
parser.add_argument("--shards", type=int, default=12)
parser.add_argument("--images", type=int, default=40, help="of a shard")
parser.add_argument("--large", type=int, default=40, help="large images of a shard, so that it takes a tenth of a second")
parser.add_argument("--kills", type=int, default=4)
options = parser.parse_args()
COMMAND, SOURCE = str(options.command.resolve()), options.source.resolve()


def run(*arguments):
    done = subprocess.run([str(argument) for argument in arguments], text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def write_bmp(path, value, side=64):
    """A picture of stripes, 24 bits a pixel."""
    row = b"".join(bytes(((value * 7 + x) % 256, (value + 3 * x) % 256, x % 256)) for x in range(side))
    row += b"\0" * (-len(row) % 4)
    size = 54 + side * len(row)
    header = b"BM" + size.to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    header += (40).to_bytes(4, "little") + side.to_bytes(4, "little") * 2 + b"\1\0\x18\0" + bytes(24)
    path.write_bytes(header + row * side)


def workers(job):
    """The processes that work on a job."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:3] == [COMMAND.encode(), b"work", str(job).encode()]:
            found.append(int(process.name))
    return found


def wait_until_idle(seconds=120):
    end = time.monotonic() + seconds
    while run("squeue", "--noheader"):
        if time.monotonic() > end:
            raise AssertionError("jobs do not end: " + run("squeue"))
        time.sleep(0.2)


def kill_some(job, kills):
    """SIGKILL to some workers: the first as soon as it is seen, others at random. How many kills are left."""
    draw = random.Random(5)
    end = time.monotonic() + 60 + kills
    latest = 0
    asked = time.monotonic()
    while kills > 0 and time.monotonic() < end:
        alive = workers(job)
        if alive:
            time.sleep(draw.uniform(0, latest))
            try:
                os.kill(draw.choice(alive), signal.SIGKILL)
                kills -= 1
                latest = 0.05
            except ProcessLookupError:
                pass
        elif time.monotonic() > asked + 1:
            asked = time.monotonic()
            if not run("squeue", "--noheader"):
                break
        time.sleep(0.01)
    return kills


def make_job(root, model):
    large = root / "large.bmp"
    write_bmp(large, 0, side=1024)
    for shard in range(options.shards):
        folder = root / "shards" / f"shard-{shard:03}"
        folder.mkdir(parents=True)
        for image in range(options.images):
            write_bmp(folder / f"{image:04}.bmp", shard * options.images + image)
        # A worker that has but small images to look at is gone before it is seen.
        for image in range(options.large):
            os.link(large, folder / f"large-{image:02}.bmp")
    job = root / "job"
    run(COMMAND, "plan", job, "--model", model, "--data", *sorted((root / "shards").iterdir()), "--lost-after", "2",
        "--slurm", "--command", COMMAND, "--cpus", "1", "--memory", "100M", "--max-array-size", "8")
    return job


def hand_in_until_done(job):
    """What is lost is handed in again, and nothing else is made again."""
    for _ in range(5):
        if not run(COMMAND, "status", job, "--missing"):
            break
        before = {path: path.stat().st_mtime_ns for path in (job / "parts").glob("*/part.json")}
        run(job / "slurm/submit.sh")
        wait_until_idle()
        for path, when in before.items():
            assert path.stat().st_mtime_ns == when, f"{path} was made again"
    assert run(COMMAND, "status", job).startswith(f"{job}: {options.shards} shards: {options.shards} done")


def test(root, slurm):
    model = SOURCE / "tests/data/formats-0.1.0/model.safetensors"
    job = make_job(root, model)
    run(job / "slurm/submit.sh")
    left = kill_some(job, options.kills)
    assert left < options.kills, "no worker was seen"
    # The node's daemon dies, and comes back.
    os.kill(int((slurm / "slurmd.pid").read_text()), signal.SIGKILL)
    run("slurmd", "-f", os.environ["SLURM_CONF"])
    wait_until_idle()
    hand_in_until_done(job)
    run(COMMAND, "merge", job, "--verify", "--quiet")
    run(COMMAND, "merge", job, "--copy", root / "copied", "--quiet")
    run(COMMAND, "extract", "--model", model, "--data", root / "shards", "--out", root / "one", "--quiet")
    for name in ("features.npy", "index.csv"):
        assert (root / "copied" / name).read_bytes() == (root / "one" / name).read_bytes(), name
    print(f"{options.kills - left} workers were killed; the merged set is that of one process")


def main():
    script = SOURCE / "scripts/local-slurm.sh"
    with tempfile.TemporaryDirectory(prefix="gradspace-slurm-") as folder:
        root = pathlib.Path(folder)
        slurm = root / "slurm"
        started = subprocess.run([script, "up", slurm, "4"], text=True, capture_output=True, check=False)
        if started.returncode == 77:
            print("skipped: " + started.stderr.strip())
            return 77
        os.environ["SLURM_CONF"] = str(slurm / "slurm.conf")
        try:
            assert started.returncode == 0, started.stderr
            test(root, slurm)
        finally:
            subprocess.run([script, "down", slurm], check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())

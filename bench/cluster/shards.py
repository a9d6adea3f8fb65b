"""What jobs in shards cost: `work` beside `extract`, and plan, status and merge of many shards.

Usage: shards.py GRADSPACE [IMAGES [SHARDS]]    100 000 images and 100 000 shards without them; files lie in /dev/shm
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIDE = 35
RUNS = 5


def run(*arguments):
    """Seconds, seconds of processor time, and megabytes at most, of a command."""
    return run_together([arguments])


def run_together(commands):
    """The same of commands that run at one time: seconds until the last has ended, processor time of all, the largest's
    megabytes."""
    begin = time.monotonic()
    processes = [subprocess.Popen([str(argument) for argument in command], stdout=subprocess.DEVNULL) for command in commands]
    ends = [os.wait4(process.pid, 0) for process in processes]
    if any(status != 0 for _, status, _ in ends):
        raise SystemExit(f"{commands}: failed")
    return (time.monotonic() - begin, sum(used.ru_utime + used.ru_stime for _, _, used in ends),
            max(used.ru_maxrss for _, _, used in ends) / 1024)


def write_images(folder, count, each):
    """Pictures of noise, so many in each folder."""
    row = SIDE * 3 + -SIDE * 3 % 4
    header = b"BM" + (54 + SIDE * row).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    header += (40).to_bytes(4, "little") + SIDE.to_bytes(4, "little") * 2 + b"\1\0\x18\0" + bytes(24)
    for i in range(count):
        shard = folder / f"{i // each:06}"
        if i % each == 0:
            shard.mkdir(parents=True)
        (shard / f"{i:06}.bmp").write_bytes(header + os.urandom(SIDE * row))


def show(what, results):
    wall, cpu, memory = (statistics.median(values) for values in zip(*results))
    print(f"{what:45} {wall:8.2f} s {cpu:8.2f} s of processor time {memory:6.0f} MB")


def main():
    command = pathlib.Path(sys.argv[1]).resolve()
    images = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    shards = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = pathlib.Path(name)
        model = folder / "model.safetensors"
        run(command, "import", ROOT / "tests/data/ood/vae.pth.tar", "--out", model)
        write_images(folder / "one", images, images)
        extract = [command, "extract", "--model", model, "--data", folder / "one", "--out", folder / "set",
                   "--threads", 1, "--quiet"]
        extracted, projected, halved, worked = [], [], [], []
        for i in range(RUNS):
            extracted.append(run(*extract))
            projected.append(run(*extract, "--project", 64, "--dtype", "f16"))
            halved.append(run(*extract, "--dtype", "f16"))
            job = folder / f"job-{i}"
            run(command, "plan", job, "--model", model, "--data", folder / "one/000000")
            worked.append(run(command, "work", job, "--threads", 1, "--quiet"))
            subprocess.run(["rm", "-rf", job, folder / "set"], check=True)
        show(f"extract, {images} images, one thread", extracted)
        show("the same, projected to 64 columns in 16 bits", projected)
        show("the same, all columns in 16 bits", halved)
        show("work on one shard of the same", worked)

        write_images(folder / "four", images, images // 4)
        by_one, by_two = [], []
        for _ in range(RUNS):
            for workers, results in ((1, by_one), (2, by_two)):
                job = folder / "job-four"
                run(command, "plan", job, "--model", model, "--data", *sorted((folder / "four").iterdir()))
                results.append(run_together([(command, "work", job, "--threads", 1, "--quiet")] * workers))
                subprocess.run(["rm", "-rf", job], check=True)
        show("work on four shards of a quarter each", by_one)
        show("two workers on the same", by_two)

        for kind in ("diagonal", "covariance", "fourth"):
            job = folder / f"job-{kind}"
            run(command, "plan", job, "--model", model, "--data", folder / "one/000000", "--moments", kind)
            show(f"the same with --moments {kind}", [run(command, "work", job, "--threads", 1, "--quiet")])

        write_images(folder / "tiny", shards, 1)
        listed = folder / "list"
        listed.write_text("".join(f"{shard}\n" for shard in sorted((folder / "tiny").iterdir())))
        job = folder / "many"
        show(f"plan of {shards} shards", [run(command, "plan", job, "--model", model, "--list", listed)])
        show("work on them, an image each", [run(command, "work", job, "--threads", 1, "--quiet")])
        show("status", [run(command, "status", job)])
        show("merge", [run(command, "merge", job, "--quiet")])


if __name__ == "__main__":
    main()

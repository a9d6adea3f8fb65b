"""What a billion images cost on a cluster: unit costs that are measured here, and a dry run of all workers with them.

Usage: billion.py GRADSPACE [--images N] [--shard IMAGES] [--workers N] [--latency MILLISECONDS] [--lost SHARE]

Needs strace. The dry run holds each worker to the rules of `gradspace work`: it goes through the shards in an order of its
own, looks whether a part is there, claims, works, lists what is done and claimed after some shards that others had, and in
the end waits for what others hold. A share of the workers is lost at a random time, and queued again a minute later. Times
of the file system are one latency for each operation that names a file or lists a thousand names.
"""
import argparse
import dataclasses
import heapq
import pathlib
import random
import subprocess
import tempfile

from shards import ROOT, run, write_images

LOST_AFTER = 60.0
FIRST_WAIT, LONGEST_WAIT = 0.02, LOST_AFTER / 10
QUEUED_AGAIN_AFTER = 60.0
MISSES_BEFORE_LOOK = 4  # kMissesBeforeLook in worker.cpp
FEW_HELD = 64  # kFewHeld in worker.cpp
STARTED_WITHIN = 30.0  # seconds in which a queue starts all workers


@dataclasses.dataclass
class Costs:
    """Of one image or of one shard beside its images."""
    operations: float  # system calls that name a file
    flushes: float
    seconds: float
    features: float = 0.0  # bytes
    index: float = 0.0  # bytes


class Job:
    """Folders of images as shards, planned and worked on."""

    def __init__(self, command, folder, model, shards, images):
        self.command, self.shards, self.images = command, shards, images
        name = f"{shards}x{images}"
        self.data = folder / f"data-{name}"
        self.job = folder / f"job-{name}"
        write_images(self.data, shards * images, images)
        run(command, "plan", self.job, "--model", model, "--data", *sorted(self.data.iterdir()))

    def seconds(self):
        return run(self.command, "work", self.job, "--threads", 1, "--quiet")[0]

    def calls(self):
        """Operations that name a file, and flushes."""
        with tempfile.NamedTemporaryFile("r") as counts:
            subprocess.run(["strace", "-f", "-c", "-U", "calls,name", "-e", "trace=%file,fsync,fdatasync", "-o", counts.name,
                            self.command, "work", self.job, "--threads", "1", "--quiet"], check=True,
                           stdout=subprocess.DEVNULL)
            rows = [line.split() for line in counts]
        calls = {row[1]: int(row[0]) for row in rows if len(row) == 2 and row[0].isdigit() and row[1] != "total"}
        flushes = sum(calls.pop(name, 0) for name in ("fsync", "fdatasync"))
        return sum(calls.values()), flushes

    def bytes_of(self, name):
        return sum(path.stat().st_size for path in self.job.glob(f"parts/*/{name}"))


def measure(command, folder):
    """Costs of an image and of a shard, from jobs of different shapes."""
    model = folder / "model.safetensors"
    run(command, "import", ROOT / "tests/data/ood/vae.pth.tar", "--out", model)
    few, many, larger = (Job(command, folder, model, *shape) for shape in ((4, 40), (24, 40), (24, 240)))
    calls = [job.calls() for job in (few, many, larger)]
    image = [(calls[2][i] - calls[1][i]) / (24 * 200) for i in range(2)]
    shard = [(calls[1][i] - calls[0][i]) / 20 - 40 * image[i] for i in range(2)]
    # The job's own start is in both, and so is not in the difference.
    seconds = [Job(command, folder, model, *shape).seconds() for shape in ((1, 20_000), (1, 60_000), (500, 1), (2500, 1))]
    of_image = (seconds[1] - seconds[0]) / 40_000
    of_shard = (seconds[3] - seconds[2]) / 2000 - of_image
    grown = {name: (larger.bytes_of(name) - many.bytes_of(name)) / (24 * 200) for name in ("features.npy", "index.csv")}
    return (Costs(*image, of_image, grown["features.npy"], grown["index.csv"]), Costs(*shard, of_shard))


@dataclasses.dataclass
class Shard:
    left: float  # seconds of work
    done: bool = False
    held: bool = False
    alive: bool = False  # its worker


@dataclasses.dataclass
class Worker:
    start: float
    lost_at: float
    order: list
    misses: int = 0
    candidates: list = dataclasses.field(default_factory=list)
    seen: dict = dataclasses.field(default_factory=dict)  # held shards, and since when they are seen without a sign of life
    holds: Shard | None = None
    wait: float = FIRST_WAIT
    busy: float = 0.0


class DryRun:
    def __init__(self, shards, workers, work_seconds, operations, latency, lost, seed=1):
        chance = random.Random(seed)
        self.shards = [Shard(left=work_seconds * chance.lognormvariate(0, 0.1)) for _ in range(shards)]
        self.operations_of_shard, self.latency = operations, latency
        typical = shards * work_seconds / workers
        self.workers = [Worker(start=chance.uniform(0, STARTED_WITHIN),
                               lost_at=chance.uniform(0, typical) if chance.random() < lost else float("inf"),
                               order=chance.sample(range(shards), shards)) for _ in range(workers)]
        self.events, self.tickets = [], 0
        self.by_second = {}
        self.collisions = self.looks = self.taken_over = 0
        self.end = 0.0

    def run(self):
        for i, worker in enumerate(self.workers):
            self.at(worker.start, self.begin, i)
        while self.events:
            time, _, action, arguments = heapq.heappop(self.events)
            action(time, *arguments)

    def at(self, time, action, *arguments):
        self.tickets += 1  # events of one time come in the order in which they were asked for
        heapq.heappush(self.events, (time, self.tickets, action, arguments))

    def operate(self, time, count):
        """So many operations from a time on; the time at which they are done."""
        second = int(time)
        self.by_second[second] = self.by_second.get(second, 0) + count
        return time + count * self.latency

    def begin(self, time, i):
        worker = self.workers[i]
        worker.candidates, worker.seen = list(worker.order), {}
        self.at(self.look_at_all(self.operate(time, 20), i), self.choose, i)  # plan and model

    def look_at_all(self, time, i):
        """Lists parts and claims; leaves open what has neither."""
        worker = self.workers[i]
        for s in worker.candidates:
            if self.shards[s].held and not self.shards[s].done:
                worker.seen.setdefault(s, time)
        worker.candidates = [s for s in worker.candidates if not self.shards[s].done and not self.shards[s].held]
        worker.misses = 0
        return self.operate(time, 2 + 2 * len(self.shards) / 1000)

    def choose(self, time, i):
        """Claims the next shard that is open, as far as this worker knows."""
        worker = self.workers[i]
        if self.is_lost(time, i):
            return
        for _ in range(50):  # then others come to turn
            if not worker.candidates:
                worker.wait = FIRST_WAIT
                self.at(time, self.look_at_held, i)
                return
            if worker.misses == MISSES_BEFORE_LOOK:
                time = self.look_at_all(time, i)
                continue
            shard = worker.candidates.pop()
            self.looks += 1
            time = self.operate(time, 1)
            worker.misses += 1
            if self.shards[shard].done:
                continue
            time = self.operate(time, 1)
            if self.shards[shard].held:
                self.collisions += 1
                worker.seen[shard] = time
                continue
            self.work(time, i, shard)
            return
        self.at(time, self.choose, i)

    def work(self, time, i, shard):
        worker, state = self.workers[i], self.shards[shard]
        worker.misses = 0
        state.held = state.alive = True
        worker.holds = state
        end = self.operate(time, self.operations_of_shard) + state.left
        if worker.lost_at < end:
            state.left = max(0.0, state.left - max(0.0, worker.lost_at - time))
            self.at(max(time, worker.lost_at), self.is_lost, i)
            return
        worker.busy += end - time
        self.at(end, self.finish, i, shard)

    def finish(self, time, i, shard):
        self.shards[shard].done = True
        self.workers[i].holds = None
        self.end = max(self.end, time)
        self.choose(time, i)

    def is_lost(self, time, i):
        worker = self.workers[i]
        if time < worker.lost_at:
            return False
        worker.lost_at = float("inf")
        if worker.holds is not None:
            worker.holds.alive = False
            worker.holds = None
        self.at(time + QUEUED_AGAIN_AFTER, self.begin, i)
        return True

    def look_at_held(self, time, i):
        """Waits for what others hold, and takes over what shows no sign of life."""
        worker = self.workers[i]
        if self.is_lost(time, i):
            return
        listed = len(worker.seen) > FEW_HELD
        time = self.operate(time, 1 + (2 * len(self.shards) / 1000 if listed else len(worker.seen)))
        for shard, since in list(worker.seen.items()):
            state = self.shards[shard]
            if state.done:
                del worker.seen[shard]
            elif state.alive:
                worker.seen[shard] = time
            elif time - since >= LOST_AFTER:
                del worker.seen[shard]
                self.taken_over += 1
                self.work(time, i, shard)
                return
        if worker.seen:
            self.at(time + worker.wait, self.look_at_held, i)
            worker.wait = min(2 * worker.wait, LONGEST_WAIT)


def text(number):
    for unit, value in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= value:
            return f"{number / value:.3g} {unit}"
    return f"{number:.0f} bytes"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--images", type=int, default=10**9)
    parser.add_argument("--shard", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.5)
    parser.add_argument("--lost", type=float, default=0.1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        image, shard = measure(options.command, pathlib.Path(name))
    print("Measured here, one thread, files in memory:")
    for what, costs in (("an image", image), ("a shard beside its images", shard)):
        print(f"  {what:26} {costs.operations:6.1f} operations that name a file, {costs.flushes:4.1f} flushes, "
              f"{1e6 * costs.seconds:8.1f} us")
    print(f"  {'':26} {image.features:6.0f} bytes of features, {image.index:.0f} of the index")

    shards = -(-options.images // options.shard)
    seconds = options.shard * (image.seconds + image.operations * options.latency / 1000 / options.shard)
    dry = DryRun(shards, options.workers, seconds + shard.seconds, shard.operations, options.latency / 1000, options.lost)
    dry.run()
    busy = sum(worker.busy for worker in dry.workers)
    operations = sum(dry.by_second.values())
    print(f"A dry run: {options.images} images in {shards} shards, {options.workers} workers of one thread, "
          f"{options.latency} ms an operation, {options.lost:.0%} of the workers lost once:")
    print(f"  {dry.end / 60:.1f} minutes, {options.images * image.seconds / 3600:.1f} core-hours of work; workers are busy "
          f"{busy / (dry.end * options.workers):.0%} of the time")
    print(f"  {operations} operations for shards and claims, {operations / dry.end:.0f} a second in the mean, "
          f"{max(dry.by_second.values())} in the worst; heartbeats {options.workers * 10 / LOST_AFTER:.0f} a second")
    print(f"  {dry.looks} looks for parts, {dry.collisions} claims that another had, {dry.taken_over} shards taken over")
    print(f"  {options.images * image.operations / 1e9:.1f} thousand million operations for images, if each is a file")
    print(f"  {text(options.images * image.features)} of features, {text(options.images * image.index)} of index")


if __name__ == "__main__":
    main()

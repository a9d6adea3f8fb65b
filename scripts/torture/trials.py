"""The kinds of trial. Each takes the world, a folder of its own, and its random numbers; it raises Finding, or
Skipped where this machine can't do it."""
import errno
import os
import resource
import shutil
import signal
import subprocess
import time

from disks import Skipped, disk
from world import JOBS, MOST_SECONDS, PRINTING, limit

__all__ = ["TRIALS", "Skipped"]

TRIALS = {}


def trial(function):
    TRIALS[function.__name__.replace("_", "-")] = function
    return function


def finish(world, job, out, interrupted=True):
    """Runs the job to its end after something stopped it."""
    if interrupted and not job.continues and os.path.isdir(out):
        shutil.rmtree(out)
    again = interrupted and job.continues
    outcome = world.run(job.words(out, again))
    was_done = "the output is not empty" in outcome.messages  # the interrupt came too late
    world.require(outcome.status == 0 or was_done, f"{job.name} does not go on: {outcome.text()}")
    world.require_whole(job, out)


def some_time(world, job, chance):
    return chance.uniform(0, 1.2 * world.wholes[job.name][1])


@trial
def kills(world, place, chance):
    job = chance.choice(JOBS)
    out = os.path.join(place, "out")
    for _ in range(chance.randrange(1, 4)):
        process = world.start(job.words(out, job.continues))
        time.sleep(some_time(world, job, chance))
        process.kill()
        process.communicate()
        world.require_nothing_half(job, out)
    finish(world, job, out)


@trial
def signals(world, place, chance):
    job = chance.choice(JOBS)
    out = os.path.join(place, "out")
    number = chance.choice((signal.SIGINT, signal.SIGTERM))
    words = job.words(out)
    process = world.start(words)
    time.sleep(some_time(world, job, chance))
    process.send_signal(number)
    begin = time.monotonic()
    outcome = world.wait(process, words)
    world.require(time.monotonic() - begin < 10, f"{job.name}: obeys a signal after seconds only")
    world.require(outcome.status in (0, 128 + number, -number),
                  f"{job.name}: after signal {number}: {outcome.text()}")
    world.require_nothing_half(job, out)
    finish(world, job, out)


@trial
def full_disk(world, place, chance):
    job = chance.choice([job for job in JOBS if job.name != "challenge"])
    needed = sum(len(content) for content in world.wholes[job.name][0].values())
    with disk(place, kibibytes=max(8, chance.randrange(0, 2 * needed // 1024 + 8))) as there:
        out = os.path.join(there.path, "out")
        outcome = world.run(job.words(out))
        world.require(outcome.status in (0, 1), f"{job.name} on a full disk: {outcome.text()}")
        if outcome.status == 1:
            world.require("gradspace: " in outcome.messages, f"{job.name}: says nothing of a full disk")
            world.require_nothing_half(job, out)
            there.grow(kibibytes=1 << 16)
            finish(world, job, out)


@trial
def read_only_disk(world, place, chance):
    job = chance.choice(JOBS)
    with disk(place, kibibytes=1 << 10) as there:
        there.make_read_only()
        outcome = world.run(job.words(os.path.join(there.path, "out")))
        world.require(outcome.status == 1, f"{job.name} on a read-only disk: {outcome.text()}")
        world.require(outcome.messages.count("\n") == 1, f"{job.name}: more than a line: {outcome.text()}")


@trial
def descriptors(world, place, chance):
    """Closed ones, and /dev/full in their place."""
    closed = [number for number in (0, 1, 2) if chance.random() < 0.5]
    full = None if closed else chance.choice((1, 2))

    def before():
        for number in closed:
            os.close(number)
        if full is not None:
            os.dup2(os.open("/dev/full", os.O_WRONLY), full)

    if chance.random() < 0.5:
        job = chance.choice(JOBS)
        out = os.path.join(place, "out")
        outcome = world.run(job.words(out), before)
        world.require_whole(job, out)
        world.require(outcome.status in (0, 1), f"{job.name}, closed {closed}, full {full}: {outcome.text()}")
    else:
        line = chance.choice(PRINTING)
        status = world.run(line.split(), before).status
        lost = 1 in closed or full == 1
        world.require(status == (1 if lost else world.printed[line][0]),
                      f"{line}: closed {closed}, full {full}: status {status}")


@trial
def pipes(world, place, chance):
    """A pipe that nobody writes to in the place of an input is refused, or read to its end."""
    words = chance.choice([job.words(os.path.join(place, "out")) for job in JOBS]
                          + [line.split() for line in PRINTING])
    known = [i for i, word in enumerate(words) if os.path.isfile(os.path.join(world.data, word))]
    if not known:
        return
    fifo = os.path.join(place, "fifo")
    os.mkfifo(fifo)
    at = chance.choice(known)
    content = world.read(os.path.join(world.data, words[at]))
    process = world.start(words[:at] + [fifo] + words[at + 1:])
    if chance.random() < 0.5:
        feed(fifo, content[:chance.randrange(len(content) + 1)], process)
    outcome = world.wait(process, words)
    world.require(outcome.status in (0, 1), f"{' '.join(words)}: {outcome.text()}")


def feed(fifo, content, process):
    """Writes into the pipe once the process reads from it, unless it does not."""
    for _ in range(100):
        try:
            writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO or process.poll() is not None:
                return
            time.sleep(0.01)
            continue
        os.set_blocking(writer, True)
        try:
            os.write(writer, content[:60000])  # what a pipe holds
        except BrokenPipeError:
            pass
        os.close(writer)
        return


@trial
def links(world, place, chance):
    """The output is a link to a file elsewhere; among the inputs there are loops and links to nowhere."""
    data = os.path.join(place, "images")
    shutil.copytree(os.path.join(world.data, "clean"), data)
    os.symlink(data, os.path.join(data, "loop"))
    os.symlink("nowhere", os.path.join(data, "dangling.bmp"))
    os.symlink("itself", os.path.join(data, "itself"))
    target = os.path.join(place, "elsewhere")
    os.mkdir(os.path.join(place, "out-folder"))
    out = os.path.join(place, "out-folder", "out")
    job = chance.choice([job for job in JOBS if isinstance(world.wholes[job.name][0].get(""), bytes)])
    os.symlink(target, out)
    words = [data if word == "clean" else word for word in job.words(out)]
    outcome = world.run(words)
    world.require(outcome.status == 0, f"{' '.join(words)}: {outcome.text()}")
    world.require(os.path.islink(out) and os.path.isfile(target), f"{job.name}: the link is gone")
    world.require_whole(job, out)


@trial
def odd_names(world, place, chance):
    """Images and outputs under names of any bytes."""
    alphabet = [bytes([byte]) for byte in range(1, 256) if byte != ord("/")]
    name = b"x" + b"".join(chance.choice(alphabet) for _ in range(chance.randrange(1, 200)))
    data = os.path.join(os.fsencode(place), name)
    shutil.copytree(os.path.join(os.fsencode(world.data), b"clean"), data)
    job = chance.choice([job for job in JOBS if " --data clean " in job.line])
    out = os.path.join(os.fsencode(place), b"out", name)
    os.mkdir(os.path.dirname(out))
    words = [data if word == "clean" else word for word in job.words(out)]
    outcome = world.run(words)
    world.require(outcome.status == 0, f"{job.name} with {name!r}: {outcome.text()}")
    if job.name != "extract":  # which names its images
        world.require_whole(job, out)


def mutated(content, chance):
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        at = chance.randrange(len(content)) if content else 0
        kind = chance.randrange(4)
        if kind == 0 and content:
            content[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            content = content[:at]
        elif kind == 2:
            content[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 64)))
        elif content:
            content[at:at + chance.randrange(1, 64)] = b""
    return bytes(content)


@trial
def mutated_files(world, place, chance):
    """No file, whatever it holds, crashes a command or keeps it busy; of gradspace's own none is taken."""
    words = chance.choice([job.words(os.path.join(place, "out")) for job in JOBS]
                          + [line.split() for line in PRINTING])
    known = [i for i, word in enumerate(words)
             if os.path.exists(os.path.join(world.data, word)) and not word.startswith("-")]
    if not known:
        return
    at = chance.choice(known)
    source = os.path.join(world.data, words[at])
    copy = os.path.join(place, "input")
    shutil.copytree(source, copy) if os.path.isdir(source) else shutil.copy(source, copy)
    files = [copy] if os.path.isfile(copy) else [os.path.join(folder, name) for folder, _, names in os.walk(copy)
                                                 for name in names]
    victim = chance.choice(sorted(files))
    original = world.read(victim)
    content = mutated(original, chance)
    with open(victim, "wb") as file:
        file.write(content)
    line = words[:at] + [copy] + words[at + 1:]
    outcome = world.run(line, limit(resource.RLIMIT_AS, 4 << 30))
    world.require(outcome.status in (0, 1), f"{' '.join(line)} with {victim} mutated: {outcome.text()}")
    # A file whose checksum is cut out cleanly is taken for one of version 0.1.0, which has none.
    sealed = words[at] in ("model", "detector", "features", "others") and words[0] != "info" and (
        b'"checksum"' in content or b'"checksum"' not in original)
    world.require(outcome.status == 1 or not sealed or content == original,
                  f"{' '.join(line)}: took {victim}, which is damaged")


@trial
def two_processes(world, place, chance):
    """On one output: each is done or refused, and what is there at the end is whole."""
    job = chance.choice(JOBS)
    out = os.path.join(place, "out")
    words = job.words(out, job.continues)
    processes = []
    for _ in range(2):
        processes.append(world.start(words))
        time.sleep(chance.uniform(0, 0.3) * world.wholes[job.name][1])
    outcomes = [world.wait(process, words) for process in processes]
    world.require(all(outcome.status in (0, 1) for outcome in outcomes) and
                  any(outcome.status == 0 for outcome in outcomes),
                  f"two of {job.name}: " + " and ".join(outcome.text() for outcome in outcomes))
    world.require_whole(job, out)


@trial
def small_limits(world, place, chance):
    kind, value = chance.choice(((resource.RLIMIT_NOFILE, 12), (resource.RLIMIT_NOFILE, 24),
                                 (resource.RLIMIT_AS, 200 << 20), (resource.RLIMIT_AS, 400 << 20),
                                 (resource.RLIMIT_FSIZE, 4096), (resource.RLIMIT_FSIZE, 100_000)))
    job = chance.choice(JOBS)
    out = os.path.join(place, "out")
    outcome = world.run(job.words(out), limit(kind, value))
    world.require(outcome.status in (0, 1), f"{job.name} with limit {kind} of {value}: {outcome.text()}")
    if outcome.status == 0:
        world.require_whole(job, out)
    else:
        world.require_nothing_half(job, out)
        finish(world, job, out)


@trial
def ends_of_output(world, place, chance):
    """Whoever reads the results goes away after the first of them."""
    line = chance.choice(PRINTING)
    process = world.start(line.split())
    process.stdout.read(chance.randrange(0, 40))
    process.stdout.close()
    try:
        process.wait(MOST_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        world.require(False, f"{line}: hangs when its reader is gone")
    messages = process.stderr.read()
    process.stderr.close()
    world.require(process.returncode in (0, 1, -signal.SIGPIPE), f"{line}: status {process.returncode}: {messages}")

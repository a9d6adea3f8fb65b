"""Trials on the command until the time is over or one finds something. Exit status: 0 nothing was found, 1 a
finding, whose folder is kept, 77 numpy or Pillow is not installed."""
import argparse
import collections
import os
import random
import shutil
import sys
import tempfile
import time

try:
    import numpy  # noqa: F401
    import PIL  # noqa: F401
except ImportError as missing:
    print(f"torture: skipped: {missing}")
    sys.exit(77)

from trials import TRIALS, Skipped
from world import Finding, World


def parse_arguments():
    parser = argparse.ArgumentParser(prog="torture.sh", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=5)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--command", default="build/release/bin/gradspace")
    parser.add_argument("--go-on", action="store_true", help="after a finding, to see more")
    parser.add_argument("--only", choices=sorted(TRIALS), help="this kind of trial alone")
    arguments = parser.parse_args()
    arguments.command = os.path.abspath(arguments.command)
    if not os.access(arguments.command, os.X_OK):
        parser.error(f"{arguments.command}: no command there; build it, or name one with --command")
    return arguments


def run_trials(world, arguments):
    """Trials in turn, each with a seed of its own, so that one can be repeated: how many of each name were
    done, and how many found something."""
    done, found, skipped = collections.Counter(), 0, {}
    names = [arguments.only] if arguments.only else sorted(TRIALS)
    begin = time.monotonic()
    number = 0
    while time.monotonic() - begin < 60 * arguments.minutes and len(skipped) < len(names):
        name = names[number % len(names)]
        number += 1
        if name in skipped:
            continue
        place = world.new_folder()
        try:
            TRIALS[name](world, place, random.Random(f"{arguments.seed} {number}"))
            done[name] += 1
        except Skipped as reason:
            skipped[name] = str(reason)
        except Finding as finding:
            print(f"torture: {name}, trial {number} of seed {arguments.seed}: {finding}\n  kept in {place}", flush=True)
            found += 1
            if not arguments.go_on:
                break
            continue
        shutil.rmtree(place, ignore_errors=True)
    for name, reason in skipped.items():
        print(f"torture: {name} is left out: {reason}")
    return done, found


def main():
    arguments = parse_arguments()
    print(f"torture: seed {arguments.seed}, {arguments.minutes:g} minutes", flush=True)
    root = tempfile.mkdtemp(prefix="gradspace-torture-")
    world = World(arguments.command, root)
    done, found = run_trials(world, arguments)
    if found > 0:
        return 1
    shutil.rmtree(root, ignore_errors=True)
    print("torture: nothing found in " + ", ".join(f"{count} {name}" for name, count in sorted(done.items())))
    return 0


sys.exit(main())

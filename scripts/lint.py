#!/usr/bin/env python3
"""Runs clang-tidy over the sources that have changed since they were last found clean.

.ci/linted.txt records a digest of each source and header that was found clean: of its text, of .clang-tidy and
of clang-tidy's major version. Looked at is what is not on record; of a header, through one source that includes
it. What a changed header means for the others is left to --all, which takes half an hour on two cores.

Usage: lint.py BUILD_FOLDER [--record] [--all]
  --record  writes the digests of what was found clean into .ci/linted.txt
  --all     looks at every source, whatever is on record
"""
import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORD = ROOT / ".ci" / "linted.txt"
INCLUDE = re.compile(r'^\s*#\s*include "([^"]+)"', re.M)


def listed(*patterns):
    """LibTorch's headers take clang-tidy a minute a file, so its module is left out."""
    files = subprocess.run(["git", "ls-files", *patterns, ":!src/torch/*"], cwd=ROOT, check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    return files.split()


@functools.cache
def named_by(path):
    """The headers of ours that a file names; generated ones are passed over."""
    names = INCLUDE.findall((ROOT / path).read_text())
    places = [f"{folder}/{name}" for name in names for folder in ("src", "include")]
    return [place for place in places if (ROOT / place).is_file()]


def included_by(source):
    """All headers of ours that a source sees, through others too."""
    waiting, found = [source], set()
    while waiting:
        for header in named_by(waiting.pop()):
            if header not in found:
                found.add(header)
                waiting.append(header)
    return found


def digest(path, tool):
    return hashlib.sha256(tool + (ROOT / path).read_bytes()).hexdigest()[:32]


def chosen_sources(changed, sources):
    """The sources to look at, each with the changed files that it stands for: itself, and headers."""
    chosen = {path: [path] for path in changed if path in sources}
    includes = {source: included_by(source) for source in sources}
    for header in (path for path in changed if path not in sources):
        includers = [source for source in sources if header in includes[source]]
        if includers:
            # One that is looked at anyhow, or the header's own source, or the shortest.
            best = min(includers, key=lambda source: (source not in chosen, source[:-4] != header[:-2],
                                                      (ROOT / source).stat().st_size))
            chosen.setdefault(best, []).append(header)
    return chosen


def tool_identity():
    version = subprocess.run(["clang-tidy", "--version"], check=True, text=True, stdout=subprocess.PIPE).stdout
    major = re.search(r"version (\d+)", version)[1]
    return major.encode() + (ROOT / ".clang-tidy").read_bytes()


def read_record():
    if not RECORD.exists():
        return {}
    return dict(line.split() for line in RECORD.read_text().splitlines())


def commands_apart(entry):
    """The commands of the sources that a unity build's file includes; others' as they are."""
    file = pathlib.Path(entry["file"])
    if file.parent.name != "Unity":
        return [entry]
    sources = re.findall(r'^#include "(.+)"', file.read_text(), re.M)
    return [{**entry, "file": source, "command": entry["command"].replace(str(file), source)} for source in sources]


def write_commands(build):
    """The build's compile commands, a source each and without GCC's precompiled headers, which are nothing
    for clang."""
    folder = build / "lint"
    folder.mkdir(exist_ok=True)
    commands = json.loads((build / "compile_commands.json").read_text())
    commands = [command for entry in commands for command in commands_apart(entry)]
    for entry in commands:
        entry["command"] = re.sub(r"-include \S*cmake_pch\.hxx", "", entry["command"])
    (folder / "compile_commands.json").write_text(json.dumps(commands))
    return folder


def lint(source, folder):
    # Warnings of the compiler are the compiler's to judge, and GCC's own flags are no matter here.
    run = subprocess.run(["clang-tidy", "-p", str(folder), "--quiet", "--warnings-as-errors=*",
                          "--extra-arg=-Wno-error", "--extra-arg=-Wno-unknown-warning-option", source],
                         cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    findings = [line for line in run.stdout.splitlines() if not re.search(r"warnings? generated", line)]
    return run.returncode == 0, "\n".join(findings)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()

    tool = tool_identity()
    sources = listed("src/*.cpp")
    digests = {path: digest(path, tool) for path in sources + listed("src/*.h", "include/*.h")}
    record = read_record()
    changed = [path for path, value in digests.items() if arguments.all or record.get(path) != value]
    due = chosen_sources(changed, set(sources))
    print(f"lint: {len(changed)} files have changed; looking at {len(due)} of {len(sources)} sources", file=sys.stderr)

    folder = write_commands(arguments.build.resolve())
    failed = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, (clean, findings) in zip(due, pool.map(lambda each: lint(each, folder), due)):
            if not clean:
                failed.update(due[source])
                print(f"{source}:\n{findings}")
    if arguments.record:
        RECORD.write_text("".join(f"{path} {value}\n" for path, value in digests.items() if path not in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

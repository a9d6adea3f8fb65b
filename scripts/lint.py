#!/usr/bin/env python3
"""Runs clang-tidy over the sources that have changed since they were last found clean.

.ci/linted.txt records a digest of each clean source: of its text, of the headers of ours that it includes,
of .clang-tidy and of clang-tidy's major version. A source whose digest is on record is passed over.

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


def sources():
    """What is looked at: LibTorch's headers take clang-tidy a minute a file, so its module is left out."""
    listed = subprocess.run(["git", "ls-files", "src/*.cpp", ":!src/torch/*"], cwd=ROOT, check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return listed.split()


@functools.cache
def text_of(path):
    return path.read_bytes()


@functools.cache
def included_by(path):
    """The headers of ours that a file names, as paths; generated ones are passed over."""
    names = INCLUDE.findall(text_of(path).decode())
    places = [ROOT / folder / name for name in names for folder in ("src", "include")]
    return [place for place in places if place.is_file()]


def digest(source, tool):
    waiting, found = [ROOT / source], set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += included_by(path)
    total = hashlib.sha256(tool)
    for path in sorted(found):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + text_of(path) + b"\0")
    return total.hexdigest()[:32]


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
    digests = {source: digest(source, tool) for source in sources()}
    record = read_record()
    due = [source for source, value in digests.items() if arguments.all or record.get(source) != value]
    print(f"lint: {len(due)} of {len(digests)} sources have changed", file=sys.stderr)

    folder = write_commands(arguments.build.resolve())
    failed = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, (clean, findings) in zip(due, pool.map(lambda each: lint(each, folder), due)):
            if not clean:
                failed.add(source)
                print(f"{source}:\n{findings}")
    if arguments.record:
        RECORD.write_text("".join(f"{source} {value}\n" for source, value in digests.items() if source not in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

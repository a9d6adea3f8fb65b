#!/usr/bin/env python3
"""Runs benchmark programs and keeps what they measured as one JSON file, to be compared by compare.py.

  bench/record.py build/release before.json                    all programs of the build
  bench/record.py build/release before.json --only gradient image
  bench/record.py build/release before.json --filter '^extract'

The file says on which commit and machine the figures were taken, when, how busy the machine was, and holds
every repetition of every benchmark in nanoseconds, so that a comparison knows their spread.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

from compare import FORMAT_VERSION, median

NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def repetitions(report):
    """The times of each benchmark in a report of Google Benchmark, in nanoseconds, by its name."""
    times = {}
    for entry in report["benchmarks"]:
        if entry.get("error_occurred"):
            raise SystemExit(f"record: {entry['name']}: {entry.get('error_message', 'failed')}")
        if entry.get("run_type", "iteration") == "iteration":
            time = entry["real_time"] * NANOSECONDS[entry["time_unit"]]
            times.setdefault(entry.get("run_name", entry["name"]), []).append(time)
    return times


def run_program(program, options):
    """A program's report, as Google Benchmark writes it."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "report.json"
        subprocess.run(
            [program, f"--benchmark_out={out}", "--benchmark_out_format=json",
             f"--benchmark_repetitions={options.repetitions}",
             f"--benchmark_min_time={options.seconds}", f"--benchmark_filter={options.filter}"],
            check=True, stdout=sys.stderr, env={**os.environ, "OMP_NUM_THREADS": "1"})
        text = out.read_text() if out.exists() else ""
        return json.loads(text) if text.strip() else {"context": {}, "benchmarks": []}


def processor():
    """What the kernel calls the processor."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def machine():
    """What a figure depends on beside the code. The load tells how far to trust it."""
    return {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform(),
            "load_at_start": round(os.getloadavg()[0], 2)}


def programs_of(build, only):
    """The benchmark programs of a build folder by the name of their part."""
    found = {path.name.removeprefix("gradspace_").removesuffix("_bench"): path
             for path in sorted((build / "bin").glob("gradspace_*_bench"))}
    missing = [name for name in only if name not in found]
    if missing or not found:
        raise SystemExit(f"record: no benchmark program {', '.join(missing) or 'at all'} in {build}/bin"
                         f" (there are: {', '.join(found) or 'none'})")
    return {name: found[name] for name in only or found}


def record(options):
    """Runs the programs; what the file is to hold."""
    result = {"format_version": FORMAT_VERSION, "commit": None,
              "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "machine": machine(), "benchmarks": {}}
    for name, program in programs_of(options.build, options.only).items():
        report = run_program(program, options)
        # The commit is compiled into the programs: what is checked out now may be another.
        commit = report["context"].get("commit", result["commit"])
        if result["commit"] not in (None, commit):
            raise SystemExit(f"record: {program} is of commit {commit}, others of {result['commit']}; build all")
        result["commit"] = commit
        for benchmark, times in repetitions(report).items():
            result["benchmarks"][f"{name}: {benchmark}"] = {"median_ns": median(times), "times_ns": times}
    if not result["benchmarks"]:
        raise SystemExit("record: nothing was measured; does --filter fit any benchmark?")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="build folder, for example build/release")
    parser.add_argument("out", type=pathlib.Path, help="JSON file to write")
    parser.add_argument("--only", nargs="+", default=[], metavar="PART", help="for example: image gradient")
    parser.add_argument("--filter", default=".", help="regular expression over benchmarks' names")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="least time a repetition takes")
    options = parser.parse_args()
    result = record(options)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{options.out}: {len(result['benchmarks'])} benchmarks of commit {result['commit']}")


if __name__ == "__main__":
    main()

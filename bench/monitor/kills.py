#!/usr/bin/env python3
"""Kills `gradspace monitor` at random moments, and says whether alarms are lost or stand anywhere twice.

Usage: kills.py COMMAND PHOTOGRAPHS [--kills 100] [--seed 1]

Four simulated cameras, whose thresholds are so low that alarms come and go all the time, write JSON lines into a file that
every run appends to. In the end the monitor runs once more and is stopped. Then every alarm of the journal must be in the
lines, every one of the lines in the journal, and no alarm, state of an alarm, or verdict twice. The exit status says whether
it is so.
"""
import argparse
import collections
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

CONFIGURATION = """
folder = "state"
threads = 2
[defaults]
detector = "detector.safetensors"
frames_per_second = 100
drift_every_s = 0
[defaults.alarms]
false_alarms_per_day = 8000000
raise_after = 1
raise_within = 1
clear_after = 2
at_least_s = 0
[http]
enabled = false
"""

CAMERA = """
[[camera]]
name = "camera-{number}"
kind = "simulated"
address = "{photographs}"
width = 160
height = 120
seed = {number}
"""


def start(command, folder):
    with open(folder / "lines.jsonl", "ab") as lines:
        return subprocess.Popen([command, "monitor", folder / "cameras.toml", "--format", "jsonl"], stdout=lines,
                                stderr=subprocess.DEVNULL)


def journal(folder):
    """The ids of raised alarms, in the order of the journal's files."""
    ids = []
    for name in ("alarms.1.jsonl", "alarms.jsonl"):
        path = folder / "state" / name
        if path.exists():
            events = map(json.loads, path.read_text().splitlines())
            ids += [event["id"] for event in events if event["event"] == "raised"]
    return ids


def rows_of(path):
    """Rows, and how many lines are none, as a kill has cut them off."""
    rows, pieces = [], 0
    for line in path.read_text(errors="replace").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            pieces += 1
    return rows, pieces


def more_than_once(things):
    return [thing for thing, count in collections.Counter(things).items() if count > 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("photographs", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="gradspace-kills-") as name:
        folder = pathlib.Path(name)
        subprocess.run([options.command, "fit", "--data", options.photographs, "--method", "photograph-image", "--tiles", "28x28",
                        "--false-alarms", "0.1", "--out", folder / "detector.safetensors", "--quiet"], check=True)
        cameras = "".join(CAMERA.format(number=number, photographs=options.photographs) for number in range(4))
        (folder / "cameras.toml").write_text(CONFIGURATION + cameras)
        for _ in range(options.kills):
            process = start(options.command, folder)
            time.sleep(draw.uniform(0.1, 1.4))
            process.kill()
            process.wait()
        process = start(options.command, folder)
        time.sleep(3)
        process.send_signal(signal.SIGTERM)
        process.wait()
        raised = journal(folder)
        rows, pieces = rows_of(folder / "lines.jsonl")
    alarms = [row for row in rows if row["type"] == "alarm"]
    told = {row["id"] for row in alarms}
    states = [(row["id"], bool(row["cleared"]), bool(row["acknowledged"])) for row in alarms]
    verdicts = [(row["camera"], row["number"]) for row in rows if row["type"] != "alarm"]
    result = {
        "kills": options.kills, "alarms": len(raised), "alarm_lines": len(alarms), "verdict_lines": len(verdicts),
        "lines_cut_off": pieces, "alarms_without_a_line": len(set(raised) - told), "lines_without_an_alarm": len(told - set(raised)),
        "alarms_twice": len(more_than_once(raised)), "alarm_lines_twice": len(more_than_once(states)),
        "verdict_lines_twice": len(more_than_once(verdicts)),
    }
    print(json.dumps(result))
    wrong = sum(result[key] for key in result if key.endswith("_twice") or "_without_" in key)
    sys.exit(1 if wrong or not raised else 0)


if __name__ == "__main__":
    main()

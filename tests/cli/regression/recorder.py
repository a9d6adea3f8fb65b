"""Runs the steps and keeps what each of them said and wrote.

A record is a folder of text files, one for each group of steps ("score/jsonl" is in score.txt):

    === score/jsonl: score --model ... --format jsonl stream
    --- status
      0
    --- stdout
      {"image": ...
    --- file out/results.csv
      ...
"""
import os
import subprocess
import tempfile

from inputs import make_inputs
from renditions import rendition, text_lines
from rules import Rules, file_name
from steps import STEPS

TIMEOUT_S = 300
FILE_TIME = 1_500_000_000  # seconds since 1970; any fixed value will do


def snapshot(root):
    """All files below `root`, each with what tells whether it was written since."""
    files = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            status = os.stat(path)
            files[os.path.relpath(path, root)] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return files


def set_times(root, names):
    """All files bear the same time, so that a step that writes one shows, by the new time."""
    for name in names:
        os.utime(os.path.join(root, name), (FILE_TIME, FILE_TIME))


def run_step(command, step, root, rules):
    """The sections of a step: {title: lines}."""
    if step.before:
        step.before(root)
        set_times(root, snapshot(root))
    before = snapshot(root)
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    done = subprocess.run([command, *step.arguments], cwd=root, capture_output=True, env=environment,
                          input=step.read_input(root), timeout=TIMEOUT_S, check=False)
    after = snapshot(root)
    # An experiment's inputs.json holds times of files, and is written anew where these are recent.
    written = sorted(name for name, status in after.items()
                     if before.get(name) != status and os.path.basename(name) != "inputs.json")
    contents = {}
    for name in written:
        with open(os.path.join(root, name), "rb") as file:
            contents[name] = file.read()
        rules.know(contents[name], file_name(name))
    sections = {"status": [str(done.returncode)],
                "stdout": rules.lines(text_lines(done.stdout.decode()), ""),
                "stderr": rules.lines(text_lines(done.stderr.decode()), "")}
    for name in written:
        sections[f"file {file_name(name)}"] = rules.lines(rendition(name, contents[name]), name)
    set_times(root, written)
    gone = sorted(set(before) - set(after))
    if gone:
        sections["removed"] = [file_name(name) for name in gone]
    return sections


def record(command, data):
    """Runs all steps in a new folder; {step's title: {section's title: lines}}."""
    with tempfile.TemporaryDirectory(prefix="gradspace-regression-") as root:
        make_inputs(root, data)
        rules = Rules(root)
        set_times(root, snapshot(root))
        for name in snapshot(root):
            with open(os.path.join(root, name), "rb") as file:
                rules.know(file.read(), name)
        return {step.title(): run_step(os.path.abspath(command), step, root, rules)
                for step in STEPS}


def write_record(steps, folder):
    os.makedirs(folder, exist_ok=True)
    groups = {}
    for title, sections in steps.items():
        lines = groups.setdefault(title.partition("/")[0], [])
        lines.append(f"=== {title}")
        for section, content in sections.items():
            lines.append(f"--- {section}")
            lines += [f"  {line}" for line in content]
    for group, lines in groups.items():
        with open(os.path.join(folder, f"{group}.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def read_record(folder):
    steps = {}
    for name in sorted(name for name in os.listdir(folder) if name.endswith(".txt")):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            for line in file.read().split("\n")[:-1]:
                if line.startswith("=== "):
                    sections = steps.setdefault(line[4:], {})
                elif line.startswith("--- "):
                    content = sections.setdefault(line[4:], [])
                else:
                    content.append(line[2:])
    return steps

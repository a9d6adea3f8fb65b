"""Makes a record small enough to be committed and true on every machine.

Hashes go, as weights and pixels may differ in their last bits between processors; of long tables the ends
stay, of folders with many files the first and the last. What is lost here is still compared by whoever
makes two whole records with two commands on one machine.
"""
import os
import re

from rules import HASH
from steps import STEPS

OWN_HASH = re.compile(r'"sha256[^"]*": "[0-9A-F]{64}",? ?')
LONG_TEXT = re.compile(r'"[^"\s]{200,}"')
LONG_NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d{5,}(?:e[-+]?\d+)?(?!\w)")
MOST_HELP_LINES = 60  # help is there to be read whole, and is the same everywhere
MOST_LINES = 12
HELP = ("help/", "usage/")
MOST_CHARACTERS = 220  # of a line
MOST_FILES = 2  # of one folder and step


def short_number(match):
    """Six digits, far more than the comparison looks at; never without a sign that it is no whole number."""
    text = f"{float(match.group()):.6g}"
    return text if "." in text or "e" in text else text + ".0"


def shortened_line(line):
    line = LONG_TEXT.sub('"<long text>"', HASH.sub("<hash>", OWN_HASH.sub("", line)))
    return LONG_NUMBER.sub(short_number, line)


def shortened_lines(lines, most):
    lines = [line for line in map(shortened_line, lines) if line.strip(" ")] if lines else []
    if len(lines) > most:
        lines = [*lines[:most // 2], f"<{len(lines) - most} more lines>", *lines[-(most // 2):]]
    return [line if len(line) <= MOST_CHARACTERS else
            re.sub(r"\S*$", "", line[:MOST_CHARACTERS]) + "<and so on>" for line in lines]


def left_out(sections):
    """Names of the sections that stand for neither the first nor the last files of their folder, and
    {folder: how many these are}."""
    folders = {}
    for section in sections:
        if section.startswith("file "):
            folders.setdefault(os.path.dirname(section[5:]), []).append(section)
    names, counts = set(), {}
    for folder, files in folders.items():
        if len(files) > MOST_FILES:
            names.update(files[MOST_FILES - 1:-1])
            counts[folder] = len(files) - MOST_FILES
    return names, counts


def shortened_record(steps):
    left = {step.title() for step in STEPS if not step.portable}
    result, known = {}, {}
    for title, sections in steps.items():
        if title in left:
            continue
        names, counts = left_out(sections)
        result[title] = short = {}
        for section, lines in sections.items():
            if section in names:
                continue
            short[section] = shortened_lines(
                lines, MOST_HELP_LINES if title.startswith(HELP) else MOST_LINES)
            if section.startswith("file ") and known.get(section) == lines:
                short[section] = ["<as before>"]
            known[section] = lines
        for folder, count in counts.items():
            short[f"more files in {folder or '.'}"] = [str(count)]
    return result

"""What may differ between two runs of the same command, and what takes its place in a record.

Everything else is recorded as it is.
"""
import hashlib
import os
import re

# Name, reason, pattern, replacement. A pattern must not reach further than its reason does.
TEXT_RULES = [
    ("time of day", "run.json says when a run started and finished",
     re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "<time>"),
    ("seconds", "how long a stage or an epoch took",
     re.compile(r'("seconds": ?)(?:[-+.e\d]+|\[[^\]]*\])'), r"\1<seconds>"),
    ("threads", "run.json says how many threads were allowed, by default the machine's cores",
     re.compile(r'("threads": ?)\d+'), r"\1<threads>"),
    ("version", "grows with each release",
     re.compile(r'("(?:gradspace_version|report_version|version)": ?)"\d+\.\d+\.\d+"'),
     r'\1"<version>"'),
    ("version in JSON within a text", "as version; what an experiment's results are made of is such a text",
     re.compile(r'(\\"version\\": ?)\\"\d+\.\d+\.\d+\\"'), r'\1\\"<version>\\"'),
    ("checksum", "a file's checksum is of all that is in it, times and versions included",
     re.compile(r"\bxxh3-64:[0-9a-f]{16}\b"), "xxh3-64:<checksum>"),
    ("version in text", "grows with each release",
     re.compile(r"\b(gradspace(?:_version)?[ :=]+)\d+\.\d+\.\d+\b"), r"\1<version>"),
]
# On a slow machine a command that works for over ten seconds says how far it is.
PROGRESS_LINE = re.compile(r"^.* \[=* *\] +\d+ %  \d+/\d+ .*$")
# A checkpoint bears the SHA-256 of its own metadata, in which seconds stand.
CHECKPOINT_SUM = re.compile(r'("sha256": )"[0-9a-f]{64}"')
# Whole, or the first twelve digits that messages show.
HASH = re.compile(r"(?<![\w.])(?:[0-9a-f]{64}|[0-9a-f]{12}(?=\.\.\.))(?!\w)")
# In a feature set's meta.json: of files that hold numbers which another processor may round otherwise.
SET_CHECKSUM = re.compile(r'^(\s*(?:"(?:index|failures)": )?)"[0-9a-f]{16}"(?=,?$)')
EVENT_FILE = re.compile(r"tfevents\.\d+\.[^/\s]+")


class Rules:
    """Rewrites lines of one record. It knows the SHA-256 of all files of the run so far: such a hash is
    replaced by the file's name, so that it is compared as a reference, while the file's own content,
    in which a version or a time may have changed, is compared with its own rules."""

    def __init__(self, folder):
        self._folder = folder
        self._files = {}

    def know(self, content, name):
        digest = hashlib.sha256(content).hexdigest()
        self._files.setdefault(digest, name)
        self._files.setdefault(digest[:12], name)

    def line(self, line, name):
        line = line.replace(os.path.realpath(self._folder), "<work>").replace(self._folder, "<work>")
        line = EVENT_FILE.sub("tfevents.<time>.<host>", line)
        for _, _, pattern, replacement in TEXT_RULES:
            line = pattern.sub(replacement, line)
        line = HASH.sub(self._named, line)
        return CHECKPOINT_SUM.sub(r"\1<sum>", line) if "checkpoint" in name else line

    def _named(self, match):
        name = self._files.get(match.group())
        return f"<SHA-256 of {name}>" if name else match.group()

    def lines(self, lines, name):
        lines = [self.line(line, name) for line in lines if not PROGRESS_LINE.match(line)]
        if name.endswith("meta.json"):
            lines = [SET_CHECKSUM.sub(r'\1"<checksum>"', line) for line in lines]
        return without_seconds_column(lines) if name.endswith(".csv") else lines


def without_seconds_column(lines):
    """CSV tables of a training have a last column with the seconds since it began."""
    if not lines or not lines[0].endswith(",seconds"):
        return lines
    return lines[:1] + [re.sub(r",[^,]*$", ",<seconds>", line) for line in lines[1:]]


def file_name(name):
    return EVENT_FILE.sub("tfevents.<time>.<host>", name)

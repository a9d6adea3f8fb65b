#!/usr/bin/env python3
"""The regression test of the command line: what every command says and writes on small fixed inputs.

  regression.py record [--golden] COMMAND FOLDER      runs every command and keeps what comes out
  regression.py compare RECORD_A RECORD_B [--renames FILE]   exact, but for what FILE allows
  regression.py check COMMAND GOLDEN                  runs, and compares with a record made by --golden

Exit status: 0 all agree, 1 something differs (it is printed), 77 numpy or Pillow is not installed.
"""
import argparse
import os
import sys

sys.dont_write_bytecode = True  # the sources' folder stays as it is
try:
    import numpy  # noqa: F401
    import PIL  # noqa: F401
except ImportError as missing:
    print(f"regression: skipped: {missing}")
    sys.exit(77)

from comparison import Allowance, differences, lines_agree, nearly_same
from recorder import read_record, record, write_record
from shortening import shortened_record

TEST_FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")


def do_record(arguments):
    steps = record(arguments.command, TEST_FILES)
    write_record(shortened_record(steps) if arguments.golden else steps, arguments.folder)
    print(f"{arguments.folder}: {len(steps)} steps")
    return []


def do_compare(arguments):
    allowance = Allowance(arguments.renames)
    first, second = read_record(arguments.first), read_record(arguments.second)
    found = differences(first, second, allowance.same, allowance.renamed)
    if not found:
        print(f"{len(first)} steps agree")
    return found


def do_check(arguments):
    found = shortened_record(record(arguments.command, TEST_FILES))
    return differences(read_record(arguments.golden), found, nearly_same, agree=lines_agree)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(required=True)
    task = tasks.add_parser("record")
    task.add_argument("--golden", action="store_true", help="shortened, to be committed")
    task.add_argument("command")
    task.add_argument("folder")
    task.set_defaults(run=do_record)
    task = tasks.add_parser("compare")
    task.add_argument("first")
    task.add_argument("second")
    task.add_argument("--renames", help="lines `old -> new` and `ignore NAME`")
    task.set_defaults(run=do_compare)
    task = tasks.add_parser("check")
    task.add_argument("command")
    task.add_argument("golden")
    task.set_defaults(run=do_check)
    arguments = parser.parse_args()
    found = arguments.run(arguments)
    if found:
        print("\n".join(found))
    return 1 if found else 0


sys.exit(main())

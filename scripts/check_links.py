#!/usr/bin/python3
"""Checks the links of Markdown files to files and headings of the project. Needs nothing but Python.

    scripts/check_links.py [FILE ...]       (default: the Markdown files of the root, of .github and docs/)

Lists every link whose file or heading is missing; the exit status is then 1. Links to the web are not followed.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from markdown_links import anchors, links  # noqa: E402


def problem(file, target):
    """What is wrong with a link of `file`, or None."""
    if target.startswith(("http://", "https://", "mailto:")):
        return None
    path, _, anchor = target.partition("#")
    place = file if path == "" else file.parent / path
    if not place.exists():
        return "there is no such file"
    if anchor and place.suffix == ".md" and anchor not in anchors(place.read_text()):
        return "there is no such heading, or several"
    return None


def default_files():
    root = pathlib.Path(__file__).resolve().parent.parent
    patterns = ("*.md", "docs/**/*.md", ".github/**/*.md")
    return sorted(file for pattern in patterns for file in root.glob(pattern))


def main():
    files = [pathlib.Path(name) for name in sys.argv[1:]] or default_files()
    failures = count = 0
    for file in files:
        for number, target in links(file.read_text()):
            count += 1
            wrong = problem(file, target)
            if wrong:
                failures += 1
                print(f"{file}:{number}: {target}: {wrong}")
    print(f"{count} links in {len(files)} files, {failures} broken")
    return 1 if failures or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""Builds the documentation into build/docs: the pages of docs/ and the README by mkdocs, and the library's
reference by Doxygen. Open build/docs/site/index.html.

Links out of docs/ are turned to where their targets are on the site: a header's to its page in the reference,
the README's to its copy. Links to other files of the project become plain text.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from markdown_links import LINK, parts  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/docs"
PAGES = BUILD / "pages"
# Pages outside docs/ that are on the site, and their names there.
OUTSIDE = {"README.md": "readme.md", "HACKING.md": "hacking.md"}
LIBRARY = """# The library

Start with [gradspace in C++](readme.md#in-c) in the README. The [reference](api/index.html) is made of the public
headers; its [list of files](api/files.html) has a description of each. The C interface has a [guide](c.md) and a
[reference](c_api/gradspace_8h.html) of its own.
"""
C_HEADER = ROOT / "include/gradspace.h"
# A run of its own: one of the C++ headers has the same name.
C_REFERENCE = f"""
PROJECT_NAME = "gradspace in C"
INPUT = {C_HEADER.relative_to(ROOT)}
HTML_OUTPUT = c_api
OPTIMIZE_OUTPUT_FOR_C = YES
WARN_LOGFILE = build/docs/doxygen-c-warnings.txt
"""


def missing_packages():
    missing = [command for command in ("mkdocs", "doxygen") if shutil.which(command) is None]
    if "mkdocs" in missing:
        return missing + ["mkdocs-material"]
    themes = subprocess.run(["mkdocs", "build", "--help"], capture_output=True, text=True).stdout
    return missing if "material" in themes else missing + ["mkdocs-material"]


def doxygen_page(header):
    """The name of a header's page: gradspace/one_class.h is one__class_8h.html."""
    return "api/" + header.name.replace("_", "__").replace(".", "_8") + ".html"


def site_target(page, target):
    """Where a link of `page` leads on the site; None where the site does not have its target."""
    if re.match(r"[a-z]+:", target) or target.startswith("#"):
        return target
    path, mark, anchor = target.partition("#")
    place = (page.parent / path).resolve()
    if place.parent == ROOT / "docs":
        return place.name + mark + anchor
    if place == C_HEADER:
        return "c_api/gradspace_8h.html"
    if place.is_relative_to(ROOT / "include"):
        return doxygen_page(place)
    name = OUTSIDE.get(str(place.relative_to(ROOT)))
    return name and name + mark + anchor


def site_text(page):
    def turned(match):
        target = site_target(page, match["target"])
        return match["text"] if target is None else f"{match['before']}{target})"

    return "".join(part if fenced else LINK.sub(turned, part)
                   for fenced, part in parts(page.read_text()))


def stage_pages():
    shutil.rmtree(BUILD, ignore_errors=True)
    PAGES.mkdir(parents=True)
    for file in sorted((ROOT / "docs").iterdir()):
        if file.suffix == ".md":
            (PAGES / file.name).write_text(site_text(file))
        elif file.is_file():
            shutil.copy(file, PAGES)
    for name, page in OUTSIDE.items():
        (PAGES / page).write_text(site_text(ROOT / name))
    (PAGES / "library.md").write_text(LIBRARY)


def list_undocumented():
    log = BUILD / "doxygen-warnings.txt"
    warnings = sorted(set(re.findall(r".* is not documented\.", log.read_text())))
    for warning in warnings:
        print(warning.replace(str(ROOT) + "/", ""))
    print(f"{len(warnings)} public members without a description; all warnings: {log.relative_to(ROOT)}")


def check_offline():
    """Nothing on a page may be loaded from the network."""
    loads = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=[\"']?(?:https?:)?//[^>]*>")
    failures = 0
    for page in sorted((BUILD / "site").rglob("*.html")):
        for tag in loads.findall(page.read_text()):
            failures += 1
            print(f"{page.relative_to(ROOT)}: loads from the network: {tag}")
    return failures == 0


def main():
    missing = missing_packages()
    if missing:
        print(f"make docs needs Debian's {' '.join(missing)}: apt-get install {' '.join(missing)}",
              file=sys.stderr)
        return 1
    os.chdir(ROOT)
    subprocess.run([sys.executable, "scripts/check_links.py"], check=True)
    stage_pages()
    for changes in ("", C_REFERENCE):
        subprocess.run(["doxygen", "-"], input=(ROOT / "Doxyfile").read_text() + changes, text=True, check=True)
    list_undocumented()
    subprocess.run(["mkdocs", "build", "--strict", "--quiet"], check=True)
    if not check_offline():
        return 1
    print("build/docs/site/index.html")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)

#!/usr/bin/python3
"""Holds what the shared library shows to C against include/gradspace.h, and that header against the committed
description of the interface.

Usage: abi_test.py LIBRARY VERSION_SCRIPT           tests
       abi_test.py --record LIBRARY VERSION_SCRIPT  writes the description anew (CONTRIBUTING.md says when)

The description, libgradspace.abi, is made by abidw out of debugging information. The library itself has none, and if it
had, all of C++ would be in it. Therefore the header is compiled as a library of C in which every function is empty:
the types are the same, as the C++ sources define what the header declares, and so are the symbols, which is tested.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DESCRIPTION = pathlib.Path(__file__).with_name("libgradspace.abi")
HEADER = ROOT / "include/gradspace.h"


def run(*arguments):
    return subprocess.run([str(argument) for argument in arguments], text=True, capture_output=True, check=True).stdout


def declarations(header):
    """Of the header's functions, by name."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    found = re.findall(r"^GRADSPACE_API ([^;]*?\b(gradspace_\w+)\([^;]*\));", text, re.MULTILINE)
    return {name: declaration for declaration, name in found}


def describe(header, file):
    """Writes the description of a header, which is given as text."""
    with tempfile.TemporaryDirectory() as name:
        (pathlib.Path(name) / "gradspace.h").write_text(header)
        source = pathlib.Path(name) / "interface.c"
        empty = "".join(f"{declaration} {{ return 0; }}\n" for declaration in declarations(header).values())
        source.write_text(f"#include <gradspace.h>\n{empty}")
        library = pathlib.Path(name) / "libgradspace.so.1"
        run("cc", "-std=c99", "-g", "-O0", "-fPIC", "-shared", "-I", name, "-Wl,-soname,libgradspace.so.1",
            f"-Wl,--version-script={VERSION_SCRIPT}", source, "-o", library)
        run("abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", "--no-architecture",
            "--type-id-style", "hash", library, "--out-file", file)


class Abi(unittest.TestCase):
    def test_the_library_shows_the_functions_of_the_header_and_no_others(self):
        symbols = dict(line.split()[2].split("@@") for line in
                       run("nm", "-D", "--defined-only", "--with-symbol-versions", LIBRARY).splitlines()
                       if "@@" in line and not line.split()[2].startswith("_Z"))
        declared = set(declarations(HEADER.read_text()))
        self.assertEqual(set(symbols), declared)
        self.assertGreater(len(declared), 20)
        for name, node in symbols.items():
            self.assertRegex(node, r"^GRADSPACE_1\.\d+$", name)

    def test_functions_of_cpp_bear_the_librarys_version(self):
        symbols = [line.split()[-1] for line in
                   run("nm", "-D", "--defined-only", "--with-symbol-versions", LIBRARY).splitlines()]
        foreign = [name for name in symbols if name.startswith("_Z") and "@@GRADSPACE_CXX_" not in name]
        self.assertEqual(foreign, [])

    def test_the_soname_is_the_major_version_of_the_interface(self):
        major = re.search(r"define GRADSPACE_INTERFACE_MAJOR (\d+)", HEADER.read_text())[1]
        self.assertIn(f"[libgradspace.so.{major}]", run("readelf", "-d", LIBRARY))

    def compare(self, header):
        """What abidiff says of a header beside the description: its status, and its words."""
        if shutil.which("abidiff") is None:
            self.skipTest("abidiff is not installed (Debian's abigail-tools)")
        with tempfile.TemporaryDirectory() as name:
            now = pathlib.Path(name) / "now.abi"
            describe(header, now)
            compared = subprocess.run(["abidiff", DESCRIPTION, now], text=True, capture_output=True)
            return compared.returncode, compared.stdout + compared.stderr

    def test_the_interface_is_what_was_described(self):
        status, words = self.compare(HEADER.read_text())
        self.assertEqual(status, 0, f"{words}\nCONTRIBUTING.md says what may change, and how to write the description anew")

    def test_changes_would_be_seen(self):
        header = HEADER.read_text()
        for was, becomes in (("  float kld;", "  double kld;"),
                             ("double false_alarms, double* threshold", "float false_alarms, double* threshold"),
                             ("GRADSPACE_API int32_t gradspace_interface_version(void);", "")):
            self.assertIn(was, header)
            self.assertNotEqual(self.compare(header.replace(was, becomes, 1))[0], 0, was)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    record = arguments[0] == "--record"
    LIBRARY, VERSION_SCRIPT = (pathlib.Path(argument).resolve() for argument in arguments[record:][:2])
    if record:
        describe(HEADER.read_text(), DESCRIPTION)
    else:
        unittest.main(argv=sys.argv[:1], verbosity=2)

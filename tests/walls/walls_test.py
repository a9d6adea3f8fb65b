"""Holds the build against the declarations of gradspace_module, and HACKING.md against both.

Usage: walls_test.py SOURCE_FOLDER BUILD_FOLDER LIBRARY
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD, LIBRARY = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])


def read_modules():
    """The modules that each module declares to use, in the order of declaration."""
    lines = (BUILD / "modules.txt").read_text().splitlines()
    return {name: uses.split() for name, uses in (line.split(":") for line in lines)}


def with_what_they_use(modules, names):
    found = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += modules[name]
    return found


def module_of(file):
    """The module that a compiled file is of; a unity build compiles a file of its own in the build folder."""
    for place in (rf"{SOURCE}/src/([a-z]+)/", rf"{BUILD}/src/[a-z]+/CMakeFiles/gradspace_([a-z]+)\.dir/Unity/"):
        if match := re.match(place, file):
            return match[1]
    return None


def compile_commands():
    """A compile command of each module, as a list of arguments without source and output."""
    commands = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        module = module_of(entry["file"])
        if module and module not in commands:
            arguments = shlex.split(entry["command"])
            compiler = next(i for i, word in enumerate(arguments) if re.search(r"(c|g|clang)\+\+[-0-9]*$", word))
            arguments = arguments[compiler:arguments.index("-o")]
            commands[module] = arguments
    return commands


def compiles(arguments, include):
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
        source.write(f'#include "{include}"\n')
        source.flush()
        return subprocess.run([*arguments, "-fsyntax-only", source.name], cwd=BUILD, text=True,
                              stderr=subprocess.PIPE)


class Walls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modules = read_modules()
        cls.commands = compile_commands()

    def folders(self, module):
        return [pathlib.Path(word[2:]) for word in self.commands[module] if word.startswith("-I")]

    def test_a_module_sees_the_private_headers_of_what_it_uses_and_no_others(self):
        for module, uses in self.modules.items():
            for other in self.modules:
                for header in (SOURCE / "src" / other).rglob("*.h"):
                    name = header.relative_to(SOURCE / "src")
                    seen = any((folder / name).exists() for folder in self.folders(module))
                    self.assertEqual(seen, other in [module, *uses], f"{module} and {name}")

    def test_a_module_sees_the_public_headers_of_what_it_uses_and_no_others(self):
        for module in self.modules:
            allowed = with_what_they_use(self.modules, [module])
            for other in self.modules:
                folder = BUILD / "rooms" / "public" / other
                for header in folder.rglob("*.h"):
                    name = header.relative_to(folder)
                    seen = any((place / name).exists() for place in self.folders(module))
                    self.assertEqual(seen, other in allowed, f"{module} and {name}")

    def test_every_public_header_belongs_to_one_module(self):
        owners = {}
        for header in (BUILD / "rooms" / "public").rglob("*.h"):
            module = header.relative_to(BUILD / "rooms" / "public").parts[0]
            name = str(header.relative_to(BUILD / "rooms" / "public" / module))
            owners.setdefault(name, []).append(header)
        public = {str(header.relative_to(SOURCE / "include")) for header in (SOURCE / "include").rglob("*.h")}
        public.add("gradspace/version.h")
        public -= {"gradspace/gradspace.h"}  # the umbrella, which belongs to the users
        self.assertEqual(set(owners), public)
        self.assertEqual([name for name, headers in owners.items() if len(headers) != 1], [])

    def test_the_compiler_refuses_a_forbidden_include(self):
        self.assertNotIn("detect", self.modules["data"])
        refused = compiles(self.commands["data"], "detect/perceptron.h")
        self.assertNotEqual(refused.returncode, 0)
        self.assertRegex(refused.stderr, "fatal error: '?detect/perceptron.h'?(: No such file or directory| file not found)")
        refused = compiles(self.commands["data"], "gradspace/detector.h")
        self.assertNotEqual(refused.returncode, 0)
        allowed = compiles(self.commands["data"], "core/file.h")
        self.assertEqual(allowed.returncode, 0, allowed.stderr)

    def test_the_command_sees_public_headers_alone(self):
        folders = self.folders("cli")
        seen = {other for other in self.modules for folder in folders if (folder / other).exists()}
        self.assertEqual(seen, set())

    def test_the_map_of_hacking_names_every_module_and_what_it_uses(self):
        rows = re.findall(r"^\| `src/([a-z]+)/` \|.*\| ([a-z, ]*) \|$", (SOURCE / "HACKING.md").read_text(), re.M)
        self.assertEqual({name: set(uses.replace(",", " ").split()) for name, uses in rows},
                         {name: set(uses) for name, uses in self.modules.items()})

    def test_the_library_shows_what_is_public_and_hides_the_rest(self):
        if LIBRARY.suffix == ".a":
            self.skipTest("a static library hides nothing")
        symbols = subprocess.run(["nm", "-D", "-C", "--defined-only", str(LIBRARY)], text=True, check=True,
                                 stdout=subprocess.PIPE).stdout
        for name in ("gradspace::read_model(", "gradspace::Scorer::score(", "typeinfo for gradspace::FormatError"):
            self.assertIn(name, symbols)
        for name in ("gradspace::read_file(", "gradspace::gradient::", "gradspace::codec::", "gradspace::TextTable",
                     "gradspace::AtomicFile", "hwy::", "google::protobuf"):
            self.assertNotIn(name, symbols)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

"""The version stands in CMakeLists.txt; whoever repeats it repeats it truly.

Usage: versions_test.py [unittest's arguments]
"""
import json
import pathlib
import re
import sys
import types
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]


def text_of(path):
    return (ROOT / path).read_text()


def found(pattern, path):
    match = re.search(pattern, text_of(path), re.MULTILINE)
    assert match, f"{path}: nothing looks like {pattern}"
    return match[1]


VERSION = found(r"^project\(gradspace VERSION ([0-9.]+)", "CMakeLists.txt")
SOVERSION = found(r"^set\(GRADSPACE_SOVERSION (\d+)\)", "CMakeLists.txt")


def load_recipe():
    """conanfile.py's class, where Conan is not installed."""

    class AnyModule(types.ModuleType):
        ConanFile = object

        def __getattr__(self, name):
            return mock.Mock()

    names = ["conan", "conan.tools", *(f"conan.tools.{name}" for name in ("build", "cmake", "files", "gnu", "system")),
             "conan.tools.system.package_manager"]
    scope = {"__file__": str(ROOT / "conanfile.py"), "__name__": "conanfile"}
    with mock.patch.dict(sys.modules, {name: AnyModule(name) for name in names}):
        exec(compile(text_of("conanfile.py"), "conanfile.py", "exec"), scope)
    scope["load"] = lambda recipe, path: pathlib.Path(path).read_text()
    return scope["GradspaceRecipe"]


class Versions(unittest.TestCase):
    def test_of_the_debian_package(self):
        self.assertRegex(text_of("debian/changelog").splitlines()[0],
                         rf"^gradspace \({re.escape(VERSION)}-\d+\) bookworm; urgency=medium$")

    def test_of_the_vcpkg_port(self):
        self.assertEqual(json.loads(text_of("packaging/vcpkg/gradspace/vcpkg.json"))["version"], VERSION)

    def test_of_the_conan_recipe(self):
        recipe = load_recipe()()
        recipe.recipe_folder = str(ROOT)
        recipe.set_version()
        self.assertEqual(recipe.version, VERSION)

    def test_of_the_container(self):
        self.assertEqual(found(r'image\.version="([^"]*)"', "Containerfile"), VERSION)

    def test_of_the_wheel(self):
        setup = mock.Mock()
        scope = {"__file__": str(ROOT / "setup.py"), "__name__": "setup"}
        with mock.patch.dict(sys.modules, {"skbuild": setup}):
            exec(compile(text_of("setup.py"), "setup.py", "exec"), scope)
        self.assertEqual(setup.setup.call_args.kwargs["version"], VERSION)

    def test_that_strangers_ask_for(self):
        minor = VERSION.rpartition(".")[0]
        for path in ("examples/CMakeLists.txt", "tests/install/CMakeLists.txt", "CONTRIBUTING.md"):
            self.assertEqual(found(r"find_package\(gradspace ([0-9.]+)", path), minor, path)

    def test_of_the_shared_library(self):
        """The soname is in names of packages; a symbol's node is told how old it is."""
        self.assertEqual(found(r"^Package: libgradspace(\d+)$", "debian/control"), SOVERSION)
        symbols = text_of("debian/libgradspace1.symbols.in")
        self.assertTrue(symbols.startswith(f"libgradspace.so.{SOVERSION} libgradspace{SOVERSION} #MINVER#\n"))
        nodes = re.findall(r"^(GRADSPACE_\S+) \{", text_of("src/capi/libgradspace.map.in"), re.MULTILINE)
        described = re.findall(r"^ \(symver\)(\S+) (\S+)", symbols, re.MULTILINE)
        self.assertEqual([node.replace("@PROJECT_VERSION@", "@VERSION@") for node in nodes],
                         [node for node, _ in described])
        # A node that is new in a version says so: none is newer than the library.
        as_numbers = lambda text: [int(part) for part in text.split(".")]
        for node, since in described:
            if since != "@VERSION@":
                self.assertLessEqual(as_numbers(since), as_numbers(VERSION), node)


if __name__ == "__main__":
    unittest.main()

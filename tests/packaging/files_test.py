"""Every file that is installed belongs to exactly one Debian package, and what the packages list is installed.

Usage: files_test.py BUILD_FOLDER [unittest's arguments]
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv.pop(1)).resolve()


def install(folder):
    """By make, as who packages gradspace does it, where the build folder is one of its presets."""
    if BUILD.parent == ROOT / "build":
        command = ["make", "-C", ROOT, "install", f"PRESET={BUILD.name}", f"DESTDIR={folder}", "PREFIX=/usr"]
    else:
        command = ["cmake", "--install", BUILD, "--prefix", "/usr"]
    subprocess.run(command, env={**os.environ, "DESTDIR": folder}, check=True, stdout=subprocess.DEVNULL)


def left_out(pattern):
    """Whether a listed file is of a part that this build does without."""
    name = pathlib.PurePath(pattern).name
    if name.startswith("libgradspace_"):
        return not (BUILD / "lib/gradspace" / name).exists()
    return "python3" in pattern and not (BUILD / "python").exists()


class Files(unittest.TestCase):
    def test_each_belongs_to_one_package(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            install(folder)
            files = {path for path in root.rglob("*") if not path.is_dir() or path.is_symlink()}
            self.assertGreater(len(files), 50)
            owners = {path: set() for path in files}
            lists = sorted((ROOT / "debian").glob("*.install"))
            self.assertEqual(len(lists), 9)
            for listed in lists:
                for line in listed.read_text().splitlines():
                    # A folder of libraries has the architecture in its name or not, as the prefix is /usr or another.
                    pattern = line.split()[0]
                    matched = {*root.glob(pattern), *root.glob(pattern.replace("/lib/*/", "/lib/"))}
                    if not left_out(pattern):
                        self.assertTrue(matched, f"{listed.name}: nothing is {pattern}")
                    for match in matched:
                        for path in [match, *match.rglob("*")]:
                            if path in owners:
                                owners[path].add(listed.stem)
            for path, names in owners.items():
                self.assertEqual(len(names), 1, f"{path.relative_to(root)} is in the packages {sorted(names)}")


if __name__ == "__main__":
    unittest.main()

"""Runs, or at least parses, every command that README.md and docs/ show.

Usage: commands_test.py COMMAND [unittest's arguments]

A block of shell commands (```sh) is run in a folder with small images. Where that would take long, or needs
what is not there, an HTML comment in the line before the block says why:

    <!-- docs-test: parse-only: training takes minutes -->

Then gradspace parses the commands without running them, and scripts and make's targets must exist. The
examples of every --help and the commands and options in running text are checked in the same way.
"""
import importlib.util
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(sys.argv.pop(1)).resolve()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:^<!-- docs-test: parse-only: *(?P<reason>[^\n]*?) *-->\n)?^```(?P<language>\w*)\n"
                   r"(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
OTHER_PROGRAMS = {"cmake", "conan", "export", "inotifywait", "mpirun", "pip", "podman", "sudo", "tar", "vcpkg"}


def blocks(page):
    return [block for block in BLOCK.finditer(page.read_text()) if block["language"] in ("sh", "bash")]


def simple_commands(text):
    """The commands of a block, as lists of words: lines are joined at \\ and parted at | and ;."""
    for line in text.replace("\\\n", " ").replace("|\n", "| ").split("\n"):
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&<>")
        lexer.whitespace_split = True
        words = []
        for word in lexer:
            if word in ("|", ";", "&&", "||", "&"):
                yield words
                words = []
            else:
                words.append(word)
        if words:
            yield words


def parse(words):
    """What gradspace says of a command line that it does not run; empty where it is right."""
    ran = subprocess.run([COMMAND, "reference", "parse", "--", *words], capture_output=True, text=True)
    return "" if ran.returncode == 0 else ran.stderr or f"exit status {ran.returncode}"


def problem(words):
    """What is wrong with a command that is not run; empty where nothing is."""
    program = words[0]
    if program == "gradspace":
        return parse(words[1:])
    if program == "make":
        makefile = (ROOT / "Makefile").read_text()
        missing = [target for target in words[1:]
                   if "=" not in target and not re.search(rf"^{target}:", makefile, re.MULTILINE)]
        return f"make has no target {missing}" if missing else ""
    if program.startswith("build/"):
        name = pathlib.Path(program).name
        bench = re.fullmatch(r"gradspace_(\w+)_bench", name)
        lists = [file.read_text() for file in ROOT.glob("bench/**/CMakeLists.txt")]
        return "" if bench and any(f"gradspace_bench({bench[1]} " in text for text in lists) else "no such program is built"
    if "/" in program:
        return "" if os.access(ROOT / program, os.X_OK) else "there is no such script"
    return "" if program in OTHER_PROGRAMS else "the test does not know this program"


def help_of(words):
    ran = subprocess.run([COMMAND, *words, "--help"], capture_output=True, text=True)
    return ran.stdout if ran.returncode == 0 else None


def options_of(words):
    text = help_of(words) or ""
    lines = re.findall(r"^  ((?:-\w|--[\w-]+)(?:,--[\w-]+)*)", text, re.MULTILINE)
    own = {name for line in lines for name in line.split(",")}
    for child in subcommands_of(text):
        own |= options_of([*words, child])
    return own


def subcommands_of(text):
    match = re.search(r"^Subcommands:\n((?: .*\n|\n)*)", text, re.MULTILINE)
    return re.findall(r"^  (\w[\w-]*)", match[1], re.MULTILINE) if match else []


def make_pictures(folder):
    """The files that the blocks name, small: pictures, folders of them, a database of opinions."""
    import numpy
    from PIL import Image

    draw = numpy.random.default_rng(0)

    def picture(path, quality=90, side=96):
        coarse = Image.fromarray(draw.integers(0, 255, (6, 6, 3), dtype=numpy.uint8))
        path.parent.mkdir(parents=True, exist_ok=True)
        image = coarse.resize((side, side), Image.BICUBIC)
        image.save(path, **({"quality": quality} if path.suffix == ".jpg" else {}))
        return image

    for name in ("photo", "reference"):
        # Large enough for every metric of image quality.
        picture(folder / f"{name}.png", side=192).save(folder / f"{name}.jpg", quality=20)
    (folder / "reference.jpg").rename(folder / "distorted.jpg")
    for number, name in enumerate(("a", "b"), 1):
        original = picture(folder / "originals" / f"{name}.png")
        (folder / "compressed").mkdir(exist_ok=True)
        original.save(folder / "compressed" / f"{name}.jpg", quality=15)
        picture(folder / "photos" / f"{name}.png")
        picture(folder / f"tree/RealChallengeFree/test/01_01_00_00_00_00_000{number}.bmp", side=28)
    database = folder / "path/to/tid2013"
    (database / "distorted_images").mkdir(parents=True)
    opinions = []
    for number in range(1, 9):
        reference = picture(database / f"reference_images/I{number:02}.BMP")
        reference.convert("RGB").point(lambda value: value // 32 * 32).save(
            database / f"distorted_images/I{number:02}_01_1.bmp")
        opinions.append(f"{number / 2} I{number:02}_01_1.bmp\n")
    (database / "mos_with_names.txt").write_text("".join(opinions))


class Commands(unittest.TestCase):
    def test_blocks_are_found(self):
        self.assertGreater(sum(len(blocks(page)) for page in PAGES), 10)

    def test_exceptions_have_a_reason(self):
        for page in PAGES:
            comments = page.read_text().count("<!-- docs-test:")
            used = [block for block in blocks(page) if block["reason"] is not None]
            self.assertEqual(comments, len(used), f"{page}: a comment does not stand right before a block")
            for block in used:
                self.assertGreater(len(block["reason"]), 10, f"{page}: {block[0]}")

    def test_commands_are_in_blocks(self):
        for page in PAGES:
            if page.name != "reference.md":
                self.assertNotRegex(page.read_text(), r"(?m)^    gradspace ", f"{page}: use ```sh")

    def test_every_command_of_the_blocks_parses(self):
        count = 0
        for page in PAGES:
            for block in blocks(page):
                for words in simple_commands(block["text"]):
                    count += 1
                    with self.subTest(page=page.name, command=shlex.join(words)):
                        self.assertEqual(problem(words), "")
        self.assertGreater(count, 20)

    def test_blocks_run(self):
        for package in ("numpy", "PIL"):
            if importlib.util.find_spec(package) is None:
                self.skipTest(f"the Python package {package} is not installed")
        for page in PAGES:
            to_run = [block["text"] for block in blocks(page) if block["reason"] is None]
            if not to_run:
                continue
            with tempfile.TemporaryDirectory() as name, self.subTest(page=page.name):
                make_pictures(pathlib.Path(name))
                path = f"{COMMAND.parent}:{os.environ['PATH']}"
                ran = subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(to_run)], cwd=name,
                                     env={**os.environ, "PATH": path}, capture_output=True, text=True)
                self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_the_examples_of_help_parse(self):
        text = (ROOT / "docs/reference.md").read_text()
        examples = re.findall(r"^Example:\n\n    (gradspace .*)$", text, re.MULTILINE)
        self.assertGreater(len(examples), 10)
        for example in examples:
            with self.subTest(example=example):
                self.assertEqual(problem(shlex.split(example)), "")

    def test_options_in_running_text_exist(self):
        everything = options_of([])
        names = subcommands_of(help_of([]))
        # Of CMake, mkdocs and the benchmarks.
        elsewhere = {"--install", "--prefix", "--preset", "--benchmark_filter", "--build", "--levels", "--by-level"}
        for page in PAGES:
            prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
            for span in re.findall(r"`([^`]+)`", prose):
                words = span.split()
                if words[0] == "gradspace":
                    words = words[1:]
                path = []
                while words and words[0] in (names if not path else subcommands_of(help_of(path))):
                    path.append(words.pop(0))
                known = options_of(path) if path else everything | elsewhere
                for option in re.findall(r"(?<![\w-])--[\w-]+", " ".join(words)):
                    with self.subTest(page=page.name, text=span):
                        self.assertIn(option, known)
                if span.startswith("gradspace ") and not path:
                    with self.subTest(page=page.name, text=span):
                        self.assertRegex(span, r"^gradspace (COMMAND|reference|--)")


class TheTestItself(unittest.TestCase):
    """It finds what it is there for."""

    def test_finds_an_unknown_option(self):
        self.assertIn("--modle: not known here", problem(shlex.split("gradspace score --modle a b")))
        self.assertIn("scoer", problem(["gradspace", "scoer"]))
        self.assertIn("required", problem(["gradspace", "score", "x.png"]))
        self.assertIn("xml", problem(shlex.split("gradspace score --model a --detector b --format xml c")))

    def test_finds_what_does_not_exist(self):
        self.assertIn("sandwich", problem(["make", "sandwich"]))
        self.assertEqual(problem(["make", "test"]), "")
        self.assertNotEqual(problem(["scripts/nothing.sh"]), "")
        self.assertNotEqual(problem(["build/release/bin/gradspace_nothing_bench"]), "")
        self.assertNotEqual(problem(["unheard-of"]), "")

    def test_parts_lines(self):
        self.assertEqual(list(simple_commands("a b |\n  c -  # why\nd \\\n  e\n")),
                         [["a", "b"], ["c", "-"], ["d", "e"]])


if __name__ == "__main__":
    unittest.main()

"""Manual pages, completions and docs/reference.md hold every command and option that --help prints.

Usage: reference_test.py COMMAND [unittest's arguments]. Tools that are not installed are skipped by name.
"""
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(sys.argv.pop(1)).resolve()


def output(*words):
    return subprocess.run([COMMAND, *words], check=True, capture_output=True, text=True).stdout


def section(text, title):
    """The indented lines below "Title:" in a help text."""
    match = re.search(rf"^{title}:\n((?: .*\n|\n)*)", text, re.MULTILINE)
    return match[1] if match else ""


@functools.cache
def commands():
    """What --help says: the words of every command, with its options and subcommands."""
    found = {}

    def visit(words):
        text = output(*words, "--help")
        options = re.findall(r"^  ((?:-\w|--[\w-]+)(?:,--[\w-]+)*)", text, re.MULTILINE)
        children = re.findall(r"^  (\w[\w-]*)", section(text, "Subcommands"), re.MULTILINE)
        found[words] = ([name for names in options for name in names.split(",")], children)
        for child in children:
            visit(words + (child,))

    visit(())
    return found


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        for form in ("man", "bash", "zsh", "fish"):
            output("reference", form, "--out", cls.root / form)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def need(self, tool):
        if shutil.which(tool) is None:
            self.skipTest(f"{tool} is not installed")

    def pages(self):
        return sorted((self.root / "man").iterdir())

    def test_help_is_read_completely(self):
        self.assertIn("--false-alarms", commands()[("score",)][0])
        self.assertIn("-h", commands()[("score",)][0])
        self.assertIn("--classes", commands()[("gradcon", "benchmark")][0])
        self.assertGreater(len(commands()), 15)
        self.assertNotIn(("reference",), commands(), "it is for the build, and hidden")

    def test_every_option_is_in_the_manual_pages(self):
        for words, (options, children) in commands().items():
            page = (self.root / "man" / ("-".join(("gradspace",) + words) + ".1")).read_text()
            page = page.replace("\\-", "-")
            for option in options:
                self.assertIn(f"\\fB{option}\\fR", page, words)
            for child in children:
                self.assertIn("-".join(("gradspace",) + words + (child,)), page, words)
        self.assertEqual(len(self.pages()), len(commands()))

    def test_man_renders_the_pages_without_warnings(self):
        self.need("man")
        self.need("groff")
        for page in self.pages():
            ran = subprocess.run(["man", "--warnings", "-l", "-P", "cat", page], capture_output=True,
                                 text=True, env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
            self.assertEqual((ran.returncode, ran.stderr), (0, ""), page.name)
            self.assertIn("--help", re.sub(".\b", "", ran.stdout), page.name)

    def test_mandoc_accepts_the_pages(self):
        self.need("mandoc")
        for page in self.pages():
            ran = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True)
            complaints = [line for line in ran.stdout.splitlines() if "missing date" not in line]
            self.assertEqual(complaints, [], page.name)

    def complete_in_bash(self, *words):
        """What bash offers for the last of the words."""
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gradspace;'
                  ' printf "%s\\n" "${COMPREPLY[@]}"')
        ran = subprocess.run(["bash", "-c", script, "bash", self.root / "bash/gradspace", "gradspace", *words],
                             check=True, capture_output=True, text=True)
        self.assertEqual(ran.stderr, "")
        return ran.stdout.split()

    def test_bash_offers_every_command_and_option(self):
        self.need("bash")
        for words, (options, children) in commands().items():
            self.assertEqual(self.complete_in_bash(*words, "-"), options, words)
            self.assertEqual(self.complete_in_bash(*words, ""), children, words)

    def test_bash_offers_values(self):
        self.need("bash")
        self.assertEqual(self.complete_in_bash("score", "--format", ""), ["table", "jsonl", "csv"])
        self.assertEqual(self.complete_in_bash("score", "--format", "j"), ["jsonl"])
        self.assertEqual(self.complete_in_bash("score", "--format", "=", "c"), ["csv"])
        self.assertEqual(self.complete_in_bash("score", "--format", "="), ["table", "jsonl", "csv"])
        self.assertEqual(self.complete_in_bash("score", "--threads", ""), [])
        self.assertEqual(self.complete_in_bash("score", "--fals"), ["--false-alarms"])

    def test_bash_does_not_take_a_value_for_a_command(self):
        self.need("bash")
        self.assertEqual(self.complete_in_bash("score", "--model", "train", "--false"), ["--false-alarms"])

    def test_bash_registers_the_completion(self):
        self.need("bash")
        ran = subprocess.run(["bash", "-c", 'source "$1"; complete -p gradspace; compgen -F _gradspace -- x || true',
                              "bash", self.root / "bash/gradspace"], check=True, capture_output=True, text=True)
        self.assertIn("-F _gradspace gradspace", ran.stdout)

    def test_zsh_gets_every_command_and_option(self):
        self.need("zsh")
        script = self.root / "zsh/_gradspace"
        subprocess.run(["zsh", "-f", "-n", script], check=True)
        # Completion itself needs a terminal; what it would be given does not.
        stubs = '_arguments() { print -rl -- "$@" }; _describe() { }; compdef() { }; line=(); '
        for words, (options, children) in commands().items():
            name = "_" + "_".join(("gradspace",) + words).replace("-", "_")
            ran = subprocess.run(["zsh", "-f", "-c", f'{stubs} source "$1" >/dev/null; {name}', "zsh", script],
                                 check=True, capture_output=True, text=True)
            self.assertEqual(ran.stderr, "", words)
            given = re.findall(r"^\*?(--?[\w-]+)=?\[", ran.stdout, re.MULTILINE)
            self.assertEqual(given, options, words)
        top = script.read_text()
        for child in commands()[()][1]:
            self.assertIn(f"{child}) _gradspace_{child.replace('-', '_')} ;;", top)

    def complete_in_fish(self, line):
        home = {**os.environ, "HOME": str(self.root), "XDG_CONFIG_HOME": str(self.root)}
        ran = subprocess.run(["fish", "-N", "-c", f"source {self.root}/fish/gradspace.fish; complete -C '{line}'"],
                             check=True, capture_output=True, text=True, env=home)
        self.assertEqual(ran.stderr, "")
        return [offer.split("\t")[0] for offer in ran.stdout.splitlines()]

    def test_fish_offers_every_command_and_option(self):
        self.need("fish")
        for words, (options, children) in commands().items():
            path = " ".join(("gradspace",) + words)
            long_names = {option for option in options if option.startswith("--")}
            self.assertLessEqual(long_names, set(self.complete_in_fish(path + " --")), words)
            if children:
                self.assertEqual(set(self.complete_in_fish(path + " ")), set(children), words)
        self.assertEqual(set(self.complete_in_fish("gradspace score --format ")), {"table", "jsonl", "csv"})

    def test_the_committed_reference_is_what_the_command_writes(self):
        self.assertEqual((ROOT / "docs/reference.md").read_text(), output("reference", "markdown"),
                         "write it anew: gradspace reference markdown >docs/reference.md")

    def test_every_option_is_in_the_committed_reference(self):
        text = (ROOT / "docs/reference.md").read_text()
        for words, (options, _) in commands().items():
            title = " ".join(("gradspace",) + words)
            part = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
            for option in options:
                self.assertRegex(part, rf"(?m)^- `[^`]*(?<![\w-]){option}\b", words)


if __name__ == "__main__":
    unittest.main()

"""The links of README.md, docs/ and the other Markdown files lead somewhere; and the checker finds those that don't.

Usage: links_test.py [unittest's arguments]
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "scripts/check_links.py"


def check(*files):
    return subprocess.run([sys.executable, CHECKER, *files], capture_output=True, text=True)


class Links(unittest.TestCase):
    def test_all_links_lead_somewhere(self):
        ran = check()
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_every_page_is_in_the_table_of_contents(self):
        contents = (ROOT / "docs/index.md").read_text()
        site = (ROOT / "mkdocs.yml").read_text()
        for page in (ROOT / "docs").glob("*.md"):
            if page.name != "index.md":
                self.assertIn(f"]({page.name})", contents)
            self.assertIn(page.name, site)

    def test_finds_broken_links(self):
        with tempfile.TemporaryDirectory() as name:
            page = pathlib.Path(name) / "page.md"
            (pathlib.Path(name) / "other.md").write_text("# One `two` three\n\n## Twice\n\n## Twice\n")

            def verdict(text):
                page.write_text(text)
                return check(page).returncode

            self.assertEqual(verdict("[a](other.md)"), 0)
            self.assertEqual(verdict("[a](other.md#one-two-three)"), 0)
            self.assertEqual(verdict("# Here\n[a](#here)"), 0)
            self.assertEqual(verdict("[a\nb](other.md) and [c](https://example.org)"), 0)
            self.assertEqual(verdict("[a](none.md)"), 1)
            self.assertEqual(verdict("[a](other.md#four)"), 1)
            self.assertEqual(verdict("[a](other.md#twice)"), 1, "which of the two?")
            self.assertEqual(verdict("[a\nb](none.md)"), 1)
            self.assertEqual(verdict("![a](none.png) [b](other.md)"), 1)
            self.assertEqual(verdict("[b](other.md)\n```\n[a](none.md)\n```\n`[a](none.md)`"), 0, "code")


if __name__ == "__main__":
    unittest.main()

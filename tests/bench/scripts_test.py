"""Tests of bench/record.py and bench/compare.py."""

import argparse
import contextlib
import io
import json
import pathlib
import stat
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import compare  # noqa: E402
import record  # noqa: E402

STEADY = [100.0, 100.1, 99.9, 100.2, 99.8]


def scaled(times, factor):
    return [factor * time for time in times]


def a_record(benchmarks, **machine):
    return {"format_version": 1, "commit": "abc", "date": "2026-01-01T00:00:00+00:00",
            "machine": {"processor": "P", "cores": 2, "load_at_start": 0.0, **machine},
            "benchmarks": {name: {"median_ns": compare.median(times), "times_ns": times}
                           for name, times in benchmarks.items()}}


class Verdict(unittest.TestCase):
    def test_slower_by_more_than_the_tolerance(self):
        self.assertEqual(compare.verdict(STEADY, scaled(STEADY, 1.04), 0.03)[0], "slower")
        self.assertEqual(compare.verdict(STEADY, scaled(STEADY, 1.02), 0.03)[0], "same")

    def test_faster(self):
        what, ratio = compare.verdict(STEADY, scaled(STEADY, 0.5), 0.03)
        self.assertEqual(what, "faster")
        self.assertAlmostEqual(ratio, 0.5)

    def test_a_wide_spread_is_unsure(self):
        noisy = [80.0, 95.0, 100.0, 110.0, 130.0]
        self.assertEqual(compare.verdict(noisy, scaled(noisy, 1.05), 0.03)[0], "unsure")
        self.assertEqual(compare.verdict(noisy, scaled(noisy, 2), 0.03)[0], "slower")

    def test_one_disturbed_repetition_changes_nothing(self):
        disturbed = STEADY[:-1] + [500.0]
        self.assertEqual(compare.verdict(STEADY, disturbed, 0.03)[0], "same")
        self.assertEqual(compare.verdict(STEADY, scaled(disturbed, 1.05), 0.03)[0], "slower")

    def test_one_repetition_is_never_sure(self):
        self.assertEqual(compare.verdict([100.0], [200.0], 0.03)[0], "unsure")


class Compare(unittest.TestCase):
    def run_compare(self, before, after):
        """Exit status and output of the program on two records."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [str(pathlib.Path(folder) / name) for name in ("a.json", "b.json")]
            for path, content in zip(paths, (before, after)):
                pathlib.Path(path).write_text(content if isinstance(content, str) else json.dumps(content))
            out = io.StringIO()
            with mock.patch.object(sys, "argv", ["compare.py", *paths]), \
                    contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                try:
                    status = compare.main()
                except SystemExit as stop:
                    status = stop.code
            return status, out.getvalue()

    def test_reports_every_benchmark_and_fails_for_a_slower_one(self):
        status, out = self.run_compare(a_record({"a": STEADY, "b": STEADY}),
                                       a_record({"a": STEADY, "b": scaled(STEADY, 1.1), "c": STEADY}))
        self.assertEqual(status, 1)
        self.assertRegex(out, r"same +\+0\.0 % +a\n")
        self.assertRegex(out, r"slower +\+10\.0 % +b\n")
        self.assertRegex(out, r"new +c\n")

    def test_passes_where_nothing_is_slower(self):
        status, _ = self.run_compare(a_record({"a": STEADY}), a_record({"a": scaled(STEADY, 0.9)}))
        self.assertEqual(status, 0)

    def test_fails_for_one_that_is_gone(self):
        status, out = self.run_compare(a_record({"a": STEADY, "b": STEADY}), a_record({"a": STEADY}))
        self.assertEqual(status, 1)
        self.assertRegex(out, r"gone +b\n")

    def test_warns_of_other_machines_and_of_load(self):
        _, out = self.run_compare(a_record({"a": STEADY}), a_record({"a": STEADY}, processor="Q", load_at_start=1.5))
        self.assertIn("different machines: P, Q", out)
        self.assertIn("the second had other work: load 1.5", out)

    def test_refuses_other_files_in_one_line(self):
        newer = {**a_record({"a": STEADY}), "format_version": 2}
        for content in ("", "[]", "{}", newer, a_record({}) | {"benchmarks": {"a": {"times_ns": []}}}):
            status, out = self.run_compare(a_record({"a": STEADY}), content)
            self.assertEqual(status, 2, content)
            self.assertEqual(out.count("\n"), 1, out)


class Record(unittest.TestCase):
    # What Google Benchmark writes for two repetitions, with an aggregate that is not a time.
    REPORT = {"context": {"commit": "abc"},
              "benchmarks": [
                  {"name": "x/8", "run_name": "x/8", "run_type": "iteration", "real_time": 2.0, "time_unit": "us"},
                  {"name": "x/8", "run_name": "x/8", "run_type": "iteration", "real_time": 4.0, "time_unit": "us"},
                  {"name": "x/8_cv", "run_name": "x/8", "run_type": "aggregate", "real_time": 0.1,
                   "time_unit": "us"}]}

    def program(self, folder, name, report):
        """A stand-in for a benchmark program, which writes the report where it is asked to."""
        path = pathlib.Path(folder) / "bin" / f"gradspace_{name}_bench"
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\nfor a; do case $a in --benchmark_out=*) cat >\"${a#*=}\" <<'E'\n"
                        f"{json.dumps(report)}\nE\n;; esac; done\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def options(self, folder, **changes):
        return argparse.Namespace(**{"build": pathlib.Path(folder), "only": [], "filter": ".", "repetitions": 2,
                                     "seconds": 0.1, **changes})

    def test_keeps_all_repetitions_in_nanoseconds(self):
        with tempfile.TemporaryDirectory() as folder:
            self.program(folder, "image", self.REPORT)
            result = record.record(self.options(folder))
        self.assertEqual(result["commit"], "abc")
        self.assertGreater(result["machine"]["cores"], 0)
        self.assertEqual(result["benchmarks"], {"image: x/8": {"median_ns": 3000.0, "times_ns": [2000.0, 4000.0]}})

    def test_refuses_programs_of_two_commits(self):
        with tempfile.TemporaryDirectory() as folder:
            self.program(folder, "image", self.REPORT)
            self.program(folder, "model", {**self.REPORT, "context": {"commit": "def"}})
            with self.assertRaisesRegex(SystemExit, "commit def, others of abc"):
                record.record(self.options(folder))

    def test_refuses_a_part_that_is_not_there(self):
        with tempfile.TemporaryDirectory() as folder:
            self.program(folder, "image", self.REPORT)
            with self.assertRaisesRegex(SystemExit, "no benchmark program speed .*there are: image"):
                record.record(self.options(folder, only=["speed"]))

    def test_refuses_a_benchmark_that_failed(self):
        failed = {"benchmarks": [{"name": "x", "error_occurred": True, "error_message": "no data"}]}
        with self.assertRaisesRegex(SystemExit, "x: no data"):
            record.repetitions(failed)


if __name__ == "__main__":
    unittest.main()

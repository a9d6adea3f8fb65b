"""Types: the package and the examples pass mypy --strict, for the oldest Python and the newest that mypy knows.

Usage: types_test.py PACKAGE FILE...; exits with 77, which CTest takes for skipped, where there is no mypy.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

if subprocess.run([sys.executable, "-m", "mypy", "--version"], capture_output=True, check=False).returncode != 0:
    print("skipped: mypy is not installed")
    sys.exit(77)

package = pathlib.Path(sys.argv[1]).resolve()
configuration = pathlib.Path(__file__).with_name("mypy.ini")
failed = False
with tempfile.TemporaryDirectory() as cache:
    for version in ("3.9", "3.11"):
        command = [sys.executable, "-m", "mypy", "--config-file", configuration, "--cache-dir", cache]
        ran = subprocess.run(
            [*command, "--python-version", version, package, *sys.argv[2:]],
            env={**os.environ, "MYPYPATH": str(package.parent)},
            check=False,
        )
        failed = failed or ran.returncode != 0
sys.exit(1 if failed else 0)

"""Runs one file of tests by pytest; exits with 77, which CTest takes for skipped, where there is no pytest."""

import sys

try:
    import pytest
except ImportError:
    print("skipped: python3-pytest is not installed")
    sys.exit(77)

sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))

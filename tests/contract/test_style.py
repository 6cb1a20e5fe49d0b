"""ruff and mypy are part of the tests: `pytest` is the one gate."""

import subprocess
import sys


def run(root, *command):
    return subprocess.run([sys.executable, "-m", *command], cwd=root, capture_output=True, text=True)


def test_ruff(root):
    """No lint finding."""
    done = run(root, "ruff", "check", "--no-cache", ".")

    assert done.returncode == 0, done.stdout


def test_mypy(root, tmp_path):
    """The package is typed, strictly."""
    done = run(root, "mypy", "--cache-dir", str(tmp_path))

    assert done.returncode == 0, done.stdout

"""The README names every command and option, and its two lines are the ones that CI runs."""

import re
import subprocess
import sys

import pytest

COMMANDS = (
    "demo", "talk", "grade", "transcribe", "detect", "replay", "techniques", "persona", "bench", "drill", "circuit",
    "retry", "purge", "mark", "cohort",
)  # fmt: skip
LEAVES = (
    "techniques show", "techniques check", "persona list", "persona show", "persona check", "persona draw",
    "persona preview", "persona new", "bench annomi",
)  # fmt: skip


def shown(*arguments):
    done = subprocess.run([sys.executable, "-m", "simpatient", *arguments], capture_output=True, text=True, env=_wide())
    assert done.returncode == 0, done.stderr
    return done.stdout


def _wide():
    import os

    return {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


@pytest.mark.parametrize("command", (*COMMANDS, *LEAVES))
def test_every_command_and_option_is_in_the_readme(root, command):
    """What `--help` offers, the README names; each help shows examples."""
    readme = (root / "README.md").read_text("utf-8")
    text = shown(*command.split(), "--help")
    options = set(re.findall(r"--[a-z][a-z-]+", text)) - {"--help"}

    assert f"simpatient {command.split()[0]}" in readme
    assert command.split()[-1] in readme
    assert "Example" in text or command in ("persona", "bench")
    assert [o for o in sorted(options) if o not in readme] == []


def test_help_lists_exactly_these_commands():
    """A new command needs its line in the README and here."""
    listed = re.findall(r"^[│ ] *([a-z]+)  ", shown("--help").partition("Commands")[2], re.M)

    assert set(COMMANDS) <= set(listed)


def test_the_two_lines_are_marked(root):
    """Each of the two commands is one line, between marks that .ci/run reads."""
    readme = (root / "README.md").read_text("utf-8")

    for mark in ("main-job", "tests"):
        block = re.search(rf"<!-- {mark} -->\n```\n(.*?)```", readme, re.S)
        assert block and block[1].count("\n") == 1


def test_the_version_is_one(root):
    """`--version`, the package and the changelog agree."""
    import simpatient

    assert shown("--version").strip() == f"simpatient {simpatient.__version__}"
    assert f"## {simpatient.__version__}" in (root / "CHANGELOG.md").read_text("utf-8")

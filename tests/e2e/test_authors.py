"""What authors type: patients and techniques are listed, explained, checked, drawn and begun."""

import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest


def run(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "simpatient", *arguments], capture_output=True, text=True, encoding="utf-8", cwd=cwd
    )


def test_a_new_patient_can_be_checked_and_talked_to(tmp_path):
    """`persona new` makes a folder that `check`, `preview` and `talk` accept."""
    assert run("persona", "new", "maria", "--out", str(tmp_path)).returncode == 0

    checked = run("persona", "check", str(tmp_path / "maria"))
    previewed = run("persona", "preview", str(tmp_path / "maria"))

    assert (checked.returncode, checked.stdout) == (0, "")
    assert "The good path" in previewed.stdout and "The bad path" in previewed.stdout
    assert run("persona", "new", "maria", "--out", str(tmp_path)).returncode == 4


def test_findings_make_exit_code_one(tmp_path):
    """Each finding is one line with file and line."""
    run("persona", "new", "maria", "--out", str(tmp_path))
    file = tmp_path / "maria" / "replies.yaml"
    file.write_text(file.read_text("utf-8").replace('["Deal."]', '["Mm."]'), "utf-8")

    done = run("persona", "check", str(tmp_path / "maria"))

    assert done.returncode == 1
    assert done.stdout.startswith(f"{file}:") and "stands twice" in done.stdout
    assert "Traceback" not in done.stderr


def test_feedback_is_checked(tmp_path):
    """A slip in feedback.yaml is a finding with file and line; so is a detail of a method."""
    run("persona", "new", "maria", "--out", str(tmp_path))
    file = tmp_path / "maria" / "feedback.yaml"
    whole = file.read_text("utf-8")
    file.write_text(whole.replace("    goal: route", "    goal: rout", 1), "utf-8")
    slip = run("persona", "check", str(tmp_path / "maria"))
    file.write_text(whole.replace("Next stop, then.", "Off the bridge, then."), "utf-8")
    detail = run("persona", "check", str(tmp_path / "maria"))

    assert slip.returncode == detail.returncode == 1
    assert slip.stdout.startswith(f"{file}:") and "found the goal rout; allowed: mornings, route" in slip.stdout
    assert "found 'bridge', a detail of a method" in detail.stdout


def test_the_stages_are_drawn(tmp_path):
    """Mermaid on standard output; a picture that is well-formed SVG."""
    shown, drawn = run("persona", "draw", "teen"), run("persona", "draw", "teen", "--svg", str(tmp_path / "t.svg"))

    assert shown.stdout.startswith("stateDiagram-v2") and "walkout" in shown.stdout
    assert drawn.returncode == 0
    texts = [e.text for e in xml.parse(tmp_path / "t.svg").iter() if e.text]
    assert any("goals agreed" in t for t in texts) and any("Tess Moran" in t for t in texts)


def test_people_and_techniques_are_listed_and_explained():
    """Lists name everybody and every code; one is explained with its examples."""
    assert "Tess Moran" in run("persona", "list").stdout
    assert "for " in run("persona", "show", "teen").stdout
    assert "MIRACLE" in run("techniques").stdout
    explained = run("techniques", "show", "miracle").stdout
    assert "Says" in explained and "de Shazer" in explained


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("techniques", "show", "MIRACEL"), "no technique 'MIRACEL'; allowed:"),
        (("techniques", "check", "nowhere"), "no folder of technique files"),
        (("persona", "show", "tess"), "no persona 'tess'; shipped:"),
        (("persona", "new", "Maria B"), "allowed: small letters"),
        (("bench", "annomi", "nowhere.csv"), "cannot be read"),
    ],
)
def test_a_mistake_is_one_line(arguments, says):
    """What, where, what is allowed; exit code 2."""
    done = run(*arguments)

    assert done.returncode == 2
    assert says in done.stderr and done.stderr.count("\n") == 1


def test_the_reference_page_is_the_data(root):
    """docs/techniques.md is what `techniques --markdown` prints."""
    assert run("techniques", "--markdown").stdout == (root / "docs" / "techniques.md").read_text("utf-8")

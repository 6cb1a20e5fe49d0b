"""The authors' check: what is wrong is told with file and line; what is right is not."""

import shutil

import pytest

from simpatient.cli.persona import TEMPLATE
from simpatient.detect.pack import load_pack
from simpatient.errors import DataError
from simpatient.patient.check import problems
from simpatient.persona.load import FILES, load_patient

NOTHING_HELPS = f"gains: {{{', '.join(f'{code}: 0' for code in load_pack().codes())}}}"


@pytest.fixture
def folder(tmp_path):
    """The commented patient that authors begin with."""
    target = tmp_path / "new"
    target.mkdir()
    for file in FILES:
        shutil.copy(TEMPLATE / file, target / file)
    return target


def change(folder, file, old, new):
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def found(folder):
    pack = load_pack()
    return problems(folder, load_patient(folder, pack.codes(), pack.topics), pack)


def test_the_template_passes(folder):
    """A new author starts from nothing to mend."""
    assert found(folder) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("replies.yaml", '["Morning."]', '["That\'s it."]', "stands twice"),
        ("topics.yaml", "It's broken up.", "I took 30 tablets.", "a detail of a method"),
        ("replies.yaml", "  REPAIR:", "  CLOSE:", "no bank for REPAIR"),
        ("replies.yaml", "scoff, reluctance: [high],", "scoff, reluctance: [low],", "MIRACLE: found nothing"),
        ("replies.yaml", '["Deal."]', '["Deal, for {goal}."]', "found the slot {goal}"),
        ("persona.yaml", "  reluctance: 0.50", "  reluctance: 0.95", "nobody wins"),
        ("persona.yaml", "style: neutral ", f"{NOTHING_HELPS}\nstyle: neutral ", "no learner reaches the stage"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(folder, file, old, new, says):
    """One finding or more, each beginning with file:line."""
    change(folder, file, old, new)

    lines = found(folder)

    assert any(says in line for line in lines), lines
    assert all(line.startswith(str(folder)) and line.split(":")[1].isdigit() for line in lines)


def test_a_gate_that_never_opens_is_told(folder):
    """A topic behind more openness than this person can ever have."""
    change(folder, "topics.yaml", "  why_here:", "  why_here:\n    gate: 4")
    change(folder, "persona.yaml", "style: neutral ", f"{NOTHING_HELPS}\nstyle: neutral ")

    assert any("never opens" in line for line in found(folder))


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("replies.yaml", "  PROB_OPEN:", "  PROB_CLOSED:", "found the code PROB_CLOSED; allowed:"),
        ("topics.yaml", "  sleep:", "  snooze:", "found the topic snooze; allowed:"),
        ("replies.yaml", "goals: [route]", "goals: [router]", "found the goal router; allowed:"),
        ("persona.yaml", 'named: ["walk*", "the dog"]', 'named: ["(walk*"]', "')' is missing"),
        ("persona.yaml", "age: 34", "age: old", "found 'old'; allowed: a whole number"),
    ],
)
def test_what_cannot_be_loaded_says_why(folder, file, old, new, says):
    """Unknown names, broken cues and broken schemas are refused at once."""
    change(folder, file, old, new)

    with pytest.raises(DataError) as error:
        found(folder)

    assert says in str(error.value)
    assert str(error.value).startswith(str(folder / file))

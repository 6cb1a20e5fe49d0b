"""Every technique line of the article gets the code that the article gives it; derived codes follow the situation."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from simpatient.cli.hear import context_of
from simpatient.detect.context import judge
from simpatient.yamlfile import load


@dataclass(frozen=True)
class Quote:
    persona: str
    says: str
    heard: tuple[str, ...]
    derived: tuple[str, ...] = ()
    after: str = ""
    goals: float | None = None


@dataclass(frozen=True)
class Moment:
    persona: str
    says: str
    code: str
    there: bool
    after: str = ""
    goals: float | None = None
    bond: float | None = None


@dataclass(frozen=True)
class Table:
    article: tuple[Quote, ...]
    situations: tuple[Moment, ...]


TABLE = load(Path(__file__).with_name("article.yaml"), Table)


def judged(detector, patients, row, state):
    context = context_of(patients[row.persona], state, row.after, row.says)
    return judge(detector.hear(row.says, row.after), context, row.says)


@pytest.mark.must_show("every technique line of the article gets the article's code")
@pytest.mark.parametrize("row", TABLE.article, ids=lambda row: row.says[:50])
def test_the_articles_own_lines(detector, patients, row):
    """Surface codes are all heard (A|B: either), derived codes follow from the patient, and nothing hurts besides."""
    found = judged(detector, patients, row, {} if row.goals is None else {"goal_agreement": row.goals})

    heard = {j.detection.code for j in found if j.detection.layer == "surface" and j.detection.confidence >= 0.5}
    assert all(heard & set(code.split("|")) for code in row.heard), heard
    assert set(row.derived) <= {j.detection.code for j in found if j.detection.layer == "derived"}
    mistakes = {c for c in heard if (t := detector.pack.technique(c)) and t.pull == "hurt"}
    assert mistakes <= set(row.heard)


@pytest.mark.must_show("derived codes follow from words and state")
@pytest.mark.parametrize("row", TABLE.situations, ids=lambda row: f"{row.code} {row.persona} {row.there}")
def test_derived_codes_follow_from_the_situation(detector, patients, row):
    """The same words are a mistake with one patient or at one time, and none with another."""
    given = {"goal_agreement": row.goals, "bond": row.bond}
    found = judged(detector, patients, row, {k: v for k, v in given.items() if v is not None})

    layers = ("derived", "surface") if row.code == "SI_AVOID" else ("derived",)  # the words too may say it
    assert any(j.detection.code == row.code and j.detection.layer in layers for j in found) == row.there

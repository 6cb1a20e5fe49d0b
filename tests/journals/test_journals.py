"""Three learners at every station, from words alone through the real detector and engine: the marks rank them.

Each `<station>/{failing,borderline,good}.yaml` holds what one learner says, line by line, in natural speech.
"""

import pytest

from simpatient import places
from tests.pages import JOURNALS, LEVELS, REPORTS, every_station, examples, written

APART = 10
"""Per cent of the checklist by which neighbours differ at least."""
STATIONS = sorted(places.stations())


@pytest.fixture(scope="module")
def played(detector):
    """What each learner did at each station."""
    return every_station(detector)


@pytest.mark.parametrize("name", STATIONS)
def test_every_station_has_three_learners(name):
    """Ten to sixteen turns each, for the right station, under the right name."""
    for who in LEVELS:
        learner = written(name, who)

        assert (learner.station, learner.learner) == (name, who)
        assert 10 <= len(learner.says) <= 16
        assert len(set(learner.says)) == len(learner.says)


def test_every_folder_is_a_station():
    """No learner waits at a station that is gone."""
    assert sorted(p.name for p in JOURNALS.iterdir() if p.is_dir() and not p.name.startswith("_")) == STATIONS


@pytest.mark.must_show("For every station the marks of a failing, a borderline and a good learner rank so")
@pytest.mark.parametrize("name", STATIONS)
def test_the_marks_rank_the_learners(name, played):
    """Checklist, well apart; the second visit ranks the worst and the best alike."""
    grades = {who: one.grade for who, one in played[name].items()}
    checklist = {who: g.sheet.checklist for who, g in grades.items()}

    assert checklist["failing"] + APART <= checklist["borderline"] <= checklist["good"] - APART, checklist
    assert grades["failing"].second_visit < grades["good"].second_visit


@pytest.mark.parametrize("name", STATIONS)
def test_flags_fall_on_the_failing_and_not_on_the_good(name, played):
    """The failing learner misses something that no average hides; the good one nothing."""
    grades = {who: one.grade for who, one in played[name].items()}

    assert grades["failing"].flags
    assert grades["good"].flags == ()


@pytest.mark.parametrize("name", STATIONS)
def test_every_point_has_its_words(name, played):
    """What is met by something said quotes the words that stand in that very turn."""
    for one in played[name].values():
        turns = {turn.no: turn for turn in one.transcript.turns}
        for item in one.grade.sheet.items:
            for e in item.evidence:
                turn = turns[e.turn]
                said = turn.reply.text if e.rule.startswith("the patient's words") else turn.utterance.text
                assert e.quote and e.quote in said, (item.id, e)


@pytest.mark.must_show("For every station three reports are committed as examples under docs/")
def test_the_examples_are_up_to_date(played, detector):
    """docs/reports holds what `python -m tests.pages` writes today, and nothing else."""
    made = dict(examples(played, detector.pack))
    there = {file.name: file.read_text("utf-8") for file in REPORTS.iterdir()}
    stale = sorted(name for name in made | there if made.get(name) != there.get(name))

    assert stale == [], "out of date: run `python -m tests.pages`"

"""The questions before the marks: passed over, asked again, kept or not."""

import pytest

from simpatient import places
from simpatient.cli.feedback import ask_self
from simpatient.grading.station import load_station
from simpatient.session.assessment import SelfAssessment, load, save

STATION = load_station(places.station("teen-first-visit"))
DOMAINS = [domain.id for domain in STATION.domains]


def asked(*answers, harmless=lambda text: True):
    left = iter(answers)
    questions = []

    def ask(question):
        questions.append(question)
        return next(left, None)

    return ask_self(STATION, "Tess", ask, harmless), questions


def test_every_domain_is_asked_in_its_own_words():
    """The outcome, each domain, one thing to do differently."""
    found, questions = asked("40 %", *(["2,5"] * len(DOMAINS)), " listen ")

    assert found == SelfAssessment(40, dict.fromkeys(DOMAINS, 2.5), "listen")
    assert len(questions) == len(DOMAINS) + 2
    assert all(domain.title in " ".join(questions) for domain in STATION.domains)


@pytest.mark.parametrize("wrong", ["well", "5", "-1", "nan", "1e9"])
def test_what_is_no_mark_is_asked_again(wrong):
    """Until it is one, or passed over."""
    found, questions = asked("", wrong, "4")

    assert found.domains[DOMAINS[0]] == 4
    assert questions[1] == questions[2]


def test_no_answers_are_no_answers():
    """The end of the input, or of the time for feedback."""
    found, _ = asked()

    assert found == SelfAssessment(None, dict.fromkeys(DOMAINS), "")


def test_what_must_not_be_kept_is_not():
    """A text on the learner's own risk."""
    found, _ = asked("", *([""] * len(DOMAINS)), "something", harmless=lambda text: False)

    assert found.otherwise == ""


def test_it_is_read_as_it_was_written(tmp_path):
    """Beside the journal; damage is as if nothing had been asked."""
    own = SelfAssessment(50, {"goals": 2.0, "risk": None}, "ask “why”")
    save(tmp_path, own)

    assert load(tmp_path) == own
    (tmp_path / "self.json").write_text("{")
    assert load(tmp_path) is None

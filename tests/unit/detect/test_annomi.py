"""The benchmark: how labels are read, what the figures mean, what a wrong file gets."""

from pathlib import Path

import pytest

from simpatient.detect.annomi import Said, f1, like_a_recogniser, read, score
from simpatient.errors import DataError

SAMPLE = Path(__file__).parent.parent.parent / "data" / "annomi-sample.csv"


def test_an_utterance_counts_once_with_the_majority_of_its_annotators():
    """Three annotators of one utterance are one; the patient's words before it go along."""
    said = read(SAMPLE)

    assert len(said) == 13
    first = next(s for s in said if s.text.startswith("What brings you in"))
    assert (first.main, first.question, first.kind) == ("question", True, "open")
    assert next(s for s in said if s.text.startswith("So your wife")).after.startswith("My drinking")


def test_perfect_and_useless_detectors_get_one_and_nought(detector):
    """The same labels score 1; a detector of nothing on questions scores 0."""
    assert f1([True, False, True], [True, False, True]) == 1.0
    assert f1([True, False], [False, True]) == 0.0

    figures = {f.name.strip(): f for f in score(read(SAMPLE), detector, like_a_recogniser)}

    macro = figures["main behaviour, four classes, macro-F1"]
    assert 0.5 < macro.value <= 1.0 and macro.low <= macro.value <= macro.high
    assert figures["a question is there, F1"].value >= 0.8


def test_the_interval_comes_from_whole_videos(detector):
    """With one video there is nothing to draw from, so that the interval has no width."""
    said = [Said("v", "how are you sleeping", "", "question", True, False, "open")] * 3

    (macro, *_) = score(said, detector, str)

    assert macro.low == macro.value == macro.high


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"a,b\n1,2\n", ":1: no column"), (b"\xff\xfe\x00", "not a CSV file"), (b"", ":1: no column")],
)
def test_another_file_is_told_in_one_line(tmp_path, content, says):
    """A file of another kind names its line and what is missing."""
    file = tmp_path / "x.csv"
    file.write_bytes(content)

    with pytest.raises(DataError, match=says):
        read(file)


def test_recogniser_like_text_has_no_punctuation():
    """Case and marks fall, apostrophes stay."""
    assert like_a_recogniser("So – you’re tired, right?") == "so you're tired right"

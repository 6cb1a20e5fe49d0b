"""The semantic matcher: wordings that no cue knows, and its absence."""

import sys

import pytest

from simpatient.detect import semantic
from simpatient.detect.detector import Detector

UNWRITTEN = {
    "GOAL_OPEN": "say you went home tonight and it had not been a waste what did we get done",
    "GOAL_PACT": "so the two of us go after a decent night's kip and fewer slammed doors is that a bargain you'd sign",
    "SI_ASK": "does any part of you wish it would all just be over for good",
    "VALIDATE": "after a week like that i'd be on my knees as well",
}


@pytest.fixture(scope="module")
def cues_alone():
    return Detector(semantic=None)


@pytest.mark.parametrize("code", UNWRITTEN)
def test_an_unwritten_wording_is_heard(detector, code):
    """Sentences that stand in no pack and no corpus are heard, with words of theirs as evidence."""
    text = UNWRITTEN[code]

    found = [d for d in detector.hear(text).detections if d.code == code]

    assert found
    assert text[found[0].start : found[0].end].strip()


def test_cues_serve_alone_without_onnxruntime(monkeypatch):
    """Where onnxruntime cannot be imported, there is no matcher, and cues are still heard."""
    semantic.load_semantic.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    try:
        alone = Detector()
    finally:
        semantic.load_semantic.cache_clear()

    assert alone.semantic is None
    assert {d.code for d in alone.hear("what seems to be the problem").detections} == {"PROB_OPEN"}


def test_what_cues_hear_is_not_lost(detector, cues_alone):
    """The matcher only adds: every code that the cues hear in an example is still there, unless it gave way."""
    for rule in detector.pack.rules:
        for text in rule.technique.says:
            code = rule.technique.code
            if code in {d.code for d in cues_alone.hear(text).detections}:
                assert code in {d.code for d in detector.hear(text).detections}, text


def test_confidences_come_in_steps(detector):
    """Confidences are rounded to .05, so that the encoder's last bits do not matter."""
    for text in UNWRITTEN.values():
        assert all(abs(d.confidence * 20 - round(d.confidence * 20)) < 1e-9 for d in detector.hear(text).detections)


@pytest.mark.parametrize("text", ["", "ok", "🙂", "я не знаю что сказать вам сегодня", "x" * 5000, "a " * 2000])
def test_any_text_is_no_trouble(text):
    """Odd and endless text is scored or passed over; places lie in the text."""
    matcher = semantic.load_semantic()
    assert matcher is not None

    for scored in matcher.hear(text).over:
        assert 0 <= scored.start < scored.end <= len(text)


def test_the_model_is_small():
    """One file of at most 25 MB."""
    assert (semantic.FOLDER / "model.onnx").stat().st_size <= 25_000_000

"""pocketsphinx with the clinic's language model, on clinician sentences that nothing of ours was made from.

A part of `bench/hearing.py`, which takes all sentences; here every fourth of its files, three voices.
"""

import shutil

import pytest

from bench import hearing
from simpatient.detect.detector import Detector


@pytest.fixture(scope="module")
def said():
    if shutil.which("flite") is None:
        pytest.skip("hearing needs flite: apt install flite")
    return hearing.sentences(1)[::4]


def scored(name, said):
    """Clean, over three voices."""
    ears, detector, total = hearing.engine(name), Detector(), hearing.Score()
    for voice in hearing.VOICES:
        score, _ = hearing.score(ears, detector, said, voice, "clean")
        total += score
    return total


@pytest.mark.must_show("the clinic's language model: a quarter fewer word errors")
def test_a_quarter_fewer_word_errors(said):
    general = scored("general", said)
    ours = scored("pocketsphinx", said)

    assert len(said) >= 13 and ours.words == general.words > 400
    assert ours.errors <= 0.75 * general.errors, (ours, general)

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


def scored(name, said, condition, clean=None):
    ears, detector = hearing.engine(name), Detector()
    total, found = hearing.Score(), {}
    for voice in hearing.VOICES:
        score, found[voice] = hearing.score(ears, detector, said, voice, condition, (clean or {}).get(voice, ()))
        total += score
    return total, found


@pytest.mark.must_show("the clinic's language model: a quarter fewer word errors, and techniques survive noise")
def test_fewer_errors_and_techniques_that_survive_noise(said):
    general, _ = scored("general", said, "clean")
    ours, clean = scored("pocketsphinx", said, "clean")
    noisy, _ = scored("pocketsphinx", said, "10 dB", clean)

    assert len(said) >= 13 and ours.words == general.words > 400
    assert ours.errors <= 0.75 * general.errors, (ours, general)
    assert noisy.still >= 0.8, noisy

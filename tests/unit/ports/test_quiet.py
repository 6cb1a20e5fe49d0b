"""A voice out of the noise of a room: less noise, the same voice at the same time, whatever the blocks."""

import difflib
from pathlib import Path

import numpy
import pytest

from simpatient.ports import RATE, quiet
from simpatient.ports.quiet import LAG, Quieter
from simpatient.ports.recordings import blocks
from simpatient.ports.sphinx import _decoder, voice_detector
from simpatient.ports.sphinx_ears import FRAME_MS, Ears
from simpatient.text import uniform
from tests.unit.ports.test_sphinx import CLIPS, SOME


def voice(name):
    """float, between two seconds of silence."""
    around = numpy.zeros(2 * RATE)
    sound = numpy.frombuffer(b"".join(blocks(CLIPS / f"{name}.flac")), "<i2") / 32_768
    return numpy.concatenate([around, sound, around])


def noisy(sound, below_db, seed=1):
    power = (sound[2 * RATE : -2 * RATE] ** 2).mean() / 10 ** (below_db / 10)
    return sound + numpy.random.default_rng(seed).standard_normal(len(sound)) * power**0.5


def pcm(sound):
    return (sound.clip(-1, 1) * 32_767).astype("<i2").tobytes()


def floats(data):
    return numpy.frombuffer(data, "<i2") / 32_768


@pytest.mark.parametrize(("below_db", "better"), [(20, 0), (10, 4)])
def test_the_noise_goes_and_the_voice_stays(below_db, better):
    """What differs from the voice alone is less than before, and between the words by 10 dB at least."""
    clean = voice(SOME[0]["name"])
    dirty = noisy(clean, below_db)

    heard = floats(Quieter().hear(pcm(dirty)))

    assert len(heard) == len(dirty) // quiet.HOP * quiet.HOP - LAG
    sounding, silent = slice(2 * RATE, len(clean) - 2 * RATE), slice(RATE, 2 * RATE - LAG)
    for part, better_db in ((sounding, better), (silent, 10)):
        before, after = (((x[part] - clean[part]) ** 2).sum() for x in (dirty, heard))
        assert 10 * numpy.log10(before / after) > better_db


def test_the_voice_stands_where_it_stood():
    """The sound that comes out fits the voice best without any shift."""
    clean = voice(SOME[1]["name"])
    heard = floats(Quieter().hear(pcm(noisy(clean, 20))))
    likely = {
        shift: float(numpy.dot(heard[400:-400], clean[400 + shift :][: len(heard) - 800])) for shift in range(-80, 81)
    }

    assert max(likely, key=likely.get) == 0


@pytest.mark.parametrize("size", [160, 960, 1_001, 2**20])
def test_any_size_of_block(size):
    """Odd ones too: what comes out is the same but for rounding."""
    data = pcm(noisy(voice(SOME[0]["name"]), 15))[: 4 * RATE]
    whole, quieter = floats(Quieter().hear(data)), Quieter()

    cut = floats(b"".join(quieter.hear(data[at : at + 2 * size]) for at in range(0, len(data), 2 * size)))

    assert abs(cut - whole).max() < 1e-3


def test_the_same_sound_gives_the_same_bytes():
    data = pcm(noisy(voice(SOME[0]["name"]), 10))[: 4 * RATE]

    assert Quieter().hear(data) == Quieter().hear(data)


@pytest.fixture(scope="module")
def decoder():
    return _decoder()


def words(decoder, sound, quieten):
    ears = Ears(decoder, voice_detector(FRAME_MS), quieten=quieten)
    return " ".join(s.text for s in [*ears.hear(pcm(sound)), *ears.finish()]).split()


@pytest.mark.must_show("in a noisy room pocketsphinx hears what it does not hear without help")
def test_pocketsphinx_hears_more_in_noise(decoder):
    """At 20 dB at least half of the words that were lost without are right."""
    lost = {True: 0, False: 0}
    for one in SOME[:4]:
        wanted = uniform(one["say"]).split()
        for quieten in lost:
            heard = words(decoder, noisy(voice(one["name"]), 20), quieten)
            matching = difflib.SequenceMatcher(None, wanted, heard).get_matching_blocks()
            lost[quieten] += len(wanted) - sum(block.size for block in matching)

    assert lost[True] <= lost[False] / 2, lost


def test_a_quiet_room_is_left_alone(decoder, monkeypatch):
    """No network runs, and so nothing is later."""

    def never():
        raise AssertionError("a voice in a quiet room was quietened")

    monkeypatch.setattr("simpatient.ports.sphinx_ears.Quieter", never)

    assert words(decoder, noisy(voice(SOME[0]["name"]), 45), True)


def test_the_weights_are_small():
    """They are loaded by everybody who starts pocketsphinx."""
    assert Path(quiet.FILE).stat().st_size < 5_000_000

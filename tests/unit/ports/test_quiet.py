"""A voice in the noise of a room: pocketsphinx sees the voice, at the same time, whatever the blocks."""

import difflib
from pathlib import Path

import numpy
import pytest
from pocketsphinx import Decoder

from simpatient.ports import RATE, quiet
from simpatient.ports.quiet import CEPSTRA, COMFORT, HOP, LAG, Quieter
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


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Sound to what pocketsphinx itself sees of it, (frames, CEPSTRA)."""
    folder = tmp_path_factory.mktemp("passes")
    decoder = Decoder(samprate=RATE, loglevel="FATAL", mfclogdir=str(folder), keyphrase="zulu", lm=None)

    def see(sound):
        decoder.start_utt()
        decoder.process_raw(pcm(sound), full_utt=True)
        decoder.end_utt()
        (file,) = folder.iterdir()
        data = file.read_bytes()
        file.unlink()
        return numpy.frombuffer(data[4:], ">f4").reshape(-1, CEPSTRA)

    return see


def settled(cepstra, count):
    """Of the words and a little around them, without their mean, which pocketsphinx takes away."""
    part = cepstra[150 : count - 150]
    return part - part.mean(0)


@pytest.mark.parametrize(("below_db", "part"), [(20, 0.95), (10, 0.7)])
def test_a_voice_in_noise_looks_like_the_voice_alone(seen, below_db, part):
    """Its cepstra are nearer, in squares, to what pocketsphinx sees of the voice alone, than without."""
    clean = voice(SOME[0]["name"])
    dirty = noisy(clean, below_db)
    comfort = numpy.random.default_rng(2).standard_normal(len(clean)) * COMFORT

    cepstra, power = Quieter().hear(pcm(dirty))

    count = len(cepstra)
    assert count == len(power) == (len(dirty) - LAG) // HOP
    wanted = settled(seen(clean + comfort), count)
    before, after = (((settled(x, count) - wanted) ** 2).sum() for x in (seen(dirty), cepstra))
    assert after < part * before


def test_the_power_of_the_voice_is_told_from_the_noise():
    """Between the words hardly any is left, in them most."""
    clean = voice(SOME[0]["name"])

    _, power = Quieter().hear(pcm(noisy(clean, 15)))

    came, left = power[50:180].sum(0)
    assert left < came / 10
    came, left = power[200:-200].sum(0)
    assert left > came / 2


def test_a_frame_stands_where_pocketsphinx_has_it(seen):
    """Loudness, frame by frame, fits best without any shift."""
    clean = voice(SOME[1]["name"])
    cepstra, _ = Quieter().hear(pcm(noisy(clean, 20)))
    wanted = seen(clean + numpy.random.default_rng(2).standard_normal(len(clean)) * COMFORT)[:, 0]
    loud = cepstra[20:-20, 0]
    likely = {shift: numpy.corrcoef(loud, wanted[20 + shift :][: len(loud)])[0, 1] for shift in range(-5, 6)}

    assert max(likely, key=likely.get) == 0


@pytest.mark.parametrize("size", [160, 960, 1_001, 2**20])
def test_any_size_of_block(size):
    """Odd ones too: what comes out is the same but for rounding."""
    data = pcm(noisy(voice(SOME[0]["name"]), 15))[: 4 * RATE]
    whole, _ = Quieter().hear(data)
    quieter = Quieter()

    cut = numpy.concatenate([quieter.hear(data[at : at + 2 * size])[0] for at in range(0, len(data), 2 * size)])

    assert abs(cut - whole).max() < 0.05


def test_the_same_sound_gives_the_same_cepstra():
    data = pcm(noisy(voice(SOME[0]["name"]), 10))[: 4 * RATE]
    once, again = (Quieter().hear(data)[0] for _ in range(2))

    assert (once == again).all()


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
    assert Path(quiet.FILE).stat().st_size < 6_000_000

"""Recorded learners of other wordings and other voices, from audio alone, through the real libvosk."""

import pytest
import yaml

from simpatient import places
from simpatient.ports.hearing import choose
from simpatient.ports.recordings import blocks
from simpatient.session.turns import turns

FIXTURES = places._CHECKOUT / "audio_fixtures"
TAKES = sorted(p.stem for p in (FIXTURES / "takes").glob("*.yaml"))
SILENT = ("FACIL", "OPENQ", "CLOSEDQ", "INFO")


@pytest.fixture(scope="module")
def ears():
    chosen = choose("clinic", {}, None)
    yield chosen
    chosen.close()


def recording(take):
    name = f"{take}.flac"
    return next(p for p in (FIXTURES / "demo" / name, FIXTURES / "takes" / name) if p.exists())


def interview(engine, ears, take):
    _, now = engine.open()
    told = []
    for utterance in turns(ears.listen(blocks(recording(take)))):
        turn, now = engine.hear(now, utterance)
        told.append(turn)
        if turn.ended:
            break
    return told, now


@pytest.mark.must_show("three other wordings of each take rendered by another voice end likewise")
@pytest.mark.parametrize("take", TAKES)
def test_every_take_ends_as_it_should(engines, ears, take):
    """A good take agrees on goals; a bad one drives the teenager out and agrees on nothing in the emergency."""
    script = yaml.safe_load((FIXTURES / "takes" / f"{take}.yaml").read_text())
    told, now = interview(engines[script["persona"]], ears, take)

    if script["take"] == "good":
        assert now.state.stage in ("contemplation", "preparation", "action")
        assert now.state.reluctance < told[0].before.reluctance
    elif script["persona"] == "teen":
        assert now.ended == "walkout"
    else:
        assert now.state.stage == "precontemplation"
        assert now.state.reluctance > told[0].before.reluctance


@pytest.mark.must_show("the real libvosk runs in the tests over real speech for meaning")
def test_most_expected_techniques_are_heard(detector, ears):
    """Compared by meaning, over all takes: four in five of the techniques in the scripts are heard in the sound."""
    wanted = found = 0
    for take in TAKES:
        script = yaml.safe_load((FIXTURES / "takes" / f"{take}.yaml").read_text())
        heard = list(turns(ears.listen(blocks(recording(take)))))
        assert len(heard) == len(script["turns"]), take
        for utterance, turn in zip(heard, script["turns"], strict=True):
            expected = set(turn["expect"]) - set(SILENT)
            wanted += len(expected)
            found += len(expected & {d.code for d in detector.hear(utterance.text).detections})

    assert found >= 0.8 * wanted


def test_no_fixture_sentence_is_an_example_of_the_pack(detector):
    """What is recorded is nobody's example: the detector has never been shown it."""
    examples = {_plain(e) for rule in detector.pack.rules for e in rule.technique.says}
    said = set()
    for file in (FIXTURES / "takes").glob("*.yaml"):
        for turn in yaml.safe_load(file.read_text())["turns"]:
            said |= {_plain(part) for part in turn["say"].replace("?", ".").split(".")} | {_plain(turn["say"])}
    said |= {_plain(clip["text"]) for clip in yaml.safe_load((FIXTURES / "manifest.yaml").read_text())}

    assert not examples & (said - {""})


def _plain(text):
    from simpatient.text import uniform

    return uniform(text).strip()

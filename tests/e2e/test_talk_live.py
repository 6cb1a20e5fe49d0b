"""The live loop over a virtual microphone and loudspeaker: it answers, never itself, and can be interrupted."""

import json
import time

import pytest

from simpatient.errors import DeviceError
from simpatient.ports import sounddevice_io
from simpatient.session.conversation import at_rate
from simpatient.session.journal import read
from simpatient.session.replay import redecide
from tests.audio_devices import audio_devices  # noqa: F401
from tests.live import Talk, likeness

SIX = ("goal-open-1", "under", "goal-more", "validate-1", "goal-wish-1", "strength")


def spoken(root, devices, clip):
    return devices.speak_file(root / "audio_fixtures" / "clips" / f"{clip}.flac")


@pytest.mark.must_show("a live talk over null sinks: six turns, each answer the reply that the journal names")
def test_six_turns(audio_devices, root, tmp_path, monkeypatch, engines):  # noqa: F811
    """A recorded clinician speaks six turns; what the loudspeaker says is the reply, and no other reply."""
    answers = []
    with (
        audio_devices.recording() as recording,
        Talk(monkeypatch, recording, engines["teen"], tmp_path / "s") as talk,
    ):
        assert talk.await_(lambda: talk.events("spoke"), 60)
        for clip in SIX:
            begun = talk.await_quiet()
            before = len(talk.events("spoke"))
            spoken(root, audio_devices, clip).wait()
            assert talk.await_(lambda n=before: len(talk.events("spoke")) > n), clip
            answers.append(recording.data[begun : talk.await_quiet()])

    assert talk.error is None
    turns = read(tmp_path / "s").transcript().turns
    assert len(turns) == len(SIX)
    assert all(turn.utterance.words for turn in turns)
    sounds = {text: [at_rate(pcm) for pcm in made] for text, made in talk.synthesised.items()}
    for turn, heard in zip(turns, answers, strict=True):
        likely = {text: max(likeness(heard, sound) for sound in made) for text, made in sounds.items()}
        assert likely.pop(turn.reply.text) >= 0.9, (turn.no, turn.reply.text)
        assert max(likely.values()) < 0.6, turn.no
    starts = [turn.utterance.start_ms for turn in turns]
    assert starts == sorted(starts) and starts[-1] > 20_000
    noted = [json.loads(line) for line in (tmp_path / "s" / "timing.jsonl").read_text().splitlines()]
    timed = [line for line in noted if "first_ms" in line]
    assert len(timed) == len(SIX)
    assert all(t["ended_ms"] < t["endpoint_ms"] <= t["decided_ms"] <= t["first_ms"] for t in timed)
    print([(t["gap_ms"], t["hesitation_ms"], t["guess"]) for t in timed])


@pytest.mark.must_show("the loudspeaker wired to the microphone at 0 dB: the patient never talks to itself")
@pytest.mark.parametrize("headphones", [False, True], ids=["half-duplex", "headphones"])
def test_feedback(audio_devices, tmp_path, monkeypatch, engines, headphones):  # noqa: F811
    """What comes out of the loudspeaker goes into the microphone, for a minute: nobody is heard but silence."""
    seconds = 60
    audio_devices.wire()
    with (
        audio_devices.recording() as recording,
        Talk(monkeypatch, recording, engines["teen"], tmp_path / "s", headphones=headphones) as talk,
    ):
        assert talk.await_(lambda: talk.events("spoke"), 60)
        time.sleep(seconds)
        sounded = len(recording.data)

    assert talk.error is None
    assert sounded > seconds * 16_000
    assert len(talk.events("spoke")) > seconds // 20
    assert talk.events("silence")
    assert not talk.events("heard", "unclear", "interrupted")


@pytest.mark.must_show("an unplugged device in mid-talk: its one line, and the journal so far is whole")
def test_unplugged(audio_devices, root, tmp_path, monkeypatch, engines, capsys):  # noqa: F811
    """The microphone is pulled out and does not come back: the talk waits, says so, and ends with a whole journal."""
    monkeypatch.setattr(sounddevice_io, "REPLUG", 2.0)
    monkeypatch.setattr(sounddevice_io.reconnect, "__defaults__", (2.0,))
    with (
        audio_devices.recording() as recording,
        Talk(monkeypatch, recording, engines["teen"], tmp_path / "s") as talk,
    ):
        assert talk.await_(lambda: talk.events("spoke"), 60)
        talk.await_quiet()
        spoken(root, audio_devices, "goal-open-1").wait()
        assert talk.await_(lambda: len(talk.events("spoke")) > 1)
        audio_devices.server.kill()
        assert talk.join(60)

    told = capsys.readouterr().err
    assert isinstance(talk.error, DeviceError)
    assert "\n" not in str(talk.error)
    assert told.count("Waiting for it") == 1
    whole = read(tmp_path / "s")
    assert not whole.torn
    assert [e["event"] for e in whole.events][-2:] == ["failed", "ended"]
    assert whole.transcript().ended == "tech"
    assert not redecide(whole, engines["teen"])

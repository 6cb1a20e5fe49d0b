"""The live loop in a room without a wall clock: who speaks when, and what becomes of it."""

import sys
from dataclasses import replace

import numpy
import pytest

from simpatient.errors import DeviceError
from simpatient.model import Reply, Utterance
from simpatient.ports import RATE, Pcm
from simpatient.ports.fakes import LoudActivity, Room, ScriptedEars
from simpatient.session.early import Early
from simpatient.session.floor import Floor, waits
from simpatient.session.journal import Journal, read
from simpatient.session.live import BACK, NO_HEADPHONES, Live
from simpatient.session.replay import redecide
from simpatient.session.runner import Session, run

QUESTION = "what would you like to change"
WORD_MS = 300


def voice(seconds, seed=1):
    """Noise that rises and falls as syllables do."""
    at = numpy.arange(round(seconds * RATE)) / RATE
    noise = numpy.random.default_rng(seed).standard_normal(len(at))
    return (noise * 3_000 * (0.6 + 0.4 * numpy.sin(2 * numpy.pi * 5 * at))).astype("<i2").tobytes()


def words(text):
    """Sound in which `ScriptedEars` understand just this text."""
    return voice(len(text.split()) * WORD_MS / 1000)


class Talk:
    """A session in a room. The patient's replies are sounds of two seconds, unlike each other."""

    def __init__(self, engine, folder, texts, *, profile="normal", duplex=False, echo=0.0, hesitates=False, key=None):
        self.room = Room(echo)
        self.told, self.notes, self.spoken = [], [], []
        self.live = Live(
            self.room, ScriptedEars(texts), LoudActivity(), self.room, Floor(waits(profile), duplex), self.room,
            note=lambda **values: self.notes.append(values), tell=self.told.append, hesitates=hesitates, key=key,
        )  # fmt: skip
        self.session = Session(engine, Journal(folder), {"mode": "talk"})
        self.early = Early(self.session.foresee, self.render)
        self.live.attend(self.early)
        self.folder = folder
        self.rendered = []

    def render(self, reply):
        self.rendered.append(reply.text)
        return Pcm(voice(2.0, seed=len(self.rendered) + 10), RATE)

    def mouth(self, reply):
        cut = self.live.say(reply)
        self.spoken.append(reply)
        return cut

    def hold(self, seconds):
        """For so long, of the room's own time."""
        ended = run(self.session, self.live.turns(lambda: self.room.now_ms() < 1000 * seconds), self.mouth, print)
        self.early.close()
        return ended

    @property
    def events(self):
        return read(self.folder).events

    def heard(self):
        return [event["utterance"] for event in self.events if event["event"] == "heard"]


@pytest.fixture
def engine(engines):
    return engines["teen"]


def test_a_turn_is_answered_after_the_wait_of_its_words(engine, tmp_path):
    """A question waits as long as the profile says for a question; the answer was made ready ahead."""
    talk = Talk(engine, tmp_path, [QUESTION])
    talk.room.say(words(QUESTION), after_ms=3_000)
    talk.hold(10)

    (note,) = (n for n in talk.notes if "first_ms" in n)
    assert talk.heard()[0]["text"] == QUESTION
    assert note["gap_ms"] == pytest.approx(waits("normal").question, abs=40)
    assert note["guess"] == "held" and note["read"] == "question"


def test_times_run_on_from_the_beginning_of_the_session(engine, tmp_path):
    """Words of a later turn stand where they were said, although nobody is heard while the patient speaks."""
    talk = Talk(engine, tmp_path, [QUESTION, "tell me more about that"])
    talk.room.say(words(QUESTION), after_ms=3_000)
    talk.room.say(words("tell me more about that"), after_ms=6_000)
    talk.hold(20)

    first, second = talk.heard()
    assert first["start_ms"] == pytest.approx(3_000, abs=40)
    assert second["start_ms"] == pytest.approx(3_000 + 6 * WORD_MS + 6_000, abs=40)
    assert second["words"][-1]["end_ms"] == second["end_ms"]


def test_a_turn_that_goes_on_after_a_pause_is_one_turn(engine, tmp_path):
    """A pause inside an unfinished sentence ends nothing, a long one neither; both parts are one turn."""
    halves = "i was wondering whether you", "would like to change anything at home"
    talk = Talk(engine, tmp_path, [" ".join(halves)])
    talk.room.say(words(halves[0]), after_ms=3_000)
    talk.room.say(words(halves[1]), after_ms=1_200)
    talk.hold(12)

    assert [u["text"] for u in talk.heard()] == [" ".join(halves)]


def test_a_hesitating_patient_lets_the_learner_go_on(engine, tmp_path):
    """Speech that goes on before the patient's first sample takes the turn back: nothing of it was written."""
    halves = "how are things at home", "with your mother i mean"
    talk = Talk(engine, tmp_path, [halves[0], halves[1]], profile="quick", hesitates=True)
    talk.room.say(words(halves[0]), after_ms=3_000)
    talk.room.say(words(halves[1]), after_ms=600)
    talk.hold(14)

    assert [u["text"] for u in talk.heard()] == [" ".join(halves)]
    assert sum("resumed" in note for note in talk.notes) == 1
    assert not redecide(read(tmp_path), engine)


def test_long_silence(engine, tmp_path):
    """After fifteen seconds without a word the patient reacts, and again after as long a silence."""
    talk = Talk(engine, tmp_path, [])
    talk.hold(40)

    assert sum(event["event"] == "silence" for event in talk.events) == 2


def test_noise_without_words_is_no_turn(engine, tmp_path):
    """A cough or a chair moves nobody."""
    talk = Talk(engine, tmp_path, [])
    talk.room.say(voice(1.0), after_ms=4_000)
    talk.hold(12)

    assert not [e for e in talk.events if e["event"] in ("heard", "unclear", "silence")]


def test_nobody_is_heard_while_the_patient_speaks(engine, tmp_path):
    """Half-duplex: what is said into the patient's words is not heard, nor in the guard after them."""
    talk = Talk(engine, tmp_path, [QUESTION])
    talk.room.say(words(QUESTION), after_ms=300)
    talk.hold(8)

    assert not talk.heard()


def test_with_headphones_the_learner_may_cut_in(engine, tmp_path):
    """Softer after 150 ms, silent by 800 ms at the latest; the journal knows how much was said, and who cut in."""
    talk = Talk(engine, tmp_path, [QUESTION], duplex=True)
    talk.room.keeps = True
    talk.room.say(words(QUESTION), after_ms=700)
    talk.hold(8)

    loud = abs(numpy.frombuffer(bytes(talk.room.loudspeaker), "<i2").astype(int))

    def level(from_ms, to_ms):
        return loud[from_ms * RATE // 1000 : to_ms * RATE // 1000].mean()

    assert level(0, 700) > 1_000 and level(700, 840) > 500
    assert level(920, 1_180) < 500
    assert level(1_520, 2_000) == 0
    interrupted = next(e for e in talk.events if e["event"] == "interrupted")
    words_said = interrupted["said"].split()
    assert words_said == talk.session.opening.text.split()[: len(words_said)]
    assert 0 < len(words_said) < len(talk.session.opening.text.split())
    decided = next(e for e in talk.events if e["event"] == "decided")
    assert talk.heard()[0]["text"] == QUESTION
    assert "INTERRUPT" in {d["code"] for d in decided["detections"]}
    assert not redecide(read(tmp_path), engine)


@pytest.mark.parametrize("aside", ["okay", "mm-hmm", "right okay yeah"])
def test_a_backchannel_is_no_interruption(engine, tmp_path, aside):
    """With headphones "mm-hmm" stops nobody, and is no turn."""
    talk = Talk(engine, tmp_path, [aside], duplex=True)
    talk.room.say(words(aside), after_ms=500)
    talk.hold(8)

    assert not [e for e in talk.events if e["event"] in ("interrupted", "heard", "unclear")]


@pytest.mark.must_show("the patient never talks to itself: twenty minutes of the loudspeaker in the microphone")
@pytest.mark.parametrize("duplex", [False, True], ids=["half-duplex", "headphones"])
@pytest.mark.parametrize("echo", [1.0, 0.1])
def test_the_patient_never_hears_itself(engine, tmp_path, duplex, echo):
    """With the loudspeaker in the microphone, five minutes without a learner are five minutes of silences."""
    talk = Talk(engine, tmp_path, [QUESTION] * 99, duplex=duplex, echo=echo)
    talk.hold(300)

    kinds = {event["event"] for event in talk.events}
    assert "silence" in kinds
    assert not kinds & {"heard", "unclear", "interrupted"}
    assert talk.told == ([NO_HEADPHONES] if duplex else [])


def test_push_to_talk(engine, tmp_path):
    """Only what is said with the key held counts; letting it go ends the turn, however unfinished."""
    held = [False]
    talk = Talk(engine, tmp_path, ["i was wondering whether you"], key=lambda: held[0])
    talk.room.say(words("i was wondering whether you"), after_ms=3_000)
    talk.live._watch = lambda seen: held.__setitem__(0, 2_900 < talk.room.now_ms() < 5_000)
    talk.hold(8)

    (note,) = (n for n in talk.notes if "first_ms" in n)
    assert talk.heard()[0]["text"] == "i was wondering whether you"
    assert note["endpoint_ms"] < 5_400


def test_a_lost_microphone_comes_back(engine, tmp_path):
    """It is told, waited for, said aloud, and the talk goes on; else the journal says so and is whole."""
    talk = Talk(engine, tmp_path, [QUESTION])
    lost = DeviceError("the microphone 'room' gives no more sound; connect it again")

    class Failing:
        def __next__(self):
            raise lost

    came = []
    talk.live._blocks = Failing()
    talk.live._reconnect = lambda: came.append(True)
    talk.room.say(words(QUESTION), after_ms=6_000)
    talk.hold(12)
    assert came and talk.heard() and len(talk.told) == 2
    assert talk.rendered.count(BACK.text) == 1 and BACK.text not in str(talk.events)

    def never():
        raise lost

    again = Talk(engine, tmp_path / "again", [])
    again.live._blocks, again.live._reconnect = Failing(), never
    with pytest.raises(DeviceError):
        again.hold(10)
    assert again.events[-1] == {**again.events[-1], "event": "ended", "reason": "tech"}


@pytest.mark.must_show("a two-hour session, time-compressed: flat memory, no drift between clock and audio")
def test_two_hours(engine, tmp_path):
    """Turn after turn for two hours: words stand where they were said, and memory does not grow."""
    lines = [QUESTION, "tell me more about that", "that sounds hard", "how are things at home"]
    count = 480
    talk = Talk(engine, tmp_path, [lines[n % 4] for n in range(count)])
    said_at, at_ms = [], 0
    for n in range(count):
        sound = words(lines[n % 4])
        talk.room.say(sound, after_ms=15_000 - len(sound) // 2 * 1000 // RATE)
        at_ms += 15_000
        said_at.append(at_ms)
    blocks = []

    class Kept:
        """The journal is not what is measured."""

        def add(self, event, **values):
            if event == "heard":
                starts.append(values["utterance"]["end_ms"])
                if len(starts) % 100 == 0:
                    blocks.append(sys.getallocatedblocks())

        def close(self):
            pass

    starts: list[int] = []
    talk.session.engine = Unmoved(engine)
    talk.session.journal = Kept()
    talk.hold(7_208)

    assert len(starts) == count
    assert all(abs(start - at) <= 40 for start, at in zip(starts, said_at, strict=True))
    assert talk.live.at_ms == pytest.approx(talk.room.now_ms(), abs=20)
    assert blocks[-1] - blocks[0] < 5_000, blocks


class Unmoved:
    """A patient who answers always the same and remembers nothing: what a person remembers is tested elsewhere."""

    def __init__(self, engine):
        self._turn, _ = engine.hear(engine.open()[1], Utterance(QUESTION))

    def hear(self, now, utterance, interrupting=False):
        return replace(self._turn, utterance=utterance), now


def test_reply_without_a_voice(engine, tmp_path):
    """Without a loudspeaker the talk goes on in writing."""
    talk = Talk(engine, tmp_path, [QUESTION])
    talk.live._player = None
    talk.room.say(words(QUESTION), after_ms=1_000)
    talk.hold(6)

    assert talk.heard()
    assert isinstance(talk.spoken[-1], Reply)

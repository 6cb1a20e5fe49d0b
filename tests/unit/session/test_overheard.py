"""A patient who speaks for themselves: two channels' words become turns and answers, and drive the engine."""

import pytest

from simpatient.grading.grade import grade
from simpatient.model import Word
from simpatient.session.journal import Journal, read
from simpatient.session.overheard import Overheard, conversation, speaks_of_dying
from simpatient.session.replay import redecide
from simpatient.session.runner import Session, run


def said(start_ms, text, each_ms=250):
    """Words one after the other."""
    parts = text.split()
    return [Word(w, start_ms + i * each_ms, start_ms + (i + 1) * each_ms - 20, 0.9) for i, w in enumerate(parts)]


@pytest.fixture(scope="module")
def teen(engines):
    return engines["teen"]


def talk(teen, learner, patient, gap_ms=1000):
    """Learner's and patient's lines as (start, words)."""
    mine, theirs = ([w for start, text in side for w in said(start, text)] for side in (learner, patient))
    return conversation(mine, theirs, gap_ms, teen.patient, teen.detector)


def held(teen, told, folder):
    engine = Overheard(teen.patient, teen.detector, 0, 3, told.answers, told.interrupting)
    session = Session(engine, Journal(folder), {"mode": "grade", "patient": "recorded", "voice": "none"})
    run(session, iter(told.steps), lambda reply: None, lambda turn: None)
    return read(folder)


def test_turns_and_answers(teen):
    """The patient's first words open; what they say between two turns answers the first of them, at its own pace."""
    told = talk(
        teen, [(3000, "hello there tess"), (9000, "how are things at home")],
        [(0, "why am i here"), (5000, "you tell me"), (12000, "fine i guess")],
    )  # fmt: skip

    assert [step.text for step in told.steps] == ["hello there tess", "how are things at home"]
    assert [answer.text for answer in told.answers] == ["why am i here", "you tell me", "fine i guess"]
    assert told.answers[1].pause_ms == 5000 - 3730
    assert told.answers[1].rate == pytest.approx(60_000 * 3 / 730, abs=1)
    assert told.interrupting == frozenset()


def test_a_pause_is_no_turn_while_nobody_answers(teen):
    """Half a second of thought stays in the turn; an answer in it ends the turn."""
    mine = [(0, "i was wondering"), (1400, "what you want")]

    assert len(talk(teen, mine, []).steps) == 1
    assert len(talk(teen, [(0, "i was wondering"), (1600, "what you want")], [(800, "what")]).steps) == 2


def test_talking_over_the_patient(teen):
    """A turn that begins inside the patient's phrase interrupts; one at its end does not."""
    phrase = (0, "i never said that i wanted to come here today")

    assert talk(teen, [(1000, "but your mother did")], [phrase]).interrupting == {1}
    assert talk(teen, [(2400, "but your mother did")], [phrase]).interrupting == frozenset()


def test_a_silence_of_both(teen):
    """Fifteen seconds in which neither speaks are a silence; an answer in between is none."""
    mine = [(0, "hello there tess"), (20_000, "are you still there")]

    assert None in talk(teen, mine, []).steps
    assert None not in talk(teen, mine, [(9_000, "leave me be")]).steps


def test_the_learner_s_voice_in_the_patient_s_microphone(teen):
    """The same words at the same time on both channels are not the patient's."""
    told = talk(teen, [(0, "hello there tess")], [(30, "hello there tess"), (2000, "what do you want")])

    assert [answer.text for answer in told.answers] == ["…", "what do you want"]


def test_a_line_of_the_patient_is_known(teen):
    """Nearly the words of a line take its name and class; others are only recorded."""
    name, topic = next((n, t) for n, t in teen.patient.topics.items() if len(t.full[0].split()) > 8)
    words = topic.full[0].lower().replace(",", "").replace(".", "")
    told = talk(teen, [(0, "tell me")], [(1500, " ".join(words.split()[1:])), (60_000, "completely different words")])

    assert told.answers[1].id.startswith("recorded") is False
    assert told.answers[1].id == f"{name}.full.1" and told.answers[1].reply_class == "disclose_full"
    assert talk(teen, [(0, "tell me")], [(1500, "bananas are yellow")]).answers[1].id == "recorded"


@pytest.mark.parametrize(
    ("text", "dying"),
    [
        ("i want to die", True), ("sometimes i think about killing myself", True), ("my dog died last year", False),
        ("i am dead tired", False), ("", False), ("i do not want to die", False), ("i would never hurt myself", False),
        ("she said she wanted to die", False), ("no i have never thought of killing myself", False),
        ("i'd be better off dead", True), ("i wish i was dead", True),
    ],
)  # fmt: skip
def test_speaking_of_dying(detector, text, dying):
    """Of oneself, not of others and not as a figure of speech."""
    assert speaks_of_dying(text, detector) is dying


def test_what_was_really_said_decides_the_context(teen, tmp_path):
    """A change of subject after the recorded patient spoke of dying is heard, flagged, and named with their words."""
    told = talk(
        teen, [(0, "how are you tess"), (6000, "are you sleeping well at night")], [(2000, "i want to kill myself")]
    )
    journal = held(teen, told, tmp_path)
    marks = grade(journal.transcript(), teen.patient, teen.detector.pack)

    assert "SI_AVOID" in {d.code for d in journal.transcript().turns[1].detections}
    flag = next(f for f in marks.flags if f.id == "si_unasked")
    assert flag.evidence[0].quote == "i want to kill myself"
    calm = held(teen, talk(teen, [(0, "how are you tess"), (6000, "are you sleeping well at night")],
                           [(2000, "fine i guess")]), tmp_path / "calm")  # fmt: skip
    assert "SI_AVOID" not in {d.code for d in calm.transcript().turns[1].detections}


def test_nobody_walks_out_who_stayed(teen, tmp_path):
    """What would drive the engine's patient out does not end a conversation that went on; risk of one's own does."""
    rude = [(n * 8000, "you are lying and you must take the medication you have no choice") for n in range(8)]
    journal = held(teen, talk(teen, rude, []), tmp_path)

    assert len(journal.transcript().turns) == 8 and journal.transcript().ended == "closed"
    own = held(teen, talk(teen, [(0, "hello"), (5000, "i want to kill myself"), (9000, "so")], []), tmp_path / "own")
    assert own.transcript().ended == "aborted" and len(own.transcript().turns) == 1


def test_it_can_be_repeated(teen, tmp_path):
    """The journal alone gives the same decisions again, interruptions and silences included."""
    told = talk(
        teen, [(0, "hello tess"), (3000, "i am sorry go on"), (30_000, "what would you like")],
        [(1500, "i never wanted to come here at all today")],
    )  # fmt: skip
    journal = held(teen, told, tmp_path)

    assert redecide(journal, teen) == []


def test_a_channel_without_words(teen):
    """No turns, no answers but the missing opening."""
    told = talk(teen, [], [(0, "hello")])

    assert told.steps == () and len(told.answers) == 1

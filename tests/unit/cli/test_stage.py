"""The live screen as text: 80×24, without colour, nothing lost."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from simpatient.cli.stage import HIDDEN, KEYS, METER, SPACE, Caption, Scene, cells
from simpatient.model import AllianceState

TALK = Scene(
    "Tess Moran", "listening", "3:12 so far", cells=12, level="good", voice=True,
    captions=(Caption("Tess Moran", "So what?"), Caption("You", "What would make this worth it?")),
)  # fmt: skip
STATE = AllianceState("precontemplation", 0.62, 0.1, 0.25, 0.0, 0.3)


def drawn(scene, width=80, height=24):
    """The lines of the screen as a terminal without colour shows them."""
    out = StringIO()
    console = Console(file=out, width=width, height=height, no_color=True, color_system=None, force_terminal=False)
    console.print(scene, end="")
    return [line.rstrip() for line in out.getvalue().split("\n")]


def test_a_talk_in_80_by_24():
    """Who speaks, what state, the clock, the level and the keys, each in words."""
    lines = drawn(TALK)

    assert len([line for line in lines]) <= 25 and max(map(len, lines)) <= 80
    assert lines[0] == "Tess Moran" + " " * 59 + "3:12 so far"
    assert lines[1] == "LISTENING  You are heard."
    assert lines[3:5] == ["Tess Moran: So what?", "You: What would make this worth it?"]
    assert lines[22] == "Microphone ████████████········ good, a voice"
    assert lines[23] == "Space talk · r repeat · p pause · c captions · s stop · ? keys"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": "check"}, "CHECK  Say a few words"),
        ({"voice": False}, "LISTENING  Your turn: speak"),
        ({"by_key": True}, "LISTENING  Your turn: hold Space"),
        ({"by_key": True, "talking": "held"}, "LISTENING  You have the floor while you hold Space"),
        ({"talking": "tapped"}, "LISTENING  You have the floor until you tap"),
        ({"state": "thinking"}, "THINKING  Tess Moran is about to answer"),
        ({"state": "speaking"}, "SPEAKING  Tess Moran speaks; you are heard afterwards"),
        ({"state": "speaking", "duplex": True}, "SPEAKING  Tess Moran speaks; you may interrupt"),
        ({"state": "paused"}, "PAUSED  Nobody is heard"),
        ({"state": "waiting"}, "WAITING  No sound comes in"),
    ],
)
def test_every_state_in_words(changes, says):
    """No meaning hangs on colour."""
    assert drawn(replace(TALK, **changes))[1].startswith(says)


def test_all_of_it_at_once():
    """Coach, notices and the patient's state leave room for the captions; no line is lost, the newest words stand."""
    words = tuple(Caption(who, f"{n} " + "word " * 30) for n in range(40) for who in ("You", "Tess Moran"))
    scene = replace(
        TALK, captions=words, partial="so what I would like to ask you is whether " * 8, alliance=STATE,
        coach="Validation (“that sounds hard”): reluctance fell by 6, bond rose by 7. " + "And more of it. " * 4,
        notices=("old", "The room is loud, and words will be misheard: move closer.", "The microphone is gone."),
    )  # fmt: skip
    lines = drawn(scene)
    text = " ".join(" ".join(lines).split())

    assert len(lines) <= 25 and max(map(len, lines)) <= 80
    for part in (scene.coach, *scene.notices[1:], "Reluctance ██████···· 62", "precontemplation", "? keys", "39 word"):
        assert part.strip() in text, part
    assert "whether …" in text and "Notice: old" not in text


def test_hidden_captions_leave_the_bells():
    """What is said is not shown, what happens is."""
    bell = Caption("", "◆ BELL ◆ 1:00 left.")
    text = "\n".join(drawn(replace(TALK, shown=False, captions=(*TALK.captions, bell), partial="some words")))

    assert HIDDEN in text and bell.text in text
    assert "worth it" not in text and "some words" not in text


def test_the_list_of_keys():
    """Every key with what it does; only keys that do something stand there."""
    lines = drawn(replace(TALK, help=True))
    exam = drawn(replace(TALK, help=True, keys=(SPACE, *(key for key in KEYS if key[0] != "p"))))

    assert all(any(key in line and says[:40] in line for line in lines) for key, _, says in (SPACE, *KEYS))
    assert not any("pause" in line for line in exam)


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (200, 60)])
def test_other_sizes(size):
    """Never more than the terminal holds."""
    lines = drawn(TALK, *size)

    assert len(lines) <= size[1] + 1 and max(map(len, lines)) <= size[0]


def test_the_meter():
    """From silence to full scale."""
    assert [cells(db) for db in (-96, -60, -30, 0, 3)] == [0, 0, METER // 2, METER, METER]

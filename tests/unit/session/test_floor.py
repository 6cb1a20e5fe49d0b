"""Who has the floor, tick by tick."""

from itertools import pairwise

import pytest

from simpatient.errors import UsageError
from simpatient.model import Word
from simpatient.session.completeness import turntaking
from simpatient.session.floor import SILENCE_MS, TICK_MS, Floor, Tick, waits

NORMAL = waits("normal")


def led(floor, *stretches):
    """(floor, [(ms, event)]) after stretches of (milliseconds, voice, words so far)."""
    events = []
    for ms, voice, text in stretches:
        for n in range(ms // TICK_MS):
            floor, event = floor.step(Tick(voice, text if n == 0 else None))
            if event:
                events.append((floor.at_ms, event))
    return floor, events


def over(events):
    return next(ms for ms, event in events if event == "over")


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("what would you like to change", NORMAL.question),
        ("you told me that your mother shouts", NORMAL.statement),
        ("okay", NORMAL.lead),
        ("what would you like to", NORMAL.open),
    ],
)
def test_the_wait_is_that_of_the_words(text, wait):
    """From the last voice to the end of the turn."""
    _, events = led(Floor(NORMAL), (1_000, True, text), (2_000, False, None))

    assert over(events) - 1_000 == pytest.approx(wait, abs=TICK_MS)


def test_profiles_differ():
    """The exam waits longest, quick shortest, and an unfinished sentence is waited for longest in each."""
    profiles = [waits(name) for name in ("quick", "normal", "exam")]

    for shorter, longer in pairwise(profiles):
        assert shorter.question < longer.question and shorter.open < longer.open
    assert all(w.question <= w.statement <= w.lead <= w.open for w in turntaking().profiles.values())
    assert waits("exam").question > 1_200  # no pause of the bench is longer


def test_unknown_profile():
    """One line names those there are."""
    with pytest.raises(UsageError, match="quick, normal, exam"):
        waits("slow")


def test_speech_that_goes_on_puts_the_end_off():
    """A pause shorter than the wait ends nothing."""
    asked = "what would you like"
    _, events = led(
        Floor(NORMAL), (800, True, asked), (400, False, None), (600, True, f"{asked} to change"), (900, False, None)
    )

    assert over(events) - 1_800 == pytest.approx(NORMAL.question, abs=TICK_MS)


def test_late_words_count():
    """Words that the recogniser gives after the voice has ended are read, and start no new wait."""
    _, events = led(
        Floor(NORMAL),
        (800, True, "what would you like to"),
        (200, False, None),
        (1_500, False, "what would you like to do"),
    )

    assert over(events) - 800 == pytest.approx(NORMAL.question, abs=TICK_MS)


def test_noise_does_not_hold_the_floor_for_ever():
    """A voice detector that hears the fan as a voice: the recogniser, who hears no new words, ends the turn."""
    _, events = led(Floor(NORMAL), (800, True, "how are you"), (3_000, True, None))

    assert 800 + NORMAL.question < over(events) < 800 + NORMAL.question + 1_600


def test_silence_is_an_event_and_comes_again():
    """Nothing said for so long; noise without words neither hastens nor prevents it."""
    _, events = led(Floor(NORMAL), (5_000, False, None), (400, True, None), (2 * SILENCE_MS, False, None))

    assert [event for _, event in events] == ["silence", "silence"]
    assert events[0][0] == pytest.approx(SILENCE_MS, abs=TICK_MS)


def test_a_guess_comes_early_and_once():
    """As soon as it is quiet for a moment, for the same words once, for an unfinished sentence never."""
    _, events = led(Floor(NORMAL), (500, True, "how are you"), (600, False, None))
    _, unfinished = led(Floor(NORMAL), (500, True, "how are"), (600, False, None))

    assert [event for _, event in events] == ["guess"]
    assert events[0][0] - 500 < 200
    assert not unfinished


def test_a_turn_is_taken_back():
    """Speech after the turn was over, before the patient has begun."""
    floor, _ = led(Floor(NORMAL), (800, True, "how are you"), (600, False, None))
    floor = floor.settled((Word("how", 0, 100, 1.0), Word("are", 100, 200, 1.0), Word("you", 200, 300, 1.0)))

    click, none = led(floor, (60, True, None), (200, False, None))
    gone_on, resumed = led(floor, (200, True, None))

    assert click.owner == "settling" and not none
    assert gone_on.owner == "learner" and [event for _, event in resumed] == ["resumed"]
    assert gone_on.text == "how are you"


def test_half_duplex_has_a_guard():
    """While the patient speaks, and a moment after, nobody is heard."""
    floor = Floor(NORMAL).to_patient()
    assert not floor.hears
    floor, events = led(floor, (900, True, None))
    floor = floor.spoken()
    assert floor.owner == "guard" and not floor.hears and not events
    floor, _ = led(floor, (300, False, None))
    assert floor.owner == "learner" and floor.hears


def interrupting(*stretches):
    floor = Floor(NORMAL, duplex=True, at_ms=5_000).to_patient()
    return led(floor, (400, False, None), *stretches)


def test_interrupting():
    """Softer after 150 ms of voice; silent once 500 ms have come with words."""
    _, events = interrupting((300, True, None), (400, True, "wait a moment"))

    assert [event for _, event in events[:2]] == ["duck", "stop"]
    duck, stop = (ms - 5_400 for ms, _ in events[:2])
    assert duck == pytest.approx(150, abs=TICK_MS)
    assert 500 <= stop <= 800


def test_interrupting_before_the_recogniser_has_words():
    """It stops all the same within 300 ms of the half second."""
    _, events = interrupting((900, True, None))

    assert next(ms for ms, event in events if event == "stop") - 5_400 <= 800


@pytest.mark.parametrize("text", ["okay", "mm-hmm", "right right yeah okay"])
def test_backchannels_do_not_count(text):
    """However long; the voice is as loud as before when the words are understood."""
    floor, events = interrupting((200, True, None), (1_000, True, text), (400, False, None))

    assert [event for _, event in events] == ["duck", "unduck"]
    assert floor.spoken().owner == "learner" and not floor.spoken().text


def test_a_cough_does_not_count():
    """A short sound ducks and stops nothing."""
    _, events = interrupting((240, True, None), (600, False, None))

    assert [event for _, event in events] == ["duck", "unduck"]


def test_what_the_learner_began_over_the_last_words_goes_on():
    """With headphones a turn that overlaps the patient's end is one turn."""
    floor, _ = interrupting((300, True, "so what"))
    floor = floor.spoken()

    assert floor.owner == "learner" and floor.text == "so what"


def test_push_to_talk():
    """Voice without the key is nobody's; letting go ends the turn; the key stops the patient at once."""
    floor = Floor(NORMAL)
    for _ in range(100):
        floor, event = floor.step(Tick(True, held=False))
        assert event is None
    floor, _ = floor.step(Tick(True, "i was wondering if", held=True))
    events = []
    for _ in range(20):
        floor, event = floor.step(Tick(False, held=False))
        events.append(event)
    assert "over" in events

    _, event = Floor(NORMAL).to_patient().step(Tick(False, held=True))
    assert event == "stop"

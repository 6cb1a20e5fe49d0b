"""The patient: what moves, what does not, what is said."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simpatient.detect.detector import Detector
from simpatient.model import VARIABLES, Utterance, Word
from simpatient.outcome import second_visit
from simpatient.patient.dynamics import bounded, constants
from simpatient.patient.engine import Engine
from simpatient.persona.load import DERIVED
from tests.learners import WARM, talk


@given(x=st.floats(0, 1), d=st.floats(-1, 1))
def test_a_movement_never_leaves_the_scale(x, d):
    """Whatever the delta, a score stays in 0..1 and moves in the delta's direction."""
    y = bounded(x, d)

    assert 0 <= y <= 1
    assert (y - x) * d >= 0


@pytest.mark.parametrize("persona", ["teen", "emergency"])
def test_warmth_alone_creates_no_agreement(engines, persona):
    """Forty turns of empathy lower reluctance and deepen the bond, and agree on nothing (the article's claim)."""
    turns, now = talk(engines[persona], *(WARM * 5))

    assert len(turns) == 40
    assert now.state.stage == "precontemplation"
    assert now.state.goal_agreement <= 0.40
    assert now.state.reluctance < turns[0].before.reluctance
    assert now.state.bond > turns[0].before.bond


def test_repeating_oneself_helps_less_and_less(engines):
    """The same technique again moves half as far each time."""
    turns, _ = talk(engines["teen"], *["no wonder you are fed up"] * 3)
    falls = [t.before.reluctance - t.after.reluctance for t in turns]

    assert falls[0] > 1.5 * falls[1] > 2 * falls[2] > 0


def test_the_same_offer_before_and_after_agreement(engines):
    """Offering treatment hurts before goals are agreed and raises agreement on tasks after."""
    offer = "one option is a talking treatment"
    good = [
        "what would make this visit worth your while",
        "what would you like to be different at home",
        "so if things got calmer at home would that help",
        "let us work on that together how does that sound",
    ]

    (early,), _ = talk(engines["teen"], offer)
    late = talk(engines["teen"], *good, offer)[0][-1]

    assert early.after.task_agreement < early.before.task_agreement
    assert early.after.reluctance > early.before.reluctance
    assert late.after.task_agreement > late.before.task_agreement


def test_asking_about_suicide_is_never_punished(engines):
    """A direct question lowers reluctance or leaves it, and deepens the bond."""
    (turn,), _ = talk(engines["emergency"], "have you been thinking of killing yourself")

    assert turn.after.reluctance <= turn.before.reluctance
    assert turn.after.bond > turn.before.bond


def test_agreement_does_not_erase_the_wish_to_die(engines):
    """However well it goes, the unhealthy goal keeps its floor."""
    lines = ["help me understand what makes it so unbearable", "the depression has been lying to you"] * 15
    _, now = talk(engines["emergency"], *lines)

    assert now.state.unhealthy_goal >= 0.40


def test_two_warnings_of_a_walkout(engines):
    """Crossing the threshold narrowly is a warning; repair wins the patient back, more of the same drives them out."""
    teen = engines["teen"]
    _, now = teen.open()
    edge = replace(now, state=replace(now.state, reluctance=0.92))
    warned, after = teen.hear(edge, Utterance("you should try harder"))
    edge = replace(after, state=replace(after.state, reluctance=0.94), memory=replace(after.memory, warned=True))

    repaired, _ = teen.hear(edge, Utterance("i am sorry that came out like an accusation my mistake"))
    again, _ = teen.hear(edge, Utterance("do you realise what you are doing to your family"))

    assert warned.after.reluctance > warned.before.reluctance
    assert repaired.ended is None
    assert again.ended == "walkout"
    assert again.reply.reply_class == "walkout"


def test_who_cannot_leave_refuses(engines):
    """The patient in the emergency room does not walk out; they stop talking."""
    lines = ["that is just selfish", "cheer up others have it worse", "let us not go there", "you have to agree",
             "you should be ashamed of yourself", "you keep refusing help", "we will put you on an antidepressant",
             "i have to agree with your sister", "i think you have depression"]  # fmt: skip
    turns, now = talk(engines["emergency"], *lines)

    assert now.ended == "refuses"
    assert turns[-1].reply.reply_class == "refuse"


def test_because_quotes_the_learner(engines):
    """Every effect quotes words that the learner said."""
    said = "Your mom told me you never eat. What would you like to be different at home?"
    (turn,), _ = talk(engines["teen"], said)

    assert turn.effects
    for effect in turn.effects:
        quote = effect.because.split("“")[1].split("”")[0]
        assert quote and quote in said


def test_bad_hearing_moves_nothing(engines):
    """Words of very low confidence are asked back and leave every variable where it was."""
    heard = Utterance(
        "you should go", (Word("you", 0, 100, 0.2), Word("should", 100, 200, 0.2), Word("go", 200, 300, 0.1))
    )
    _, now = engines["teen"].open()

    turn, after = engines["teen"].hear(now, heard)

    assert turn.reply.id.startswith("unclear.")
    assert [getattr(after.state, v) for v in VARIABLES] == [getattr(now.state, v) for v in VARIABLES]


@pytest.mark.parametrize("persona", ["teen", "emergency"])
def test_no_line_twice_while_another_is_left(engines, persona):
    """Asking the same thing again and again gets other words each time, until the bank is spent."""
    engine = engines[persona]
    turns, _ = talk(engine, *["how are you sleeping"] * 4)
    full = [t.reply.id for t in turns]
    depth = engine.patient.topics["sleep"]

    for level in ("deflect", "partial", "full"):
        said = [line for line in full if line.startswith(f"sleep.{level}.")]
        assert len(set(said)) >= min(len(said), len(getattr(depth, level)))


_DETECTOR = Detector()
LINES = st.sampled_from([e for rule in _DETECTOR.pack.rules for e in (*rule.technique.says, *rule.technique.near)])


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(LINES | st.text(max_size=40), max_size=30),
    persona=st.sampled_from(["teen", "emergency"]),
    seed=st.integers(0, 99),
)
def test_any_learner_gets_an_answer(engines, lines, persona, seed):
    """Whatever is said in whatever order: an answer each turn, scores in range, an outcome at the end."""
    turns, now = talk(Engine(engines[persona].patient, _DETECTOR, seed), *lines)

    assert all(t.reply.text for t in turns)
    assert all(0 <= getattr(t.after, v) <= 1 for t in turns for v in VARIABLES)
    assert 0 <= second_visit(now.state, now.ended) <= 1


def test_every_code_has_its_row(detector):
    """No code of the pack is without a movement in dynamics.yaml, and none there is unknown."""
    rows = {row.split("/")[0] for row in constants().codes}
    derived = set(DERIVED)

    assert rows - derived == set(detector.pack.codes())

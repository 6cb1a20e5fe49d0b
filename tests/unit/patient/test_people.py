"""What holds for every person: any learner gets an answer; warmth alone agrees on nothing; the dial works."""

from dataclasses import replace
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dial import by_dial, by_skill, correlations, targets
from simpatient import places
from simpatient.detect.context import GOALS_AGREED
from simpatient.model import VARIABLES, Utterance
from simpatient.patient.engine import Engine
from tests.learners import WARM, OfWords, Remembering, sentences, talk

EVERYBODY = places.shipped()
BROUGHT = ("teen", "emergency", "alcohol", "asthma")
"""Those who did not come of their own accord and start below agreement."""


@lru_cache(maxsize=1)
def of_words():
    return OfWords()


@lru_cache(maxsize=1)
def remembering():
    return Remembering()


LINES = st.sampled_from([line for code in sorted(sentences()) for line in sentences()[code][:6]])
EVENTS = st.sampled_from([5.0, 15.0, 40.0])


@pytest.mark.must_show("a thousand random learners with every person")
@pytest.mark.parametrize("who", EVERYBODY)
def test_any_learner_gets_an_answer(patients, who):
    """Whatever is said, or not said, in whatever order: scores in range, no line again while another is left."""

    @settings(max_examples=1000, deadline=None, derandomize=True, database=None)
    @given(steps=st.lists(LINES | EVENTS, max_size=14), seed=st.integers(0, 9), difficulty=st.integers(1, 5))
    def check(steps, seed, difficulty):
        engine = Engine(patients[who], of_words(), seed, difficulty)
        _, now = engine.open()
        for step in steps:
            hear = engine.silence(now, step) if isinstance(step, float) else engine.hear(now, Utterance(step))
            turn, now = hear
            assert turn.reply.text and "{" not in turn.reply.text
            assert all(0 <= getattr(now.state, v) <= 1 for v in VARIABLES)
            if now.ended:
                return
        left, now = engine.hear(now, Utterance("goodbye"))
        assert left.ended in ("closed", "walkout", "refuses")

    check()


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_line_twice_while_another_is_left(patients, who):
    """Asked the same again and again, every bank is spent before a line comes again."""
    engine = Engine(patients[who], of_words())
    _, now = engine.open()
    said = []
    for _ in range(12):
        turn, now = engine.hear(now, Utterance("how are you sleeping"))
        said.append(turn.reply.id)
    told = engine.patient.topics["sleep"]
    for depth in ("deflect", "partial", "full"):
        here = [line for line in said if line.startswith(f"sleep.{depth}.")]
        first = here[: len(getattr(told, depth))]
        assert len(set(first)) == len(first)


@pytest.mark.must_show("empathy alone stays in precontemplation over forty turns")
@pytest.mark.parametrize("who", BROUGHT)
def test_warmth_alone_agrees_on_nothing(patients, who):
    """Forty turns of empathy: liked, trusted, and no goal agreed (the article's claim)."""
    turns, now = talk(Engine(patients[who], remembering()), *(WARM * 5))

    assert len(turns) == 40
    assert now.state.stage == "precontemplation"
    assert now.state.reluctance < turns[0].before.reluctance
    assert now.state.bond > turns[0].before.bond


@pytest.mark.parametrize("who", EVERYBODY)
def test_one_problem_question_can_be_recovered(patients, who):
    """After one problem opening nobody leaves, and goal questions still reach agreement."""
    lines = [
        "so what's the problem", "what would make this visit worth your while",
        "no wonder what would you most like to be different", "so if that got better would that help you",
        "what else would you want to change",
    ]  # fmt: skip
    _, now = talk(Engine(patients[who], remembering()), *lines)

    assert not now.ended
    if not patients[who].persona.obvious_goal:
        assert now.state.goal_agreement >= GOALS_AGREED


@pytest.mark.parametrize("who", EVERYBODY)
def test_an_offer_before_goals_never_raises_agreement_on_tasks(patients, who):
    """TASK_OFFER while goals are not agreed, and not obvious, leaves agreement on tasks where it was or lower."""
    patient = patients[who]
    if patient.persona.obvious_goal:
        pytest.skip("the goal is obvious here")
    start = replace(patient.persona.start, goal_agreement=0.2)
    unagreed = replace(patient, persona=replace(patient.persona, start=start))

    (turn, *_), _ = talk(Engine(unagreed, remembering()), "we could start you on an antidepressant tonight")

    assert any(d.code == "TX_EARLY" for d in turn.detections)
    assert turn.after.task_agreement <= turn.before.task_agreement


@pytest.mark.must_show("the dial works, for each person")
def test_the_outcome_rises_with_skill_and_falls_with_the_dial(patients, capsys):
    """200 learners of five skills and 200 average ones over the dial, on each person: Spearman's ρ of the outcome."""
    weak, everything = [], []
    with capsys.disabled():
        print()
        for who in EVERYBODY:
            if patients[who].persona.obvious_goal:
                continue
            skill, dial = by_skill(patients[who], of_words()), by_dial(patients[who], of_words())
            everything += skill
            for what, sign, pairs in (("skill", 1, skill), ("dial", -1, dial)):
                single, levels, _ = correlations(pairs)
                print(f"{who:14} {what:5} ρ over sessions {single:+.2f}, over level means {levels:+.2f}")
                if sign * single < 0.60 or sign * levels < 0.90:
                    weak.append((who, what, single, levels))
        for what, value, low, high in targets(everything):
            print(f"{what:55} {value:.2f}, target {low:.2f}–{high:.2f}: {'in' if low <= value <= high else 'out'}side")

    assert weak == []

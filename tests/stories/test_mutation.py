"""The stories hold the effects in place: swapping the rows of two codes makes at least one story fail.

Pairs that no story tells apart are listed in survivors.yaml; the list must be exact, so that it can only shrink.
"""

from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import pytest

from simpatient.model import Utterance
from simpatient.patient import dynamics
from simpatient.patient.engine import Engine
from simpatient.yamlfile import load
from tests.learners import Remembering
from tests.stories.test_stories import STORIES, WORDINGS, Story, broken

LIST = Path(__file__).with_name("survivors.yaml")


@dataclass(frozen=True)
class Survivors:
    pairs: tuple[str, ...]


def moved(story, engine, wording):
    """Codes that move the patient in a conversation."""
    _, now = engine.open()
    found = set()
    for beat in story.turns:
        turn, now = engine.hear(now, Utterance(beat.say[wording]))
        found |= {d.code for d in turn.detections}
    return found


@pytest.mark.must_show("swapping the effects of two codes breaks a story")
def test_swapped_effects_break_a_story(patients, monkeypatch, capsys):
    """Every pair of starred codes with a row of their own."""
    detector = Remembering()
    engines = {name: Engine(patient, detector) for name, patient in patients.items()}
    told = [(load(file, Story), wording) for file in STORIES for wording in range(WORDINGS)]
    told = [(story, wording, moved(story, engines[story.persona], wording)) for story, wording in told]
    real = dynamics.constants()
    starred = sorted(
        {r.technique.code for r in detector.pack.rules if r.technique.star and r.technique.code in real.codes}
        | {"TX_EARLY", "X_GOAL_OBVIOUS"}
    )
    survivors = []
    for a, b in combinations(starred, 2):
        if real.codes[a] == real.codes[b]:
            continue
        mutant = replace(real, codes={**real.codes, a: real.codes[b], b: real.codes[a]})
        monkeypatch.setattr(dynamics, "constants", lambda mutant=mutant: mutant)
        here = [(s, w) for s, w, codes in told if codes & {a, b}]
        if not any(broken(story, engines[story.persona], wording) for story, wording in here):
            survivors.append(f"{a} {b}")
    monkeypatch.undo()
    with capsys.disabled():
        print(f"\nmutation: {len(survivors)} of {len(starred) * (len(starred) - 1) // 2} pairs survive")

    assert sorted(survivors) == sorted(load(LIST, Survivors).pairs)

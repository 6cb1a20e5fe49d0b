"""Conversations as data: each YAML beside this file is one, in natural speech through the real detector.

persona: teen
about: which beat of the article, in one sentence
turns:
  - say: [three wordings of what the learner says; the n-th wording of every turn makes the n-th conversation]
    heard: [CODES that must be among the detections; A|B: either]
    class: [reply classes, of which one must come]
    never: [reply classes that must not come]
    moves: {reluctance: up | down | same}
    between: {reluctance: [-0.2, -0.1]}      the least and the most that it moves by
    stage: contemplation
end: {stage: …, ended: …}
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from simpatient.model import VARIABLES, Ended, ReplyClass, Stage, Utterance
from simpatient.yamlfile import load

STORIES = sorted(Path(__file__).parent.glob("*/*.yaml"))
WORDINGS = 3
SCRIPTS = "v1a v1b v1c v1d v2a v2b v3 v4 v5 v5b v6 v7a v7b v8 v9".split()


@dataclass(frozen=True)
class Beat:
    say: tuple[str, ...]
    heard: tuple[str, ...] = ()
    class_: tuple[ReplyClass, ...] = ()
    never: tuple[ReplyClass, ...] = ()
    moves: dict[str, Literal["up", "down", "same"]] = field(default_factory=dict)
    between: dict[str, tuple[float, ...]] = field(default_factory=dict)
    stage: Stage | None = None


@dataclass(frozen=True)
class End:
    stage: Stage | None = None
    ended: Ended | None = None


@dataclass(frozen=True)
class Story:
    persona: str
    about: str
    turns: tuple[Beat, ...]
    end: End


def direction(change):
    return "up" if change > 0 else "down" if change < 0 else "same"


def broken(story, engine, wording):
    """What does not happen as the story says, or ''."""
    _, now = engine.open()
    for beat in story.turns:
        said = beat.say[wording]
        turn, now = engine.hear(now, Utterance(said))
        codes = {d.code for d in turn.detections if d.confidence >= 0.5}
        where = f"{said!r} -> {sorted(codes)} {turn.reply.reply_class}: {turn.reply.text!r}"
        missing = [c for c in beat.heard if not codes & set(c.split("|"))]
        if missing:
            return f"not heard: {missing}; {where}"
        if beat.class_ and turn.reply.reply_class not in beat.class_:
            return f"class not among {beat.class_}; {where}"
        if turn.reply.reply_class in beat.never:
            return f"this class must not come; {where}"
        change = {v: getattr(turn.after, v) - getattr(turn.before, v) for v in VARIABLES}
        for name, way in beat.moves.items():
            if direction(change[name]) != way:
                return f"{name} goes {direction(change[name])}, not {way}; {where}"
        for name, (low, high) in beat.between.items():
            if not low <= change[name] <= high:
                return f"{name} moves by {change[name]:.3f}, not {low} to {high}; {where}"
        if beat.stage not in (None, turn.after.stage):
            return f"stage {turn.after.stage}, not {beat.stage}; {where}"
        if not all(quote(e.because) in said for e in turn.effects):
            return f"a because quotes other words; {where}"
    if story.end.stage not in (None, now.state.stage) or now.ended != story.end.ended:
        return f"it ends {now.ended} in {now.state.stage}, not {story.end}"
    return ""


def quote(because):
    return because.split("“")[1].split("”")[0]


@pytest.mark.must_show("all acceptance scripts as stories, each in three wordings")
@pytest.mark.parametrize("wording", range(WORDINGS))
@pytest.mark.parametrize("file", STORIES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_story(engines, file, wording):
    """Each beat: what is heard, the class of the reply, direction and size of the movement; then the end."""
    story = load(file, Story)

    assert broken(story, engines[story.persona], wording) == ""


@pytest.mark.must_show("all acceptance scripts as stories, each in three wordings")
def test_every_script_is_told_three_times_and_says_what_must_not_come():
    """Each script of the source has a story; each story has three wordings, a class that must not come and a bound."""
    assert {f.stem.split("-")[0] for f in STORIES} == set(SCRIPTS)
    for file in STORIES:
        story = load(file, Story)
        assert all(len(beat.say) == WORDINGS == len(set(beat.say)) for beat in story.turns), file
        assert any(beat.never for beat in story.turns), file
        assert any(beat.between for beat in story.turns) or "avoided" in file.stem, file

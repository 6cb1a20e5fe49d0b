"""Conversations as data: each YAML beside this file is one, in natural speech through the real detector.

persona: teen
about: which beat of the article, in one sentence
turns:
  - say: what the learner says
    heard: [CODES that must be among the detections]
    class: [reply classes, of which one must come]
    never: [reply classes that must not come]
    moves: {reluctance: up | down | same}
    at_most: {reluctance: 0.2}      a bound on the size of the movement
    stage: contemplation
end: {stage: …, ended: …}
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from simpatient.model import Ended, ReplyClass, Stage, Utterance
from simpatient.yamlfile import load

STORIES = sorted(Path(__file__).parent.glob("*/*.yaml"))


@dataclass(frozen=True)
class Beat:
    say: str
    heard: tuple[str, ...] = ()
    class_: tuple[ReplyClass, ...] = ()
    never: tuple[ReplyClass, ...] = ()
    moves: dict[str, Literal["up", "down", "same"]] | None = None
    at_most: dict[str, float] | None = None
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


@pytest.mark.parametrize("file", STORIES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_story(engines, file):
    """Each beat: what is heard, the class of the reply, the direction of the variables; then the end."""
    story = load(file, Story)
    engine = engines[story.persona]
    _, now = engine.open()
    for beat in story.turns:
        turn, now = engine.hear(now, Utterance(beat.say))
        codes = [d.code for d in turn.detections]
        where = f"{file.name}: {beat.say!r} -> {codes} {turn.reply.reply_class}: {turn.reply.text}"

        assert set(beat.heard) <= {d.code for d in turn.detections}, where
        assert not beat.class_ or turn.reply.reply_class in beat.class_, where
        assert turn.reply.reply_class not in beat.never, where
        for name, way in (beat.moves or {}).items():
            assert direction(getattr(turn.after, name) - getattr(turn.before, name)) == way, (name, where)
        for name, bound in (beat.at_most or {}).items():
            assert abs(getattr(turn.after, name) - getattr(turn.before, name)) <= bound, (name, where)
        assert beat.stage is None or turn.after.stage == beat.stage, where
        assert all(quote(e.because) in beat.say for e in turn.effects), where

    assert story.end.stage in (None, now.state.stage)
    assert now.ended == story.end.ended


def quote(because):
    return because.split("“")[1].split("”")[0]

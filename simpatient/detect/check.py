"""Checks a pack as its author should: every finding says file:line, what was found and what is allowed.

Beyond the schema: an example that stands twice, a cue that fires on no example of its own code, an example that is not
heard or that another code steals, a near-miss that fires.
"""

from collections.abc import Iterator
from pathlib import Path

from simpatient.cues import Cue
from simpatient.detect.detector import Detector
from simpatient.detect.pack import Pack, Rule
from simpatient.text import tokens, uniform
from simpatient.yamlfile import line_of


def problems(folder: Path, detector: Detector) -> list[str]:
    """Everything wrong with the pack that `detector` has read from `folder`."""
    return [
        f"{_place(folder, text)}: {message}"
        for rule in detector.pack.rules
        for text, message in (*_twice(rule, detector.pack), *_idle(rule), *_unheard(rule, detector))
    ]


def _place(folder: Path, text: str) -> str:
    for file in sorted(folder.glob("*.yaml")):
        if text in file.read_text("utf-8"):
            return f"{file}:{line_of(file, text)}"
    return f"{folder}:1"


def _twice(rule: Rule, pack: Pack) -> Iterator[tuple[str, str]]:
    code = rule.technique.code
    for text in rule.technique.says:
        for other in pack.rules:
            if uniform(text) in [uniform(t) for t in other.technique.says if t is not text]:
                yield text, f"{code}: this example stands twice, also in {other.technique.code}; allowed: once"


def _idle(rule: Rule) -> Iterator[tuple[str, str]]:
    lines = [(line := uniform(text), frozenset(line.split())) for text in rule.technique.says]
    for cue, _ in rule.cues:
        if not any(_fires(cue, *line) for line in lines):
            yield cue.source, f"{rule.technique.code}: this cue fires on no example of its code; add one or drop it"


def _fires(cue: Cue, line: str, words: frozenset[str]) -> bool:
    return any(True for _ in cue.find(line, words))


def _unheard(rule: Rule, detector: Detector) -> Iterator[tuple[str, str]]:
    code = rule.technique.code
    for text in rule.technique.says:
        heard = {d.code for d in detector.hear(text).detections}
        if code not in heard and tokens(text):
            thief = next((c for c in sorted(heard) if code in _beaten(c, detector)), "")
            stolen = f"{thief} steals it" if thief else f"heard: {', '.join(sorted(heard)) or 'nothing'}"
            yield text, f"{code}: this example is not heard as its code ({stolen})"
    for text in rule.technique.near:
        if any(d.code == code and d.confidence >= 0.5 for d in detector.hear(text).detections):
            yield text, f"{code}: this near-miss is heard as the code; add a guard"


def _beaten(code: str, detector: Detector) -> tuple[str, ...]:
    technique = detector.pack.technique(code)
    return technique.beats if technique else ()

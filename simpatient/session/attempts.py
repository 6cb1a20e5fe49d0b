"""A learner's earlier interviews with the same patient at the same station, for the trend on the learner's page.

They are the sessions beside this one that bear the same pseudonym and began before it. Without a pseudonym nobody
knows whose a session is, and there is no trend.
"""

import contextlib
import json
from pathlib import Path

from simpatient.errors import JournalError
from simpatient.grading.lessons import Attempt, attempt
from simpatient.session import manifest
from simpatient.session.files import GRADE
from simpatient.session.journal import read
from simpatient.session.records import Json

MOST = 9
"""The latest so many are shown."""


def earlier(folder: Path) -> tuple[Attempt, ...]:
    """Oldest first; what cannot be read, a retry, and what nobody said a word in, is passed over."""
    about = manifest.load(folder)
    if about is None or not about.learner:
        return ()
    here = _whom(read(folder).header)
    found: list[tuple[str, Attempt]] = []
    for other in sorted(folder.resolve().parent.iterdir()):
        its = manifest.load(other)
        if its is None or its.learner != about.learner or its.started >= about.started:
            continue
        with contextlib.suppress(JournalError):
            told = read(other).transcript()
            if told.turns and told.header.get("mode") != "retry" and _whom(told.header) == here:
                found.append((its.started, attempt(its.started[:10], told, _checklist(other))))
    return tuple(one for _, one in sorted(found, key=lambda each: each[0])[-MOST:])


def _whom(header: Json) -> tuple[object, object]:
    """The patient and the station."""
    station = header.get("station")
    return header["persona"]["id"], station.get("id") if isinstance(station, dict) else station


def _checklist(folder: Path) -> float | None:
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return float(json.loads((folder / GRADE).read_text("utf-8"))["sheet"]["checklist"])
    return None

"""`simpatient replay`: what was recorded, repeated; differences are printed and make exit code 1."""

import sys
from pathlib import Path

from simpatient.cli import common
from simpatient.errors import JournalError, UsageError
from simpatient.grading import human
from simpatient.model import Utterance
from simpatient.patient.engine import MIDDLE, Engine
from simpatient.session import replay
from simpatient.session.journal import Read, read
from simpatient.session.outputs import GRADE, LEARNER
from simpatient.session.turns import turns


def run_replay(session: Path, depth: str, *, persona: str | None, audio: Path | None, model: str | None) -> None:
    """Repeats at one depth."""
    journal = read(session)
    if journal.torn:
        common.note(f"{session}: the last line was torn and is left out")
    header = journal.header
    engine = common.engine(persona or header["persona"]["id"], header["seed"], header.get("difficulty", MIDDLE))
    differences = _differences(session, journal, engine, depth, audio, model)
    for line in differences:
        print(line)
    if differences:
        sys.exit(1)
    print(f"{depth}: nothing differs over {len(journal.transcript().turns)} turns")


def _differences(
    session: Path, journal: Read, engine: Engine, depth: str, audio: Path | None, model: str | None
) -> list[str]:
    if depth == "regrade":
        station = common.station_of(journal.header)
        judgements = human.read(session if session.is_dir() else session.parent)
        stored = _stored(session)
        return replay.regrade(journal, stored, engine.detector, engine.patient, station, judgements=judgements)
    if depth == "redecide":
        return replay.redecide(journal, engine)
    return replay.rehear(journal, _heard(session, journal, audio, model), engine.detector)


def _stored(session: Path) -> str:
    try:
        return (session / GRADE).read_text("utf-8")
    except OSError as error:
        raise JournalError(f"{session / GRADE}: no grade can be read there: {error.strerror}") from None


def _heard(session: Path, journal: Read, audio: Path | None, model: str | None) -> list[Utterance]:
    from simpatient.ports.recordings import blocks

    file = audio or session / LEARNER
    if not file.exists():
        raise UsageError(f"{session}: holds no audio (it is kept only with consent); name the recording with --audio")
    name = journal.header["recogniser"]["name"]
    with common.recogniser(model or ("clinic" if "clinic" in name else None)) as ears:
        return list(turns(ears.listen(blocks(file))))

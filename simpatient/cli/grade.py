"""`simpatient grade`: recorded learners against a patient, a report each."""

import sys
from pathlib import Path

from simpatient.cli import common
from simpatient.errors import AudioError, InputError
from simpatient.model import Reply
from simpatient.patient.engine import Engine
from simpatient.ports import Recogniser
from simpatient.session.journal import Journal
from simpatient.session.outputs import REPORT, write_outputs
from simpatient.session.records import canonical
from simpatient.session.runner import Session, run
from simpatient.session.turns import turns


def run_grade(
    files: list[str],
    persona: str,
    *,
    out: Path | None,
    as_json: bool,
    model: str | None,
    channel: int | None,
    gap_ms: int,
    seed: int,
) -> None:
    """Grades file after file; a broken one costs one line and the rest go on."""
    import dataclasses

    engine = common.engine(persona, seed)
    root = common.session_folder(out, "grade")
    failed = 0
    with common.recogniser(model) as ears:
        common.note(f"Listening: {ears.about}")
        for file, folder in zip(files, _folders(root, files), strict=True):
            try:
                ended = _one(Path(file), folder, engine, ears, channel, gap_ms)
            except InputError as error:
                common.note(f"simpatient: {error}")
                failed = error.exit_code
                continue
            grade = write_outputs(folder, engine.patient, engine.detector.pack)
            if as_json:
                record = {"file": file, "session": str(folder), "ended": ended, **dataclasses.asdict(grade)}
                print(canonical(record), flush=True)
            else:
                print(f"{file}: {grade.outcome}\n  report: {folder / REPORT}", flush=True)
    if failed:
        sys.exit(failed)


def _folders(root: Path, files: list[str]) -> list[Path]:
    """One folder a file, named after it; a number parts files of one name."""
    names: list[str] = []
    for file in files:
        stem = Path(file).stem or "recording"
        same = sum(name == stem or name.rpartition("-")[0] == stem for name in names)
        names.append(f"{stem}-{same + 1}" if same else stem)
    return [root / name for name in names]


def _one(file: Path, folder: Path, engine: Engine, ears: Recogniser, channel: int | None, gap_ms: int) -> str:
    from simpatient.ports.recordings import blocks, probe

    probe(file)
    utterances = list(turns(ears.listen(blocks(file, channel=channel)), gap_ms))
    if not utterances:
        raise AudioError(f"{file}: no speech was heard; a recording of the learner's own voice is needed")
    about = {"mode": "grade", "recogniser": {"name": ears.name, "digest": ears.digest}, "voice": "none"}
    session = Session(engine, Journal(folder), about)
    return run(session, utterances, _silent, lambda turn: None)


def _silent(reply: Reply) -> None:
    """A graded recording is not answered aloud."""

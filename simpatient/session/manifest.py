"""`session.json` beside the journal: whose session it is, when it was held, and how long its sound is kept.

    id             this session's own name; a retry's journal names its origin by it
    learner        the pseudonym, or ""
    started        date and time in UTC; `stopped` is null while it runs, and after a crash
    consent        whether the sound may be kept; the journal's `consent` event says how that was known
    audio          each sound file with its SHA-256; `audio_deleted` counts those that were there and are gone
    retain_days    for how long the sound may be kept, and `audio_until`, the date; null where none is kept
    software       simpatient, patient, pack, recogniser and voice, each by version or digest

The journal itself holds no date, so that the same words give the same bytes.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from simpatient.ports.clock import days_later
from simpatient.session.files import CONVERSATION, LEARNER, write_text
from simpatient.session.journal import NAME as JOURNAL
from simpatient.session.journal import read
from simpatient.session.records import Json

NAME = "session.json"
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What the file holds."""

    id: str
    learner: str
    started: str
    stopped: str | None
    consent: bool
    audio: dict[str, str] = field(default_factory=dict)
    retain_days: int | None = None
    audio_until: str | None = None
    audio_deleted: int = 0
    software: Json = field(default_factory=dict)


def begin(folder: Path, now: str) -> None:
    """Writes it when the session's header and consent stand in the journal. A session that goes on keeps its own."""
    if (found := load(folder)) is None:
        journal = read(folder)
        consent = next((e for e in journal.events if e["event"] == "consent"), {})
        header = journal.header
        found = Manifest(
            id=_identity(folder, now), learner=header.get("learner", ""), started=now, stopped=None,
            consent=consent.get("audio", False), retain_days=consent.get("retain_days"),
            software={
                "simpatient": header["version"], "persona": header["persona"], "pack": header["pack"],
                "recogniser": header.get("recogniser"), "voice": header.get("voice"),
            },
        )  # fmt: skip
    save(folder, replace(found, stopped=None))


def finish(folder: Path, now: str) -> None:
    """Notes the end and the sound that was kept. Raises OutputError."""
    found = load(folder)
    if found is None:
        return
    audio = {name: _sha256(folder / name) for name in (CONVERSATION, LEARNER) if (folder / name).is_file()}
    until = days_later(now, found.retain_days) if audio and found.retain_days is not None else None
    save(folder, replace(found, stopped=now, audio=audio, audio_until=until))


def save(folder: Path, manifest: Manifest) -> None:
    """Raises OutputError."""
    record = {"format": FORMAT, **dataclasses.asdict(manifest)}
    write_text(folder / NAME, json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False) + "\n")


def load(folder: Path) -> Manifest | None:
    """None where there is none, or a crash tore it."""
    try:
        record = json.loads((folder / NAME).read_text("utf-8"))
        return Manifest(**{name.name: record[name.name] for name in dataclasses.fields(Manifest)})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _identity(folder: Path, now: str) -> str:
    """No two sessions share it: when, where, and with whom."""
    about = f"{now} {folder.resolve()}".encode() + (folder / JOURNAL).read_bytes()
    return hashlib.sha256(about).hexdigest()[:16]


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

"""What learners think of their own interview, asked before they see a mark: `self.json` beside the journal."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

from simpatient.session.files import write_text

NAME = "self.json"
FORMAT = 1


@dataclass(frozen=True)
class SelfAssessment:
    """None and "" where a question was passed over."""

    come_back: int | None = None
    """0..100: how likely the patient would come back."""
    domains: dict[str, float | None] = field(default_factory=dict)
    """0..4 for each domain of the station, by id."""
    otherwise: str = ""
    """One thing the learner would do differently."""


def save(folder: Path, assessment: SelfAssessment) -> None:
    """Raises OutputError."""
    record = {"format": FORMAT, **dataclasses.asdict(assessment)}
    write_text(folder / NAME, json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False) + "\n")


def load(folder: Path) -> SelfAssessment | None:
    """What was answered; None where nothing was asked, or nothing can be read."""
    try:
        record = json.loads((folder / NAME).read_text("utf-8"))
        return SelfAssessment(record["come_back"], record["domains"], record["otherwise"])
    except (OSError, ValueError, TypeError, KeyError):
        return None

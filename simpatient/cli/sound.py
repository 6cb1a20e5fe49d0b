"""What the command line asks of a spoken session."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sound:
    """Ears, mouth, and how turns are taken."""

    model: str | None = None
    device_in: str | None = None
    device_out: str | None = None
    turns: str = "normal"
    headphones: bool = False
    push_to_talk: bool = False

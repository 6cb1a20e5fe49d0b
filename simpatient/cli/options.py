"""Options that several commands share, and the choices some of them allow."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str | None,
    typer.Option("--model", help="Speech model: a Vosk model folder, `pocketsphinx` or `clinic`.", metavar="NAME|DIR"),
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder for what is written. Default: your data folder.", metavar="DIR")
]
Seed = Annotated[int, typer.Option("--seed", help="Another seed chooses other wordings.")]
Difficulty = Annotated[
    int,
    typer.Option("--difficulty", min=1, max=5, help="How hard the patient is to win: 1 easy, 3 as written, 5 hard."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]
Gap = Annotated[
    float, typer.Option("--turn-gap", min=0.3, max=30, help="Seconds of pause from which a new turn begins.")
]
Typed = Annotated[bool, typer.Option("--typed", help="Type instead of speaking.")]
Silent = Annotated[bool, typer.Option("--silent", help="No bell aloud; bells are always shown.")]
Input = Annotated[str | None, typer.Option("--input", help="Microphone, by a part of its name.")]
Output = Annotated[str | None, typer.Option("--output", help="Loudspeaker, by a part of its name.")]
Headphones = Annotated[
    bool, typer.Option("--headphones", help="You wear headphones, and may interrupt the patient by speaking.")
]
PushToTalk = Annotated[
    bool,
    typer.Option(
        "--push-to-talk", help="You are heard only while you hold the space bar (or from one tap of it to the next)."
    ),
]
NoCaptions = Annotated[
    bool, typer.Option("--no-captions", help="Begin without captions, to train listening; the key c shows them.")
]
BellVolume = Annotated[
    float, typer.Option("--bell-volume", min=0, max=1, help="Of the bells; the patient's voice stays as it is.")
]
Invigilator = Annotated[
    bool, typer.Option("--invigilator", help="Keys: p pauses the station, r lets it go on (typed: and Enter); logged.")
]
Scale = Annotated[
    float, typer.Option("--time-scale", min=0.1, max=600, help="So many times as fast, to rehearse and to test.")
]
KeepAudio = Annotated[
    bool,
    typer.Option(
        "--keep-audio", help="You consent: the sound is kept beside the journal. At a terminal you are asked."
    ),
]
RetainDays = Annotated[
    int, typer.Option("--retain-days", min=1, max=3650, help="For how many days kept sound may be kept.")
]
Learner = Annotated[str, typer.Option("--learner", help="A pseudonym that stands in the session.", metavar="ID")]
ShowState = Annotated[
    bool,
    typer.Option("--show-state", help="Show reluctance, hope and agreement after each turn, and why they moved."),
]
RETAIN_DAYS = 90
"""For so many days sound is kept, unless something else is said."""


class Take(StrEnum):
    good = "good"
    bad = "bad"
    both = "both"


class Turns(StrEnum):
    quick = "quick"
    normal = "normal"
    exam = "exam"


HowSoon = Annotated[
    Turns, typer.Option("--turns", help="How soon the patient answers when you pause; exam waits the longest.")
]


class Profile(StrEnum):
    osce_uk = "osce-uk"
    osce_long = "osce-long"
    clerkship = "clerkship"
    practice = "practice"


class Depth(StrEnum):
    regrade = "regrade"
    redecide = "redecide"
    rehear = "rehear"

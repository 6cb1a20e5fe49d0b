"""Commands, options and exit codes. Heavy imports happen inside the commands, so that `--help` is quick.

Exit codes: 0 done, 1 findings or differences, 2 bad input or usage, 3 device, model or voice missing, 4 cannot write,
130 Ctrl-C.
"""

import errno
import io
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from simpatient import __version__
from simpatient.errors import SimpatientError

app = typer.Typer(
    name="simpatient", no_args_is_help=True, add_completion=False, rich_markup_mode="markdown",
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    help="A simulated patient you talk to: practise the first psychiatric interview aloud, offline.",
    epilog="**Start with** `simpatient demo`, then `simpatient talk teen --typed`.",
)  # fmt: skip

Model = Annotated[
    str | None,
    typer.Option("--model", help="Speech model: a Vosk model folder, `pocketsphinx` or `clinic`.", metavar="NAME|DIR"),
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder for what is written. Default: your data folder.", metavar="DIR")
]
Seed = Annotated[int, typer.Option("--seed", help="Another seed chooses other wordings.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]
Gap = Annotated[
    float, typer.Option("--turn-gap", min=0.3, max=30, help="Seconds of pause from which a new turn begins.")
]


INTERRUPTED = 130


class Take(StrEnum):
    good = "good"
    bad = "bad"
    both = "both"


class Depth(StrEnum):
    regrade = "regrade"
    redecide = "redecide"
    rehear = "rehear"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"simpatient {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    pass


@app.command(epilog="**Examples:** `simpatient demo` · `simpatient demo --take bad --silent --out /tmp/demo`")
def demo(
    take: Annotated[Take, typer.Option("--take", help="Which recorded learner is played.")] = Take.both,
    out: Out = None,
    silent: Annotated[bool, typer.Option("--silent", help="Play nothing aloud; everything is still written.")] = False,
    seed: Seed = 0,
) -> None:
    """Hear a recorded learner meet a reluctant teenager: once well, once badly.

    Prints each turn as it happens and writes the journal, the conversation as sound and a report.
    """
    from simpatient.cli.demo import run_demo

    takes = ("good", "bad") if take is Take.both else (take.value,)
    run_demo(takes, out, silent, seed)


@app.command(
    epilog="**Examples:** `simpatient talk teen` · `simpatient talk emergency --typed --show-state`  · "
    "`simpatient talk teen --typed --json < lines.txt`"
)
def talk(
    persona: Annotated[str, typer.Argument(help="A patient: an id such as `teen`, or a folder.", metavar="PERSONA")],
    typed: Annotated[bool, typer.Option("--typed", help="Type instead of speaking.")] = False,
    show_state: Annotated[
        bool,
        typer.Option("--show-state", help="Show reluctance, hope and agreement after each turn, and why they moved."),
    ] = False,
    as_json: AsJson = False,
    model: Model = None,
    device_in: Annotated[str | None, typer.Option("--input", help="Microphone, by a part of its name.")] = None,
    device_out: Annotated[str | None, typer.Option("--output", help="Loudspeaker, by a part of its name.")] = None,
    out: Out = None,
    seed: Seed = 0,
) -> None:
    """Talk to a patient, by microphone or by keyboard. Say goodbye, or “stop simulation”, to end."""
    from simpatient.cli.talk import run_talk

    run_talk(persona, typed=typed, show_state=show_state, as_json=as_json, model=model, device_in=device_in,
             device_out=device_out, out=out, seed=seed)  # fmt: skip


@app.command(
    epilog="**Examples:** `simpatient grade interview.wav --persona teen --out marks` · "
    "`simpatient grade *.flac --persona emergency --json`"
)
def grade(
    files: Annotated[
        list[str], typer.Argument(help="Recordings of the learner: WAV, FLAC, OGG, MP3, AIFF.", metavar="FILE…")
    ],
    persona: Annotated[str, typer.Option("--persona", help="The patient who would have been met.", metavar="PERSONA")],
    out: Out = None,
    as_json: AsJson = False,
    model: Model = None,
    channel: Annotated[
        int | None,
        typer.Option("--clinician-channel", min=1, help="The learner's channel of a recording with several."),
    ] = None,
    gap: Gap = 1.0,
    seed: Seed = 0,
) -> None:
    """Replay recorded learners against a patient and grade each."""
    from simpatient.cli.grade import run_grade

    run_grade(
        files, persona, out=out, as_json=as_json, model=model, channel=channel, gap_ms=round(gap * 1000), seed=seed
    )


@app.command(
    epilog="**Examples:** `simpatient transcribe clip.wav` · `simpatient transcribe *.flac --json --model clinic`"
)
def transcribe(
    files: Annotated[list[str], typer.Argument(help="Recordings.", metavar="FILE…")],
    as_json: AsJson = False,
    model: Model = None,
    channel: Annotated[
        int | None, typer.Option("--clinician-channel", min=1, help="One channel of a recording with several.")
    ] = None,
) -> None:
    """Write down what is said in recordings, with times and confidences."""
    from simpatient.cli.hear import run_transcribe

    run_transcribe(files, as_json=as_json, model=model, channel=channel)


@app.command(
    epilog='**Examples:** `simpatient detect "what would make this worth it"` · `simpatient detect --json < lines.txt`'
)
def detect(
    text: Annotated[
        str | None, typer.Argument(help="One learner turn; without it, one a line is read from standard input.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the techniques in a sentence, with the words that triggered them.

    An input line may be a JSON object: {"text": …, "after": the patient's last words, "persona": …, "state": {…}}.
    """
    from simpatient.cli.hear import run_detect

    run_detect(text, as_json=as_json)


@app.command(
    epilog="**Examples:** `simpatient replay SESSION` · `simpatient replay SESSION --depth rehear --model clinic`"
)
def replay(
    session: Annotated[Path, typer.Argument(help="A session's folder.", metavar="SESSION")],
    depth: Annotated[
        Depth, typer.Option("--depth", help="How far back to begin: the grade, the words, or the sound.")
    ] = Depth.redecide,
    persona: Annotated[
        str | None, typer.Option("--persona", help="The patient's folder, if it is not a shipped one.")
    ] = None,
    audio: Annotated[
        Path | None, typer.Option("--audio", help="The learner's recording, if it is not in the session.")
    ] = None,
    model: Model = None,
) -> None:
    """Repeat a session and say what differs; exit code 1 if anything does."""
    from simpatient.cli.replay import run_replay

    run_replay(session, depth.value, persona=persona, audio=audio, model=model)


def main() -> None:
    """Entry point: one line and an exit code for every mistake a user can make."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
        if sys.stdout:
            sys.stdout.flush()
    except typer.TyperException as error:
        _fail(" ".join(error.format_message().split()) + "; see --help", 2)
    except SimpatientError as error:
        _fail(" ".join(str(error).split()), error.exit_code)
    except KeyboardInterrupt:
        _fail("stopped", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"standard output: cannot write: {error.strerror}", 4)
    if code == INTERRUPTED:  # typer turns Ctrl-C into this code
        _fail("stopped", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> None:
    print(f"simpatient: {message}", file=sys.stderr)
    sys.exit(code)

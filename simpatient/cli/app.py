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
Difficulty = Annotated[
    int,
    typer.Option("--difficulty", min=1, max=5, help="How hard the patient is to win: 1 easy, 3 as written, 5 hard."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]
Gap = Annotated[
    float, typer.Option("--turn-gap", min=0.3, max=30, help="Seconds of pause from which a new turn begins.")
]


INTERRUPTED = 130


class Take(StrEnum):
    good = "good"
    bad = "bad"
    both = "both"


class Profile(StrEnum):
    osce_uk = "osce-uk"
    osce_long = "osce-long"
    clerkship = "clerkship"
    practice = "practice"


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
    difficulty: Difficulty = 3,
) -> None:
    """Talk to a patient, by microphone or by keyboard. Say goodbye, or “stop simulation”, to end."""
    from simpatient.cli.talk import run_talk

    run_talk(persona, typed=typed, show_state=show_state, as_json=as_json, model=model, device_in=device_in,
             device_out=device_out, out=out, seed=seed, difficulty=difficulty)  # fmt: skip


Typed = Annotated[bool, typer.Option("--typed", help="Type instead of speaking.")]
Silent = Annotated[bool, typer.Option("--silent", help="No bell aloud; bells are always shown.")]
Input = Annotated[str | None, typer.Option("--input", help="Microphone, by a part of its name.")]
Output = Annotated[str | None, typer.Option("--output", help="Loudspeaker, by a part of its name.")]
BellVolume = Annotated[
    float, typer.Option("--bell-volume", min=0, max=1, help="Of the bells; the patient's voice stays as it is.")
]
Invigilator = Annotated[
    bool, typer.Option("--invigilator", help="Keys: p pauses the station, r lets it go on (typed: and Enter); logged.")
]
Scale = Annotated[
    float, typer.Option("--time-scale", min=0.1, max=600, help="So many times as fast, to rehearse and to test.")
]


@app.command(
    epilog="**Examples:** `simpatient drill teen-first-visit` · `simpatient drill teen-first-visit --typed "
    "--profile practice` · `simpatient drill --resume SESSION`"
)
def drill(
    station: Annotated[
        str | None, typer.Argument(help="A station: an id (`simpatient station list`) or its file.", metavar="STATION")
    ] = None,
    profile: Annotated[Profile | None, typer.Option("--profile", help="Other times than the station's own.")] = None,
    extra_reading: Annotated[
        float, typer.Option("--extra-reading", min=1, max=4, help="Extra time to read: 1.25, 1.5 or 2 times as long.")
    ] = 1.0,
    extra_task: Annotated[
        float, typer.Option("--extra-task", min=1, max=4, help="Extra time for the interview, likewise.")
    ] = 1.0,
    typed: Typed = False,
    invigilator: Invigilator = False,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", help="Go on with a station that a crash broke off.", metavar="SESSION"),
    ] = None,
    learner: Annotated[str, typer.Option("--learner", help="A pseudonym that stands in the session.")] = "",
    time_scale: Scale = 1.0,
    silent: Silent = False,
    bell_volume: BellVolume = 0.5,
    model: Model = None,
    device_in: Input = None,
    device_out: Output = None,
    out: Out = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Another seed than the station's.")] = None,
) -> None:
    """Sit an OSCE station by the clock: read, bell, interview, bell, feedback.

    Your own view is asked before any mark is shown. Only an invigilator can pause. A crash loses nothing: --resume.
    """
    from simpatient.cli.desk import Wishes
    from simpatient.cli.drill import run_drill

    wishes = Wishes(
        typed=typed, profile=profile.value if profile else None, extra_reading=extra_reading, extra_task=extra_task,
        scale=time_scale, invigilator=invigilator, model=model, device_in=device_in, device_out=device_out,
        silent=silent, bell_volume=bell_volume, seed=seed, learner=learner,
    )  # fmt: skip
    run_drill(station, wishes, out, resume)


@app.command(
    epilog="**Examples:** `simpatient circuit mock.yaml --plan` · `simpatient circuit mock.yaml --rehearse` · "
    "`simpatient circuit mock.yaml --candidate c02`"
)
def circuit(
    file: Annotated[
        Path, typer.Argument(help="The circuit: title, stations, rest, changeover_s, candidates.", metavar="FILE")
    ],
    candidate: Annotated[
        str | None, typer.Option("--candidate", help="Whose stations are held here. Default: the first.", metavar="ID")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print timetable and rotation, and stop.")] = False,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Sixty times as fast, with nobody answering; nothing is kept.")
    ] = False,
    typed: Typed = False,
    invigilator: Invigilator = False,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Go on with a circuit that a crash broke off.", metavar="DIR")
    ] = None,
    time_scale: Scale = 1.0,
    silent: Silent = False,
    bell_volume: BellVolume = 0.5,
    model: Model = None,
    device_in: Input = None,
    device_out: Output = None,
    out: Out = None,
) -> None:
    """Print a circuit's timetable and rotation, and hold one candidate's stations one after the other.

    Every workstation runs the same file with another --candidate.
    """
    from simpatient.cli.circuit import run_circuit
    from simpatient.cli.desk import Wishes

    wishes = Wishes(
        typed=typed, scale=time_scale, invigilator=invigilator, model=model, device_in=device_in,
        device_out=device_out, silent=silent, bell_volume=bell_volume,
    )  # fmt: skip
    run_circuit(file, wishes, candidate=candidate, only_plan=plan, rehearse=rehearse, out=out, resume=resume)


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


techniques = typer.Typer(
    help="The techniques that are listened for: `list`, `show CODE`, `check [DIR]`.", invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="**Examples:** `simpatient techniques show MIRACLE` · `simpatient techniques check`",
)  # fmt: skip
app.add_typer(techniques, name="techniques")


@techniques.callback()
def _techniques(
    context: typer.Context,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As the reference page of docs/.")] = False,
) -> None:
    """List the techniques that are listened for."""
    if context.invoked_subcommand is None:
        from simpatient.cli.techniques import run_list

        run_list(as_markdown)


@techniques.command("show", epilog="**Example:** `simpatient techniques show GOAL_BRIDGE`")
def techniques_show(code: Annotated[str, typer.Argument(help="A code such as MIRACLE.", metavar="CODE")]) -> None:
    """Explain one technique: what it is, when it is right, how it sounds."""
    from simpatient.cli.techniques import run_show

    run_show(code)


@techniques.command("check", epilog="**Example:** `simpatient techniques check simpatient/detect/packs/en`")
def techniques_check(
    folder: Annotated[Path | None, typer.Argument(help="A folder of technique files.", metavar="DIR")] = None,
) -> None:
    """Check technique files; exit code 1 if anything is found."""
    from simpatient.cli.techniques import run_check

    run_check(folder)


persona = typer.Typer(
    help="For authors of patients: list, show, check, draw, preview, new.", no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
app.add_typer(persona, name="persona")
Who = Annotated[str, typer.Argument(help="A patient: an id such as `teen`, or a folder.", metavar="PERSONA")]


@persona.command("list", epilog="**Example:** `simpatient persona list`")
def persona_list() -> None:
    """List the shipped patients."""
    from simpatient.cli.persona import run_list

    run_list()


@persona.command("show", epilog="**Example:** `simpatient persona show teen`")
def persona_show(who: Who) -> None:
    """Show who a patient is, goals and all; for teachers and authors."""
    from simpatient.cli.persona import run_show

    run_show(who)


@persona.command("check", epilog="**Examples:** `simpatient persona check` · `simpatient persona check path/to/folder`")
def persona_check(
    who: Annotated[list[str] | None, typer.Argument(help="Patients; without it, all shipped.", metavar="PATH…")] = None,
) -> None:
    """Check patients, file:line for each finding; exit code 1 if anything is found."""
    from simpatient.cli.persona import run_check

    run_check(who or [])


@persona.command("draw", epilog="**Examples:** `simpatient persona draw teen --svg teen.svg`")
def persona_draw(
    who: Who,
    svg: Annotated[Path | None, typer.Option("--svg", help="Write a picture instead.", metavar="FILE")] = None,
) -> None:
    """Draw the stages of change and their guards, as Mermaid or as a picture."""
    from simpatient.cli.persona import run_draw

    run_draw(who, svg)


@persona.command("preview", epilog="**Example:** `simpatient persona preview teen --seed 3`")
def persona_preview(who: Who, seed: Seed = 0) -> None:
    """Show a sample conversation, once well led and once badly."""
    from simpatient.cli.persona import run_preview

    run_preview(who, seed)


@persona.command("new", epilog="**Example:** `simpatient persona new maria --out my-patients`")
def persona_new(
    name: Annotated[str, typer.Argument(help="The new patient's id.", metavar="ID")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for it. Default: here.", metavar="DIR")] = None,
) -> None:
    """Make a commented patient to start from; it passes the check."""
    from simpatient.cli.persona import run_new

    run_new(name, out)


station = typer.Typer(
    help="Stations, timed and marked: list, show, check, new.", no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
app.add_typer(station, name="station")


@station.command("list", epilog="**Example:** `simpatient station list`")
def station_list() -> None:
    """List the shipped stations."""
    from simpatient.cli.station import run_list

    run_list()


@station.command("show", epilog="**Examples:** `simpatient station show teen-first-visit --sheet`")
def station_show(
    name: Annotated[str, typer.Argument(help="A station: an id, or a .yaml file.", metavar="STATION")],
    sheet: Annotated[bool, typer.Option("--sheet", help="Only what the candidate reads.")] = False,
) -> None:
    """Show a station: the candidate's sheet, and for teachers the mark sheet."""
    from simpatient.cli.station import run_show

    run_show(name, sheet)


@station.command("check", epilog="**Examples:** `simpatient station check` · `simpatient station check mine.yaml`")
def station_check(
    names: Annotated[
        list[str] | None, typer.Argument(help="Stations; without it, all shipped.", metavar="STATION…")
    ] = None,
) -> None:
    """Check stations, file:line for each finding; exit code 1 if anything is found."""
    from simpatient.cli.station import run_check

    run_check(names or [])


@station.command("new", epilog="**Example:** `simpatient station new tess-again --persona teen --out my-stations`")
def station_new(
    name: Annotated[str, typer.Argument(help="The new station's id.", metavar="ID")],
    persona: Annotated[str, typer.Option("--persona", help="The patient who sits there.", metavar="PERSONA")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for it. Default: here.", metavar="DIR")] = None,
) -> None:
    """Make a commented station to start from; it passes the check."""
    from simpatient.cli.station import run_new

    run_new(name, persona, out)


bench = typer.Typer(
    help="Score the detector on a public corpus.", no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
app.add_typer(bench, name="bench")


@bench.callback()
def _bench() -> None:
    """Score the detector on a public corpus that you bring."""


@bench.command("annomi", epilog="**Example:** `simpatient bench annomi AnnoMI-full.csv --out figures`")
def bench_annomi(
    file: Annotated[Path, typer.Argument(help="AnnoMI-full.csv, which you bring yourself.", metavar="FILE")],
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Score the shipped detector on AnnoMI: main behaviour, questions, reflections; writes annomi.svg."""
    from simpatient.cli.bench import run_annomi

    run_annomi(file, out, as_json)


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

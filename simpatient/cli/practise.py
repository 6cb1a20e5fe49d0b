"""The commands by which one practises: demo, talk, drill, circuit. What they do is imported inside them."""

from pathlib import Path
from typing import Annotated

import typer

from simpatient.cli.options import (
    RETAIN_DAYS,
    AsJson,
    BellVolume,
    Difficulty,
    Headphones,
    HowSoon,
    Input,
    Invigilator,
    KeepAudio,
    Learner,
    Model,
    NoCaptions,
    Out,
    Output,
    Profile,
    PushToTalk,
    RetainDays,
    Scale,
    Seed,
    ShowState,
    Silent,
    Take,
    Turns,
    Typed,
)
from simpatient.cli.sound import Sound

commands = typer.Typer()


@commands.command(epilog="**Examples:** `simpatient demo` · `simpatient demo --take bad --silent --out /tmp/demo`")
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


@commands.command(
    epilog="**Examples:** `simpatient talk teen` · `simpatient talk emergency --typed --show-state`  · "
    "`simpatient talk teen --typed --json < lines.txt`"
)
def talk(
    persona: Annotated[str, typer.Argument(help="A patient: an id such as `teen`, or a folder.", metavar="PERSONA")],
    typed: Typed = False,
    show_state: ShowState = False,
    coach: Annotated[
        bool, typer.Option("--coach", help="After each turn a line on what was heard of it, and what it did.")
    ] = False,
    as_json: AsJson = False,
    keep_audio: KeepAudio = False,
    retain_days: RetainDays = RETAIN_DAYS,
    learner: Learner = "",
    model: Model = None,
    device_in: Input = None,
    device_out: Output = None,
    turns: HowSoon = Turns.normal,
    headphones: Headphones = False,
    push_to_talk: PushToTalk = False,
    no_captions: NoCaptions = False,
    out: Out = None,
    seed: Seed = 0,
    difficulty: Difficulty = 3,
) -> None:
    """Talk to a patient, by microphone or by keyboard. Say goodbye, or “stop simulation”, to end."""
    from simpatient.cli.talk import Wishes, run_talk

    wishes = Wishes(
        typed=typed, show_state=show_state, coach=coach, as_json=as_json,
        sound=Sound(model, device_in, device_out, turns.value, headphones, push_to_talk),
        captions=not no_captions, keep_audio=keep_audio, retain_days=retain_days, learner=learner,
    )  # fmt: skip
    run_talk(persona, wishes, out=out, seed=seed, difficulty=difficulty)


@commands.command(
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
    learner: Learner = "",
    keep_audio: KeepAudio = False,
    retain_days: RetainDays = RETAIN_DAYS,
    time_scale: Scale = 1.0,
    silent: Silent = False,
    bell_volume: BellVolume = 0.5,
    model: Model = None,
    device_in: Input = None,
    device_out: Output = None,
    turns: HowSoon = Turns.normal,
    headphones: Headphones = False,
    push_to_talk: PushToTalk = False,
    no_captions: NoCaptions = False,
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
        scale=time_scale, invigilator=invigilator,
        sound=Sound(model, device_in, device_out, turns.value, headphones, push_to_talk),
        captions=not no_captions, silent=silent, bell_volume=bell_volume,
        seed=seed, learner=learner, keep_audio=keep_audio, retain_days=retain_days,
    )  # fmt: skip
    run_drill(station, wishes, out, resume)


@commands.command(
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
    keep_audio: KeepAudio = False,
    retain_days: RetainDays = RETAIN_DAYS,
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
    turns: HowSoon = Turns.normal,
    headphones: Headphones = False,
    push_to_talk: PushToTalk = False,
    no_captions: NoCaptions = False,
    out: Out = None,
) -> None:
    """Print a circuit's timetable and rotation, and hold one candidate's stations one after the other.

    Every workstation runs the same file with another --candidate.
    """
    from simpatient.cli.circuit import run_circuit
    from simpatient.cli.desk import Wishes

    wishes = Wishes(
        typed=typed, scale=time_scale, invigilator=invigilator,
        sound=Sound(model, device_in, device_out, turns.value, headphones, push_to_talk),
        captions=not no_captions, silent=silent, bell_volume=bell_volume, keep_audio=keep_audio,
        retain_days=retain_days,
    )  # fmt: skip
    run_circuit(file, wishes, candidate=candidate, only_plan=plan, rehearse=rehearse, out=out, resume=resume)


@commands.command(
    epilog="**Examples:** `simpatient retry SESSION --typed` · "
    '`simpatient retry SESSION --turn 4 --say "What do you wish was different?"`'
)
def retry(
    session: Annotated[Path, typer.Argument(help="A session's folder.", metavar="SESSION")],
    turn: Annotated[
        int | None, typer.Option("--turn", min=1, help="The turn to say another way. Default: what cost most.")
    ] = None,
    say: Annotated[
        str | None, typer.Option("--say", help="Say this, and stop; with --typed go on from there.", metavar="TEXT")
    ] = None,
    typed: Typed = False,
    show_state: ShowState = False,
    keep_audio: KeepAudio = False,
    retain_days: RetainDays = RETAIN_DAYS,
    learner: Learner = "",
    persona: Annotated[
        str | None, typer.Option("--persona", help="The patient's folder, if it is not a shipped one.")
    ] = None,
    model: Model = None,
    device_in: Input = None,
    device_out: Output = None,
    out: Out = None,
) -> None:
    """Say one turn another way: the patient stands exactly where they stood, and both ways are shown side by side."""
    from simpatient.cli.retry import run_retry
    from simpatient.cli.talk import Wishes

    wishes = Wishes(
        typed=typed, show_state=show_state, sound=Sound(model, device_in, device_out),
        keep_audio=keep_audio, retain_days=retain_days, learner=learner, say=say,
    )  # fmt: skip
    run_retry(session, turn, wishes, persona=persona, out=out)

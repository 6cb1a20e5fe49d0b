"""The commands that look back: grade, transcribe, detect, replay. What they do is imported inside them."""

from pathlib import Path
from typing import Annotated

import typer

from simpatient.cli.options import RETAIN_DAYS, AsJson, Depth, Gap, Model, Out, RetainDays

commands = typer.Typer()


@commands.command(
    epilog="**Examples:** `simpatient grade interview.wav --station teen-first-visit --out marks` · "
    "`simpatient grade recordings/ --persona teen --clinician-channel 1 --jobs 4` · `simpatient grade SESSION --json`"
)
def grade(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Recordings of learners (WAV, FLAC, OGG, MP3, AIFF), sessions, journals, or folders of them.",
            metavar="PATH…",
        ),
    ],
    station: Annotated[
        str | None, typer.Option("--station", help="The station whose mark sheet is filled in.", metavar="STATION")
    ] = None,
    persona: Annotated[
        str | None,
        typer.Option("--persona", help="Without a station: the patient who was met.", metavar="PERSONA"),
    ] = None,
    out: Out = None,
    as_json: AsJson = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=256, help="Files side by side. Default: one a core.")
    ] = None,
    model: Model = None,
    channel: Annotated[
        int | None,
        typer.Option(
            "--clinician-channel", min=1,
            help="The learner's channel of a recording with several; of two, the other one is the patient's.",
        ),
    ] = None,
    assume_clinician: Annotated[
        bool, typer.Option("--assume-clinician", help="One channel is the learner alone, whatever it sounds like.")
    ] = False,
    keep_audio: Annotated[
        bool, typer.Option("--keep-audio", help="With the learners' consent: keep their voice beside each report.")
    ] = False,
    retain_days: RetainDays = RETAIN_DAYS,
    gap: Gap = 1.0,
    seed: Annotated[int | None, typer.Option("--seed", help="Another seed chooses other wordings.")] = None,
) -> None:  # fmt: skip
    """Grade recorded learners and sessions: a report each, and one table. What was broken off goes on."""
    from simpatient.cli.grade import Asked, run_grade
    from simpatient.session.grading_run import Wishes

    wishes = Wishes(channel, round(gap * 1000), assume_clinician, keep_audio, retain_days)
    run_grade(paths, Asked(persona, station, seed, model, wishes), out=out, as_json=as_json, jobs=jobs)


@commands.command(
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


@commands.command(
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


@commands.command(
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


@commands.command(
    epilog="**Examples:** `simpatient purge --older-than 90d --dry-run` · `simpatient purge marks --learner c07` · "
    "`simpatient purge --expired --yes` · `simpatient purge SESSION`"
)
def purge(
    folder: Annotated[
        Path | None,
        typer.Argument(help="One session, or a folder of sessions. Default: your sessions.", metavar="DIR|SESSION"),
    ] = None,
    older_than: Annotated[
        str | None, typer.Option("--older-than", help="Sessions of so long ago: 90d, 12w, 1y.", metavar="AGE")
    ] = None,
    learner: Annotated[str | None, typer.Option("--learner", help="A learner's sessions.", metavar="ID")] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="The sound that is past its retention date; journals stay.")
    ] = False,
    audio_only: Annotated[bool, typer.Option("--audio-only", help="Only sound; journals and reports stay.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete sessions, or only their sound. What will go is listed, and you are asked, first."""
    from simpatient.cli.purge import Chosen, run_purge

    run_purge(folder, Chosen(older_than, learner, expired, audio_only), dry_run=dry_run, yes=yes)


@commands.command(
    epilog="**Examples:** `simpatient mark SESSION --examiner dr-a` · `simpatient mark SESSION --examiner dr-a "
    "--global 3 --item asks_what_for=met --why 'asked with the first sentence'`"
)
def mark(
    session: Annotated[Path, typer.Argument(help="A session's folder.", metavar="SESSION")],
    examiner: Annotated[str, typer.Option("--examiner", help="Who marks; a pseudonym will do.", metavar="ID")],
    rating: Annotated[
        int | None,
        typer.Option(
            "--global", min=1, max=5, help="Global rating: 1 fail, 2 borderline, 3 pass, 4 very good, 5 outstanding."
        ),
    ] = None,
    item: Annotated[
        list[str] | None, typer.Option("--item", help='An item: met, partly or "not met".', metavar="ID=MARK")
    ] = None,
    domain: Annotated[
        list[str] | None, typer.Option("--domain", help="A domain as a whole, 0 to 4.", metavar="ID=MARK")
    ] = None,
    detection: Annotated[
        list[str] | None,
        typer.Option("--detection", help="Whether a technique was there: 4:VALIDATE=no.", metavar="TURN:CODE=yes|no"),
    ] = None,
    why: Annotated[str, typer.Option("--why", help="The reason, where you mark otherwise than the software.")] = "",
    comment: Annotated[str, typer.Option("--comment", help="A word to the learner.")] = "",
) -> None:
    """Rate a session as a human examiner, beside the software's marks; both are kept.

    Without options it asks step by step. Several examiners may mark one session.
    """
    from simpatient.cli.mark import run_mark

    run_mark(
        session, examiner, rating=rating, items=item or [], domains=domain or [], detections=detection or [], why=why,
        comment=comment,
    )  # fmt: skip


@commands.command(
    epilog="**Examples:** `simpatient cohort sessions` · `simpatient cohort paper-osce.csv --out report` · "
    "`simpatient cohort sessions --station teen-first-visit --bootstrap 5000`"
)
def cohort(
    source: Annotated[
        Path, typer.Argument(help="A folder of graded sessions, or a hand-typed table (CSV).", metavar="DIR|FILE.csv")
    ],
    station: Annotated[str | None, typer.Option("--station", help="Only this station.", metavar="ID")] = None,
    out: Out = None,
    resamples: Annotated[
        int, typer.Option("--bootstrap", min=100, max=20000, help="Resamples for the interval of the cut.")
    ] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the resampling; the same seed, the same page.")] = 0,
) -> None:
    """Show a director how stations, items, examiners and the software did: page, workbook, tables.

    Borderline regression with its interval, reliability, items, agreement, techniques, fairness. Nobody is passed
    or failed.
    """
    from simpatient.cli.cohort import run_cohort

    run_cohort(source, station=station, out=out, resamples=resamples, seed=seed)

"""What comes after: what the patient tells a friend, what was used and what is left to try, and one next drill."""

from collections.abc import Mapping

from simpatient import places
from simpatient.detect.pack import Pack
from simpatient.grading import listen
from simpatient.grading.lessons import library
from simpatient.grading.lessons.library import Drill
from simpatient.grading.lessons.moments import gain, telling
from simpatient.grading.lessons.page import Page, fits
from simpatient.grading.lessons.scene import Interview
from simpatient.grading.lessons.values import NextDrill, Untried, Used
from simpatient.grading.mistakes import FORM, SEVERITY
from simpatient.grading.risk import ASKED
from simpatient.grading.station import Station
from simpatient.grading.techniques import is_good
from simpatient.model import Grade
from simpatient.outcome import second_visit

SHOWN = 3
WOULD, MIGHT = 0.7, 0.4
"""Likelihoods of a second visit from which the patient would, and might, come back (as in `outcome.sentence`)."""
HARDER = 4
_WARM = frozenset({"VALIDATE", "REFL_C", "REFL_S", "SUMMARY"})
_STEPS = frozenset({"TASK_OFFER", "ALT_TASK", "TRIAL"})


def to_a_friend(interview: Interview) -> str:
    """Two sentences in the patient's voice: how it ended, and what made it so."""
    own, general = interview.feedback.friend, library.reasons()
    end, why = _ending(interview), _because(interview)
    endings = own.ending.get(end) or general.ending[end]
    reasons = own.because.get(why) or general.because[why]
    n = len(interview.turns)
    return f"{endings[n % len(endings)]} {reasons[n % len(reasons)]}"


def _ending(interview: Interview) -> str:
    if interview.transcript.ended in ("walkout", "refuses"):
        return "left"
    likely = second_visit(interview.end().state, interview.transcript.ended)
    return "yes" if likely >= WOULD else "maybe" if likely >= MIGHT else "no"


def _because(interview: Interview) -> str:
    """The best turn of a good ending, the worst of a bad one, the stronger of the two between."""
    turns, because = interview.turns, library.choices().because
    hurt = [t for t in turns if any(d.code not in FORM for d in interview.wrong[t.no])]
    best = max(turns, key=lambda t: (gain(t), -t.no), default=None)
    worst = min(hurt, key=lambda t: (gain(t), t.no), default=None)
    ending = _ending(interview)
    if best and ending == "maybe" and (worst is None or gain(best) >= -gain(worst)):
        ending = "yes"
    if ending == "yes" or worst is None:
        good = best and ending == "yes" and gain(best) > 0
        return because.get(telling(best, interview), "nothing") if best and good else "nothing"
    codes = [d.code for d in interview.wrong[worst.no] if d.code not in FORM]
    return because.get(max(codes, key=lambda c: SEVERITY.get(c, 1)), "unheard")


def used(grade: Grade, pack: Pack) -> tuple[Used, ...]:
    """The techniques that help and were heard, most often first."""
    good = [t for t in grade.techniques if is_good(t.code, pack)]
    return tuple(Used(t.code, t.name, t.n) for t in sorted(good, key=lambda t: -t.n))


def untried(interview: Interview, page: Page, station: Station | None) -> tuple[Untried, ...]:
    """The three most useful of what fits this person and was not tried, with a sentence for this person."""
    pack, scene, persona = interview.pack, interview.end(), interview.patient.persona
    heard = {d.code for t in interview.turns for d in listen.heard(t)}
    known = station.techniques if station and station.techniques else pack.codes()
    order = library.choices().situations["untried"]
    left = [c for c in known if c not in heard and is_good(c, pack) and c in order and _suits(c, interview)]
    left.sort(key=lambda c: (
        not (c in ASKED and scene.open_risk), not fits(c, scene), -persona.gains.get(c, 1.0), order.index(c)
    ))  # fmt: skip
    found: list[Untried] = []
    for code in left:
        if code in ASKED and any(one.code in ASKED for one in found):
            continue
        say = page.wording(scene, code)
        when = page.take(library.reasons().when.get(code, ()), scene)
        if say and when:
            found.append(Untried(code, say.name, when, say))
        if len(found) == SHOWN:
            break
    return tuple(found)


def _suits(code: str, interview: Interview) -> bool:
    """Whether a technique can ever be right with this person: at the end of a good interview."""
    scene = interview.end()
    if interview.patient.persona.obvious_goal or code in ("PROS", "TRIAL", "LOST_DREAM", "MED_VIEW", "EXTERN"):
        return fits(code, scene)
    return True


def next_drill(interview: Interview, grade: Grade, station: Station | None) -> NextDrill | None:
    """One thing, tied to the weakest of this interview; another patient where there is one who teaches it."""
    weakness = _weakness(interview, grade)
    known, here = places.stations(), interview.patient.id
    if weakness == "harder":
        drill = library.drills().drills["harder"][0]
        command = f"simpatient talk {here} --difficulty {HARDER}"
        return NextDrill(drill.title, drill.why.replace("{name}", interview.name), command)
    drills = library.drills().drills[weakness]
    ranked = sorted(drills, key=lambda d: d.persona == here)
    for drill in ranked:
        if drill.station in known or drill.persona in places.shipped():
            return NextDrill(drill.title, drill.why.replace("{name}", interview.name), _command(drill, known))
    return None


def _command(drill: Drill, known: Mapping[str, object]) -> str:
    return f"simpatient drill {drill.station}" if drill.station in known else f"simpatient talk {drill.persona}"


def _weakness(interview: Interview, grade: Grade) -> str:
    """The weakest thing: risk before everything, then what hurt most, then what was not done."""
    load: dict[str, int] = {}
    happened = library.choices().happened
    for wrong in interview.wrong.values():
        for d in wrong:
            if d.code not in FORM:
                load[happened[d.code]] = load.get(happened[d.code], 0) + SEVERITY.get(d.code, 1)
    heard = {d.code for t in interview.turns for d in listen.heard(t)}
    scene, obvious = interview.end(), interview.patient.persona.obvious_goal
    if any(flag.id == "si_unasked" for flag in grade.flags) or "avoided" in load:
        return "avoided"
    if load:
        return max(load, key=lambda name: (load[name], name))
    if obvious:
        return "harder" if _STEPS & heard else "steps"
    if not scene.agreed:
        return "goals" if not scene.voiced else "agreement"
    if not heard & _WARM:
        return "warmth"
    if not heard & _STEPS:
        return "steps"
    return "harder"

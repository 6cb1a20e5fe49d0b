"""The sentences of one page: chosen for a moment, filled from it, and none of them twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from simpatient.detect.context import GOALS_AGREED
from simpatient.grading.lessons import library
from simpatient.grading.lessons.feedback import Thread, slots
from simpatient.grading.lessons.scene import CLOSED_UP, LOW_HOPE, Interview, Scene
from simpatient.grading.lessons.values import Wording
from simpatient.grading.risk import RISK

_STEPS = frozenset({"TASK_OFFER", "ALT_TASK", "TRIAL", "TASK_DEAL", "SIDE_FX", "CONS"})
_OF_A_GOAL = frozenset({"GOAL_MORE", "GOAL_ECHO", "GOAL_PACT", "SUMMARY"})
_GOAL_QUESTIONS = frozenset(
    {"GOAL_OPEN", "GOAL_WISH", "GOAL_MORE", "GOAL_ECHO", "GOAL_BRIDGE", "GOAL_PACT", "MIRACLE", "SCALE", "LOST_DREAM",
     "EXCEPT", "EXTERN", "UNDER", "PROS", "CONS", "HONEST_HOPE", "STRENGTH"}
)  # fmt: skip
"""What a patient whose goal is plain does not need."""
_OWN = frozenset({"LOST_DREAM", "MED_VIEW", "SIDE_FX", "PROS", "CONS", "EXTERN", "EXCEPT", "STRENGTH", "TRIAL"})
"""Only with a sentence made for this person or this matter."""
_DARK = frozenset({"SI_ASK", "VALIDATE", "UNDER", "CASE_NORM", "CASE_SHAME", "CASE_BI", "REFL_C", "REPAIR"})
"""What fits right after somebody has spoken of dying."""
_ABOUT = frozenset({"VALIDATE", "REFL_C", "GOAL_WISH"})
"""What names the matter at hand, where there is one, before it says something that fits this person at any time."""
LEADS = 1
"""How many of a moment's wordings begin with the patient's last words."""


@dataclass
class Page:
    """Remembers what already stands on the page."""

    interview: Interview
    said: set[str] = field(default_factory=set)
    codes: dict[str, int] = field(default_factory=dict)

    def take(self, among: Iterable[str], scene: Scene | None = None, prefix: str = "") -> str:
        """The first of these that can be filled here and does not stand on the page yet; "" if there is none."""
        for text in among:
            filled = self.fill(text, scene)
            if filled and filled not in self.said:
                self.said.add(filled)
                return prefix + filled
        return ""

    def fill(self, text: str, scene: Scene | None) -> str:
        """The sentence with its slots filled; "" where one would be empty."""
        values = {"name": self.interview.name}
        if scene:
            values |= {"it": scene.it, "dear": scene.dear, "goal": scene.goal, "quote": scene.quote}
        wanted = slots(text)
        if any(not values.get(slot) for slot in wanted):
            return ""
        for slot in wanted:
            text = text.replace(f"{{{slot}}}", values[slot])
        return text[:1].upper() + text[1:]

    # ---- wordings

    def better(self, scene: Scene, wanted: tuple[str, ...]) -> tuple[Wording, Wording]:
        """Two wordings of different codes; the first takes up the patient's last words by quoting them."""
        found: list[Wording] = []
        for code in self.ranked(scene, wanted):
            wording = self.wording(scene, code, lead=len(found) < LEADS)
            if wording and all(wording.code != w.code for w in found):
                found.append(wording)
            if len(found) == 2:
                return found[0], found[1]
        raise AssertionError(f"too few wordings for {scene.said.id}: {[w.code for w in found]}")

    def ranked(self, scene: Scene, wanted: tuple[str, ...]) -> list[str]:
        """Codes that fit, those not used lately and not yet on the page first; risk stays in front."""
        c = library.choices()
        ahead = [*wanted, *c.replies.get(scene.said.reply_class, ()), *c.situations["any"]]
        if scene.interview.patient.persona.obvious_goal:
            ahead = [*c.situations["obvious"], *ahead]
        first: list[str] = []
        if scene.dark or wanted[:1] == ("SI_ASK",):
            first = list(c.situations["dark" if scene.dark else "open_risk"])
        elif scene.strained:
            first = list(c.situations["strained"])
        order = list(dict.fromkeys([*first, *ahead]))
        able = [code for code in order if fits(code, scene)]
        fitting = {*wanted, *c.replies.get(scene.said.reply_class, ())}
        return sorted(able, key=lambda code: (
            code not in first[:1], (code not in {*fitting, *first}) + (code in scene.recent), self.codes.get(code, 0),
            order.index(code),
        ))  # fmt: skip

    def wording(self, scene: Scene, code: str, lead: bool = False) -> Wording | None:
        """One wording of a code for this moment; None if nothing fresh is left."""
        technique = self.interview.pack.technique(code)
        if technique is None:
            return None
        text = self.take(self._sentences(code, scene), scene)
        if not text:
            return None
        if lead and scene.quote not in text and (opening := self._lead(scene)):
            text = f"{opening} {text}"
        self.codes[code] = self.codes.get(code, 0) + 1
        why = self.take(library.reasons().helps.get(code, ()), scene)
        return Wording(text, code, technique.name, why or f"{technique.definition}")

    def _sentences(self, code: str, scene: Scene) -> list[str]:
        own, words = scene.own_thread or Thread(""), library.wordings()
        if scene.dark and code in words.dark:
            return [*(own.say.get(code, ()) if own.dark else ()), *words.dark[code]]
        mine = self.interview.feedback.say.get(code, ())
        general = (
            *(words.loved.get(code, ()) if scene.dear else ()),
            *turned(words.say.get(code, ()), len(scene.past)),
        )
        about = scene.near and code in _ABOUT
        here = own.say.get(code, ()) if scene.near else ()
        return [*here, *general, *mine] if about else [*here, *mine, *general]

    def _lead(self, scene: Scene) -> str:
        leads = library.wordings().leads
        if scene.quote.endswith("?"):
            return ""  # a question wants an answer and no echo
        kind = "dark" if scene.dark else scene.said.reply_class
        return self.take([*leads.get(kind, ()), *turned(leads["any"], len(scene.past))], scene)

    # ---- the patient's own voice

    def thought(self, happened: str) -> str:
        own = self.interview.feedback.thoughts
        general = library.reasons().thoughts
        return self.take([*own.get(happened, ()), *general.get(happened, ()), *own.get("unused", ())])


def turned(texts: Sequence[str], n: int) -> list[str]:
    """The texts, begun at another one each time."""
    at = n % len(texts) if texts else 0
    return [*texts[at:], *texts[:at]]


def fits(code: str, scene: Scene) -> bool:
    """Whether a technique is right at this moment with this person (the pack's right and wrong, domain 2)."""
    persona = scene.interview.patient.persona
    if persona.obvious_goal and code in _GOAL_QUESTIONS:
        return False
    if scene.dark and code not in _DARK and not scene.asked:
        return False
    own = scene.interview.feedback.say.get(code) or (scene.own_thread and scene.own_thread.say.get(code))
    if code in _OWN and not own:
        return False
    checks = {
        "GOAL_OPEN": not scene.voiced and not scene.agreed,
        "GOAL_BRIDGE": bool(scene.goal),
        "MIRACLE": scene.state.reluctance < CLOSED_UP and not scene.strained and not persona.risk,
        "EXTERN": scene.state.hope < 0.6,
        "STRENGTH": not scene.strained,
        "HONEST_HOPE": scene.state.hope >= LOW_HOPE / 2 and not scene.dark,
        "REPAIR": scene.hurt or scene.strained,
        "UNDER": scene.dark or bool(scene.own_thread),
        "CONS": "PROS" in scene.used,
        "PROS": not persona.risk or bool(persona.unhealthy_tasks),
        "TRIAL": not any(task.danger for task in persona.unhealthy_tasks),
        "TASK_DEAL": not scene.used.isdisjoint({"TASK_OFFER", "ALT_TASK", "TRIAL"}),
        "SI_ASK": not scene.asked, "CASE_NORM": not scene.asked, "CASE_SHAME": not scene.asked,
    }  # fmt: skip
    if code in _STEPS and not (persona.obvious_goal or scene.state.goal_agreement >= GOALS_AGREED):
        return False
    if code in _OF_A_GOAL and not scene.voiced:
        return False
    if code in RISK and code not in checks:
        return scene.asked and scene.dark
    return checks.get(code, True)

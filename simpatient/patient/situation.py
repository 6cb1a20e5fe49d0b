"""Where a session stands: the patient's state, and what they remember beside it. Values, never changed in place."""

from dataclasses import dataclass

from simpatient.model import AllianceState, Ended, Reply


@dataclass(frozen=True)
class Memory:
    """What the patient remembers of the session beside the state."""

    turn: int = 0
    said: Reply | None = None
    """The patient's last reply."""
    codes: tuple[tuple[int, str], ...] = ()
    """(turn, repetition key) of every credited code."""
    topics: tuple[tuple[int, str], ...] = ()
    """(turn, topic) of every topic that the learner named."""
    voiced: bool = False
    """The patient has voiced a goal of their own, in this session or before it."""
    hope_open: bool = True
    """Hope rises in full."""
    hinted: bool = False
    """The patient has just spoken of dying or hurting themselves."""
    hints: tuple[int, ...] = ()
    """Turns in which the patient hinted at a wish to die, unasked."""
    warned: bool = False
    """The patient has said that they are about to leave."""
    closed_run: int = 0
    """Closed questions in a row."""
    goals: tuple[str, ...] = ()
    """Goals voiced so far, by id; the last one is the one spoken of."""
    offered: tuple[str, ...] = ()
    """Tasks that the learner last named, by id."""

    def heard(self) -> frozenset[str]:
        """Codes of earlier turns."""
        return frozenset(key.partition(":")[0] for _, key in self.codes)

    def lately(self, code: str, turns: int) -> bool:
        """Whether a code was credited within the last so many turns."""
        return any(key.partition(":")[0] == code and self.turn + 1 - turn <= turns for turn, key in self.codes)


@dataclass(frozen=True)
class Situation:
    """Everything that the next turn depends on."""

    state: AllianceState
    memory: Memory
    ended: Ended | None = None

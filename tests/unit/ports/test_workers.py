"""Work side by side: every task's result or error, a dead process costs one task, and nothing is left behind."""

import os
from functools import partial
from multiprocessing import active_children

import pytest

from simpatient.errors import AudioError, ModelError
from simpatient.ports.workers import Died, one_by_one, side_by_side


def nothing(task, done):
    """Nobody listens."""


def work(task, tell):
    """Doubles numbers, tells of them, and has trouble with some."""
    if task == 3:
        raise AudioError("three: is damaged")
    if task == 4:
        os._exit(1)
    tell(task / 2)
    return 2 * task


def make():
    return work


def make_no_model():
    raise ModelError("no model")


def test_results_errors_and_a_death():
    """Each task is answered once; the file that killed its process is the only one lost."""
    found = dict(side_by_side(make, iter(range(1, 8)), 2, nothing))

    assert {t: r for t, r in found.items() if t not in (3, 4)} == {1: 2, 2: 4, 5: 10, 6: 12, 7: 14}
    assert isinstance(found[3], AudioError) and str(found[3]) == "three: is damaged"
    assert isinstance(found[4], Died)
    assert active_children() == []


def test_progress_is_told():
    """What a process tells of a task arrives with that task."""
    heard = []

    list(side_by_side(make, iter([8]), 1, lambda task, done: heard.append((task, done))))

    assert heard == [(8, 4.0)]


def test_no_model():
    """What a process cannot load is the answer to its task."""
    ((task, error),) = side_by_side(make_no_model, iter([1]), 1, nothing)

    assert task == 1 and isinstance(error, ModelError)


def test_broken_off():
    """Whoever stops listening leaves no process."""
    results = side_by_side(make, iter(range(10, 30)), 2, nothing)
    next(results)

    results.close()

    assert active_children() == []


def test_nothing_to_do():
    """No task, no process, no waiting."""
    assert list(side_by_side(make, iter(()), 2, nothing)) == []


def test_one_by_one():
    """The same in this process, in order; what it works with is made once and only when it is needed."""
    made = []
    maker = partial(_count, made)

    assert list(one_by_one(maker, iter(()), nothing)) == []
    found = list(one_by_one(maker, iter([1, 3, 5]), nothing))

    assert [t for t, _ in found] == [1, 3, 5] and found[0][1] == 2
    assert isinstance(found[1][1], AudioError)
    assert made == [1]


def _count(made):
    made.append(1)
    return work


@pytest.mark.parametrize("jobs", [1, 3])
def test_any_number_of_jobs(jobs):
    """The same results."""
    assert dict(side_by_side(make, iter([1, 2]), jobs, nothing)) == {1: 2, 2: 4}

"""Every shipped station can be begun, with the times that hold for the learner; the README's circuit is one."""

import re

import pytest

from simpatient import places
from simpatient.cli.circuit import planned
from simpatient.cli.desk import Wishes
from simpatient.cli.drill import begun
from simpatient.grading.station import load_station


@pytest.mark.parametrize("name", places.stations())
def test_every_station_can_be_begun(name, patients, tmp_path):
    """With its own seed and difficulty, and twice the time to read for who is granted it."""
    station = load_station(places.station(name))
    if station.persona not in patients:
        pytest.skip(f"the patient {station.persona} is still being written")

    held = begun(name, Wishes(extra_reading=2), tmp_path)

    assert held.clock.phase == "BRIEF"
    assert held.clock.limits.read_ms == 2_000 * station.timing().read_s
    assert held.clock.limits.task_ms == 1_000 * station.timing().task_s
    assert (held.engine.seed, held.engine.difficulty) == (station.seed, station.difficulty)
    assert list(tmp_path.iterdir()) == []


def test_the_circuit_of_the_readme(root, tmp_path):
    """It can be planned as it stands."""
    text = re.search(r"```yaml\n(.*?)```", (root / "README.md").read_text("utf-8"), re.S)[1]
    (tmp_path / "mock.yaml").write_text(text)

    found = planned(tmp_path / "mock.yaml")

    assert len(found.stops) == 3
    assert [found.route(who.id)[0].name is None for who in found.circuit.candidates] == [False, True]

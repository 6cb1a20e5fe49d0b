"""`simpatient station`: what a candidate may see, and what an author is told."""

import pytest

from simpatient.cli import station
from simpatient.errors import OutputError, UsageError


def test_the_list_names_every_station(capsys, monkeypatch):
    """Id, patient and times of each."""
    monkeypatch.setenv("COLUMNS", "160")
    station.run_list()
    shown = capsys.readouterr().out

    assert "teen-first-visit" in shown and "withheld-for-the-sleep" in shown
    assert "1:30 to read, 7:00 for the task" in shown


def test_the_sheet_gives_nothing_away(capsys):
    """The candidate's sheet holds no mark sheet, no code and nothing for the examiner."""
    station.run_show("teen-first-visit", True)
    sheet = capsys.readouterr().out
    station.run_show("teen-first-visit", False)
    whole = capsys.readouterr().out

    assert "Tess Moran, 16" in sheet and "Themes that may distress: suicide" in sheet
    assert "GOAL_OPEN" not in sheet and "Borderline" not in sheet
    assert "GOAL_OPEN" in whole and "[safety item]" in whole


@pytest.mark.parametrize("persona", ["teen", "emergency", "depression"])
def test_a_new_station_passes_the_check(tmp_path, capsys, persona):
    """What `new` writes is clean, whoever sits there; it is not written over."""
    station.run_new("my-station", persona, tmp_path)
    station.run_check([str(tmp_path / "my-station.yaml")])

    assert "nothing found" in capsys.readouterr().err
    with pytest.raises(OutputError, match="it is there already"):
        station.run_new("my-station", persona, tmp_path)


def test_a_bad_name_is_refused(tmp_path):
    """Small letters, digits and hyphens."""
    with pytest.raises(UsageError, match="small letters"):
        station.run_new("My Station", "teen", tmp_path)


def test_findings_are_lines_and_an_exit_code(tmp_path, capsys):
    """Broken stations do not stop the others; the exit code is 1."""
    station.run_new("fine", "teen", tmp_path)
    (tmp_path / "torn.yaml").write_text("id: [", "utf-8")
    text = (tmp_path / "fine.yaml").read_text("utf-8")
    (tmp_path / "wrong.yaml").write_text(
        text.replace("id: fine", "id: wrong").replace("GOAL_OPEN", "GOAL_OPNE"), "utf-8"
    )

    capsys.readouterr()

    with pytest.raises(SystemExit) as stop:
        station.run_check([str(tmp_path / f"{name}.yaml") for name in ("torn", "wrong", "fine")])

    lines = capsys.readouterr().out.splitlines()
    assert stop.value.code == 1
    assert any("torn.yaml:" in line for line in lines) and any("GOAL_OPNE" in line for line in lines)
    assert not any("fine.yaml" in line for line in lines)


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (65, "1:05"), (420, "7:00")])
def test_a_clock_shows_minutes_and_seconds(seconds, shown):
    """Rounded to the second."""
    assert station.clock(seconds) == shown

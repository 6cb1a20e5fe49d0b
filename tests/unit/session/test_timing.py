"""timing.jsonl: the latest time is found, whatever a crash left."""

import stat

import pytest

from simpatient.session.timing import Timing, last_ms


def test_the_latest_time_counts(tmp_path):
    """Of all that was noted the latest time, over two runs."""
    for times in ((0, 1_000), (1_000, 2_500, 2_000)):
        timing = Timing(tmp_path)
        for at_ms in times:
            timing.add(at_ms, phase="RUN")
        timing.close()

    assert last_ms(tmp_path) == 2_500
    assert stat.S_IMODE((tmp_path / "timing.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize("tail", ['{"at_ms":30', '{"at_m', "[]", '{"at_ms":null}', "\x00\x00"])
def test_a_torn_line_is_passed_over(tmp_path, tail):
    """What a crash tore counts for nothing, and the next line is whole."""
    timing = Timing(tmp_path)
    timing.add(1_000)
    timing.close()
    with (tmp_path / "timing.jsonl").open("a") as file:
        file.write(tail)

    assert last_ms(tmp_path) == 1_000
    timing = Timing(tmp_path)
    timing.add(1_500)
    timing.close()
    assert last_ms(tmp_path) == 1_500


def test_without_a_file_nothing_was_noted(tmp_path):
    """No file: no time."""
    assert last_ms(tmp_path) == 0

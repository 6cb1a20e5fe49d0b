"""The doctor on a machine with virtual devices, with the loudspeaker before the microphone, and with nothing."""

import pytest

from simpatient.cli import doctor, voices
from simpatient.ports import Pcm
from simpatient.ports.sound import level_db
from tests.audio_devices import RATE, audio_devices, no_audio_devices  # noqa: F401


def findings(capsys):
    return {line.split(":")[0]: line for line in capsys.readouterr().out.splitlines()}


@pytest.mark.must_show("doctor: a line a part, and mouth to ear")
def test_all_well_and_the_way_from_mouth_to_ear(audio_devices, capsys):  # noqa: F811
    audio_devices.wire()

    with pytest.raises(SystemExit) as left:
        doctor.run_doctor(None, None, "clinic", True)

    found = findings(capsys)
    assert left.value.code == 1  # a null sink is silent, and the doctor says so
    assert "nothing comes in" in found.pop("! microphone")
    assert {name for name in found if name.startswith("✓")} >= {
        "✓ loudspeaker", "✓ speech model", "✓ voice", "✓ disk", "✓ mouth to ear"
    }  # fmt: skip
    late = int(found["✓ mouth to ear"].split(" ms")[0].split()[-1])
    assert 30 <= late <= 1_500


@pytest.mark.must_show("no sound card: one line each, exit code 3")
def test_nothing_is_there(no_audio_devices, capsys):  # noqa: F811
    with pytest.raises(SystemExit) as left:
        doctor.run_doctor(None, None, "clinic", True)

    found = findings(capsys)
    assert left.value.code == 3
    assert "connect one" in found["✗ microphone"]
    assert "connect one" in found["✗ loudspeaker"]
    assert "✓ voice" in found


def test_a_patient_is_heard(audio_devices):  # noqa: F811
    with audio_devices.recording() as recording:
        voices.run_voices("teen", None)

    assert level_db(recording.data) > -60
    assert Pcm(recording.data, RATE).milliseconds > 1_000


def test_each_patient_has_a_voice(capsys):
    voices.run_voices(None, None)

    told = capsys.readouterr().out
    assert "teen" in told and "withheld" in told and "pyttsx3" in told

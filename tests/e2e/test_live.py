"""A live talk over virtual devices: a recorded clinician speaks into the microphone, the patient answers aloud."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from simpatient.session.journal import read
from tests.audio_devices import audio_devices  # noqa: F401


@pytest.mark.must_show("talk with the microphone")
def test_a_spoken_interview(audio_devices, root, tmp_path):  # noqa: F811
    """Spoken words come through the virtual microphone, move the patient, and the answer is heard."""
    command = [sys.executable, "-m", "simpatient", "talk", "teen", "--model", "clinic", "--out", str(tmp_path)]
    lines: list[str] = []
    opened, answered = threading.Event(), threading.Event()

    def follow(stream):
        for line in stream:
            lines.append(line)
            if "Tess Moran:" in line:
                (answered if opened.is_set() else opened).set()

    environment = {**os.environ, "NO_COLOR": "1"}
    with (
        audio_devices.recording() as recording,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as talk,
    ):
        reader = threading.Thread(target=follow, args=(talk.stdout,))
        reader.start()
        assert opened.wait(60), lines
        for _ in range(4):  # the opening line may still be spoken, and what is said meanwhile is not heard
            audio_devices.speak_file(root / "audio_fixtures" / "clips" / "goal-open-1.flac").wait()
            if answered.wait(12):
                break
        talk.send_signal(signal.SIGINT)
        try:
            talk.wait(30)
        finally:
            talk.kill()
            reader.join()

    assert answered.is_set(), "".join(lines)
    assert len(recording.data) > 16_000
    turn = read(tmp_path).transcript().turns[0]
    assert "GOAL_OPEN" in {d.code for d in turn.detections}, turn.utterance.text
    assert turn.after.reluctance < turn.before.reluctance

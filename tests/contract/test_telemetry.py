"""No library reports home: Python's sockets are forbidden in all tests, but a C++ library has its own."""

import os
import subprocess
import sys

import pytest

CODE = "from simpatient.detect.detector import Detector; Detector().hear('hello there')"


@pytest.mark.must_show("no network socket is ever opened")
def test_the_encoder_s_library_collects_nothing(tmp_path, root):
    """onnxruntime's telemetry keeps its queue and its id in the user's cache folder: none is made."""
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(root)}

    subprocess.run([sys.executable, "-c", CODE], check=True, env={**os.environ, **home})

    assert list(tmp_path.rglob("*")) == []

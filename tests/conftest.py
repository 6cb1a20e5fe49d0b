"""Shared by all tests: a skipped test that shows a promised line fails where SIMPATIENT_NO_SKIP is set (CI).

Every test runs with internet sockets forbidden, in this process and in its children (tests/no_network).
"""

import os
import runpy
import signal
from pathlib import Path

import pytest

from simpatient import places
from simpatient.detect.detector import Detector
from simpatient.patient.engine import Engine
from simpatient.persona.load import Patient, load_patient

# Where the shell has SIGINT ignored (nohup, background jobs), children would ignore the Ctrl-C that tests send them.
signal.signal(signal.SIGINT, signal.default_int_handler)

SKIPPED: list[str] = []
NO_NETWORK = Path(__file__).parent / "no_network"

os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(NO_NETWORK), os.environ.get("PYTHONPATH")]))
runpy.run_path(str(NO_NETWORK / "sitecustomize.py"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    mark = item.get_closest_marker("must_show")
    if mark and report.skipped and os.environ.get("SIMPATIENT_NO_SKIP"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        SKIPPED.append(f"{item.nodeid}: shows “{mark.args[0]}” and was skipped: {reason}")
        report.outcome = "failed"
        report.longrepr = SKIPPED[-1]


def pytest_terminal_summary(terminalreporter):
    for line in SKIPPED:
        terminalreporter.write_line(f"NOT SHOWN  {line}", red=True)


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path, monkeypatch):
    """No test touches the user's data or speech models."""
    monkeypatch.setenv("SIMPATIENT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("SIMPATIENT_VOSK_MODEL", raising=False)


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector()


@pytest.fixture(scope="session")
def patients(detector) -> dict[str, Patient]:
    """Every shipped patient."""
    folders = sorted(p for p in places.personas().iterdir() if (p / "persona.yaml").is_file())
    return {f.name: load_patient(f, detector.pack.codes(), detector.pack.topics) for f in folders}


@pytest.fixture(scope="session")
def engines(detector, patients) -> dict[str, Engine]:
    return {name: Engine(patient, detector, seed=0) for name, patient in patients.items()}


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parent.parent

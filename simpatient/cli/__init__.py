"""The command line. It composes; nobody imports it."""

from simpatient.cli.app import main

__all__ = ["main"]

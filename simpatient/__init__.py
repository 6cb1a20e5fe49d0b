"""A simulated patient you talk to: practise the first psychiatric interview aloud, offline."""

__version__ = "0.1.0"

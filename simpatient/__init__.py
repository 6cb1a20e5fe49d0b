"""A simulated patient you talk to: practise the first psychiatric interview aloud, offline."""

import os

__version__ = "0.1.0"

# onnxruntime (1.32 on Linux) would report its use to its maker; nothing here ever opens an internet socket.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

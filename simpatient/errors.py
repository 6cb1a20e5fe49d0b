"""What can go wrong for a user, one class a mistake, with the exit code that the command line gives it.

SimpatientError
├── InputError (2)          something given to us cannot be used
│   ├── UsageError          a flag or an argument
│   ├── DataError           a persona, pack or story file: file:line, what was found, what is allowed
│   ├── AudioError          a recording
│   └── JournalError        a session's journal
├── EquipmentError (3)      something this machine lacks
│   ├── ModelError          a speech model is missing or broken
│   ├── VoiceError          no voice can speak
│   └── DeviceError         no microphone or loudspeaker
└── OutputError (4)         we cannot write where we were told to

The message is one line: what, where, what is allowed or what to do. It never holds what a learner or a patient said.
"""


class SimpatientError(Exception):
    """Base of every error that a user is told in one line."""

    exit_code = 1


class InputError(SimpatientError):
    """Something given to the program cannot be used."""

    exit_code = 2


class UsageError(InputError):
    """A flag or an argument does not fit."""


class DataError(InputError):
    """A data file breaks its schema; the message starts with file:line."""


class AudioError(InputError):
    """A recording cannot be read, is empty, or is too long."""


class JournalError(InputError):
    """A journal is of a newer format, torn in the middle, or holds an unknown event."""


class EquipmentError(SimpatientError):
    """This machine lacks something that the task needs."""

    exit_code = 3


class ModelError(EquipmentError):
    """A speech model is missing or broken."""


class VoiceError(EquipmentError):
    """No text-to-speech voice works here."""


class DeviceError(EquipmentError):
    """No microphone or loudspeaker can be opened."""


class OutputError(SimpatientError):
    """A file or folder cannot be written."""

    exit_code = 4

"""Errors that a user can cause, each with a sentence that says what to do next.

The operator turns them into a report, the command line into an exit code (`PenumbraError.exit_code`).
"""

from __future__ import annotations


class PenumbraError(Exception):
    """Base of every error that a user can cause. The message is a plain sentence that says what to do next."""

    exit_code = 1


class ArgumentsError(PenumbraError):
    """The settings contradict each other or name something that does not exist."""

    exit_code = 2


class FootageError(PenumbraError):
    """The footage cannot be opened or holds no pictures."""

    exit_code = 3


class NobodyFoundError(PenumbraError):
    """No person, or not the person asked for, is in the footage."""

    exit_code = 4


class CancelledError(PenumbraError):
    """The user stopped the work."""

    exit_code = 5


class WriteError(PenumbraError):
    """A result cannot be written."""

    exit_code = 6


class TakeError(PenumbraError):
    """A take file is missing, damaged, or from a newer version."""

    exit_code = 7


class SetupError(PenumbraError):
    """A part that the work needs (weights, a runtime, Blender's module) is missing or damaged."""

    exit_code = 8


class RigError(PenumbraError):
    """The target armature is missing or no rig map fits it."""

    exit_code = 9


class TrainingDataError(PenumbraError):
    """Motion for training, or a file made of it, is missing, damaged, or from another version."""

    exit_code = 10


class SomeFailedError(PenumbraError):
    """Some of several files failed; what was made of the others is kept."""

    exit_code = 11

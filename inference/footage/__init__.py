"""Opening footage: a video file, a folder of pictures or one picture, told apart by what lies at the path."""

from __future__ import annotations

import hashlib

from ...errors import FootageError
from ..settings import FootageSettings
from .frames import Footage, FootageInfo, Frame
from .image_sequence import SUFFIXES, ImageSequence, list_pictures
from .video import VideoFootage

__all__ = ["Footage", "FootageInfo", "Frame", "fingerprint", "open_footage"]


def open_footage(settings: FootageSettings) -> Footage:
    """Open the footage that `settings` name, for use in a `with` statement.

    Raises FootageError where there is nothing, nothing readable or nothing with pictures, or where the range is empty;
    ArgumentsError where the settings make no sense.
    """
    _check_exists(settings)
    if settings.path.is_dir() or settings.path.suffix.lower() in SUFFIXES:
        return ImageSequence(settings)
    return VideoFootage(settings)


def fingerprint(settings: FootageSettings) -> str:
    """A hash of the footage's whole content, as hexadecimal digits: equal where the pictures and their times are.

    For pictures it covers their names, order and rate too. Raises FootageError where something cannot be read.
    """
    _check_exists(settings)
    try:
        if not settings.path.is_dir():
            with settings.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        whole = hashlib.sha256(f"{settings.image_rate!r}\n".encode())
        for path in list_pictures(settings.path):
            with path.open("rb") as file:
                whole.update(f"{path.name}\n{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        return whole.hexdigest()
    except OSError as error:
        raise FootageError(
            f"{error.filename or settings.path} cannot be read ({error.strerror}): check the file and your permissions."
        ) from None


def _check_exists(settings: FootageSettings) -> None:
    try:
        settings.path.stat()
    except FileNotFoundError:
        raise FootageError(f"There is no file or folder {settings.path}: check the path.") from None
    except (OSError, ValueError) as error:
        raise FootageError(f"{settings.path} cannot be read ({error}): check the path and your permissions.") from None

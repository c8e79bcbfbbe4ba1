"""The door to the detectors: a `PoseModel` by the names that a user chooses."""

from __future__ import annotations

from ..errors import ArgumentsError, SetupError
from .pose import PoseModel

BACKENDS = ("onnx", "mediapipe")
MODELS = ("heavy", "full")


def open_pose_model(
    backend: str = "onnx", model: str = "heavy", provider: str = "auto", threads: int | None = None
) -> PoseModel:
    """Load a detector. The mediapipe backend runs on the CPU with as many threads as it likes.

    Raises ArgumentsError for a name that does not exist, SetupError when weights or a runtime are missing or damaged.
    """
    if backend not in BACKENDS:
        raise ArgumentsError(f"There is no detector {backend!r}. Choose one of: {', '.join(BACKENDS)}.")
    if model not in MODELS:
        raise ArgumentsError(f"There is no model {model!r}. Choose one of: {', '.join(MODELS)}.")
    try:
        if backend == "onnx":
            # a backend is imported when it is chosen: the other one's packages need not be there
            from .blazepose_onnx import OnnxBlazePose  # noqa: PLC0415

            return OnnxBlazePose(model, provider, threads)
        from .mediapipe_tasks import MediapipeTasks  # noqa: PLC0415
    except ImportError as error:
        raise SetupError(f"A module of the detector cannot be loaded ({error}). Reinstall the extension.") from error
    return MediapipeTasks(model)

"""BlazePose through MediaPipe's own Tasks API, on the same weights: a second opinion about our own pipeline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import SetupError
from .blazepose_geometry import body_box, body_region, merge_views, views
from .pose import Candidate, Reading, Region
from .skeletons import BLAZEPOSE
from .task_bundle import pose_bundle
from .weights import weight_path


@dataclass(frozen=True, slots=True)
class TasksSettings:
    """How the landmarker is used.

    most_people: how many it may find in one picture. least_score: 0 to 1, below it a person does not count.
    reach: half the side of the picture cut out around a region, over the region's side.
    """

    most_people: int = 3
    least_score: float = 0.5
    reach: float = 0.75


@dataclass(frozen=True, slots=True)
class _Pose:
    """One pose: landmarks `[33, 3]` in pixels, world `[33, 3]` in metres, visibility and presence `[33]`."""

    landmarks: np.ndarray
    world: np.ndarray
    visibility: np.ndarray
    presence: np.ndarray

    @property
    def region(self) -> Region:
        """Where the person is. The landmarker keeps its own to itself, so it is measured: the circle around the body."""
        flat = self.landmarks[:, :2]
        hips = flat[[BLAZEPOSE.index("hip.L"), BLAZEPOSE.index("hip.R")]].mean(axis=0)
        shoulders = flat[[BLAZEPOSE.index("shoulder.L"), BLAZEPOSE.index("shoulder.R")]].mean(axis=0)
        up = (shoulders - hips) / max(np.linalg.norm(shoulders - hips), np.finfo(np.float32).eps)
        radius = np.linalg.norm(flat - hips, axis=1).max()
        return body_region(hips, hips + up * radius)


class MediapipeTasks:
    """A `PoseModel`. Raises SetupError when mediapipe or the weights are missing."""

    def __init__(self, model: str, settings: TasksSettings | None = None) -> None:
        self._settings = settings or TasksSettings()
        self._mediapipe = _import_mediapipe()
        bundle = pose_bundle(
            weight_path("person_detector.tflite").read_bytes(), weight_path(f"landmarks_{model}.tflite").read_bytes()
        )
        tasks = self._mediapipe.tasks
        self._landmarker = tasks.vision.PoseLandmarker.create_from_options(
            tasks.vision.PoseLandmarkerOptions(
                base_options=tasks.BaseOptions(model_asset_buffer=bundle),
                num_poses=self._settings.most_people,
                min_pose_detection_confidence=self._settings.least_score,
                min_pose_presence_confidence=self._settings.least_score,
            )
        )
        self.name = f"BlazePose {model}, MediaPipe Tasks {self._mediapipe.__version__} on CPU"
        self.network_seconds = 0.0

    def find(self, image: np.ndarray) -> list[Candidate]:
        """People in the whole picture, the surest first; the score is the mean presence of the landmarks."""
        height, width = image.shape[:2]
        found = []
        for view in views(width, height):
            regions = [(pose.region, float(pose.presence.mean())) for pose in self._detect_around(image, view, 0.5)]
            found.append([Candidate(body_box(region, width, height), score, region) for region, score in regions])
        return merge_views(found)

    def read(self, image: np.ndarray, region: Region) -> Reading:
        """Landmarks of the person in `region`, which the landmarker looks for anew in the picture around it.

        Of several people it is the one whose region is nearest. It only says that somebody is there, so the score is 1,
        or 0 with everything else empty.
        """
        poses = self._detect_around(image, region, self._settings.reach)
        if not poses:
            empty = np.zeros((len(BLAZEPOSE), 3), np.float32)
            return Reading(empty, empty, empty[:, 0], empty[:, 0], 0.0, region)
        pose = min(poses, key=lambda pose: np.hypot(pose.region.x - region.x, pose.region.y - region.y))
        return Reading(pose.landmarks, pose.world, pose.visibility, pose.presence, 1.0, pose.region)

    def close(self) -> None:
        """Free what the runtime holds."""
        self._landmarker.close()

    def _detect_around(self, image: np.ndarray, region: Region, reach: float) -> list[_Pose]:
        """Poses in the upright square around a region; `reach` is half its side over the region's."""
        left, top = (max(0, round(middle - reach * region.size)) for middle in (region.x, region.y))
        right, bottom = (max(0, round(middle + reach * region.size)) for middle in (region.x, region.y))
        cut = np.ascontiguousarray(image[top:bottom, left:right])
        if cut.size == 0:
            return []
        picture = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=cut)
        start = time.perf_counter()
        result = self._landmarker.detect(picture)
        self.network_seconds += time.perf_counter() - start
        height, width = cut.shape[:2]
        scale = np.array((width, height, width), np.float32)  # depth is on the scale of x
        corner = np.array((left, top, 0), np.float32)
        return [
            _Pose(
                landmarks=_columns(flat, "x", "y", "z") * scale + corner,
                world=_columns(world, "x", "y", "z"),
                visibility=_columns(flat, "visibility")[:, 0],
                presence=_columns(flat, "presence")[:, 0],
            )
            for flat, world in zip(result.pose_landmarks, result.pose_world_landmarks, strict=True)
        ]


def _columns(landmarks: Sequence[Any], *names: str) -> np.ndarray:
    return np.array([[getattr(landmark, name) for name in names] for landmark in landmarks], np.float32)


def _import_mediapipe() -> Any:
    try:
        import mediapipe  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise SetupError(
            f"The mediapipe detector needs the Python package mediapipe 1.2.2 or newer ({error}). "
            "Install it with: python -m pip install mediapipe, or choose the detector onnx."
        ) from error
    return mediapipe

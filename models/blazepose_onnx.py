"""BlazePose on ONNX Runtime: the person detector, and the landmarks of one person."""

from __future__ import annotations

import cv2
import numpy as np

from . import blazepose_geometry as geometry
from .pose import Candidate, Reading, Region
from .sessions import open_session
from .skeletons import BLAZEPOSE
from .weights import weight_path

_BODY = len(BLAZEPOSE)
_HIPS, _RIM = _BODY, _BODY + 1


class OnnxBlazePose:
    """A `PoseModel`. Raises ArgumentsError and SetupError as `open_session` and `weight_path` do."""

    def __init__(
        self,
        model: str,
        provider: str = "auto",
        threads: int | None = None,
        detection: geometry.DetectionSettings | None = None,
    ) -> None:
        self._landmarks = open_session(weight_path(f"landmarks_{model}.onnx"), provider, threads)
        self._detector = open_session(weight_path("person_detector.onnx"), provider, threads)
        self._detection = detection or geometry.DetectionSettings()
        self._anchors = geometry.anchors()
        self.name = f"BlazePose {model}, ONNX Runtime on {self._landmarks.provider.label}"

    @property
    def network_seconds(self) -> float:
        """Wall time spent inside the networks so far."""
        return self._detector.seconds + self._landmarks.seconds

    def find(self, image: np.ndarray) -> list[Candidate]:
        """People in the whole picture, best first."""
        height, width = image.shape[:2]
        views = geometry.views(width, height)
        pictures = [_crop(image, view, geometry.DETECTOR_SIDE, cv2.BORDER_CONSTANT) for view in views]
        outputs = self._detector.run(np.concatenate(pictures) * np.float32(1 / 127.5) - np.float32(1.0))
        found = []
        for view, boxes, scores in zip(views, outputs["boxes"], outputs["scores"], strict=True):
            points, sure = geometry.decode_detections(boxes, scores[:, 0], self._anchors, self._detection)
            found.append(geometry.candidates(points, sure, view, width, height))
        return geometry.merge_views(found)

    def read(self, image: np.ndarray, region: Region) -> Reading:
        """Landmarks of the person in `region`; the score tells whether there is one."""
        # what lies past the picture's edge repeats its border: with black there, the network's depth goes wrong
        picture = _crop(image, region, geometry.LANDMARKS_SIDE, cv2.BORDER_REPLICATE)
        outputs = self._landmarks.run(picture * np.float32(1 / 255))
        return decode_reading(outputs, region)

    def close(self) -> None:
        """Free what the runtime holds."""
        del self._detector, self._landmarks


def decode_reading(outputs: dict[str, np.ndarray], region: Region) -> Reading:
    """The reading that the landmark network's outputs (batch of one) stand for when it was shown `region`."""
    values = outputs["landmarks"][0].reshape(geometry.LANDMARK_COUNT, 5)
    flat = geometry.refine(values[:, :2] / geometry.LANDMARKS_SIDE, outputs["heatmaps"][0])
    picture = geometry.to_picture(flat, region)
    depth = values[:_BODY, 2:3] * (region.size / geometry.LANDMARKS_SIDE)
    world = outputs["world"][0].reshape(geometry.LANDMARK_COUNT, 3)[:_BODY]
    trust = geometry.sigmoid(values[:_BODY, 3:5])
    return Reading(
        landmarks=np.concatenate([picture[:_BODY], depth], axis=1).astype(np.float32),
        world=geometry.turn_world(world, region.angle).astype(np.float32),
        visibility=trust[:, 0].astype(np.float32),
        presence=trust[:, 1].astype(np.float32),
        score=float(outputs["flag"][0, 0]),
        region=geometry.body_region(picture[_HIPS], picture[_RIM]),
    )


def _crop(image: np.ndarray, region: Region, side: int, border: int) -> np.ndarray:
    """The region of an RGB picture as `[1, side, side, 3]` uint8; pixels are sampled at their corners, as trained."""
    matrix = geometry.region_matrix(region, side)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, matrix, (side, side), flags=flags, borderMode=border)[None]

"""Regions, anchors and decoding of the BlazePose networks, as pure numpy.

The two networks and what surrounds them are described in Bazarevsky et al., "BlazePose: On-device Real-time Body Pose
Tracking" (2020), and by the graph files of MediaPipe's pose landmarker, from which the constants come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .pose import Candidate, Region

DETECTOR_SIDE = 224
LANDMARKS_SIDE = 256
LANDMARK_COUNT = 39
"""33 points of the body, then two that only say where to look next, then four that are not used."""

_STRIDES = (8, 16, 32, 32, 32)
_ANCHORS_PER_CELL = 2
_REGION_MARGIN = 1.25
_LEAST_SPARE = 0.2
"""How much longer than wide a picture is before it is looked at in parts too."""
_SAME_PERSON = 0.25
"""How far apart, over the region's side, the hips of one person lie in two views at most."""
_SCORE_LIMIT = 100.0
_HEATMAP_KERNEL = 7
_HEATMAP_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """Which detections count: `min_score` 0 to 1; two that overlap (IoU) by more than `max_overlap` are one person."""

    min_score: float = 0.5
    max_overlap: float = 0.3


def anchors() -> np.ndarray:
    """Centres of the detector's `[2254, 2]` anchors (x, y) as fractions of its picture.

    Layers of equal stride share their cells, so the anchors of one cell lie side by side.
    """
    rows = []
    for stride in sorted(set(_STRIDES)):
        cells = DETECTOR_SIDE // stride
        centres = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(centres, centres)
        grid = np.stack([x.ravel(), y.ravel()], axis=1)
        rows.append(np.repeat(grid, _ANCHORS_PER_CELL * _STRIDES.count(stride), axis=0))
    return np.concatenate(rows)


def views(width: int, height: int) -> list[Region]:
    """Upright squares to look for people in: one around the whole picture, then, in a long one, some along it.

    The detector sees 224 pixels only, so in a wide picture a person is large enough for it in a part of the picture
    alone. Neighbours overlap by half, so that whoever is narrower than that is whole in one of them.
    """
    side = min(width, height)
    spare = max(width, height) - side
    whole = Region(width / 2, height / 2, float(side + spare), 0.0)
    if spare < _LEAST_SPARE * side:
        return [whole]
    starts = np.linspace(0, spare, int(np.ceil(2 * spare / side)) + 1).tolist()
    half = side / 2
    if width > height:
        return [whole, *(Region(start + half, half, float(side), 0.0) for start in starts)]
    return [whole, *(Region(half, start + half, float(side), 0.0) for start in starts)]


def region_matrix(region: Region, side: int = 1) -> np.ndarray:
    """`[2, 3]` matrix that takes a point of the region's `side` × `side` crop to pixels of the picture."""
    scale = region.size / side
    cosine, sine = np.cos(region.angle) * scale, np.sin(region.angle) * scale
    half = side / 2
    return np.array(
        [
            [cosine, -sine, region.x - (cosine - sine) * half],
            [sine, cosine, region.y - (sine + cosine) * half],
        ]
    )


def to_picture(points: np.ndarray, region: Region) -> np.ndarray:
    """Points `[..., 2]` of the region, as fractions of its side, in pixels of the picture."""
    matrix = region_matrix(region)
    return points @ matrix[:, :2].T + matrix[:, 2]


def to_region(points: np.ndarray, region: Region) -> np.ndarray:
    """Points `[..., 2]` in pixels of the picture, as fractions of the region's side."""
    matrix = region_matrix(region)
    return (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T


def body_region(hips: np.ndarray, rim: np.ndarray) -> Region:
    """The region to read a person in: `hips` is the middle of a circle around the body, `rim` its point over the head.

    Both are (x, y) in pixels of the picture. The region is turned so that the person stands upright in it.
    """
    x, y = rim - hips
    angle = np.pi / 2 - np.arctan2(-y, x)
    angle = (angle + np.pi) % (2 * np.pi) - np.pi
    return Region(float(hips[0]), float(hips[1]), float(2 * _REGION_MARGIN * np.hypot(x, y)), float(angle))


def decode_detections(
    boxes: np.ndarray, scores: np.ndarray, centres: np.ndarray, settings: DetectionSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Detections above the least score, best first, overlapping ones melted into one.

    boxes: `[2254, 12]` as the network gives them: centre, width and height of the face, then four points, in pixels of
    its picture and from the anchor. scores: `[2254]` logits. centres: `anchors()`. Returns `[K, 6, 2]` as fractions of
    the network's picture (the face's top left and bottom right, the hips' middle, the rim of the circle around the
    body, the shoulders' middle, the rim of the circle around the upper body), and `[K]` scores 0 to 1.
    """
    probability = sigmoid(np.clip(scores, -_SCORE_LIMIT, _SCORE_LIMIT))
    kept = np.flatnonzero(probability >= settings.min_score)
    kept = kept[np.argsort(-probability[kept], kind="stable")]
    raw = boxes[kept].reshape(-1, 6, 2) / DETECTOR_SIDE
    half = raw[:, 1] / 2
    centre = raw[:, 0] + centres[kept]
    points = np.concatenate([np.stack([centre - half, centre + half], 1), raw[:, 2:] + centres[kept, None]], 1)
    return _melt(points, probability[kept], settings.max_overlap)


def _melt(points: np.ndarray, scores: np.ndarray, max_overlap: float) -> tuple[np.ndarray, np.ndarray]:
    """Non-maximum suppression that averages what overlaps the best, weighted by score, instead of dropping it."""
    melted, best = [], []
    while len(points):
        together = overlap(points[0, :2], points[:, :2]) > max_overlap
        together[0] = True
        melted.append(np.average(points[together], axis=0, weights=scores[together]))
        best.append(scores[0])
        points, scores = points[~together], scores[~together]
    return np.array(melted, np.float32).reshape(-1, 6, 2), np.array(best, np.float32)


def overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box and many, each `[2, 2]`: top left and bottom right."""
    extent = np.minimum(box[1], boxes[:, 1]) - np.maximum(box[0], boxes[:, 0])
    intersection = np.prod(np.maximum(extent, 0), axis=1)
    union = np.prod(box[1] - box[0]) + np.prod(boxes[:, 1] - boxes[:, 0], axis=1) - intersection
    return intersection / np.maximum(union, np.finfo(np.float32).tiny)


def body_box(region: Region, width: int, height: int) -> tuple[float, float, float, float]:
    """The square around the circle that holds the whole body, cut to a picture of that size."""
    radius = region.size / (2 * _REGION_MARGIN)
    left, right = np.clip((region.x - radius, region.x + radius), 0, width).tolist()
    top, bottom = np.clip((region.y - radius, region.y + radius), 0, height).tolist()
    return left, top, right, bottom


def candidates(points: np.ndarray, scores: np.ndarray, view: Region, width: int, height: int) -> list[Candidate]:
    """Candidates in a picture of that size from what `decode_detections` gave for one view of it."""
    picture = to_picture(points, view)
    regions = [body_region(hips, rim) for hips, rim in picture[:, 2:4]]
    return [
        Candidate(body_box(region, width, height), float(score), region)
        for region, score in zip(regions, scores, strict=True)
    ]


def merge_views(found: list[list[Candidate]]) -> list[Candidate]:
    """What several views of one picture show, best first, each person once.

    Two in one view are two people. Two in different views whose hips are close are one, and the surer stays: a person
    whom the view cuts, or who is small in it, gets a worse region.
    """
    ranked = sorted(
        ((number, candidate) for number, view in enumerate(found) for candidate in view),
        key=lambda entry: -entry[1].score,
    )
    kept: list[tuple[int, Candidate]] = []
    for number, candidate in ranked:
        if not any(number != other and _same_person(candidate.region, rival.region) for other, rival in kept):
            kept.append((number, candidate))
    return [candidate for _, candidate in kept]


def _same_person(first: Region, second: Region) -> bool:
    distance = np.hypot(first.x - second.x, first.y - second.y)
    return bool(distance < _SAME_PERSON * max(first.size, second.size))


def refine(points: np.ndarray, heatmaps: np.ndarray) -> np.ndarray:
    """Landmarks `[39, 2]` (fractions of the region) moved to the centre of mass of their heatmaps nearby.

    heatmaps: `[H, W, 39]` logits. A landmark outside, or whose heatmap is weak around it, stays where it is.
    """
    height, width, count = heatmaps.shape
    size = np.array((width, height))
    cells = (points * size).astype(np.int64)  # towards zero, as the reference does
    inside = np.all((cells >= 0) & (cells < size), axis=1)
    reach = np.arange(_HEATMAP_KERNEL) - _HEATMAP_KERNEL // 2
    columns = cells[:, 0, None, None] + reach[None, None, :]
    rows = cells[:, 1, None, None] + reach[None, :, None]
    valid = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    window = heatmaps[rows.clip(0, height - 1), columns.clip(0, width - 1), np.arange(count)[:, None, None]]
    weights = np.where(valid, sigmoid(window), 0.0)
    total = weights.sum(axis=(1, 2))
    strong = inside & (weights.max(axis=(1, 2)) >= _HEATMAP_THRESHOLD)
    sums = np.stack([(weights * columns).sum(axis=(1, 2)), (weights * rows).sum(axis=(1, 2))], axis=1)
    means = sums / np.where(strong, total, 1.0)[:, None] / size
    return np.where(strong[:, None], means, points)


def turn_world(world: np.ndarray, angle: float) -> np.ndarray:
    """World landmarks `[..., 3]` of an upright crop, turned into the picture's axes."""
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y, z = np.moveaxis(world, -1, 0)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y, z], axis=-1)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x) without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * logits)

"""Where the subject is: its root's path through the whole clip, by reprojection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS, POINT_JOINTS, POINTS
from . import rotations as rot
from .banded import inverse_blocks, solve_block_tridiagonal
from .camera import Camera, View

_BODY = list(POINT_JOINTS)
_FOOT_POINTS = [POINTS.index(name) for name in ("heel.L", "heel.R", "toe.L", "toe.R")]
_ANKLE_POINTS = [POINTS.index(name) for name in ("ankle.L", "ankle.R", "ankle.L", "ankle.R")]
_FOOT_JOINTS = [_BODY[point] for point in _FOOT_POINTS]
# A moment's unknowns: the root's place and velocity in the world, and the logarithm of the body's size as it is seen.
_PLACE, _VELOCITY, _SIZE, _UNKNOWNS = slice(0, 3), slice(3, 6), 6, 7
# Rounds of the solver, and those after which the liveliness is measured again and feet are held.
_PATH_ROUNDS = 9
_LIVELY_ROUNDS = (2, 3, 4, 5)
_FEET_FROM = 3
# Precision in every unknown that does nothing where there is evidence, and keeps the system solvable where there is none.
_FAINT = 1e-6
# Evidence, in 1/m², that tells a moment's motion as well as it needs to be told.
_EVIDENCE = 1000.0
# How high above the floor the joints of a standing foot may be, in metres: what is found beyond is a wrong floor.
_SOLE = (-0.03, 0.08)


@dataclass(frozen=True, slots=True)
class PathSettings:
    """How the root's path is found; lengths in metres, times in seconds.

    least_depth: that the subject is at least away. doubt: standard deviation of a lifted joint that tells none. noise:
    of a detector's point, at the subject. pelvis: share of the hips' spread by which all of the body is off. outlier:
    standard deviations at which a point's say halves. size and size_memory: standard deviation of the logarithm of the
    body's size as the lifter sees it, and how long it stays off; size_slow: the same of what stays off for longer, which
    no path can tell. lively and least_lively: squared acceleration in a hertz of bandwidth, m²/s³, that is expected at
    first and at least; unseen: at least where nothing is seen. window: over which it is measured. outward: share of it
    that the motion toward and away from the camera has. coasting: after which a subject out of sight at a clip's end has
    come to rest. still: speed in m/s at which a foot counts a third as standing. ankle: how far an ankle may speak for
    its foot. slip: growth of the squared error of a foot about the pelvis, m²/s. floor and floor_memory: standard
    deviation of a standing foot's height, and how long it stays off.
    """

    least_depth: float = 0.3
    doubt: float = 0.05
    noise: float = 0.015
    pelvis: float = 1.1
    outlier: float = 2.0
    size: float = 0.02
    size_memory: float = 0.3
    size_slow: float = 0.025
    lively: float = 2.0
    least_lively: float = 1e-4
    unseen: float = 0.05
    window: float = 0.5
    outward: float = 0.5
    coasting: float = 0.5
    still: float = 0.2
    ankle: float = 0.7
    slip: float = 0.0125
    floor: float = 0.025
    floor_memory: float = 0.2


@dataclass(frozen=True, slots=True)
class RootPath:
    """The pelvis in the camera frame. root: `[T, 3]` metres. sigma: `[T, 3]` standard deviations in metres.

    sigma leaves out what is off by the same share in all frames, as the subject's height or the focal length may be.
    """

    root: np.ndarray
    sigma: np.ndarray


def root_path(
    joints: np.ndarray,
    belief: np.ndarray,
    slopes: np.ndarray,
    present: np.ndarray,
    times: np.ndarray,
    settings: PathSettings,
    spread: np.ndarray | None = None,
    view: View | None = None,
) -> RootPath:
    """The pelvis's most likely path through the whole clip.

    joints: `[T, 30, 3]` metres about the pelvis, camera axes, in the subject's true size. belief: `[T, 25]` and slopes:
    `[T, 25, 2]` of `POINTS`. present: `[T]` bool. times: `[T]` seconds, rising. spread: `[T, 30, 3]` standard deviations
    of the joints in metres, NaN where none is known. view: where the camera was in a world whose floor is z = 0; without
    one the camera stands still and nothing is known of the floor. Raises ValueError for shapes that do not fit, and where
    no point is believed in any frame.

    What is minimised, by Gauss-Newton steps with weights drawn anew (iteratively reweighted least squares, Cauchy): the
    reprojection error of all points against the joints' spread; changes of the root's velocity in the world, a random
    walk as strong as the motion across the view shows (Bar-Shalom et al., Estimation with Applications to Tracking and
    Navigation, 6.2); wandering of the body's size as the lifter sees it, which else would pass for a change of distance;
    slipping of feet that stand still, and their distance from the floor. Frames without evidence are carried by their
    neighbors.
    """
    clip = _clip(joints, belief * present[:, None], slopes, times, settings, spread, view)
    state = _start(clip, settings)
    lively = np.full((len(times) - 1, 3), settings.lively)
    system = _system(clip, state, lively, settings, feet=False)
    for number in range(_PATH_ROUNDS):
        state = _recentered(clip, state + solve_block_tridiagonal(system.diagonal, system.off, system.right))
        if number in _LIVELY_ROUNDS and len(lively):
            lively = _liveliness(clip, state, lively, system.evidence, settings)
        system = _system(clip, state, lively, settings, feet=number + 1 >= _FEET_FROM)
    covariance = inverse_blocks(system.diagonal, system.off)[:, _PLACE, _PLACE]
    turned = np.swapaxes(clip.turns, -1, -2) @ covariance @ clip.turns
    root = _in_camera(clip, state)
    slow = (settings.size_slow * root) ** 2 + _pelvis_doubt(joints, spread, settings) ** 2
    return RootPath(root, np.sqrt(np.diagonal(turned, axis1=-2, axis2=-1) + slow))


@dataclass(frozen=True, slots=True)
class Feet:
    """Heels and toes, the left before the right. places: `[T, 4, 3]` metres in the camera frame.

    standing: `[T, 4]` 0 to 1, how far each stands still.
    """

    places: np.ndarray
    standing: np.ndarray


def standing_feet(
    joints: np.ndarray,
    root: np.ndarray,
    belief: np.ndarray,
    slopes: np.ndarray,
    times: np.ndarray,
    settings: PathSettings,
) -> Feet:
    """The feet of a subject whose pelvis is at `root` `[T, 3]` before a camera that stands still; the rest as `root_path`."""
    clip = _clip(joints, belief, slopes, times, settings, None, None)
    feet = clip.feet + root[:, None]
    return Feet(feet, _standing(clip, feet, settings))


def point_variance(slopes: np.ndarray, spread: np.ndarray | None, settings: PathSettings) -> np.ndarray:
    """`[T, 25]` m² by which points with `slopes` `[T, 25, 2]` miss their joints, across the view and at the subject."""
    doubt = np.full((*slopes.shape[:2], 3), settings.doubt)
    if spread is not None:
        doubt = np.where(np.isfinite(spread[:, _BODY]), spread[:, _BODY], settings.doubt)
    across = (doubt[..., 0] ** 2 + doubt[..., 1] ** 2) / 2
    return across + np.sum(slopes**2, axis=-1) / 2 * doubt[..., 2] ** 2 + settings.noise**2


@dataclass(frozen=True, slots=True)
class _Clip:
    """What stays the same through the rounds; T frames, P points.

    body: `[T, P, 3]` and feet: `[T, 4, 3]` metres about the pelvis, camera axes. trust: `[T, P]`. slopes: `[T, P, 2]`.
    variance: `[T, P]` m² of a point about its joint. times: `[T]`. steps: `[T-1]` seconds. turns `[T, 3, 3]` and centers
    `[T, 3]`: world from camera. up: index of the world's axis that is upright. floored: whether the floor is known.
    coasting: `[T-1]` -1 before the subject is first seen, 1 after it is last seen, 0 between.
    """

    body: np.ndarray
    feet: np.ndarray
    trust: np.ndarray
    slopes: np.ndarray
    variance: np.ndarray
    times: np.ndarray
    steps: np.ndarray
    turns: np.ndarray
    centers: np.ndarray
    up: int
    floored: bool
    coasting: np.ndarray


def _clip(
    joints: np.ndarray,
    trust: np.ndarray,
    slopes: np.ndarray,
    times: np.ndarray,
    settings: PathSettings,
    spread: np.ndarray | None,
    view: View | None,
) -> _Clip:
    count = len(times)
    shapes = {
        "joints": (joints, (len(JOINTS), 3)),
        "belief": (trust, (len(POINTS),)),
        "slopes": (slopes, (len(POINTS), 2)),
    }
    for name, (array, rest) in shapes.items():
        if array.shape != (count, *rest):
            raise ValueError(f"The {name} are {array.shape} where {(count, *rest)} belong.")
    seen = np.nonzero(trust.any(axis=1))[0]
    if len(seen) == 0:
        raise ValueError("No point of the subject is believed in any frame.")
    moments = np.arange(count - 1)
    return _Clip(
        body=joints[:, _BODY].astype(float),
        feet=joints[:, _FOOT_JOINTS].astype(float),
        trust=trust.astype(float),
        slopes=np.where(trust[..., None] > 0, slopes, 0.0).astype(float),
        variance=point_variance(np.where(trust[..., None] > 0, slopes, 0.0), spread, settings),
        times=times.astype(float),
        steps=np.maximum(np.diff(times), 1e-3),
        turns=np.tile(np.eye(3), (count, 1, 1)) if view is None else view.rotations.astype(float),
        centers=np.zeros((count, 3)) if view is None else view.positions.astype(float),
        up=1 if view is None else 2,
        floored=view is not None,
        coasting=np.where(moments < seen[0], -1, np.where(moments >= seen[-1], 1, 0)),
    )


@dataclass(frozen=True, slots=True)
class _System:
    """Normal equations: diagonal `[T, 7, 7]`, off `[T-1, 7, 7]` and right `[T, 7]` as `solve_block_tridiagonal` takes them.

    evidence: `[T-1]` 1/m², how well the points tell the places of both moments across the view.
    """

    diagonal: np.ndarray
    off: np.ndarray
    right: np.ndarray
    evidence: np.ndarray


def _system(clip: _Clip, state: np.ndarray, lively: np.ndarray, settings: PathSettings, *, feet: bool) -> _System:
    """What is asked of a step from `state` `[T, 7]`."""
    diagonal, off, right = _sights(clip, state, settings)
    evidence = np.minimum(diagonal[1:, 0, 0], diagonal[:-1, 0, 0])
    _add_motion(clip, state, lively, settings, diagonal, off, right)
    _add_size(clip, state, settings, diagonal, off, right)
    if feet:
        _add_feet(clip, state, settings, diagonal, off, right)
    return _System(diagonal, off, right, evidence)


def _pelvis_doubt(joints: np.ndarray, spread: np.ndarray | None, settings: PathSettings) -> np.ndarray:
    """`[T, 3]` metres by which the pelvis is off within the body that is placed, which no point can tell."""
    hips = [JOINTS.index("hip.L"), JOINTS.index("hip.R")]
    doubt = np.full((len(joints), 3), settings.doubt)
    if spread is not None:
        doubt = np.where(np.isfinite(spread[:, hips]), spread[:, hips], settings.doubt).mean(axis=1)
    return settings.pelvis * doubt


def _start(clip: _Clip, settings: PathSettings) -> np.ndarray:
    """`[T, 7]` unknowns from each frame by itself; frames that see too little take the nearest one that sees more."""
    root = _solve_root(clip.body, clip.slopes, clip.trust)
    total = clip.trust.sum(axis=1)
    seen = np.nonzero(total >= min(2.0, total.max()))[0]
    usual = max(float(np.median(root[seen, 2])), settings.least_depth)
    root[:, 2] = np.clip(root[:, 2], usual / 2, usual * 2)
    root = _slide_to_depth(clip.body, clip.slopes, np.maximum(clip.trust, 1e-9), root[:, 2])
    state = np.zeros((len(root), _UNKNOWNS))
    nearest = seen[np.round(np.interp(np.arange(len(root)), seen, np.arange(len(seen)))).astype(int)]
    state[:, _PLACE] = np.einsum("tij,tj->ti", clip.turns, root[nearest]) + clip.centers
    return state


def _in_camera(clip: _Clip, state: np.ndarray) -> np.ndarray:
    return np.einsum("tji,tj->ti", clip.turns, state[:, _PLACE] - clip.centers)


def _recentered(clip: _Clip, state: np.ndarray) -> np.ndarray:
    """The same picture with the body at its true size in the mean: its distance scales with its size."""
    mean = np.average(state[:, _SIZE], weights=clip.trust.sum(axis=1))
    away = (state[:, _PLACE] - clip.centers) * np.exp(-mean)
    result = state.copy()
    result[:, _PLACE] = clip.centers + away
    result[:, _SIZE] -= mean
    return result


def _sights(clip: _Clip, state: np.ndarray, settings: PathSettings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal equations `[T, 7, 7]`, `[T-1, 7, 7]` and `[T, 7]` of the reprojection errors in metres at the subject."""
    body = clip.body * np.exp(state[:, _SIZE])[:, None, None]
    place = body + _in_camera(clip, state)[:, None]
    depth = np.maximum(place[..., 2:], settings.least_depth)
    error = place[..., :2] - clip.slopes * depth
    weights = clip.trust / (clip.variance + np.sum(error**2, axis=-1) / settings.outlier**2)
    slopes = place[..., :2] / depth
    rows = np.zeros((*slopes.shape, _UNKNOWNS))
    rows[..., _PLACE] = (
        clip.turns[:, None, :, :2].swapaxes(-1, -2) - slopes[..., None] * clip.turns[:, None, None, :, 2]
    )
    rows[..., _SIZE] = body[..., :2] - slopes * body[..., 2:]
    weighted = rows * weights[..., None, None]
    count = len(state)
    flat, weighted = rows.reshape(count, -1, _UNKNOWNS), weighted.reshape(count, -1, _UNKNOWNS)
    diagonal = np.swapaxes(weighted, -1, -2) @ flat + _FAINT * np.eye(_UNKNOWNS)
    right = -(np.swapaxes(weighted, -1, -2) @ error.reshape(count, -1, 1))[..., 0]
    return diagonal, np.zeros((count - 1, _UNKNOWNS, _UNKNOWNS)), right


def _add(between: np.ndarray, slope: np.ndarray, diagonal: np.ndarray, off: np.ndarray, right: np.ndarray) -> None:
    """Add normal equations `[T-1, 14, 14]` and `[T-1, 14]` that each join a moment with the next."""
    diagonal[:-1] += between[:, :_UNKNOWNS, :_UNKNOWNS]
    diagonal[1:] += between[:, _UNKNOWNS:, _UNKNOWNS:]
    off += between[:, :_UNKNOWNS, _UNKNOWNS:]
    right[:-1] += slope[:, :_UNKNOWNS]
    right[1:] += slope[:, _UNKNOWNS:]


def _add_motion(
    clip: _Clip,
    state: np.ndarray,
    lively: np.ndarray,
    settings: PathSettings,
    diagonal: np.ndarray,
    off: np.ndarray,
    right: np.ndarray,
) -> None:
    """The velocity's random walk; where the subject is not yet or no longer seen it comes to rest."""
    count, step = len(clip.steps), clip.steps[:, None]
    identity = np.eye(3)
    fading = np.exp(-clip.steps / settings.coasting)[:, None, None]
    before, after = (clip.coasting == sign for sign in (-1, 1))
    rows = np.zeros((count, 6, 2 * _UNKNOWNS))
    rows[:, :3, 0:3], rows[:, :3, 7:10] = -identity, identity
    rows[:, :3, 3:6] = -step[:, None] * identity
    rows[:, 3:, 3:6] = -np.where(after[:, None, None], fading, 1.0) * identity
    rows[:, 3:, 10:13] = np.where(before[:, None, None], fading, 1.0) * identity
    precision = np.zeros((count, 6, 6))
    for axis in range(3):
        strength = lively[:, axis]
        precision[:, axis, axis] = 12.0 / (strength * clip.steps**3)
        precision[:, axis, 3 + axis] = precision[:, 3 + axis, axis] = -6.0 / (strength * clip.steps**2)
        precision[:, 3 + axis, 3 + axis] = 4.0 / (strength * clip.steps)
    between = np.swapaxes(rows, -1, -2) @ precision @ rows
    both = np.concatenate([state[:-1], state[1:]], axis=1)
    _add(between, -np.einsum("tab,tb->ta", between, both), diagonal, off, right)


def _add_size(
    clip: _Clip, state: np.ndarray, settings: PathSettings, diagonal: np.ndarray, off: np.ndarray, right: np.ndarray
) -> None:
    """The seen size's wandering about the true one (a stationary process of Ornstein and Uhlenbeck)."""
    kept = np.exp(-clip.steps / settings.size_memory)
    rows = np.zeros((len(kept), 2 * _UNKNOWNS))
    rows[:, _SIZE], rows[:, _UNKNOWNS + _SIZE] = -kept, 1.0
    precision = 1.0 / (settings.size**2 * (1.0 - kept**2))
    between = precision[:, None, None] * rows[:, :, None] * rows[:, None]
    both = np.concatenate([state[:-1], state[1:]], axis=1)
    _add(between, -np.einsum("tab,tb->ta", between, both), diagonal, off, right)
    diagonal[0, _SIZE, _SIZE] += settings.size**-2
    right[0, _SIZE] -= state[0, _SIZE] / settings.size**2


def _add_feet(
    clip: _Clip, state: np.ndarray, settings: PathSettings, diagonal: np.ndarray, off: np.ndarray, right: np.ndarray
) -> None:
    """Feet that stand still stay where they are, and on the floor where that is known."""
    feet = np.einsum("tij,tfj->tfi", clip.turns, clip.feet * np.exp(state[:, _SIZE])[:, None, None])
    feet += state[:, None, _PLACE]
    standing = _standing(clip, feet, settings)
    slipped = np.diff(feet, axis=0)
    allowed = settings.slip * clip.steps[:, None]
    share = np.minimum(standing[1:], standing[:-1]) ** 2 / len(_FOOT_POINTS) * 2
    hold = share / (allowed + np.sum(slipped**2, axis=-1) / settings.outlier**2)
    between = np.zeros((len(slipped), 2 * _UNKNOWNS, 2 * _UNKNOWNS))
    for axis in range(3):
        for row, column, sign in ((0, 0, 1), (7, 7, 1), (0, 7, -1), (7, 0, -1)):
            between[:, row + axis, column + axis] = sign * hold.sum(axis=1)
    pull = np.einsum("tf,tfi->ti", hold, slipped)
    slope = np.zeros((len(slipped), 2 * _UNKNOWNS))
    slope[:, 0:3], slope[:, 7:10] = pull, -pull
    _add(between, slope, diagonal, off, right)
    if clip.floored:
        _add_floor(clip, feet[..., 2], standing, settings, diagonal, right)


def _add_floor(
    clip: _Clip,
    heights: np.ndarray,
    standing: np.ndarray,
    settings: PathSettings,
    diagonal: np.ndarray,
    right: np.ndarray,
) -> None:
    """Standing feet, `heights` `[T, 4]` above the floor, are where each of their joints usually is above it."""
    usual = np.sum(standing * heights, axis=0) / np.maximum(standing.sum(axis=0), 1e-9)
    lifted = heights - np.clip(usual, *_SOLE)
    fresh = np.minimum(1.0, np.gradient(clip.times) / settings.floor_memory) if len(clip.times) > 1 else np.ones(1)
    share = standing * fresh[:, None] / len(_FOOT_POINTS) * 2
    hold = share / (settings.floor**2 + lifted**2 / settings.outlier**2)
    diagonal[:, 2, 2] += hold.sum(axis=1)
    right[:, 2] -= np.sum(hold * lifted, axis=1)


def _standing(clip: _Clip, feet: np.ndarray, settings: PathSettings) -> np.ndarray:
    """`[T, 4]` 0 to 1: how far each foot's point stands, by how fast its ray moves at the depth of `feet` `[T, 4, 3]`.

    A foot whose own joint is off along the ray still shows in the picture that it does not move. Where its point is not
    believed the ankle's has to do.
    """
    depth = np.einsum("tfi,ti->tf", feet - clip.centers[:, None], clip.turns[..., 2])[..., None]
    own, ankle = clip.trust[:, _FOOT_POINTS], settings.ankle * clip.trust[:, _ANKLE_POINTS]
    slopes = np.where((own >= ankle)[..., None], clip.slopes[:, _FOOT_POINTS], clip.slopes[:, _ANKLE_POINTS])
    rays = np.einsum("tij,tfj->tfi", clip.turns, np.concatenate([slopes, np.ones_like(depth)], axis=-1))
    places = clip.centers[:, None] + depth * rays
    if len(places) < 2:
        return np.zeros(places.shape[:2])
    velocity = np.gradient(_blurred(places, clip.times, 0.05), clip.times, axis=0)
    away = rot.normalize(rays)
    across = velocity - np.sum(velocity * away, axis=-1, keepdims=True) * away
    standing = np.exp(-np.sum(across**2, axis=-1) / settings.still**2) * np.maximum(own, ankle)
    if clip.floored:
        standing *= np.exp(-((np.maximum(feet[..., 2] - 0.1, 0.0) / 0.1) ** 2))
    return standing


def _liveliness(
    clip: _Clip, state: np.ndarray, before: np.ndarray, evidence: np.ndarray, settings: PathSettings
) -> np.ndarray:
    """`[T-1, 3]` squared acceleration in a hertz along the world's axes, from what the view shows across the rays.

    A smoother of strength q against noise of density r lets pass what is slower than (2q/r)^¼ / 2π hertz, so the squared
    accelerations that it lets pass tell the next q. Motion along the rays is about as lively as that across them.
    """
    acceleration = np.diff(state[:, _VELOCITY], axis=0) / clip.steps[:, None]
    rays = (state[:, _PLACE] - clip.centers)[1:]
    upright = np.eye(3)[clip.up]
    sideways = rot.normalize(np.cross(rays, upright))
    squares = np.stack([np.sum(acceleration * sideways, axis=-1), acceleration[:, clip.up]], axis=-1) ** 2
    usual = np.stack([before.max(axis=1), before[:, clip.up]], axis=-1)
    noise = 2.0 * clip.steps / np.maximum(evidence, 1.0)
    width = np.minimum((2.0 * usual / noise[:, None]) ** 0.25 / (2 * np.pi), 0.5 / clip.steps[:, None])
    sure = (evidence / (evidence + _EVIDENCE))[:, None]
    middles = (clip.times[1:] + clip.times[:-1]) / 2
    known = _blurred(sure, middles, settings.window)
    found = _blurred(sure * squares / (2.0 * width), middles, settings.window) / np.maximum(known, 1e-9)
    told = known[:, 0] > 1e-3
    if told.any():
        moments = np.arange(len(found))
        found = np.stack([np.interp(moments, moments[told], column[told]) for column in found.T], axis=-1)
    # what nobody sees may be anything
    across, vertical = settings.least_lively + settings.unseen * (1.0 - sure[:, 0]) ** 4 + found.T
    rays = rot.normalize(rays)
    outward = 1.0 - (1.0 - settings.outward) * rays**2
    result = across[:, None] * outward
    result[:, clip.up] = vertical
    return result


def _blurred(values: np.ndarray, times: np.ndarray, sigma: float) -> np.ndarray:
    """`values` `[T, ...]` under a Gaussian of `sigma` seconds; the ends are continued as they are."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else sigma
    reach = max(1, min(round(3 * sigma / max(step, 1e-3)), 3 * len(values)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / sigma) ** 2)
    flat = np.pad(values.reshape(len(values), -1), ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(column, kernel / kernel.sum(), mode="valid") for column in flat.T]
    return np.stack(columns, axis=-1).reshape(values.shape)


def toward_view(world: np.ndarray, centers: np.ndarray, camera: Camera) -> np.ndarray:
    """World landmarks `[T, N, 3]` turned from the region's own view into the camera's axes.

    The detector reads a square cut out around the subject as if the camera looked straight at it; the turn is the one
    from the optical axis to the ray through the square's middle, `centers` `[T, 2]` in pixels.
    """
    slopes = camera.rays(centers)
    rays = np.concatenate([slopes, np.ones((len(slopes), 1))], axis=-1)
    turn = rot.between(np.array([0.0, 0.0, 1.0]), rays)
    return rot.rotate(turn[:, None], world)


def _solve_root(body: np.ndarray, slopes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`[T, 3]` least-squares positions: x + tx = u (z + tz) and y + ty = v (z + tz) for every point."""
    count = body.shape[:2]
    rows = np.zeros((*count, 2, 3))
    rows[..., 0, 0] = rows[..., 1, 1] = 1.0
    rows[..., 2] = -slopes
    goal = slopes * body[..., 2:] - body[..., :2]
    left = np.einsum("tj,tjka,tjkb->tab", weights, rows, rows)
    right = np.einsum("tj,tjka,tjk->ta", weights, rows, goal)
    return np.linalg.solve(left + 1e-9 * np.eye(3), right[..., None])[..., 0]


def _slide_to_depth(body: np.ndarray, slopes: np.ndarray, weights: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """`[T, 3]` positions with the given depth `[T]` that reproject best."""
    goal = slopes * (body[..., 2:] + depth[:, None, None]) - body[..., :2]
    across = np.einsum("tj,tjk->tk", weights, goal) / weights.sum(axis=1, keepdims=True)
    return np.concatenate([across, depth[:, None]], axis=-1)

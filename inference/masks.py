"""Few, fixed, overlapping masks (Durasov et al., Masksembles for Uncertainty Estimation, CVPR 2021), made structured in time.

Unlike dropout's, the masks are drawn once: between one mask (a single network) and disjoint ones (an ensemble) lies what
`scale` chooses. Here a mask tells which joints of a window are cut off, each with all that hangs on it and for a while.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINT_PARENTS, JOINTS

_TRIES = 10_000


@dataclass(frozen=True, slots=True)
class MaskSettings:
    """A set of masks.

    count: masks in the set. scale: 1 keeps everything; each mask keeps 1 / scale of the joints, and two masks share
    1 / (2 scale - 1) of what either keeps. shortest: frames for which a joint is cut off at least.
    """

    count: int = 8
    scale: float = 1.5
    shortest: int = 3


def masksembles(rng: np.random.Generator, features: int, count: int, scale: float) -> np.ndarray:
    """`[count, features]` bool: `count` masks that each keep as many features, and together keep every one.

    By the paper's rule: masks are random subsets of one size out of more places than are wanted, and places that no mask
    keeps are left out; drawn again until exactly `features` remain. Raises ValueError for a scale below 1.
    """
    if scale < 1.0:
        raise ValueError(f"The scale {scale} is below 1.")
    if scale == 1.0 or count == 1:
        return np.ones((count, features), bool)
    kept = max(1, round(features / (scale * (1.0 - (1.0 - 1.0 / scale) ** count))))
    places = max(round(kept * scale), features)
    for _ in range(_TRIES):
        masks = np.zeros((count, places), bool)
        for mask in masks:
            mask[rng.choice(places, kept, replace=False)] = True
        masks = masks[:, masks.any(axis=0)]
        if masks.shape[1] == features:
            return masks
    raise ValueError(f"No {count} masks of scale {scale} over {features} features were found.")


def structured_masks(seed: int, frames: int, settings: MaskSettings) -> np.ndarray:
    """The set for windows of `frames`: `[count, frames, 30]` bool, True where a joint is cut off.

    What a mask does not keep is cut off for a while of its own, even in its logarithm between `shortest` and the whole
    window, together with the joints that hang on it.
    """
    rng = np.random.default_rng(seed)
    cut = ~masksembles(rng, len(JOINTS), settings.count, settings.scale)
    masks = np.zeros((settings.count, frames, len(JOINTS)), bool)
    for number, joint in zip(*np.nonzero(cut), strict=True):
        length = round(np.exp(rng.uniform(np.log(min(settings.shortest, frames)), np.log(frames))))
        start = int(rng.integers(frames - length + 1))
        masks[number, start : start + length, joint] = True
    # parents stand before their children
    for joint, parent in enumerate(JOINT_PARENTS):
        if parent > 0:
            masks[:, :, joint] |= masks[:, :, parent]
    masks[:, :, 0] = False
    return masks

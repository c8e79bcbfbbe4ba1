"""A take of a made-up walk in which the left arm is hidden for a second: for the tests of corrections."""

from __future__ import annotations

import numpy as np

from penumbra.inference.motion import rest_of
from penumbra.inference.take import Take
from penumbra.models.skeletons import BONE_NAMES, POINTS
from penumbra.tests.fitting import told

COUNT, FIRST, LAST = 60, 15, 45
HIDDEN = ("elbow.L", "wrist.L", "index.L", "pinky.L", "thumb.L")


def hidden_take() -> Take:
    """The take, with every stage that corrections read."""
    made = told(COUNT)
    rest, observed = rest_of(made.truth), made.observed
    belief = observed.belief.copy()
    belief[FIRST:LAST, [POINTS.index(name) for name in HIDDEN]] = 0.0
    return Take(
        timing={"frame_rate": 30.0},
        settings={"motion": {"height": 1.7}},
        stages={
            "track": {"times": observed.times, "present": observed.present},
            "lift": {"joints": observed.joints, "spread": observed.spread, "confidence": observed.confidence},
            "seen": {"slopes": observed.slopes, "belief": belief},
            "view": {"rotations": made.view.rotations, "positions": made.view.positions},
            "contacts": {"probability": made.contacts.probability},
            "solve": {
                "root": made.truth.root,
                "rotations": made.truth.rotations,
                "confidence": np.full((COUNT, len(BONE_NAMES)), 0.6),
                "offsets": made.truth.offsets,
                "rest_heads": rest.heads,
                "rest_tails": rest.tails,
            },
        },
    )

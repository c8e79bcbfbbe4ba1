"""The body's sizes that a fit may change."""

from __future__ import annotations

import numpy as np

from penumbra.inference.fitting.sizes import GROUPS, members, resized
from penumbra.models.skeletons import JOINTS, partners
from tests.fitting import told


def test_a_group_sets_its_own_bones_alike_on_both_sides() -> None:
    offsets = told(1).truth.offsets
    sizes = np.zeros(len(GROUPS))
    sizes[list(GROUPS).index("shin")] = np.log(1.1)
    found = resized(offsets, sizes)
    changed = {JOINTS[number] for number in np.flatnonzero(np.abs(found - offsets).max(axis=1) > 1e-9)}
    assert changed == {"ankle.L", "ankle.R"}
    np.testing.assert_allclose(found[JOINTS.index("ankle.L")], 1.1 * offsets[JOINTS.index("ankle.L")])


def test_every_joint_is_in_one_group_at_most_and_with_its_partner() -> None:
    table = members()
    assert table.sum(axis=0).max() == 1.0
    np.testing.assert_array_equal(table, table[:, partners(JOINTS)])

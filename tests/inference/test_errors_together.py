"""How the lifter's errors go together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import SetupError
from penumbra.inference.fitting.errors_together import TOGETHER, open_correlations, pulled_apart
from penumbra.models.skeletons import JOINTS


def test_the_shipped_data_is_of_correlations() -> None:
    found = open_correlations()
    assert found.shape == (3, len(JOINTS) - 1, len(JOINTS) - 1)
    np.testing.assert_allclose(found, np.swapaxes(found, 1, 2), atol=1e-9)
    np.testing.assert_allclose(np.diagonal(found, axis1=1, axis2=2), 1.0, atol=1e-3)
    # in depth the neck leans with the thorax
    assert found[2, JOINTS.index("neck") - 1, JOINTS.index("thorax") - 1] > 0.7


def test_errors_are_pulled_apart() -> None:
    found = open_correlations()
    apart = pulled_apart(found, 0.8)
    assert np.abs(apart[..., 0]).max() == 0.0
    mixed = 0.8 * found + 0.2 * np.eye(len(JOINTS) - 1)
    whole = apart[..., 1:] @ mixed @ np.swapaxes(apart[..., 1:], 1, 2)
    np.testing.assert_allclose(whole, np.broadcast_to(np.eye(len(JOINTS) - 1), whole.shape), atol=1e-9)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"joints": [], "correlations": {}}', "other"])
def test_damaged_data_is_told(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "errors_together.json"
    if text == "other":
        told = json.loads(TOGETHER.read_text("utf-8"))
        text = json.dumps({**told, "joints": told["joints"][::-1]})
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(SetupError, match="Reinstall"):
        open_correlations(path)

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite

from penumbra.models.task_bundle import DETECTOR, LANDMARKS, Normalization, pose_bundle, with_metadata


@pytest.mark.parametrize(("name", "normalization"), [("person_detector", DETECTOR), ("landmarks_full", LANDMARKS)])
def test_metadata_is_added_and_nothing_else_changes(weights: Path, name: str, normalization: Normalization):
    old_bytes = (weights / f"{name}.tflite").read_bytes()
    new_bytes = with_metadata(old_bytes, normalization)
    assert tflite.Model.ModelBufferHasIdentifier(new_bytes, 0)
    # the generated reader is typed as if every field could be missing
    old: Any = tflite.Model.GetRootAs(old_bytes, 0)
    new: Any = tflite.Model.GetRootAs(new_bytes, 0)
    assert new.Version() == old.Version()
    assert new.Description() == old.Description()
    assert new.OperatorCodesLength() == old.OperatorCodesLength()
    assert new.Subgraphs(0).OperatorsLength() == old.Subgraphs(0).OperatorsLength()
    assert new.BuffersLength() == old.BuffersLength() + 1
    for number in range(old.BuffersLength()):
        np.testing.assert_array_equal(new.Buffers(number).DataAsNumpy(), old.Buffers(number).DataAsNumpy())
    added = new.Metadata(new.MetadataLength() - 1)
    assert added.Name() == b"TFLITE_METADATA"
    metadata = new.Buffers(added.Buffer()).DataAsNumpy().tobytes()
    assert metadata[4:8] == b"M001"
    for value in (normalization.mean, normalization.deviation):
        assert np.float32(value).tobytes() in metadata


def test_networks_lie_uncompressed_at_aligned_places(weights: Path):
    detector, landmarks = ((weights / f"{name}.tflite").read_bytes() for name in ("person_detector", "landmarks_full"))
    bundle = pose_bundle(detector, landmarks)
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.testzip() is None
        for name, network, normalization in (
            ("pose_detector.tflite", detector, DETECTOR),
            ("pose_landmarks_detector.tflite", landmarks, LANDMARKS),
        ):
            assert archive.getinfo(name).compress_type == zipfile.ZIP_STORED
            assert archive.read(name) == with_metadata(network, normalization)
            assert bundle.index(archive.read(name)) % 16 == 0

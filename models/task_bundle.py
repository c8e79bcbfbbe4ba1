"""Make MediaPipe's pose landmarker bundle (`.task`) out of the two plain TFLite networks.

The landmarker wants to be told how pictures become numbers, which the plain files do not say. Field numbers are those
of TensorFlow Lite's schema.fbs (networks) and metadata_schema.fbs (metadata).
"""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass

import flatbuffers
from flatbuffers.number_types import Uint32Flags
from flatbuffers.table import Table

_ALIGNMENT = 16
_LOCAL_HEADER_SIZE = 30
_EXTRA_HEADER = struct.Struct("<HH")
_EXTRA_KIND = 0xD935
"""Zip files mark padding with an extra field of this kind (Android's zipalign)."""
_ROOT_FIELDS = 8
_VERSION, _BUFFERS, _METADATA = 0, 4, 6
_SHARED = (1, 2, 3, 5, 7)
"""Fields of a network's root table that lead to parts which are taken over as they are."""
_NORMALIZATION_OPTIONS = 1


@dataclass(frozen=True, slots=True)
class Normalization:
    """What the landmarker does to a picture's values of 0 to 255: (value - mean) / deviation."""

    mean: float
    deviation: float


DETECTOR = Normalization(127.5, 127.5)
LANDMARKS = Normalization(0.0, 255.0)


def pose_bundle(detector: bytes, landmarks: bytes) -> bytes:
    """The bundle of the person detector and the landmark network, both whole TFLite files."""
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_STORED) as archive:
        _store(archive, bundle.tell(), "pose_detector.tflite", with_metadata(detector, DETECTOR))
        _store(archive, bundle.tell(), "pose_landmarks_detector.tflite", with_metadata(landmarks, LANDMARKS))
    return bundle.getvalue()


def _store(archive: zipfile.ZipFile, place: int, name: str, data: bytes) -> None:
    """Add a file whose bytes start at an aligned place, so that the landmarker can use them where they lie."""
    entry = zipfile.ZipInfo(name)
    start = place + _LOCAL_HEADER_SIZE + len(name) + _EXTRA_HEADER.size
    padding = -start % _ALIGNMENT
    entry.extra = _EXTRA_HEADER.pack(_EXTRA_KIND, padding) + bytes(padding)
    archive.writestr(entry, data)


def with_metadata(network: bytes, normalization: Normalization) -> bytes:
    """The TFLite file `network` with normalization metadata.

    Offsets in a flatbuffer are relative and point forward, so the file can stay as it is behind a new root table that
    shares its parts and adds one buffer.
    """
    old = network + bytes(-len(network) % _ALIGNMENT)
    root = Table(old, int.from_bytes(old[:4], "little"))
    builder = flatbuffers.Builder(len(old) + 65536)
    builder.CreateByteVector(old)
    builder.Prep(_ALIGNMENT, 0)

    content = builder.CreateByteVector(_metadata(normalization))
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, content, 0)
    buffers = _table_offsets(root, _BUFFERS, len(old))
    new_buffer_number = len(buffers)
    buffers.append(builder.EndObject())

    name = builder.CreateString("TFLITE_METADATA")
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(0, name, 0)
    builder.PrependUint32Slot(1, new_buffer_number, 0)
    entries = [*_table_offsets(root, _METADATA, len(old)), builder.EndObject()]

    buffers_vector, entries_vector = _offset_vector(builder, buffers), _offset_vector(builder, entries)
    builder.StartObject(_ROOT_FIELDS)
    builder.PrependUint32Slot(_VERSION, root.GetSlot(_slot(_VERSION), 0, Uint32Flags), 0)
    for field in _SHARED:
        if offset := root.Offset(_slot(field)):
            builder.PrependUOffsetTRelativeSlot(field, len(old) - root.Indirect(root.Pos + offset), 0)
    builder.PrependUOffsetTRelativeSlot(_BUFFERS, buffers_vector, 0)
    builder.PrependUOffsetTRelativeSlot(_METADATA, entries_vector, 0)
    builder.Finish(builder.EndObject(), b"TFL3")
    return bytes(builder.Output())


def _metadata(normalization: Normalization) -> bytes:
    """Metadata that says of the network's only input how it is normalized, and nothing else."""
    builder = flatbuffers.Builder(256)
    vectors = []
    for value in (normalization.mean, normalization.deviation):
        builder.StartVector(4, 1, 4)
        builder.PrependFloat32(value)
        vectors.append(builder.EndVector())
    options = _table(builder, 2, dict(enumerate(vectors)))
    builder.StartObject(2)
    builder.PrependUint8Slot(0, _NORMALIZATION_OPTIONS, 0)
    builder.PrependUOffsetTRelativeSlot(1, options, 0)
    units = _offset_vector(builder, [builder.EndObject()])
    tensors = _offset_vector(builder, [_table(builder, 7, {4: units})])
    graphs = _offset_vector(builder, [_table(builder, 7, {2: tensors})])
    builder.Finish(_table(builder, 8, {3: graphs}), b"M001")
    return bytes(builder.Output())


def _table(builder: flatbuffers.Builder, size: int, fields: dict[int, int]) -> int:
    """A table of at most `size` fields, each an offset."""
    builder.StartObject(size)
    for field, offset in fields.items():
        builder.PrependUOffsetTRelativeSlot(field, offset, 0)
    return builder.EndObject()


def _offset_vector(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _table_offsets(root: Table, field: int, size: int) -> list[int]:
    """Where the tables of a vector of the old file lie, as a builder counts: back from the end of the `size` bytes."""
    offset = root.Offset(_slot(field))
    if not offset:
        return []
    start = root.Vector(offset)
    return [size - root.Indirect(start + 4 * number) for number in range(root.VectorLen(offset))]


def _slot(field: int) -> int:
    """Place of a field in a table's vtable, whose first two entries of two bytes are sizes."""
    return 4 + 2 * field

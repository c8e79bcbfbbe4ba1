"""MediaPipe's Tasks API alone on a clip: decode, detect, follow, nothing more. Prints one line of JSON."""

from __future__ import annotations

import json
import sys

import av
import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from ..models.task_bundle import pose_bundle
from ..models.weights import weight_path


def main(argv: list[str]) -> int:
    """Run on the clip that `argv` names."""
    bundle = pose_bundle(
        weight_path("person_detector.tflite").read_bytes(), weight_path("landmarks_heavy.tflite").read_bytes()
    )
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=bundle), running_mode=vision.RunningMode.VIDEO
    )
    count = found = 0
    with vision.PoseLandmarker.create_from_options(options) as landmarker, av.open(argv[0]) as clip:
        stream = clip.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in clip.decode(stream):
            count += 1
            # MediaPipe takes the rows of a picture for gapless, which decoded ones need not be
            pixels = np.ascontiguousarray(frame.to_ndarray(format="rgb24"))
            image = mediapipe.Image(mediapipe.ImageFormat.SRGB, pixels)
            found += bool(landmarker.detect_for_video(image, int(1000 * (frame.time or 0.0))).pose_landmarks)
    print(json.dumps({"frames": count, "found": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

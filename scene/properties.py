"""What the user chooses in Blender, and the settings that the choices stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..errors import ArgumentsError
from ..inference.systems import LIFTERS, RECOMMENDED, REFINERS
from ..models.skeletons import STATURE
from ..models.weights import has_weights
from ..retarget.rig_map_table import STRUCTURE, rig_map_labels
from .capture_status import PENUMBRA_PG_capture_status
from .rig_map_choices import own_map_of

if TYPE_CHECKING:
    from ..inference.settings import (
        CameraSettings,
        CaptureSettings,
        FitQuality,
        FootLock,
        LifterName,
        LiftSettings,
        Moment,
        MotionSettings,
        RefinerName,
        SubjectSettings,
    )
    from ..retarget.root import Root
    from ..retarget.settings import Limbs
    from .bake import BakeSettings

ADDON = __package__.rpartition(".")[0]
"""The name under which Blender knows the add-on: `penumbra`, or `bl_ext.<repository>.penumbra` once installed."""

CONTEXT = "Penumbra"
"""Where names are looked up that Blender itself translates otherwise: its "Never" means none, its "Fine" thin."""

# From 4.5 on a path has to say that it may start at the file's own folder; before, all may and none can say so.
_PATH_OPTIONS = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()
_LIFTERS: dict[str, LifterName] = {"AUTO": "auto", "BOTH": "both", "S3": "s3", "DTF_27": "dtf-27", "DTF_81": "dtf-81"}
_REFINERS: dict[str, RefinerName] = {"AUTO": "auto", "NONE": "none", "GRAPH": "graph", "PPT": "ppt"}
_FITS: dict[str, FitQuality] = {"NONE": "none", "DRAFT": "draft", "FINE": "fine"}
_FOOT_LOCKS: dict[str, FootLock] = {"AUTO": "auto", "ALWAYS": "always", "NEVER": "never", "GROUNDING": "grounding"}
_ROOTS: dict[str, Root] = {"HIPS": "hips", "ROOT": "root", "IN_PLACE": "in-place"}
_LIMBS: dict[str, Limbs] = {"FK": "fk", "IK": "ik"}
# Decimals that a setting keeps: Blender holds numbers in single precision.
_DECIMALS = 4
_LABELS = {
    "both": "S3 and DTF", "s3": "S3", "dtf-27": "DTF, 27 Frames", "dtf-81": "DTF, 81 Frames",
    "none": "None", "graph": "Joint Graph", "ppt": "Pose Transformer",
}  # fmt: skip


def mediapipe_is_ready() -> bool:
    """Whether the second backend can run: its package and its own form of the weights are both there."""
    return find_spec("mediapipe") is not None and has_weights("landmarks_heavy.tflite")


def _system_items(
    names: Mapping[str, str], uses: Mapping[str, str], recommended: str
) -> tuple[tuple[str, str, str], ...]:
    """An enumeration's items for lifters or refiners: by identifier, what they are called and when to use them."""
    automatic = ("AUTO", "Automatic", f"What did best in our measurements: {_LABELS[recommended]}")
    others = {identifier: name for identifier, name in names.items() if name in uses}
    return (automatic, *((identifier, _LABELS[name], uses[name]) for identifier, name in others.items()))


class PENUMBRA_PG_capture_choices(bpy.types.PropertyGroup):
    """What to capture, from where and onto what; one set for each scene."""

    footage: StringProperty(
        name="Footage",
        description="Video file to read. For an image sequence, its folder",
        translation_context=CONTEXT,
        subtype="FILE_PATH",
        options=_PATH_OPTIONS,
    )
    subject: EnumProperty(
        name="Subject",
        description="Which person in the footage to capture",
        items=(
            ("AUTOMATIC", "Automatic", "The person seen largest, longest and nearest to the middle"),
            ("POINT", "Point", "The person at a point of the first frame"),
            ("BOX", "Box", "The person in a box of the first frame"),
        ),
    )
    subject_point: FloatVectorProperty(
        name="Point",
        description="Place of the person in the first frame that is read, from the left and from the top",
        size=2,
        min=0.0,
        max=1.0,
        default=(0.5, 0.5),
        subtype="XYZ",
    )
    subject_left: FloatProperty(
        name="Left", description="Left side of the box, from the left", min=0, max=1, default=0.25, subtype="FACTOR"
    )
    subject_right: FloatProperty(
        name="Right", description="Right side of the box, from the left", min=0, max=1, default=0.75, subtype="FACTOR"
    )
    subject_top: FloatProperty(
        name="Top", description="Upper side of the box, from the top", min=0, max=1, default=0.0, subtype="FACTOR"
    )
    subject_bottom: FloatProperty(
        name="Bottom", description="Lower side of the box, from the top", min=0, max=1, default=1.0, subtype="FACTOR"
    )
    target: PointerProperty(
        name="Target",
        description="Armature to put the keys on. Leave empty to get a new one with the person's proportions",
        type=bpy.types.Object,
        poll=lambda _choices, candidate: candidate.type == "ARMATURE",
    )
    rig_map: EnumProperty(
        name="Rig Map",
        description="How the target's bones are named",
        items=(
            ("AUTOMATIC", "Automatic", "Find out from the bones' names, or else from their structure"),
            (STRUCTURE, "Structure", "Find out from how the bones lie and hang together, whatever their names"),
            *(
                (name, label, "Go by the names that bones have in such rigs")
                for name, label in rig_map_labels().items()
            ),
        ),
    )
    quality: EnumProperty(
        name="Quality",
        description="How closely to look at each frame",
        translation_context=CONTEXT,
        items=(
            ("BEST", "Best", "The most exact network"),
            ("FAST", "Fast", "A smaller network, less exact where limbs overlap"),
        ),
    )
    lifter: EnumProperty(
        name="Lifter",
        description="Network that brings the joints to three dimensions",
        items=_system_items(_LIFTERS, LIFTERS, RECOMMENDED.lifter),
    )
    refiner: EnumProperty(
        name="Refiner",
        description="Network that corrects the joints after the lifter",
        items=_system_items(_REFINERS, REFINERS, RECOMMENDED.refiner),
    )
    range: EnumProperty(
        name="Range",
        description="Which part of the footage to read",
        items=(
            ("ALL", "Whole Footage", "From the first frame to the last"),
            ("FRAMES", "Frames", "From one frame of the footage to another"),
            ("SECONDS", "Seconds", "From one time in the footage to another"),
        ),
    )
    first_frame: IntProperty(name="Start", description="First frame to read, counted from 0", min=0)
    last_frame: IntProperty(
        name="End", description="Last frame to read, counted from 0. With 0, read to the end", min=0
    )
    first_second: FloatProperty(
        name="Start", description="Time in the footage to start from", min=0.0, unit="TIME_ABSOLUTE"
    )
    last_second: FloatProperty(
        name="End", description="Time in the footage to stop at. With 0, read to the end", min=0.0, unit="TIME_ABSOLUTE"
    )
    step: IntProperty(name="Step", description="Read every frame, every second, every third", min=1, default=1)
    image_rate: FloatProperty(
        name="Image Rate", description="Frames per second of an image sequence", min=0.01, soft_max=240, default=30.0
    )
    camera_source: EnumProperty(
        name="Source",
        description="Where it is known from how the camera stood and moved",
        items=(
            ("ESTIMATE", "Estimate", "Find it out from the footage and what is known of the camera"),
            (
                "OBJECT",
                "Camera Object",
                "Take a camera of the scene, such as one that was solved from tracking markers",
            ),
        ),
    )
    camera: PointerProperty(
        name="Camera",
        description="Camera that took the footage. Its motion, its place over the floor and its lens are used as they are",
        type=bpy.types.Object,
        poll=lambda _choices, candidate: candidate.type == "CAMERA",
    )
    focal_length: FloatProperty(
        name="Focal Length",
        description="Of the lens that took the footage, for a sensor 36 mm wide. With 0, it is estimated",
        min=0.0,
        soft_max=300.0,
        unit="CAMERA",
    )
    use_camera_tilt: BoolProperty(name="Set Tilt", description="Set the tilt of a still camera by hand")
    camera_tilt: FloatProperty(
        name="Tilt",
        description="Angle by which the camera looks down",
        min=math.radians(-89.0),
        max=math.radians(89.0),
        subtype="ANGLE",
    )
    use_camera_height: BoolProperty(name="Set Height", description="Set the height of a still camera by hand")
    camera_height: FloatProperty(
        name="Height",
        description="Height of the camera above the floor",
        min=0.01,
        soft_max=10.0,
        default=1.5,
        unit="LENGTH",
    )
    subject_height: FloatProperty(
        name="Subject Height",
        description="Height of the person, which sets the size of the motion. One camera cannot tell it",
        min=0.5,
        max=2.5,
        default=STATURE,
        unit="LENGTH",
    )
    fit: EnumProperty(
        name="Fit",
        description="How the body is fitted to what is seen in the footage",
        translation_context=CONTEXT,
        items=(
            ("NONE", "None", "Keep the joints as the networks give them"),
            ("DRAFT", "Draft", "Fit the body to the picture, quickly"),
            ("FINE", "Fine", "Fit the body more closely, which takes longer and needs PyTorch"),
        ),
        default="DRAFT",
    )
    foot_lock: EnumProperty(
        name="Foot Lock",
        description="Which feet are held where they stand",
        translation_context=CONTEXT,
        items=(
            ("AUTO", "Automatic", "Hold each foot while it stands, as far as the footage shows"),
            ("ALWAYS", "Always", "Hold one foot at any time, for people who never jump or slide"),
            ("GROUNDING", "Grounding", "Keep the feet on the floor and let them slide"),
            ("NEVER", "Never", "Leave the feet where the networks saw them"),
        ),
    )
    smoothing: FloatProperty(
        name="Smoothing",
        description="How much of the trembling is taken out; fast hits are kept",
        min=0.0,
        max=1.0,
        default=0.5,
        subtype="FACTOR",
    )
    root: EnumProperty(
        name="Root",
        description="What the path over the floor is keyed on",
        items=(
            ("HIPS", "Hips", "The bone of the hips"),
            ("ROOT", "Root Bone", "The topmost bone above the hips, with the heading, as games need it"),
            ("IN_PLACE", "In Place", "Nothing: the subject stays where it is and keeps its height"),
        ),
    )
    limbs: EnumProperty(
        name="Limbs",
        description="What arms and legs are keyed on",
        items=(
            ("FK", "FK", "Their bones, or a control rig's controls for them"),
            ("IK", "IK", "The goals and poles of a control rig's inverse kinematics"),
        ),
    )
    foot_contacts: BoolProperty(
        name="Keep Foot Contacts",
        description="Hold feet that stand on the person where they stand on the target too, whatever its legs' length",
        default=True,
    )
    hand_contacts: BoolProperty(
        name="Keep Hand Contacts",
        description="Hold hands that stand on the floor where they stand on the target too, whatever its arms' length",
    )
    fingers: BoolProperty(
        name="Fingers",
        description="Key the fingers, where the rig has them and the footage tells of them",
        default=True,
    )
    frame_rate: EnumProperty(
        name="Frame Rate",
        description="Whose frame rate the keys follow",
        items=(
            ("FOOTAGE", "Match Footage", "Set the scene's frame rate to the footage's"),
            ("SCENE", "Keep Scene", "Keep the scene's frame rate and place the keys by their time"),
        ),
    )
    scene_start: IntProperty(name="Start Frame", description="Frame of the scene for the first key", default=1)
    add_camera: BoolProperty(
        name="Add Camera",
        description="Add the camera that took the footage, with the footage as its background",
        default=True,
    )


def capture_settings(scene: bpy.types.Scene, preferences: bpy.types.Preferences) -> CaptureSettings:
    """The capture that the scene's choices and the add-on's preferences stand for. Raises ArgumentsError.

    A camera object that was chosen is not looked at here: see `chosen_camera`.
    """
    from ..inference.cache import default_cache_folder  # noqa: PLC0415 - loads when it is used, not when Blender starts
    from ..inference.choices import QUALITIES  # noqa: PLC0415 - as above
    from ..inference.settings import CaptureSettings, DetectorSettings, FootageSettings  # noqa: PLC0415 - as above

    choices = scene.penumbra
    if not choices.footage:
        raise ArgumentsError("Choose the footage first.")
    backend, provider, threads, keep_detections = _runtime(preferences)
    start, end = _range(choices)
    return CaptureSettings(
        footage=FootageSettings(
            path=Path(bpy.path.abspath(choices.footage)),
            start=start,
            end=end,
            step=choices.step,
            image_rate=choices.image_rate,
        ),
        subject=_subject(choices),
        detector=DetectorSettings(
            backend=backend, model=QUALITIES[choices.quality.lower()], provider=provider, threads=threads or None
        ),
        camera=_camera(choices),
        cache=default_cache_folder() if keep_detections else None,
    )


def lift_settings(scene: bpy.types.Scene, preferences: bpy.types.Preferences) -> LiftSettings:
    """How the scene's choices say that joints come to three dimensions."""
    from ..inference.settings import LiftSettings  # noqa: PLC0415 - as above

    choices = scene.penumbra
    _, _, threads, _ = _runtime(preferences)
    return LiftSettings(_LIFTERS[choices.lifter], _REFINERS[choices.refiner], threads or None)


def motion_settings(scene: bpy.types.Scene) -> MotionSettings:
    """How the scene's choices say that joints become motion."""
    from ..inference.settings import MotionSettings  # noqa: PLC0415 - as above

    choices = scene.penumbra
    return MotionSettings(
        height=round(choices.subject_height, _DECIMALS),
        fit=_FITS[choices.fit],
        foot_lock=_FOOT_LOCKS[choices.foot_lock],
        smoothing=round(choices.smoothing, _DECIMALS),
    )


def chosen_camera(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The camera object that took the footage, None where it is to be estimated. Raises ArgumentsError."""
    choices = scene.penumbra
    if choices.camera_source == "ESTIMATE":
        return None
    if choices.camera is None:
        raise ArgumentsError("Choose the camera object under Camera, or set its Source to Estimate.")
    return choices.camera


def bake_settings(scene: bpy.types.Scene, target: bpy.types.Object | None = None) -> BakeSettings:
    """How the scene's choices say that the motion is keyed; the action is named after the footage.

    The user's own rig map is that of `target`, or of the armature that is chosen.
    """
    from .bake import BakeSettings  # noqa: PLC0415 - as above

    choices = scene.penumbra
    target = target or choices.target
    return BakeSettings(
        name=Path(bpy.path.abspath(choices.footage)).stem,
        frame_start=choices.scene_start,
        frame_rate="footage" if choices.frame_rate == "FOOTAGE" else "scene",
        rig_map=None if choices.rig_map == "AUTOMATIC" else choices.rig_map,
        root=_ROOTS[choices.root],
        limbs=_LIMBS[choices.limbs],
        lock_feet=choices.foot_contacts,
        lock_hands=choices.hand_contacts,
        fingers=choices.fingers,
        in_world=choices.camera_source == "OBJECT",
        own_map=None if target is None else own_map_of(target),
    )


def register() -> None:
    """Give scenes their choices and the window manager its status."""
    for group in _CLASSES:
        bpy.utils.register_class(group)
    bpy.types.Scene.penumbra = PointerProperty(type=PENUMBRA_PG_capture_choices)
    bpy.types.WindowManager.penumbra = PointerProperty(type=PENUMBRA_PG_capture_status)


def unregister() -> None:
    """Take both away again."""
    del bpy.types.WindowManager.penumbra
    del bpy.types.Scene.penumbra
    for group in reversed(_CLASSES):
        bpy.utils.unregister_class(group)


def _runtime(preferences: bpy.types.Preferences) -> tuple[Any, Any, int, bool]:
    """Backend, provider, threads and whether to keep detections.

    A package that was registered without being installed as an add-on has no preferences: the defaults stand in.
    """
    from ..inference.settings import DetectorSettings  # noqa: PLC0415 - as above

    addon = preferences.addons.get(ADDON)
    if addon is None:
        default = DetectorSettings()
        return default.backend, default.provider, 0, True
    chosen: Any = addon.preferences
    return chosen.backend.lower(), chosen.provider.lower(), chosen.threads, chosen.keep_detections


def _range(choices: PENUMBRA_PG_capture_choices) -> tuple[Moment | None, Moment | None]:
    from ..inference.settings import Moment  # noqa: PLC0415 - as above

    if choices.range == "ALL":
        return None, None
    if choices.range == "FRAMES":
        unit, first, last = "frames", choices.first_frame, choices.last_frame
    else:
        unit, first, last = "seconds", choices.first_second, choices.last_second
    if last and last < first:
        raise ArgumentsError("The range ends before it starts: set End to a later place than Start, or to 0.")
    return Moment(first, unit), Moment(last, unit) if last else None


def _camera(choices: PENUMBRA_PG_capture_choices) -> CameraSettings:
    from ..inference.settings import CameraSettings  # noqa: PLC0415 - as above

    return CameraSettings(
        focal_length=choices.focal_length or None,
        tilt=round(math.degrees(choices.camera_tilt), _DECIMALS) if choices.use_camera_tilt else None,
        height=round(choices.camera_height, _DECIMALS) if choices.use_camera_height else None,
    )


def _subject(choices: PENUMBRA_PG_capture_choices) -> SubjectSettings:
    from ..inference.settings import SubjectSettings  # noqa: PLC0415 - as above

    if choices.subject == "POINT":
        return SubjectSettings(point=tuple(choices.subject_point))
    if choices.subject == "AUTOMATIC":
        return SubjectSettings()
    return SubjectSettings(
        box=(choices.subject_left, choices.subject_top, choices.subject_right, choices.subject_bottom)
    )


_CLASSES = (PENUMBRA_PG_capture_choices, PENUMBRA_PG_capture_status)

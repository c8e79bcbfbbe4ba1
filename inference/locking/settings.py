"""How feet are held where they stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FootLockSettings:
    """Times in seconds, lengths in metres.

    catch, release: probabilities from which on a point is held, and below which it is let go. shortest: a contact, shorter
    ones are none. gap: between two contacts of a point that are one. roll: between heel and toe of a foot that rolls.
    blend: for which a correction runs in before a contact and out after it. follow: spread of the Gaussian over which
    the pelvis follows the feet. bend: before and after a frame in which a leg does not reach, for which the pelvis sinks.
    straight: share of a leg's length to which a correction may stretch it. sink: by which the pelvis sinks at most.
    strain: by which a foot is moved to its anchor at most; farther ones get another anchor. robust: from an anchor at
    which a place counts half. depth: below the floor at which a free heel or toe is stopped; a standing foot's other end
    at half of it. leave: before and after a free foot is so far below the floor that there is none, for which the floor
    stops it less. lead: of the more probable foot's probability over the other's, with which "always" changes feet.
    airborne: of the lower foot from the floor from which "always" holds none. hands: whether hands are held too.
    """

    catch: float = 0.5
    release: float = 0.35
    shortest: float = 0.1
    gap: float = 0.07
    roll: float = 0.1
    blend: float = 0.2
    follow: float = 0.25
    bend: float = 0.2
    straight: float = 0.99
    sink: float = 0.25
    strain: float = 0.3
    robust: float = 0.02
    depth: float = 0.008
    leave: float = 0.4
    lead: float = 0.15
    airborne: float = 0.15
    hands: bool = True

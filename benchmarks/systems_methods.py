"""The systems that are compared, each a lifter and perhaps a refiner, and where their networks are found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupError
from ..inference.confidence import pair_name
from ..inference.lifted import Lifter, Refiner
from ..inference.refine_ppt import PptRefiner, PptSettings
from ..inference.systems import NONE, RECOMMENDED, blended, members, open_lifter_at, open_refiner_at
from ..models.weights import NETWORKS
from .occlusion_methods import METHODS, Method, Networks
from .occlusion_sets import TRAINED, UNMASKED

BASELINES = tuple(method for method in METHODS if method.baseline)
S3 = METHODS[0]
LIFTING = (S3, Method("DTF-27", "dtf-27", "own"), Method("DTF-81", "dtf-81", "own"))
BOTH = Method("S3 and DTF-81", "both", "own")
"""The product's lifters alone, and the two that are blended."""
GRAPHS = (
    Method("S3 + graph", "s3", "own", "graph"),
    Method("DTF-81 + graph", "dtf-81", "own", "graph"),
    Method("S3 and DTF-81 + graph", "both", "own", "graph"),
)
"""Lifters with S0's refiner."""
RAYS = (Method("S0's lifter", "ray", "own"), Method("S0", "ray", "own", "graph"))
"""S0 by itself: its lifting network alone, and with its refiner."""
PPT = Method("S3 + PPT", "s3", "own", "ppt")
VARIANTS = (
    Method("S3 + PPT, ends refined", "s3", "own", "ppt, ends"),
    Method("S3 + PPT, masked", "s3", "own", "ppt, masked"),
    Method("S3 + PPT, ends refined, masked", "s3", "own", "ppt, ends, masked"),
)
"""S1's pose prior in the ways that the paper compares."""
SYSTEMS = (*LIFTING, BOTH, *RAYS, *GRAPHS, PPT)

RECOMMENDED_PAIR = pair_name(RECOMMENDED.lifter, RECOMMENDED.refiner)
"""The pair that the product takes where nobody chooses."""

_PPT_SETTINGS = {
    "ppt, ends": PptSettings(ends="refined"),
    "ppt, masked": PptSettings(masked=True),
    "ppt, ends, masked": PptSettings(ends="refined", masked=True),
}
_THREADS = 1


def method_of(pair: str) -> Method:
    """The system that is called `pair`, such as "s3+none"; one of `SYSTEMS` where it is among them."""
    lifter, _, refiner = pair.partition("+")
    known = {(item.lifter, item.refiner): item for item in SYSTEMS}
    return known.get((lifter, refiner or NONE), Method(pair, lifter, "own", refiner or NONE))


def slow(method: Method) -> bool:
    """Whether a method takes so long that it is tried on fewer clips."""
    return method.refiner != NONE


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where networks are looked for: in `folder` first where one is named, then what ships, then what was trained."""

    folder: Path | None = None

    def path(self, name: str) -> Path:
        """The file of the network or recipe `name`. Raises SetupError where there is none."""
        for place in self._places(name):
            if place.is_file():
                return place
        raise SetupError(f"There is no network {name}.onnx. Train it (training/README.md), or name its folder.")

    def has(self, name: str) -> bool:
        """Whether there is a network `name`."""
        return any(place.is_file() for place in self._places(name))

    def there(self, methods: Iterable[Method], ending: str = "") -> tuple[Method, ...]:
        """Those of `methods` whose networks are there; ending: of the recipes' names, such as "-without-cmu"."""
        return tuple(method for method in methods if all(self.has(name) for name in _names(method, ending)))

    def open(self, methods: Iterable[Method], ending: str = "") -> Networks:
        """The networks of `methods`. Raises SetupError where one is not there or cannot be used."""
        methods = tuple(methods)
        lifters = {method.lifter: _lifter_files(method.lifter, ending) for method in methods}
        refiners = {method.refiner: _refiner_file(method.refiner, ending) for method in methods if slow(method)}
        return Networks(
            {name: blended([self.lifter(file) for file in files]) for name, files in lifters.items()},
            {name: self._refiner(name, file) for name, file in refiners.items()},
        )

    def system(self, method: Method) -> Lifter:
        """The lifter and the refiner of a method as one. Raises SetupError as `open` does."""
        networks = self.open([method])
        return lambda given: networks.refined(networks.lifters[method.lifter](given), method.refiner)

    def lifter(self, name: str) -> Lifter:
        """The lifter that is the network `name`, on one thread."""
        return open_lifter_at(self.path(name), _THREADS)

    def refiner(self, name: str) -> Refiner:
        """The refiner that is the network `name`, on one thread."""
        return open_refiner_at(self.path(name), _THREADS)

    def files(self, method: Method) -> list[Path]:
        """The networks of a method."""
        return [self.path(name) for name in _names(method, "")]

    def _refiner(self, name: str, file: str) -> Refiner:
        settings = _PPT_SETTINGS.get(name)
        return self.refiner(file) if settings is None else PptRefiner.open(self.path(file), settings, _THREADS)

    def _places(self, name: str) -> list[Path]:
        file = f"{name}.onnx"
        first = [] if self.folder is None else [self.folder / file]
        return [*first, NETWORKS / name / file, TRAINED / file]


def _names(method: Method, ending: str) -> list[str]:
    refiner = [_refiner_file(method.refiner, ending)] if method.refiner != NONE else []
    return [*_lifter_files(method.lifter, ending), *refiner]


def _lifter_files(lifter: str, ending: str) -> list[str]:
    if lifter == "unmasked":
        return [UNMASKED.format(f"s3{ending}")]
    return [f"{member}{ending}" for member in members(lifter)]


def _refiner_file(refiner: str, ending: str) -> str:
    return f"{refiner.partition(',')[0]}{ending}"

"""What runs on this machine, found out by trying it.

The first half runs in a process of its own (`packages.apart`) and says what it finds line by line, so that what was found before
a crash is known; the second half gathers that.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pkgutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import PenumbraError

LIBRARIES = {"numpy": "numpy", "cv2": "OpenCV", "av": "PyAV", "onnxruntime": "ONNX Runtime"}
"""What a capture imports, by module, and what people call it."""
# Seconds of timed inference for each provider, and runs at most.
_TIMED_SECONDS, _TIMED_RUNS = 0.5, 10


@dataclass(frozen=True, slots=True)
class Library:
    """A module: what people call it, its version and folder, and why it cannot be imported ("" where it can)."""

    module: str
    label: str
    version: str = ""
    place: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ProviderTest:
    """One of ONNX Runtime's providers.

    name: as a user chooses it. label: for people. built_in: whether this runtime has it at all. loads: whether a network ran on it. reason: why not. milliseconds: the median time of the landmark
    network for one picture, 0 where it does not load.
    """

    name: str
    label: str
    built_in: bool
    loads: bool
    reason: str = ""
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What a test found; fit for JSON.

    network: file of the network that was timed. providers: in the order in which automatic choice tries them. torch: PyTorch, None where it is not
    installed; device: what PyTorch computes the fit on. problem: why the test ended early, "" where it did not. seconds: that it took.
    """

    libraries: tuple[Library, ...] = ()
    network: str = ""
    providers: tuple[ProviderTest, ...] = ()
    torch: Library | None = None
    device: str = ""
    problem: str = ""
    seconds: float = 0.0
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def used(self) -> ProviderTest | None:
        """What automatic choice takes: the first provider that loads."""
        return next((provider for provider in self.providers if provider.loads), None)

    def library(self, module: str) -> Library | None:
        """What was found out about a library."""
        return next((library for library in self.libraries if library.module == module), None)

    def broken(self, module: str) -> str:
        """Why a module must not be used: it cannot be imported, or it took the process down."""
        return self.failed.get(module, "")


def main(order: dict[str, str]) -> None:
    """Do what the other process asks for, and say what is found on standard output, a line of JSON for each thing.

    What libraries print goes to the error output.
    """
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(**event: object) -> None:
        out.write(json.dumps(event) + "\n")
        out.flush()

    if order["what"] == "import":
        _try_import(order, say)
    else:
        _test(Path(order["folder"]), say, again="again" in order)


def _try_import(order: dict[str, str], say: Callable[..., None]) -> None:
    sys.path.insert(0, order["site"])
    say(trying=order["label"])
    try:
        module = pkgutil.resolve_name(order["module"])
        if not Path(str(module.__file__)).is_relative_to(order["site"]):
            say(error=f"another one is found first, in {Path(str(module.__file__)).parent}")
    except Exception as error:  # noqa: BLE001 - whatever a package raises is why it cannot be used
        say(error=_words(error))


def _test(folder: Path, say: Callable[..., None], *, again: bool) -> None:
    from .activate import activate  # noqa: PLC0415 - the other half does not need it

    activate(folder, again=again)
    for module, label in LIBRARIES.items():
        say(trying=label, module=module)
        say(library=_library(module, label))
    _test_providers(say)
    _test_torch(say)


def _library(module: str, label: str) -> dict[str, str]:
    try:
        loaded: Any = pkgutil.resolve_name(module)
    except Exception as error:  # noqa: BLE001 - as above
        return {"module": module, "label": label, "error": _words(error)}
    place = Path(loaded.__file__).parent.parent
    return {"module": module, "label": label, "version": str(loaded.__version__), "place": str(place)}


def _test_providers(say: Callable[..., None]) -> None:
    from ..models.sessions import PROVIDERS, probe  # noqa: PLC0415 - numpy comes with it
    from ..models.weights import has_weights, weight_path  # noqa: PLC0415

    name = next((name for name in ("landmarks_heavy.onnx", "landmarks_full.onnx") if has_weights(name)), "")
    try:
        path = weight_path(name or "landmarks_heavy.onnx")
        say(network=name)
        # the processor first: what a driver may take down is known by then
        for provider in sorted(PROVIDERS, key=lambda one: one != "cpu"):
            label = PROVIDERS[provider].label
            say(trying=label, module="onnxruntime", provider=provider)
            found = probe(path, provider, None)
            milliseconds = _milliseconds(found.session) if found.session is not None else 0.0
            facts: dict[str, object] = {
                "built_in": found.built_in,
                "loads": found.session is not None,
                "reason": found.reason,
                "milliseconds": milliseconds,
            }
            say(tested={"name": provider, "label": label, **facts})
    except PenumbraError as error:
        say(problem=str(error))


def _milliseconds(session: Any) -> float:
    import numpy as np  # noqa: PLC0415 - as above

    (name,) = session.inputs
    batch = np.zeros([1 if side is None else side for side in session.shapes[name]], np.float32)
    times: list[float] = []
    until = time.perf_counter() + _TIMED_SECONDS
    while len(times) < _TIMED_RUNS and (not times or time.perf_counter() < until):
        before = session.seconds
        session.run(batch)
        times.append(1000.0 * (session.seconds - before))
    return round(sorted(times)[len(times) // 2], 1)


def _test_torch(say: Callable[..., None]) -> None:
    """PyTorch's version, and whether the solver that the fine fit uses takes a step."""
    if importlib.util.find_spec("torch") is None:
        return
    say(trying="PyTorch", module="torch")
    facts = _library("torch", "PyTorch")
    if "error" not in facts:
        try:
            import torch  # noqa: PLC0415 - optional, and slow to import

            value = torch.ones(1, dtype=torch.float64, requires_grad=True)
            solver = torch.optim.LBFGS([value])

            def energy() -> torch.Tensor:
                solver.zero_grad()
                squared = (value**2).sum()
                squared.backward()
                return squared

            solver.step(energy)
        except Exception as error:  # noqa: BLE001 - as above
            facts["error"] = _words(error)
    say(torch=facts, device="CPU")


def gather(events: Sequence[dict], reason: str) -> SelfTest:
    """What the process said, as one result. reason: why it ended early, "" where it did not."""
    libraries = [Library(**event["library"]) for event in events if "library" in event]
    tested = {event["tested"]["name"]: ProviderTest(**event["tested"]) for event in events if "tested" in event}
    torch = next((Library(**event["torch"]) for event in events if "torch" in event), None)
    failed = {library.module: library.error for library in [*libraries, *([torch] if torch else [])] if library.error}
    problem = next((str(event["problem"]) for event in events if "problem" in event), "")
    trying = next((event for event in reversed(events) if "trying" in event), None)
    if reason:
        what = trying["trying"] if trying is not None else "Python"
        problem = f"The test ended early while it tried {what}: {reason}."
        if trying is not None:
            failed[trying["module"]] = reason
            if "provider" in trying:
                tested[trying["provider"]] = ProviderTest(
                    trying["provider"], trying["trying"], built_in=True, loads=False, reason=reason
                )
    order = ("cuda", "directml", "coreml", "cpu")
    return SelfTest(
        libraries=tuple(libraries),
        network=next((str(event["network"]) for event in events if "network" in event), ""),
        providers=tuple(tested[name] for name in order if name in tested),
        torch=torch,
        device=next((str(event["device"]) for event in events if "device" in event), ""),
        problem=problem,
        failed=failed,
    )


def _words(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())

"""ONNX Runtime sessions on the first execution provider that truly loads."""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentsError, SetupError

if TYPE_CHECKING:
    import onnxruntime


@dataclass(frozen=True, slots=True)
class Provider:
    """An ONNX Runtime execution provider: what people call it and what the runtime calls it."""

    label: str
    runtime_name: str


PROVIDERS = {
    "cuda": Provider("CUDA", "CUDAExecutionProvider"),
    "directml": Provider("DirectML", "DmlExecutionProvider"),
    "coreml": Provider("CoreML", "CoreMLExecutionProvider"),
    "cpu": Provider("CPU", "CPUExecutionProvider"),
}
"""By the name a user chooses, in the order that "auto" tries them."""

_LOG = logging.getLogger(__name__)
_LOG_FATAL = 4


@dataclass(frozen=True, slots=True)
class Probed:
    """What became of one provider: a network that runs on it, or None and a few words on why not.

    built_in: whether this ONNX Runtime has the provider at all.
    """

    session: NetworkSession | None
    reason: str = ""
    built_in: bool = True


class NetworkSession:
    """One loaded network.

    file: the name of its file. provider: what truly runs it. inputs: the names of what it reads. shapes: those of what it
    reads and gives, by name; sizes that are open are None. metadata: what the file says of itself. seconds: wall time
    spent in it so far.
    """

    def __init__(
        self, file: str, session: onnxruntime.InferenceSession, provider: Provider, errors: tuple[type[Exception], ...]
    ) -> None:
        self.file = file
        self.provider = provider
        self.seconds = 0.0
        self._errors = errors
        self._session = session
        self.inputs = tuple(entry.name for entry in session.get_inputs())
        self._outputs = [output.name for output in session.get_outputs()]
        self.shapes = {
            entry.name: tuple(size if isinstance(size, int) else None for size in entry.shape)
            for entry in (*session.get_inputs(), *session.get_outputs())
        }
        self.metadata = dict(session.get_modelmeta().custom_metadata_map)

    def run(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name for a float32 batch in the input layout of a network with one input."""
        return self.run_all({self.inputs[0]: batch})

    def run_all(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs by name for inputs by name.

        Raises SetupError when the provider breaks down, as one does that runs out of memory.
        """
        start = time.perf_counter()
        try:
            values: Any = self._session.run(self._outputs, inputs)
        except self._errors as error:
            label = self.provider.label
            raise SetupError(
                f"{label} stopped at work ({error}). Free some memory, or choose another provider."
            ) from error
        self.seconds += time.perf_counter() - start
        return dict(zip(self._outputs, values, strict=True))


def open_session(path: Path, provider: str, threads: int | None) -> NetworkSession:
    """Load the ONNX file `path` on `provider`, a key of PROVIDERS, or on the first that works for "auto".

    A provider that is listed by the runtime may still not load, and the runtime then falls back to the CPU without a
    word, so what counts is what a made session reports, and that a first run succeeds. `threads` None leaves the count
    to the runtime. Raises ArgumentsError for an unknown name or too few threads, SetupError when the provider, or ONNX
    Runtime itself, cannot be loaded.
    """
    if provider != "auto" and provider not in PROVIDERS:
        raise ArgumentsError(f"There is no provider {provider!r}. Choose one of: auto, {', '.join(PROVIDERS)}.")
    if threads is not None and threads < 1:
        raise ArgumentsError(
            f"{threads} threads cannot run a network. Give 1 or more, or none to leave it to the machine."
        )
    for name in PROVIDERS if provider == "auto" else [provider]:
        session = probe(path, name, threads).session
        if session is not None:
            return session
    version = import_runtime().__version__
    if provider in ("auto", "cpu"):
        raise SetupError(f"ONNX Runtime {version} cannot load {path}. Reinstall the extension.")
    label = PROVIDERS[provider].label
    raise SetupError(
        f"{label} cannot be used on this machine with the installed ONNX Runtime {version}. "
        f"Choose the provider auto or cpu, or install what {label} needs."
    )


def probe(path: Path, provider: str, threads: int | None) -> Probed:
    """Try to load the ONNX file `path` on `provider`, a key of PROVIDERS, and to run it once.

    Raises SetupError where ONNX Runtime itself cannot be loaded.
    """
    runtime = import_runtime()
    errors = _runtime_errors(runtime)
    chosen = PROVIDERS[provider]
    if chosen.runtime_name not in runtime.get_available_providers():
        return Probed(None, f"this ONNX Runtime was built without {chosen.label}", built_in=False)
    try:
        session = _try_provider(runtime, path, chosen, threads)
    except errors as error:
        return Probed(None, " ".join(str(error).split()))
    if session is None:
        return Probed(None, _why_not(runtime, chosen))
    return Probed(NetworkSession(path.name, session, chosen, errors))


def import_runtime() -> Any:
    """ONNX Runtime's module, made quiet. Raises SetupError where it cannot be loaded.

    Where several are on the import path, as the add-on's own is behind one that was installed for a graphics card, the next one is
    taken in place of one that is damaged.
    """
    try:
        onnxruntime = _first_that_imports()
    except ImportError as error:
        raise SetupError(f"ONNX Runtime cannot be loaded ({error}). Reinstall the extension.") from error
    # what the runtime would print about a provider that does not load is told by our own errors
    onnxruntime.set_default_logger_severity(_LOG_FATAL)
    return onnxruntime


def _first_that_imports() -> Any:
    while True:
        try:
            import onnxruntime  # noqa: PLC0415 - everything but detection works without it
        except (ImportError, OSError) as error:
            places = [entry for entry in sys.path if (Path(entry) / "onnxruntime" / "__init__.py").is_file()]
            if len(places) < 2:
                raise ImportError(error) from error
            _LOG.warning("The ONNX Runtime in %s cannot be loaded (%s); the next one is used", places[0], error)
            sys.path.remove(places[0])
            for name in [name for name in sys.modules if name.partition(".")[0] == "onnxruntime"]:
                del sys.modules[name]
        else:
            return onnxruntime


def _try_provider(
    runtime: Any, path: Path, provider: Provider, threads: int | None
) -> onnxruntime.InferenceSession | None:
    """A session that has run once, or None where the runtime took another provider. Raises the runtime's own errors."""
    options = runtime.SessionOptions()
    options.log_severity_level = _LOG_FATAL
    # threads that spin while they wait slow each other, and the rest of the machine, down
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if threads is not None:
        options.intra_op_num_threads = threads
    if provider is PROVIDERS["directml"]:
        # DirectML refuses memory patterns
        options.enable_mem_pattern = False
    if provider is PROVIDERS["cuda"]:
        _preload_cuda(runtime)
    # with its fall-back the runtime would go on with another provider, and print that to stdout
    session = runtime.InferenceSession(path, options, providers=[provider.runtime_name], enable_fallback=0)
    if session.get_providers()[0] != provider.runtime_name:
        return None
    session.run(None, {entry.name: _zeros(entry) for entry in session.get_inputs()})
    return session


def _why_not(runtime: Any, provider: Provider) -> str:
    """Why the runtime left a provider out without a word: the system tells when its library is loaded by hand."""
    folder = Path(runtime.__file__).parent / "capi"
    kind = provider.runtime_name.removesuffix("ExecutionProvider").lower()
    try:
        for name in ("shared", kind):
            for library in sorted(folder.glob(f"*onnxruntime_providers_{name}.*")):
                ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    except OSError as error:
        return str(error)
    return "the runtime gave no reason; a driver that is missing or too old is likely"


def _zeros(entry: onnxruntime.NodeArg) -> np.ndarray:
    """A smallest input that fits: zeros, one wherever the size is open."""
    shape = [size if isinstance(size, int) else 1 for size in entry.shape]
    return np.zeros(shape, np.int64 if entry.type == "tensor(int64)" else np.float32)


def _preload_cuda(runtime: Any) -> None:
    """Load the CUDA libraries that lie in Python packages, which the runtime does not find by itself."""
    if hasattr(runtime, "preload_dlls"):
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find; stdout is not ours
            runtime.preload_dlls()


def _runtime_errors(runtime: Any) -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises when a provider or a network cannot be used; its errors share no base of their own."""
    state = runtime.capi.onnxruntime_pybind11_state
    names = (
        "EPFail",
        "EngineError",
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "InvalidProtobuf",
        "NoSuchFile",
        "NotImplemented",
        "RuntimeException",
    )
    return (OSError, RuntimeError, ValueError, *(getattr(state, name) for name in names))

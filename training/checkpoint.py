"""A training run's whole state in one safetensors file, so that a run that was stopped goes on as if it never was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from ..errors import TrainingDataError
from .files import replace_file


def save(
    path: Path,
    modules: dict[str, nn.Module],
    optimizers: dict[str, torch.optim.Optimizer],
    rng: np.random.Generator,
    facts: dict[str, Any],
) -> None:
    """Write the state of everything that a step changes, beside `facts` that JSON can hold; atomic."""
    tensors: dict[str, Tensor] = {"rng": torch.get_rng_state()}
    for name, module in modules.items():
        tensors |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
    for name, optimizer in optimizers.items():
        for index, state in optimizer.state_dict()["state"].items():
            tensors |= {f"{name}.{index}.{key}": value for key, value in state.items()}
    notes = {"facts": json.dumps(facts), "generator": json.dumps(rng.bit_generator.state)}
    # the average begins as the network's own tensors, and the format takes each tensor once
    replace_file(
        path, save_tensors({key: value.detach().clone().contiguous() for key, value in tensors.items()}, notes)
    )


def load(
    path: Path,
    modules: dict[str, nn.Module],
    optimizers: dict[str, torch.optim.Optimizer],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Put the state in `path` back and give the facts. Raises TrainingDataError for a file of another run."""
    try:
        with safe_open(path, "pt") as file:
            notes = file.metadata()
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no dict
        torch.set_rng_state(tensors.pop("rng"))
        for name, module in modules.items():
            module.load_state_dict(_part(tensors, name))
        for name, optimizer in optimizers.items():
            optimizer.load_state_dict(_optimizer_state(optimizer, _part(tensors, name)))
        rng.bit_generator.state = json.loads(notes["generator"])
        return json.loads(notes["facts"])
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise TrainingDataError(
            f"The checkpoint {path} does not fit this training run ({error}). Delete it, or give another folder."
        ) from error


def load_average(path: Path, network: nn.Module) -> None:
    """Put the averaged weights of the run in `path` into `network`. Raises TrainingDataError where they do not fit."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no dict
        network.load_state_dict(_part(tensors, "average.module"))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise TrainingDataError(f"The checkpoint {path} does not fit its recipe ({error}). Train it again.") from error


def facts_of(path: Path) -> dict[str, Any]:
    """The facts that were saved with a checkpoint."""
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["facts"])


def _part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key[len(name) + 1 :]: value for key, value in tensors.items() if key.startswith(f"{name}.")}


def _optimizer_state(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """The state as `load_state_dict` takes it: its groups are the run's settings and stay as they are."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, _, field = key.partition(".")
        state.setdefault(int(index), {})[field] = value
    return {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}

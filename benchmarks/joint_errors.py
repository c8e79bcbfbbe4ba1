"""Errors of joints where the truth is known for some of them only, as the training has them."""

from __future__ import annotations

from ..training.metrics.partial import aligned

__all__ = ["aligned"]

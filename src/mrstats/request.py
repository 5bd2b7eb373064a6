"""What one call of `break_down` asks for, as the edition's plan records it. No figures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """One call of `break_down`, as the edition's plan records it; equal calls are one request."""

    dataset: str
    indicators: tuple[str, ...]
    by: tuple[str, ...]
    geography: str
    years: tuple[int, ...]
    crossed: bool
    confidence: float
    standardise: tuple[str, ...] = ()
    standardisation: str = "dobson"
    replicates: int = 0
    seed: int = 1

    @classmethod
    def from_mapping(cls, spec: dict[str, Any]) -> Request:
        """A request from what TOML or JSON made of it: lists become tuples again."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in spec.items()}
        return cls(**values)

    @property
    def key(self) -> str:
        """A short name that depends on nothing but the request; the release's tables are called by it."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:10]
        return f"{'-'.join(self.indicators)[:40]}-{self.geography}-{digest}"

"""What every room's tests share: the folder beside the project, the tiny city, and a clean mode."""

from __future__ import annotations

from pathlib import Path

import pytest

import mrstats as mr
from made_city import SHARED


@pytest.fixture(autouse=True)
def exploring(monkeypatch):
    """Each test starts in explore mode, whatever the shell says."""
    for name in ("MRSTATS_MODE", "MRSTATS_PLAN", "MRSTATS_RELEASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shared():
    """A place in the folder beside the project, or a skip that says what is absent."""

    def find(*parts: str) -> Path:
        path = SHARED.joinpath(*parts)
        if not path.exists():
            pytest.skip(f"../shared/{'/'.join(parts)} is not beside the project")
        return path

    return find


@pytest.fixture(scope="session")
def tiny():
    """The hundred persons of `mr.tiny_city`; its docstring says who they are."""
    return mr.tiny_city()


@pytest.fixture(scope="session")
def tiny_en():
    return mr.tiny_city(language="en")

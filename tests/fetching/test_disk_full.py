"""A disk that fills while something is fetched: a real small file system and a real limit, no mock."""

import json
import subprocess
import sys
import textwrap

import pytest

from fetching.service import DATA, addresses, malmo_routes
from made_city import ROOT
from sources.replay import ReplayServer

SCRIPT = """
import hashlib, io, json, os, resource, sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typer.testing import CliRunner
import mrstats.fetching.tables as tables, mrstats.fetching.description as description
from mrstats.cli import app

few = [spec for spec in tables.table_list() if spec["name"] in ("education", "socioeconomic_index")]
tables.table_list = description.table_list = lambda: few

def fetch():
    asked = ["fetch", "public", "--municipality", "1280", "--years", "2022", "--output", "city/raw", "--refresh"]
    done = CliRunner().invoke(app, [*asked, *sys.argv[2:]])
    return done.exit_code, [line for line in done.stderr.splitlines() if line.startswith("mrstats:")]

def state():
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(Path("city/raw").rglob("*")) if path.is_file()}

def half_answers():
    told = [json.loads(path.read_text()) for path in Path("city/.raw.cache").glob("*.json")]
    bodies = [path.with_suffix(".body") for path in Path("city/.raw.cache").glob("*.json")]
    whole = all(hashlib.sha256(b.read_bytes()).hexdigest() == t["sha256"] for b, t in zip(bodies, told))
    return [path.name for path in Path("city/.raw.cache").glob(".*")] + ([] if whole else ["damaged"])

def leftovers():
    return [path.name for path in Path("city").glob(".raw-*")]
"""


def run(server, tmp_path, body, *, before=()):
    """The body in a process of its own, whose last line it prints as JSON."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT + textwrap.dedent(body), encoding="utf-8")
    options = [part for name, url in addresses(server).items() for part in (f"--{name}", url)]
    asked = [*before, sys.executable, str(script), "-", *options]
    done = subprocess.run(asked, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT / "src")})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def server():
    if not DATA.exists():
        pytest.skip("../shared/data is not beside the project")
    with ReplayServer(malmo_routes()) as server:
        yield server


@pytest.fixture
def small_disk(tmp_path):
    """The command that gives a process a file system of 6 MB at ./city."""
    (tmp_path / "city").mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mounted = 'mount -t tmpfs -o size=6m none city && exec "$@"'
    if subprocess.run([*command, "mount -t tmpfs -o size=6m none city"], cwd=tmp_path, capture_output=True).returncode:
        pytest.skip("no small file system can be mounted here")
    return [*command, mounted, "sh"]


def test_a_disk_that_fills_at_any_moment_leaves_the_old_folder_or_none(server, tmp_path, small_disk):
    found = run(
        server,
        tmp_path,
        """
        def fetch_with(room):
            free = os.statvfs("city")
            with open("city/filler", "wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(4096, free.f_bavail * free.f_bsize - room * 1024))
            before = state()
            code, said = fetch()
            os.unlink("city/filler")
            tries.append([room, code, said, code == 0 or state() == before, leftovers(), half_answers()])
        tries = []
        for room in NOTHING_THERE:
            fetch_with(room)
        first, files = fetch(), len(state())
        for room in SOMETHING_THERE:
            fetch_with(room)
        print(json.dumps([first, files, tries]))
        """.replace("NOTHING_THERE", str([0, 400, 700])).replace("SOMETHING_THERE", str([0, 400, 2000])),
        before=small_disk,
    )
    (code, _), files, tries = found
    assert (code, files > 5, tries[-1][1]) == (0, True, 0)
    assert sum(code == 2 for _, code, *_ in tries) >= 5
    for room, code, said, same, left, half in tries:
        assert same, room
        assert (left, half) == ([], []), room
        if code:
            assert (code, len(said)) == (2, 1), (room, said)
            assert "Nothing was changed" in said[0], said


def test_a_file_that_may_not_grow_leaves_the_old_folder(server, tmp_path):
    first, tries = run(
        server,
        tmp_path,
        """
        first, before, tries = fetch(), state(), []
        for most in (100, 30_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            code, said = fetch()
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            tries.append([most, code, said, state() == before, leftovers(), half_answers()])
        print(json.dumps([first, tries]))
        """,
    )
    assert first[0] == 0
    for most, code, said, same, left, half in tries:
        assert (code, len(said)) == (2, 1), (most, said)
        assert "File too large" in said[0]
        assert "Nothing was changed" in said[0]
        assert (same, left, half) == (True, [], []), most

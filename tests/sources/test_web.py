"""The polite client against a local service that misbehaves: every fault is one sentence or is waited out."""

import datetime
import email.utils
import json
import subprocess
import sys
import time

import pytest

from mrstats.schema import SourceError
from mrstats.sources import Web
from sources.replay import (
    InTurn,
    ReplayServer,
    Reply,
    busy,
    cut_connection,
    cut_text,
    moved,
    refused,
    unavailable,
)

GOOD = {"figures": [1, 2, 3], "label": "ålder"}


@pytest.fixture
def server():
    with ReplayServer({"GET /good": GOOD}) as server:
        yield server


def web(**options):
    return Web(**{"first_wait": 0.01, "timeout": 0.3, "tries": 3} | options)


def test_a_busy_service_is_asked_again_after_the_time_it_names(server):
    server.routes["GET /busy"] = InTurn(busy(0.3), busy(0), GOOD)
    lines = []
    assert web(report=lines.append).fetch(f"{server.url}/busy").json() == GOOD
    first, second, _ = (call.at for call in server.calls)
    assert second - first >= 0.3
    assert ["429" in line for line in lines] == [True, True]


def test_retry_after_may_be_a_date(server):
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    server.routes["GET /busy"] = busy(email.utils.format_datetime(moment, usegmt=True))
    with pytest.raises(SourceError, match=r"asks to be left alone for 3(600|59\d) seconds"):
        web().fetch(f"{server.url}/busy")
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (unavailable(), r"is busy \(503\), 3 times"),
        (Reply(GOOD, after=0.6), "does not answer"),
        (cut_connection(GOOD), "does not answer"),
    ],
    ids=["unavailable", "slow", "cut"],
)
def test_what_passes_is_waited_out_and_what_stays_is_named(server, fault, says):
    server.routes["GET /once"] = InTurn(fault, GOOD)
    assert web().fetch(f"{server.url}/once").json() == GOOD
    server.routes["GET /ever"] = fault
    server.calls.clear()
    with pytest.raises(SourceError, match=f"{server.url}/ever {says}.*Check the address and the connection"):
        web().fetch(f"{server.url}/ever")
    assert len(server.calls) == 3


def test_waits_grow(server):
    server.routes["GET /ever"] = unavailable()
    with pytest.raises(SourceError):
        web(first_wait=0.1).fetch(f"{server.url}/ever")
    first, second, third = (call.at for call in server.calls)
    assert second - first >= 0.075  # 0.1 s, a quarter more or less
    assert third - second >= 0.15  # 0.2 s, a quarter more or less


def test_nobody_at_home(server):
    with ReplayServer({}) as gone:
        pass
    with pytest.raises(SourceError, match=r"does not answer .* 3 times"):
        web().fetch(gone.url)


@pytest.mark.parametrize("address", ["api.scb.se/x", "ftp://api.scb.se", "http://", "http://x:y", ""])
def test_an_address_that_is_none(address):
    with pytest.raises(SourceError, match="is no address"):
        web().fetch(address)


def test_parameters_are_added_to_those_of_the_address(server):
    assert web().fetch(f"{server.url}/good?lang=sv", {"page": 2}).url == f"{server.url}/good?lang=sv&page=2"
    assert server.calls[0].query == (("lang", "sv"), ("page", "2"))


def test_reading_files_needs_no_client_of_the_web():
    code = "import sys, mrstats.sources; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (cut_text(GOOD), "answers with JSON that is not whole .* Fetch it again"),
        (Reply("<html>log in</html>", content_type="text/html"), "answers with text/html instead of json"),
        (refused("Illegal selection expression", "Region"), r"answers 400 \(Illegal selection expression: Region\)"),
        (Reply("no", 403, "text/plain"), "answers 403. Too much may have been asked for"),
        (Reply([], 500), "answers 500. Correct the selection, or try later"),
        (moved("/fault"), "sends in a circle"),
    ],
    ids=["half", "login", "refused", "forbidden", "broken", "circle"],
)
def test_a_wrong_answer_is_named_at_once_and_never_kept(server, fault, says, tmp_path):
    server.routes["GET /fault"] = fault
    with pytest.raises(SourceError, match=f"{server.url}/fault {says}"):
        web(cache=tmp_path).fetch(f"{server.url}/fault")
    assert len(server.calls) == (6 if "circle" in says else 1)
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_is_followed(server):
    server.routes |= {"GET /old": moved("/good", 301), "POST /old": moved("/new", 308), "POST /new": GOOD}
    assert web().fetch(f"{server.url}/old").json() == GOOD
    assert web().fetch(f"{server.url}/old", body={"selection": []}).json() == GOOD
    assert server.calls[-1].body == {"selection": []}


def test_a_redirect_that_takes_the_selection_off_is_an_error(server):
    server.routes["POST /old"] = moved("/good", 302)
    with pytest.raises(SourceError, match=r"has moved to .*/good, and the selection does not follow"):
        web().fetch(f"{server.url}/old", body={"selection": []})


def test_calls_keep_within_the_limit(server):
    client = web(calls=3, seconds=0.4)
    for _ in range(7):
        client.fetch(f"{server.url}/good")
    at = [call.at for call in server.calls]
    assert all(later - sooner >= 0.39 for sooner, later in zip(at, at[3:], strict=False))
    assert at[2] - at[0] < 0.3


def test_an_answer_is_kept_with_checksum_and_date_and_not_asked_for_again(server, tmp_path):
    first = web(cache=tmp_path).fetch(f"{server.url}/good", {"lang": "sv"})
    lines = []
    client = web(cache=tmp_path, report=lines.append)
    assert client.fetch(f"{server.url}/good", {"lang": "sv"}) == first
    assert len(server.calls) == 1
    assert first.fetched in lines[0]
    told = json.loads(next(tmp_path.glob("*.json")).read_text(encoding="utf-8"))
    assert told["url"] == f"{server.url}/good?lang=sv"
    assert (told["sha256"], told["fetched"]) == (first.sha256, first.fetched)
    assert client.receipts == [{key: told[key] for key in ("url", "fetched", "sha256", "content_type", "asked")}]
    assert next(tmp_path.glob("*.body")).read_bytes() == first.body
    assert len(list(tmp_path.iterdir())) == 2  # nothing half written beside


def test_refresh_asks_again_and_replaces(server, tmp_path):
    server.routes["GET /news"] = InTurn({"day": 1}, {"day": 2})
    asked = f"{server.url}/news"
    assert web(cache=tmp_path).fetch(asked).json() == {"day": 1}
    assert web(cache=tmp_path, refresh=True).fetch(asked).json() == {"day": 2}
    assert web(cache=tmp_path, offline=True).fetch(asked).json() == {"day": 2}


def test_selections_and_editions_are_kept_apart(server, tmp_path):
    server.routes["POST /data"] = lambda call: {"got": call.body}
    client = web(cache=tmp_path)
    for body, edition in [({"a": 1}, "x"), ({"a": 2}, "x"), ({"a": 1}, "y"), ({"a": 1}, "x")]:
        assert client.fetch(f"{server.url}/data", body=body, edition=edition).json() == {"got": body}
    assert len(server.calls) == 3


def test_offline_says_what_is_missing_and_how_to_get_it(server, tmp_path):
    with pytest.raises(SourceError, match=r"/good is not in the cache .* the same call without offline=True"):
        web(cache=tmp_path, offline=True).fetch(f"{server.url}/good")
    assert server.calls == []
    with pytest.raises(SourceError, match="Name its folder"):
        web(offline=True)


def test_a_damaged_copy_is_fetched_again_and_offline_an_error(server, tmp_path):
    asked = f"{server.url}/good"
    web(cache=tmp_path).fetch(asked)
    next(tmp_path.glob("*.body")).write_bytes(b'{"figures": [1, 2, 4]}')
    with pytest.raises(SourceError, match=r"is damaged\. Fetch it once"):
        web(cache=tmp_path, offline=True).fetch(asked)
    assert web(cache=tmp_path).fetch(asked).json() == GOOD
    assert web(cache=tmp_path, offline=True).fetch(asked).json() == GOOD


def test_a_byte_order_mark_is_passed_over(server):
    server.routes["GET /mark"] = b"\xef\xbb\xbf" + json.dumps(GOOD).encode()
    assert web().fetch(f"{server.url}/mark").json() == GOOD


def test_another_kind_of_content_can_be_asked_for(server):
    server.routes["GET /rows"] = Reply("a;b\n1;2", content_type="text/csv")
    assert web().fetch(f"{server.url}/rows", content="csv").body == b"a;b\n1;2"


def test_the_service_that_is_slow_is_not_waited_for_longer_than_told(server):
    server.routes["GET /slow"] = Reply(GOOD, after=0.6)
    started = time.monotonic()
    with pytest.raises(SourceError):
        web(timeout=0.1, tries=1).fetch(f"{server.url}/slow")
    assert time.monotonic() - started < 0.5


def test_an_answer_that_was_of_no_use_is_asked_for_anew_and_a_selection_is_not(server, tmp_path):
    server.routes["POST /good"] = GOOD
    client = web(cache=tmp_path)
    client.fetch(f"{server.url}/good")
    client.fetch(f"{server.url}/good", {"of": "table"})
    client.fetch(f"{server.url}/good", body={"selection": []})
    client.forget(1)
    server.calls.clear()
    again = web(cache=tmp_path)
    again.fetch(f"{server.url}/good")
    again.fetch(f"{server.url}/good", {"of": "table"})
    again.fetch(f"{server.url}/good", body={"selection": []})
    assert [(call.method, call.query) for call in server.calls] == [("GET", (("of", "table"),))]
    web(cache=tmp_path, offline=True).forget(0)  # without a connection nothing is thrown away
    assert len(list(tmp_path.glob("*.body"))) == 3

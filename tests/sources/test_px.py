"""PX files: one with everything that is odd in the format, hypothesis there and back, and eight real ones without loss."""

from __future__ import annotations

import itertools
import re
import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrstats.schema import DatasetError
from mrstats.sources import read_px, write_px
from mrstats.sources.cube import Cube, Dimension, Note, Unit
from mrstats.sources.px import IGNORED

MADE = """CHARSET="ANSI";
AXIS-VERSION="2010";
CODEPAGE="windows-1252";
LANGUAGE="sv";
LANGUAGES="sv","en";
DECIMALS=2;
SHOWDECIMALS=1;
MATRIX="ARB1";
AGGREGALLOWED=NO;
TITLE="Sysselsatta efter område, "
"kön och år";
TITLE[en]="Employed; by area, sex and year";
CONTENTS="Sysselsatta";
UNITS="procent";
STUB="område";STUB[en]="area";
HEADING="innehåll","år";
HEADING[en]="contents","year";
CONTVARIABLE="innehåll"; CONTVARIABLE[en]="contents";
VALUES("område")="Hela staden","Ask","Ö; sö";
VALUES[en]("area")="Whole city","Ask","Isle";
VALUES("innehåll")="Andel","Antal";
VALUES[en]("contents")="Share","Count";
VALUES("år")="2023","2024";
VALUES[en]("year")="2023","2024";
CODES("område")="00","A1","A2";
CODES("innehåll")="share","count";
TIMEVAL("år")=TLIST(A1,"2023"-"2024");
MAP("område")="stad";
ELIMINATION("område")="Hela staden";
UNITS("Antal")="personer";
UNITS[en]("Count")="persons";
PRECISION("innehåll","Andel")=2;
LAST-UPDATED("Andel")="20240101 08:00";
LAST-UPDATED("Antal")="20250301 08:00";
CONTACT("Andel")="Bo Ek#Tel 1##Eva Ask";
SOURCE="Staden";
REFPERIOD("Antal")="31 december";
NOTEX="Avrundat.##Andra stycket#på ny rad.";
NOTEX[en]="Rounded.";
NOTE("år")="Brott 2024.";
VALUENOTEX("område","Ask")="Gräns flyttad.";
CELLNOTEX("Ask","Antal","2023")="Räknat om.";
CELLNOTE("*","Andel","2024")="Preliminärt.";
NOTE("Nord")="Utan plats.";
DATASYMBOL2="visas inte";
DATANOTECELL("A1","share","*")="p";
DATA=
61.25 62 "-" 4
".." "..." 120 -7.5
. ".." "......" ".......";
"""


@pytest.fixture
def made(tmp_path):
    path = tmp_path / "arb1.px"

    def write(text=MADE, encoding="windows-1252"):
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_everything_that_the_format_can_say(made):
    cube = read_px(made())
    assert (cube.label, cube.source, cube.code) == ("Sysselsatta efter område, kön och år", "Staden", "ARB1")
    assert (cube.updated, cube.aggregation_allowed, cube.language) == ("20250301 08:00", False, "sv")
    area, contents, year = cube.dimensions
    assert area == Dimension("område", "område", {"00": "Hela staden", "A1": "Ask", "A2": "Ö; sö"}, "geo", "00", True)
    assert (contents.role, *contents.categories) == ("metric", "share", "count")
    assert (year.role, *year.categories) == ("time", "2023", "2024")
    assert cube.units == {"share": Unit("procent", 2), "count": Unit("personer", 1)}
    assert cube.contacts == ("Bo Ek, Tel 1", "Eva Ask")
    assert cube.mandatory_notes == ("Avrundat.", "Andra stycket\npå ny rad.", "Gräns flyttad.", "Räknat om.")
    places = {note.text: note.at for note in cube.notes}
    assert places["Räknat om."] == {"område": "A1", "innehåll": "count", "år": "2023"}
    assert places["Preliminärt."] == {"innehåll": "share", "år": "2024"}
    assert places["Brott 2024."] == {"år": ""}
    assert places["REFPERIOD: 31 december"] == {"innehåll": "count"}
    assert places["Nord: Utan plats."] == {}
    assert places[".. = visas inte"] == {}


def test_every_symbol_stays_what_it_is_and_a_dash_is_zero(made):
    frame = read_px(made()).frame
    assert frame["status"].tolist() == ["", "", "-", "", ".. p", "... p", "", "", ".", "..", "......", "......."]
    np.testing.assert_array_equal(frame["value"], [61.25, 62, 0, 4, np.nan, np.nan, 120, -7.5, *[np.nan] * 4])
    assert frame.loc[2, ["område", "innehåll", "år"]].tolist() == ["00", "count", "2023"]


def test_another_language_takes_what_it_lacks_from_the_first(made):
    cube = read_px(made(), language="en")
    assert (cube.label, cube.language) == ("Employed; by area, sex and year", "en")
    assert cube.dimension("area").categories == {"00": "Whole city", "A1": "Ask", "A2": "Isle"}
    assert cube.dimension("area").total == "00"
    assert cube.units == {"share": Unit("procent", 2), "count": Unit("persons", 1)}
    assert cube.mandatory_notes[0] == "Rounded."
    assert "Avrundat." not in cube.mandatory_notes
    assert {"contents": "count"} in [note.at for note in cube.notes]
    with pytest.raises(DatasetError, match="no language 'fi'; it has sv, en"):
        read_px(made(), language="fi")


def test_utf8_is_read_as_utf8_whatever_the_code_page_says(made):
    assert read_px(made(encoding="utf-8")).label == read_px(made()).label == read_px(made(encoding="utf-8-sig")).label


def test_lines_of_zeros_that_keys_leave_out_come_back(made):
    keyed = MADE[: MADE.index("DATANOTECELL")] + 'KEYS("område")=CODES;\nDATA=\n"A2",1 2 3 4\n"00",5 6 7 ".."\n;'
    frame = read_px(made(keyed)).frame
    assert frame["value"].fillna(-1).tolist() == [5, 6, 7, -1, 0, 0, 0, 0, 1, 2, 3, 4]
    assert frame["status"].tolist().count("..") == 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"......" ".......";', '"......";', r"DATA holds 11 cells where the variables make 3 × 2 × 2 = 12"),
        ("61.25 62", "61,25 62", "DATA holds 13 cells"),
        ("-7.5", "-7..5", r"'-7..5' in DATA, at område=A1, innehåll=count, år=2024, is neither a number"),
        ("-7.5", "inf", "is neither a number"),
        ('VALUES("år")="2023","2024";', "", r'lacks VALUES\("år"\)'),
        ('CODES("område")="00","A1","A2"', 'CODES("område")="00","A1"', "has 2 codes for 3 values"),
        ('CODES("område")="00","A1","A2"', 'CODES("område")="00","A1","A1"', "'A1' stands twice in the codes"),
        ('ELIMINATION("område")="Hela staden"', 'ELIMINATION("område")="Alla"', "is none of its values"),
        ('VALUES[en]("year")="2023","2024"', 'VALUES[en]("year")="2023"', "languages en and sv do not have the same"),
        ('SOURCE="Staden";', 'SOURCE="Staden;', "row 36: SOURCE has no end"),
        ("DATASYMBOL2=", "0 DATASYMBOL2=", r"row 45: '0 DATASYMBOL2=.*' is no statement"),
    ],
)  # fmt: skip
def test_a_broken_file_is_a_sentence(made, old, new, sentence):
    assert old in MADE
    with pytest.raises(DatasetError, match=sentence):
        read_px(made(MADE.replace(old, new, 1)), language="en" if "[en]" in old else "")


def test_a_file_that_was_cut_off_or_is_missing(made, tmp_path):
    with pytest.raises(DatasetError, match="ends before DATA"):
        read_px(made(MADE[: MADE.index("DATANOTECELL")]))
    with pytest.raises(DatasetError, match=r"nowhere\.px: the file is missing"):
        read_px(tmp_path / "nowhere.px")
    with pytest.raises(DatasetError, match='row 5: the text is not in the file\'s CODEPAGE="ascii"'):
        read_px(made(MADE.replace("windows-1252", "ascii").replace('LANGUAGES="sv"', 'LANGUAGES="å"')))


def test_what_is_written_looks_as_pxweb_wants_it(made):
    text = write_px(read_px(made())).decode()
    assert text == write_px(read_px(made())).decode()
    for line in (
        'CODEPAGE="utf-8";', "DECIMALS=2;", "SHOWDECIMALS=1;", 'PRECISION("innehåll","Andel")=2;', 'MATRIX="ARB1";',
        'STUB="område";', 'HEADING="innehåll",\n"år";', 'TIMEVAL("år")=TLIST(A1),"2023","2024";',
        'ELIMINATION("område")="Hela staden";', 'NOTEX="Avrundat.##Andra stycket#på ny rad.";',
        'CELLNOTEX("Ask","Antal","2023")="Räknat om.";', 'DATANOTECELL("A1","share","2023")="p";',
        'DATA=\n61.25 62 "-" 4\n".." "..." 120 -7.5\n"." ".." "......" "......."\n;\n',
    ):  # fmt: skip
        assert line in text, line
    assert max(map(len, text.splitlines())) < 256


@pytest.mark.parametrize(
    ("codes", "unit", "first"),
    [
        (["2024M01"], "M1", "202401"),
        (["2024K4"], "Q1", "20244"),
        (["2024V53"], "W1", "202453"),
        (["2024H2"], "H1", "20242"),
    ],
)
def test_times_are_written_as_the_format_has_them(codes, unit, first):
    time = Dimension("Tid", "tid", dict(zip(codes, codes, strict=True)), "time")
    cells = pd.DataFrame({"Tid": codes, "value": [1.0], "status": [""]})
    assert f'TIMEVAL("tid")=TLIST({unit}),"{first}";' in write_px(Cube(cells, (time,), "Antal")).decode()


def test_a_value_that_others_share_its_text_with_is_told_apart_by_its_code(tmp_path):
    area = Dimension("area", "område", {"A1": "Ask", "A2": "Ask"})
    cells = pd.DataFrame({"area": ["A1", "A2"], "value": [1.0, 2.0], "status": ["", ""]})
    path = tmp_path / "a.px"
    path.write_bytes(write_px(Cube(cells, (area,), "Antal", notes=(Note("flyttad", at={"area": "A2"}),))))
    assert read_px(path).dimension("area").categories == {"A1": "A1 Ask", "A2": "A2 Ask"}
    assert read_px(path).notes[0].at == {"area": "A2"}


def test_what_the_format_cannot_hold_is_refused():
    sex = Dimension("sex", "kön", {"1": "män", "2": "kvinnor"})
    cells = pd.DataFrame({"sex": ["1", "2"], "value": [1.0, np.inf], "status": ["", ""]})
    with pytest.raises(DatasetError, match="a cell inf"):
        write_px(Cube(cells, (sex,), "Antal"))
    with pytest.raises(DatasetError, match=r"a cell 1\.0 with the symbol '\.\.'"):
        write_px(Cube(cells.assign(value=1.0, status=".."), (sex,), "Antal"))
    with pytest.raises(DatasetError, match="1 cells where its dimensions make 2"):
        write_px(Cube(cells.iloc[:1], (sex,), "Antal"))
    with pytest.raises(DatasetError, match="two dimensions called 'kön'"):
        write_px(
            Cube(
                pd.concat([cells] * 2).assign(value=1.0, other="1"),
                (sex, Dimension("other", "kön", {"1": "a", "2": "b"})),
                "Antal",
            )
        )


WORDS = (
    st.text(string.ascii_letters + "åäöÅÄÖ 0123456789.,;=()[]%–'", min_size=1, max_size=12).map(str.strip).filter(bool)
)
LINES = st.lists(WORDS, min_size=1, max_size=3).map("\n".join)
CODES = st.text(string.ascii_letters + string.digits + "_+-,; ", min_size=1, max_size=6).map(str.strip).filter(bool)
SYMBOL = st.sampled_from([".", "..", "...", "....", ".....", "......", "......."])
FIGURE = st.floats(-1e9, 1e9).map(lambda x: round(x, 4)) | st.integers(-(10**12), 10**12).map(float)
PLAIN = FIGURE.map(lambda x: (x + 0.0, ""))
CELL = st.one_of(PLAIN, SYMBOL.map(lambda s: (np.nan, s)), st.just((0.0, "-")), PLAIN.map(lambda x: (x[0], "p")))


@st.composite
def cubes(draw):
    names = draw(st.lists(st.tuples(CODES, WORDS), min_size=1, max_size=3, unique_by=(lambda n: n[0], lambda n: n[1])))
    names = [(f"d{i}{code}", label) for i, (code, label) in enumerate(names)]
    roles = draw(st.permutations(["time", "metric", "geo", "", ""]))
    dimensions = []
    for (code, label), role in zip(names, roles, strict=False):
        if role == "time":
            codes = [str(2000 + i) for i in range(draw(st.integers(1, 3)))]
            categories = dict(zip(codes, codes, strict=True))
        else:
            pairs = st.lists(
                st.tuples(CODES, WORDS), min_size=1, max_size=3, unique_by=(lambda p: p[0], lambda p: p[1])
            )
            categories = dict(draw(pairs))
        total = draw(st.none() | st.sampled_from(list(categories)))
        total = None if total is not None and categories[total].upper() in ("YES", "NO") else total
        dimensions.append(Dimension(code, label, categories, role, total, total is not None or draw(st.booleans())))
    frame = pd.DataFrame(itertools.product(*(d.categories for d in dimensions)), columns=[d.code for d in dimensions])
    cells = draw(st.lists(CELL, min_size=len(frame), max_size=len(frame)))
    frame = frame.assign(value=[v for v, _ in cells], status=[s for _, s in cells])
    metric = next((d for d in dimensions if d.role == "metric"), None)
    units = {code: Unit(draw(WORDS), draw(st.integers(0, 4))) for code in (metric.categories if metric else [""])}
    notes = []
    for _ in range(draw(st.integers(0, 4))):
        axes = draw(st.lists(st.sampled_from(dimensions), max_size=3, unique_by=lambda d: d.code))
        empty = len(axes) == 1 and draw(st.booleans())
        at = {d.code: "" if empty else draw(st.sampled_from(list(d.categories))) for d in axes}
        notes.append(Note(draw(LINES), draw(st.booleans()), at))
    return Cube(
        frame, tuple(dimensions), draw(WORDS), draw(WORDS), "20250301 08:00", tuple(notes), units,
        tuple(draw(st.lists(WORDS.map(lambda w: w.strip(" ,")).filter(bool), max_size=2, unique=True))),
        draw(st.booleans()), draw(st.sampled_from(["sv", "en"])), draw(st.text(string.ascii_uppercase, min_size=1, max_size=8)),
    )  # fmt: skip


def by_place(notes):
    return sorted((note.text, note.mandatory, sorted(note.at.items())) for note in notes)


def same(one: Cube, other: Cube) -> None:
    pd.testing.assert_frame_equal(one.frame, other.frame)
    for name in (
        "dimensions",
        "label",
        "source",
        "updated",
        "units",
        "contacts",
        "aggregation_allowed",
        "language",
        "code",
    ):
        assert getattr(one, name) == getattr(other, name), name
    assert by_place(one.notes) == by_place(other.notes)


@settings(max_examples=120, deadline=None)
@given(cubes())
def test_there_and_back(tmp_path_factory, cube):
    path = tmp_path_factory.mktemp("px") / "cube.px"
    path.write_bytes(write_px(cube))
    same(read_px(path), cube)


REAL = [
    *(f"pxwebapi_TAB00{i}.px" for i in range(1, 6)),
    "pxwebapi_tab4_fewcells.px",
    "scb_BE0101F1_template_error_continue.px",
    "scb_BE0101F1_template_error_fatal.px",
]


def texts_of(value) -> set[str]:
    """Every text of a Cube, by its parts."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*map(texts_of, value), *map(texts_of, value.values()))
    if isinstance(value, tuple | list):
        return set().union(*map(texts_of, value))
    return set().union(*map(texts_of, vars(value).values())) if hasattr(value, "__dict__") else set()


@pytest.mark.parametrize("name", REAL)
def test_nothing_of_a_real_file_is_lost_and_what_is_written_of_it_reads_the_same(name, shared, tmp_path):
    path = shared("data", "px") / name
    raw = path.read_bytes()
    text = raw.decode("utf-8" if "fewcells" in name else "latin-1")
    head, data = re.split(r"^DATA=", text, flags=re.MULTILINE)
    for language in {"en", *re.findall(r"[\"\[]sv", head)[:1]}:
        language = language.strip('"[')
        cube = read_px(path, language=language)
        held = " ".join(re.sub(r"\s", " ", part) for part in texts_of(vars(cube) | {"frame": None}))
        marks = set(cube.frame["status"])
        for line in re.split(r";\s*\n", re.sub(r'"\s*\n\s*"', "", head)):
            keyword, _, value = line.strip().partition("=")
            word = re.match(r"[A-Z0-9-]*", keyword)[0]
            own = "[sv]" in keyword if language == "sv" else "[" not in keyword
            if not word or word in IGNORED or not own:
                continue
            found = re.findall(r'"([^"]*)"', value) or [value]
            for text in found:
                if word == "DATANOTECELL":
                    assert text in marks
                elif word == "AGGREGALLOWED":
                    assert cube.aggregation_allowed == (text == "YES")
                elif word in ("DECIMALS", "SHOWDECIMALS"):
                    assert {unit.decimals for unit in cube.units.values()} == {int(text)}
                elif word in ("MAP", "VARIABLE-TYPE", "LANGUAGES", "LANGUAGE", "CONTENTS", "DESCRIPTION"):
                    continue  # roles and choices, tested by name above; PxWeb makes TITLE of CONTENTS
                elif word == "ELIMINATION" or (word in ("DAYADJ", "SEASADJ") and text == "NO"):
                    assert text in ("YES", "NO") or text in held
                elif word == "CONTACT":
                    pieces = [piece.strip(" ,") for piece in re.split(r"[#|]+", text) if piece.strip(" ,")]
                    assert all(piece in " ".join(cube.contacts) for piece in pieces)
                elif (word, text) not in {("DATASYMBOLSUM", "*"), ("DATASYMBOLNIL", "-")}:
                    assert all(piece in held for piece in text.replace("##", "#").split("#")), (word, text)
        tokens = re.findall(r'"[^"]*"|[^\s;]+', data)
        assert len(tokens) == len(cube.frame)
        read = [float(token) if '"' not in token else token.strip('"') for token in tokens]
        rows = zip(cube.frame["value"], cube.frame["status"], strict=True)
        assert [status.split(" ")[0] if np.isnan(value) else value for value, status in rows] == read
        again = tmp_path / name
        again.write_bytes(write_px(cube))
        same(read_px(again), cube)


def test_scbs_own_template_keeps_its_notes_and_six_symbols(shared):
    cube = read_px(shared("data", "px") / "scb_BE0101F1_template_error_fatal.px")
    assert len(cube.mandatory_notes) == 11
    assert [s for s in cube.frame["status"] if "." in s] == [".", "..", "...", "....", ".....", "......"]
    assert (cube.frame["status"] == "Ae").sum() == 12
    assert cube.frame.loc[lambda f: (f["region"] == "0115") & (f["age"] == "22"), "value"].tolist() == [20, 23, 33, 35]

"""Diverging bars: what is drawn where, in which colour, and that nothing overlaps, is cut or tells of a hidden question."""

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from mrstats import look
from mrstats.schema import MrstatsError
from mrstats.surveyviews.bars import colours_of
from mrstats.views import view_of
from survey_fixtures import city_with

FIVE = """answers.sv = ["Instämmer inte alls", "Instämmer knappast", "Varken eller", "Instämmer i stort", "Instämmer helt"]
answers.en = ["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"]"""
SEVEN = """answers.sv = ["Tar helt avstånd", "Tar avstånd", "Tar delvis avstånd", "Varken eller", "Instämmer delvis", "Instämmer",
"Instämmer helt och hållet"]"""
LONG = "Jag tycker att stadens verksamheter för barn och unga ger den hjälp som de behöver när de behöver den"
WORD = "Trygghetsskapandeåtgärdsprogramsuppföljningen fungerar bra"


def asked(folder, texts, *, scale=(1, 5), agree=(4, 5), words="", adverse=(), few=(), since=2023):
    """A city and its answers: every question's answers are drawn anew, every third changes little; `few` have three lowest."""
    random, (low, high) = np.random.default_rng(3), scale
    names = [f"x{place}" for place in range(len(texts))]
    years, n = [], 600
    for year in (2024, 2023):
        frame = pd.DataFrame(
            {"id": np.arange(900) + 1000 * year, "year": year, "sex": "man", "region": "North", "stratum": 1}
        )
        frame = frame.assign(answered=np.arange(900) < n, weight=1.0)
        for place, name in enumerate(names):
            shares = 0.5 * random.dirichlet(np.full(high - low + 1, 3.0)) + 0.5 / (high - low + 1)
            given = random.choice(np.arange(low, high + 1), n, p=shares)
            if place in few:
                given = np.where(given == low, high, given)
                given[:3] = low
            frame[name] = pd.array([*given, *[pd.NA] * 300], "Int64")
        years.append(frame)
    lines = "\n".join(
        f"{name},{text},{text},{'adverse' if place in adverse else 'favourable'}"
        for place, (name, text) in enumerate(zip(names, texts, strict=True))
    )
    people = pd.concat(years, ignore_index=True)
    city = city_with(people, folder, scale=str(list(scale)), agree=f"{list(agree)}\n{words}", questions=lines)
    return city, mr.answers(city, names, since=since)


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    texts = [f"Påstående {place} om hur det är att bo i staden" for place in range(8)]
    return asked(tmp_path_factory.mktemp("eight"), texts, words=FIVE, adverse=(3,), few=(5,))


CASES = {
    "one": (["Min hälsa är bra"], {"words": FIVE}),
    "three answers": ([LONG, WORD, "Kort"], {"scale": (1, 3), "agree": (3,), "few": (2,)}),
    "four answers": ([LONG, WORD], {"scale": (1, 4), "agree": (3, 4), "since": None}),
    "twenty of seven": (
        [f"Påstående {place} om hur det är att bo i staden" for place in range(20)],
        {"scale": (1, 7), "agree": (5, 6, 7), "words": SEVEN, "adverse": (4,)},
    ),
    "all hidden": (["Ett", "Två"], {"few": (0, 1)}),
}


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    texts, options = CASES[request.param]
    return asked(tmp_path_factory.mktemp("case"), texts, **options)


def boxes_of(drawing):
    """The room of every line of text, in millimetres, as it is drawn."""
    made = []
    for text in drawing.sheet.axes.texts:
        size, (x, y) = text.get_fontproperties().get_size(), text.get_position()
        width = look.text_width(text.get_text(), size, text.get_fontproperties().get_weight())
        left = x - {"left": 0.0, "center": width / 2, "right": width}[text.get_ha()]
        made.append((text.get_text(), left, left + width, y - 0.66 * size * look.POINT, y))
    return made


def drawn(data, city, language):
    from mrstats.captions import Captions
    from mrstats.selection import masked
    from mrstats.surveyviews.answers import NEEDED, _Answers

    drawing = _Answers(masked(data, NEEDED), Captions.of(data, city, language)).drawing()
    drawing.svg()
    return drawing


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_text_meets_another_or_leaves_the_sheet(case, language):
    city, data = case
    drawing = drawn(data, city, language)
    boxes = boxes_of(drawing)
    for text, left, right, top, bottom in boxes:
        assert left >= -0.01, text
        assert right <= look.COLUMN_WIDTH + 0.01, text
        assert top >= 0, text
        assert bottom <= drawing.height - look.UNDER_LAST_BASELINE + 0.3, text
    for (one, l1, r1, t1, b1), (other, l2, r2, t2, b2) in combinations(boxes, 2):
        assert min(r1, r2) - max(l1, l2) < 0.01 or min(b1, b2) - max(t1, t2) < 0.01, (one, other)
    names = [line for bar in drawing.names for line in bar]
    assert max(look.text_width(line) for line in names) < drawing.left  # no name runs into the bars
    whole = {re.sub(r"- ?", "", "".join(lines)).replace(" ", "") for lines in drawing.names}
    assert whole == {bar.name.replace(" ", "") for bar in drawing.bars}  # nor is any cut


@pytest.mark.parametrize("language", ["sv", "en"])
def test_each_case_is_a_figure_a_table_and_sentences(case, language):
    city, data = case
    picture, table = mr.chart(data, city=city, language=language), mr.table(data, city=city, language=language)
    said = " ".join(mr.sentence(data, city=city, language=language).paragraphs)
    assert 200 <= len(picture.alt) <= 400
    assert len(picture.title.split()) <= 12
    assert {len(row["cells"]) for row in table.rows} == {len(table.columns)}
    assert len([column for column in table.columns if column["text"] not in ("Not", "Note")]) <= 7
    for shown in (
        picture.as_text(),
        table.as_text(),
        said,
        re.sub(r"<style.*?</style>", "", picture.svg, flags=re.DOTALL),
    ):
        assert not re.search(r"\bnan\b|_T\b|[{}]", shown)
    assert view_of(data).__name__.endswith("surveyviews.answers")


def test_bars_are_centred_on_the_middle_of_the_neutral_answer(eight):
    city, data = eight
    drawing = drawn(data, city, "sv")
    for bar in drawing.bars:
        if bar.shares:
            shares = [share for share, _ in bar.shares]
            left, right = drawing._halves(bar)
            assert left == pytest.approx(shares[0] + shares[1] + shares[2] / 2)
            assert left + right == pytest.approx(100)
    rectangles = [patch for patch in drawing.sheet.axes.patches if getattr(patch, "get_height", lambda: 0)() == 4.8]
    whole = [patch.get_x() for patch in rectangles]
    assert min(whole) >= drawing.left - 0.01
    assert max(patch.get_x() + patch.get_width() for patch in rectangles) <= drawing.right + 0.01
    neutral = [patch for patch in rectangles if patch.get_facecolor()[:3] == pytest.approx(rgb("#F1F1EE"))]
    assert len(neutral) == 7
    assert [patch.get_x() + patch.get_width() / 2 for patch in neutral] == pytest.approx([drawing.middle] * 7)


def rgb(colour):
    return tuple(int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))


def test_an_adverse_question_stands_with_its_worst_answer_left_and_says_so(eight):
    city, data = eight
    drawing = drawn(data, city, "sv")
    own = data[data["indicator"] == "x3"]
    assert own["side"].tolist() == ["positive", "positive", "neutral", "negative", "negative"]
    assert [share for share, _ in drawing.bars[3].shares] == own["value"].tolist()[::-1]
    assert drawing.bars[3].name.endswith("(omvänt)")
    texts = [text for *_, text in drawing.entries]
    assert texts[:5] == [
        "Instämmer inte alls",
        "Instämmer knappast",
        "Varken eller",
        "Instämmer i stort",
        "Instämmer helt",
    ]
    assert texts[5:] == texts[:5][::-1]
    assert [colour for _, _, colour, _ in drawing.entries[5:]] == drawing.colours
    alone = drawn(own, city, "sv")  # one sort of questions needs no mark
    assert [text for *_, text in alone.entries] == texts[5:]
    assert not alone.bars[0].name.endswith("(omvänt)")


@pytest.mark.parametrize("counts", [(1, 1, 1), (2, 0, 2), (2, 1, 2), (3, 1, 3), (1, 3, 1)])
def test_colours_go_from_worse_to_better_and_numbers_on_them_can_be_read(counts):
    colours = colours_of(*counts)
    assert len(colours) == sum(counts)
    for place, colour in enumerate(colours):
        red, _, blue = rgb(colour)
        assert (red > blue + 0.1) == (place < counts[0])
        assert (blue > red + 0.1) == (place >= counts[0] + counts[1])
        assert look.contrast(look.text_on(colour), colour) >= 4.6
    assert colours_of(2, 1, 2) == list(look.WORSE_TO_BETTER)
    with pytest.raises(MrstatsError, match="A scale of 11 answers has more than 3 either side"):
        colours_of(5, 1, 5)


def test_the_sum_counts_the_verdicts_that_are_drawn(eight):
    city, data = eight
    data = data.copy()
    verdicts = ["better", "better", "worse", "alike", "unsure", "", "unsure", "better"]
    data["verdict"] = np.repeat(verdicts, 5)
    svg = mr.chart(data, city=city).svg
    assert "Summering: 3 bättre, 1 sämre, 1 lika, 2 osäkra, 1 visas inte." in svg
    assert [svg.count(f">{word}<") for word in ("bättre", "sämre", "lika", "osäker", "=")] == [3, 1, 1, 2, 1]
    assert mr.chart(data, city=city).title == "Tre frågor blev bättre och en sämre sedan 2023"
    assert mr.chart(data, city=city, language="en").title == "Three questions became better and one worse since 2023"
    said = mr.sentence(data, city=city).paragraphs[0]
    assert (
        "Jämfört med 2023 har tre frågor fått bättre resultat och en sämre. I två frågor är förändringen osäker."
        in said
    )
    assert "I en fråga är resultatet lika." in said
    notes = " ".join(mr.chart(data, city=city).notes)
    assert "lika = hela 95 %-intervallet inom ±2 p.e." in notes
    assert "Holms metod över 7 frågor" in notes
    data["verdict"] = np.repeat(["unsure"] * 5 + [""] + ["unsure"] * 2, 5)
    assert mr.chart(data, city=city).title == "Ingen fråga har säkert ändrats sedan 2023"
    assert "ingen säker förändring" in mr.sentence(data, city=city).paragraphs[0]


def test_figures_are_written_as_they_are_released(eight):
    city, data = eight
    first = data.iloc[0].copy()
    row = mr.table(data, city=city).rows[0]["cells"]
    assert row[3] == f"{first['positive']:.1f}".replace(".", ",")
    assert row[4].lstrip("+−") == f"{abs(first['change']):.1f}".replace(".", ",")
    bar = drawn(data, city, "sv").bars[0]
    assert bar.cells == ("600", "67")
    assert [text for _, text in bar.shares] == [str(int(value + 0.5)) for value in data["value"].iloc[:5]]


def test_a_hidden_question_is_hatched_and_whatever_it_held_is_nowhere(eight):
    city, data = eight
    hidden = data["indicator"] == "x5"
    assert (data.loc[hidden, "status"] == "C").all()
    other = data.copy()
    figures = [
        name for name in data.select_dtypes("number") if name not in ("year", "since", "answer", "alike", "confidence")
    ]
    other.loc[hidden, figures], other.loc[hidden, "verdict"] = 77.77, "better"
    for show in (mr.table, mr.chart, mr.sentence):
        assert show(other, city=city).as_json() == show(data, city=city).as_json()
    picture = mr.chart(data, city=city)
    assert any(note.startswith("..") for note in picture.notes)
    assert picture.svg.count(">..<") == 4  # bar, n, response, change
    assert set(mr.table(data, city=city).rows[5]["cells"][1:]) == {".."}


def test_all_hidden_says_no_figure(tmp_path):
    city, data = asked(tmp_path, ["Ett", "Två"], few=(0, 1))
    said = " ".join(mr.sentence(data, city=city).paragraphs)
    assert said == "Uppgifterna visas inte, för att skydda enskilda personer."
    assert mr.chart(data, city=city).title == "Hur svaren på två frågor fördelar sig"


def test_without_an_earlier_year_the_ends_are_said_only_where_certain(tmp_path):
    city, data = asked(tmp_path, ["Ett", "Två"], since=None)
    data.loc[:4, ["positive", "positive_lower", "positive_upper"]] = [70.0, 66.0, 74.0]
    data.loc[5:, ["positive", "positive_lower", "positive_upper"]] = [40.0, 36.0, 44.0]
    text = "Störst är andelen positiva svar på ”Ett” (70 procent) och minst på ”Två” (40 procent)."
    assert mr.sentence(data, city=city).paragraphs == [text]
    data["positive_upper"] = 90.0
    assert mr.sentence(data, city=city).paragraphs == ["Andelen positiva svar är mellan 40 och 70 procent."]
    heads = [column["text"] for column in mr.table(data, city=city).columns]
    assert heads == [
        "Påstående",
        "Negativa",
        "Neutrala",
        "Positiva",
        "95 %-intervall",
        "Personer, ca",
        "Svar, %",
    ]


def test_a_question_that_few_answered_has_a_letter(eight):
    city, data = eight
    data = data.copy()
    data.loc[data["indicator"] == "x0", "status"] = "u"
    data.loc[5, "status"] = "u"  # one answer of another
    picture, table = mr.chart(data, city=city), mr.table(data, city=city)
    assert drawn(data, city, "sv").bars[0].cells == ("600 u", "67")
    assert [row["cells"][-1] for row in table.rows][:2] == ["u", ""]
    for shown in (picture, table):
        assert any(note.startswith("u = ") for note in shown.notes)


def test_half_a_question_and_too_many_are_refused(eight, tmp_path):
    city, data = eight
    with pytest.raises(MrstatsError, match="whole questions of one year"):
        mr.chart(data.iloc[1:], city=city)
    with pytest.raises(MrstatsError, match="whole questions of one year"):
        mr.table(data.iloc[:0], city=city)
    other, many = asked(tmp_path, [" ".join([LONG] * 9)] * 4, since=None)
    with pytest.raises(MrstatsError, match=r"chart of 4 questions would be .* mm high; 205 fit a page"):
        mr.chart(many, city=other)


def test_answers_without_words_are_their_numbers_and_the_ends_say_which_agrees(tmp_path):
    city, data = asked(tmp_path, ["Ett"])
    legend = [text for *_, text in drawn(data, city, "sv").entries]
    assert legend == ["1 (instämmer minst)", "2", "3", "4", "5 (instämmer mest)"]

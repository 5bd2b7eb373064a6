"""From executed notebook to blocks: displays and plain Markdown pass, everything else stops the build."""

import appendix_material as material
import nbformat
import pytest

from mrstats.appendix.blocks import read_chapters
from mrstats.schema import EditionError

DISPLAY = "application/vnd.mrstats.display+json"


def executed(folder, *cells):
    """A notebook as papermill leaves it: str for Markdown, a dict for an output, None for code that shows nothing."""
    made = []
    for cell in cells:
        made.append(nbformat.v4.new_markdown_cell(cell) if isinstance(cell, str) else nbformat.v4.new_code_cell("..."))
        if isinstance(cell, dict):
            made[-1].outputs = [nbformat.from_dict(cell)]
    path = folder / "10_work.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def shown(display):
    return {"output_type": "display_data", "data": {DISPLAY: display, "text/plain": "x"}, "metadata": {}}


def read(folder, *cells, protected=False):
    return read_chapters([executed(folder, *cells)], "sv", protected=protected)


def test_markdown_and_displays_keep_their_order_and_inputs_are_left_out(tmp_path):
    blocks = read(tmp_path, "# Arbete\n\nText *så*.", shown(material.TEXT), "## Mer", shown(material.BRIEF))
    assert [block["kind"] for block in blocks] == ["markdown", "text", "markdown", "brief"]
    assert blocks[0]["code"] == "= Arbete\nText #emph[så]."
    assert blocks[2]["code"] == "== Mer"


def test_a_section_whose_code_shows_nothing_is_left_out_with_its_words(tmp_path):
    text = shown(material.TEXT)
    blocks = read(tmp_path, "# Arbete", None, "## Tom", None, "Mer om det tomma.", None, "## Med", None, text, "## Ord")
    assert [block.get("code", "") for block in blocks] == ["= Arbete", "== Med", "", "== Ord"]


def test_footnotes_of_two_cells_with_the_same_mark_stay_apart(tmp_path):
    blocks = read(tmp_path, "# A\n\nEtt[^1].\n\n[^1]: Ettan.", "Två[^1].\n\n[^1]: Tvåan.")
    assert "#footnote[Ettan.]" in blocks[0]["code"]
    assert "#footnote[Tvåan.]" in blocks[1]["code"]


FOREIGN = {
    "the repr of a table": (
        {
            "output_type": "execute_result",
            "data": {"text/plain": "  sex  value", "text/html": "<table>"},
            "metadata": {},
            "execution_count": 1,
        },
        "text/html, text/plain .'sex  value'.",
    ),
    "stderr": (
        {"output_type": "stream", "name": "stderr", "text": "Warning: old"},
        "'Warning: old' on stderr",
    ),
    "print": ({"output_type": "stream", "name": "stdout", "text": "hej\n"}, "'hej' on stdout"),
    "bitmap": ({"output_type": "display_data", "data": {"image/png": "iVBOR"}, "metadata": {}}, "image/png"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_an_output_that_is_not_a_display_object_is_refused_with_its_cell(tmp_path, name):
    output, described = FOREIGN[name]
    with pytest.raises(EditionError, match=rf"10_work\.ipynb, cell 2 puts out .*{described}.*cannot be published"):
        read(tmp_path, "# Arbete", output)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Text <b>fet</b>", "cell 2 holds raw HTML"),
        ("![bild](bild.png)", "cell 2 holds an image"),
        ("Formel $x^2$", "cell 2 holds a formula"),
        ("### Två steg ner", "cell 2: a heading of level 3 follows one of level 1. Write it with ##."),
    ],
)
def test_markdown_that_the_page_cannot_hold_is_refused(tmp_path, text, told):
    with pytest.raises(EditionError, match=told):
        read(tmp_path, "# Arbete", text)


def test_a_chapter_begins_with_its_heading(tmp_path):
    with pytest.raises(EditionError, match=r"10_work\.ipynb does not begin with a heading"):
        read(tmp_path, "Arbete")


def test_a_display_in_another_language_or_without_its_texts_is_refused(tmp_path):
    with pytest.raises(EditionError, match="a display in 'en', but the edition is in 'sv'"):
        read(tmp_path, "# Arbete", shown(material.TEXT | {"language": "en"}))
    drawing = material.figure("Rubrik", height=40)
    with pytest.raises(EditionError, match="the figure 'Rubrik' has no alt text"):
        read(tmp_path, "# Arbete", shown(drawing | {"alt": " "}))
    with pytest.raises(EditionError, match="holds a bitmap"):
        read(tmp_path, "# Arbete", shown(drawing | {"svg": "<svg><image href='x'/></svg>"}))


def test_working_material_is_refused_where_there_is_a_protected_release(tmp_path):
    marked = shown(material.TEXT | {"marks": ["Arbetsmaterial – inte röjandeskyddat"]})
    assert len(read(tmp_path, "# Arbete", marked, protected=False)) == 2
    with pytest.raises(EditionError, match="cell 2 shows figures that are not from the protected release"):
        read(tmp_path, "# Arbete", marked, protected=True)


def test_a_run_that_stopped_is_never_read(tmp_path):
    path = executed(tmp_path, "# Arbete")
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["papermill"] = {"exception": True}
    nbformat.write(notebook, path)
    with pytest.raises(EditionError, match="a failed run cannot be published"):
        read_chapters([path], "sv", protected=False)

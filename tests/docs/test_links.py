"""The check of the built pages finds what is broken, and only that."""

import runpy
from pathlib import Path

import pytest

CHECK = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "check_links.py"))["main"]


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "index.html").write_text('<h1 id="start">One</h1><a href="part/two.html#here">two</a>')
    (tmp_path / "part" / "two.html").write_text('<p id="here">Two</p><a href="../index.html#start">one</a>')
    return tmp_path


def add(page, text):
    page.write_text(page.read_text() + text)


def test_whole_pages_pass(pages, capsys):
    add(pages / "index.html", '<a href="https://example.org/gone">elsewhere</a><a href="part/">folder</a>')
    (pages / "part" / "index.html").write_text("")
    assert not CHECK(pages)
    assert "3 pages, 4 links, 0 broken" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("page", "link", "message"),
    [
        ("index.html", '<a href="three.html">', "index.html: three.html: no such file"),
        ("index.html", '<img src="part/picture.png">', "index.html: part/picture.png: no such file"),
        ("index.html", '<a href="#end">', "index.html: #end: no such place"),
        ("part/two.html", '<a href="../index.html#end">', "part/two.html: ../index.html#end: no such place"),
        ("part/two.html", '<a href="../../outside.html">', "part/two.html: ../../outside.html leads out of the pages"),
    ],
)
def test_what_is_broken_is_named(page, link, message, pages, capsys):
    add(pages / page, link)
    assert CHECK(pages)
    assert capsys.readouterr().out.startswith(message)


def test_no_pages_are_an_error(tmp_path):
    with pytest.raises(SystemExit, match="holds no pages"):
        CHECK(tmp_path)

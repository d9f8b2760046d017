"""The files that browsers are served."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some

from adapters.web.page import FOLDER, LATER, Page
from tests.unit.web.browser import PAGE

PARTS = ["", ".", "..", "v", "%2e%2e", "page.py", "index.html", "main.js", "0123456789abcdef", "\\"]


def test_a_change_of_any_file_is_another_version(tmp_path: Path) -> None:
    """A browser that caches files forever therefore never mixes those of two versions."""
    (tmp_path / "index.html").write_text('<script src="main.js"></script>\n  </head>\n')
    (tmp_path / "main.js").write_text("one()")
    old = Page(tmp_path)
    (tmp_path / "main.js").write_text("two()")
    new = Page(tmp_path)
    assert {*old} & {*new} == {"/"}
    (path,) = {*new} - {"/"}
    file, index = new.file(path), new.file("/")
    assert file is not None
    assert index is not None
    assert (file.body, "immutable" in file.keep) == (b"two()", True)
    assert f'src="{path[1:]}"'.encode() in index.body


def test_a_node_of_another_version_has_its_own(tmp_path: Path) -> None:
    """While a cluster is upgraded, the page may come from one node and its files from another."""
    (tmp_path / "index.html").write_text("<html>\n  </head>\n")
    (tmp_path / "main.js").write_text("main()")
    file = Page(tmp_path).file("/v/0123456789abcdef/main.js")
    assert file is not None
    assert (file.body, file.keep) == (b"main()", "no-store")


def test_what_the_first_look_needs_comes_at_once(tmp_path: Path) -> None:
    """Otherwise the browser would discover modules that import each other one by one."""
    (tmp_path / "sub").mkdir()
    for name, text in {
        "index.html": "<html>\n  </head>\n",
        "main.js": 'import {\n  a,\n} from "./sub/a.js";\nawait import("./later.js");\n',
        "sub/a.js": 'import "./b.js";\nimport c from "../c.js";\n',
        "sub/b.js": 'import { a } from "./a.js";\n',
        "c.js": "// import nothing from './elsewhere.js'",
        "later.js": 'import { d } from "./d.js";\n',
        "d.js": "",
    }.items():
        (tmp_path / name).write_text(text)
    links = _links(Page(tmp_path))
    assert links["modulepreload"] == ["main.js", "sub/a.js", "sub/b.js", "c.js"]
    assert links[LATER] == ["d.js", "later.js"]


def test_comments_are_not_served(tmp_path: Path) -> None:
    """They are a fifth of the page. What else stands in a line stays, and each line its number."""
    (tmp_path / "index.html").write_text("<html>\n  </head>\n")
    (tmp_path / "main.js").write_text(
        "/**\n * What it is for.\n */\nrun(); // at once\n\n  // Why,\n  // and why not.\n"
        "  /* one */ two(/* three */);\n/** @type {any} */\nlet four; /* five\n six */\n"
        '/* seven */ eight("//nine");\n/* ten */\n'
    )
    (path,) = {*(page := Page(tmp_path))} - {"/"}
    assert (file := page.file(path)) is not None
    assert file.body.decode() == (
        "\n\n\nrun(); // at once\n\n\n\n  /* one */ two(/* three */);\n\n"
        'let four; /* five\n six */\n/* seven */ eight("//nine");\n\n'
    )


def test_no_text_of_the_page_has_several_lines() -> None:
    """One that looks like a comment would not be served."""
    for path in FOLDER.rglob("*.js"):
        for line in path.read_text().splitlines():
            quotes = line.replace("\"'`", "")  # in a regular expression
            assert quotes.count("`") % 2 == 0, (path, line)


def test_the_first_look_needs_little() -> None:
    """Each module is a request, and nothing is shown before all have arrived."""
    links = _links(PAGE)
    first = [PAGE.file(path) for path in PAGE if path.endswith(tuple(links["modulepreload"]))]
    assert len(first) <= 10
    assert sum(len(file.packed) for file in first if file) <= 16_000
    assert "visit.js" in links[LATER]


def _links(page: Page) -> dict[str, list[str]]:
    """The files that the page links to, by their relation."""
    index = page.file("/")
    assert index is not None
    links: dict[str, list[str]] = {}
    for rel, name in re.findall(r'<link rel="(\w+)" href="v/\w+/(.+?)"', index.body.decode()):
        links.setdefault(rel, []).append(name)
    return links


def test_what_is_not_for_browsers_is_not_served(tmp_path: Path) -> None:
    """Only the parts of the page are served."""
    (tmp_path / "index.html").write_text("<html>\n  </head>\n")
    for name in ("jsconfig.json", "notes.md", "secret", ".hidden", "x.py"):
        (tmp_path / name).write_text("secret")
    assert [*Page(tmp_path)] == ["/"]


@given(some.lists(some.sampled_from(PARTS) | some.text(max_size=5)))
def test_no_path_leads_elsewhere(parts: list[str]) -> None:
    """The server looks paths up in a table, and nowhere else."""
    file = PAGE.file("/" + "/".join(parts))
    served = [PAGE.file(known) for known in PAGE]
    assert file is None or file.body in {known.body for known in served if known}


def test_a_query_makes_no_difference() -> None:
    """Links from elsewhere may have one."""
    assert PAGE.file("/?utm=1") == PAGE.file("/")

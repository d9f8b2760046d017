"""The page is loaded over slow networks, so it has to stay small."""

from adapters.web.page import Page

MOST = 60_000  # bytes of all files, as they are sent


def test_all_files_of_the_page_together_are_small() -> None:
    page = Page()
    files = [page.file(path) for path in page]
    assert sum(len(file.packed) for file in files if file) <= MOST

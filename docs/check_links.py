"""Every link and image of the built pages that leads to one of them, or to a place on one, finds it.

    python docs/check_links.py build/docs

Links to other sites are left alone: that needs no network. Exit status 1 where something is missing.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The places of a page that links may lead to, and where its own links lead."""

    def __init__(self, path):
        super().__init__()
        self.places, self.links = {"", "top"}, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if value is None:
                continue
            if name == "id" or (tag, name) == ("a", "name"):
                self.places.add(value)
            elif name in ("href", "src"):
                self.links.append(value)


def main(folder):
    folder = Path(folder).resolve()
    found = (path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts)  # the theme's templates
    pages = {path: Page(path) for path in found}
    if not pages:
        sys.exit(f"{folder} holds no pages")
    missing = [line for path in pages for line in check(path, pages, folder)]
    print(*missing, sep="\n", end="\n" if missing else "")
    print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links, {len(missing)} broken")
    return bool(missing)


def check(path, pages, folder):
    """A line for each link of a page that leads nowhere."""
    for link in dict.fromkeys(pages[path].links):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if target.is_dir():
            target /= "index.html"
        where = f"{path.relative_to(folder)}: {link}"
        if folder not in target.parents:
            yield f"{where} leads out of the pages"
        elif not target.exists():
            yield f"{where}: no such file"
        elif target in pages and unquote(parts.fragment) not in pages[target].places:
            yield f"{where}: no such place on the page"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

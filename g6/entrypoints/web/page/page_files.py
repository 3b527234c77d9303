"""The page at `/`: static files without a build step, sent compressed, under a strict policy."""

from __future__ import annotations

import gzip
import hashlib
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.middleware.gzip import GZipMiddleware

from g6 import __version__
from g6.domain.documents.panels import canonical
from g6.domain.schema.json_types import JsonObject
from g6.rendering.pictures.palette import THEMES, Palette

__all__ = [
    "PAGE_POLICY",
    "PageFacts",
    "PageFile",
    "add_page",
    "page_files",
    "palette_css",
    "served_page",
]

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing from another host, and no script or style that stands in the page itself."""
MEDIA: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""Media types of the files by their suffix. Others, such as licences, are not served."""
INDEX = "index.html"
FACTS = '<meta name="g6-facts" content="">'
"""Stands in the page for the facts of who serves it."""
MODULES = "<!-- modules -->"
"""Stands in the page for links to all modules: found import by import they came 100 ms later."""
NOT_PRELOADED = ("start/", "uplot/", "kept.js")
"""Classic scripts, and what only an exported page needs."""
PALETTE = "palette.css"
# Answers of 100 KB: level 5 takes 3 ms of them and level 9 takes 9 for 4 % less.
ANSWER_LEVEL = 5
FOR_GOOD = "public, max-age=31536000, immutable"
LEAST_COMPRESSED = 1000
"""Bytes below which an answer is sent as it is."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the page is told of who serves it.

    Attributes:
        stream: Whether there is an event stream.
        interval: Market seconds between two cycles.
        wall_interval: Wall seconds between two cycles.
        indices: The configured indices, in their order.
    """

    stream: bool
    interval: float
    wall_interval: float
    indices: Sequence[str]

    def to_json(self) -> JsonObject:
        """Return the facts as the page reads them."""
        return {
            "version": __version__,
            "stream": self.stream,
            "interval": self.interval,
            "wall_interval": self.wall_interval,
            "indices": list(self.indices),
        }


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page as it is sent.

    Attributes:
        content: Its bytes.
        packed: The same, compressed.
        media: Its media type.
        tag: Tells one version from another.
    """

    content: bytes
    packed: bytes
    media: str
    tag: str

    @classmethod
    def of(cls, name: str, content: bytes) -> PageFile:
        """Return a file by its name and its bytes."""
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        # Without the time that gzip would write, the same bytes are sent by every process.
        packed = gzip.compress(content, 9, mtime=0)
        return cls(content, packed, MEDIA[name.rpartition(".")[2]], tag)


def page_files() -> Mapping[str, PageFile]:
    """Return the files of the page by their path below `/page/`."""
    root = files("g6.entrypoints.web") / "static" / "page"
    named = {name: PageFile.of(name, file.read_bytes()) for name, file in _files_of(root, "")}
    return named | {PALETTE: PageFile.of(PALETTE, palette_css().encode())}


def _files_of(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files_of(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in MEDIA:
            yield f"{prefix}{entry.name}", entry


def palette_css() -> str:
    """Return the palette of pictures as custom properties, light and dark."""
    light = _properties(THEMES["light"])
    dark = _properties(THEMES["dark"])
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f":root[data-theme=dark]{{{dark}}}\n"
        # Paper is white, whatever the screen is.
        f"@media print{{:root:root:root{{{light}}}}}\n"
    )


def _properties(palette: Palette) -> str:
    plain = {name: getattr(palette, name) for name in ("paper", "missing", "text", "grid")}
    scales = {
        "level-scale": ",".join(palette.level_scale),
        "change-scale": ",".join(palette.change_scale),
    }
    named = plain | dict(palette.roles) | scales
    return "".join(f"--{name}:{value};" for name, value in named.items())


def add_page(app: FastAPI, facts: PageFacts) -> None:
    """Have an application answer `/` with the page, and compress what is large."""
    named = page_files()
    page_file, mark = served_page(named, facts)
    app.add_middleware(GZipMiddleware, minimum_size=LEAST_COMPRESSED, compresslevel=ANSWER_LEVEL)

    @app.get("/", include_in_schema=False)
    def page(request: Request) -> Response:
        """Show the indices, chains and charts, now and in the past."""
        return _sent(page_file, request)

    @app.get("/page/facts.json", include_in_schema=False)
    def page_facts() -> Response:
        """Tell the page who serves it."""
        return Response(
            canonical(facts.to_json()), 200, {"Cache-Control": "no-cache"}, "application/json"
        )

    @app.get("/page/{name:path}", include_in_schema=False)
    def file(name: str, request: Request) -> Response:
        """Return a file of the page, below the mark of its edition for good."""
        of_edition = name.removeprefix(f"{mark}/")
        if of_edition not in named:
            return Response("there is no such file\n", 404, media_type="text/plain")
        return _sent(named[of_edition], request, FOR_GOOD if of_edition != name else "no-cache")


def served_page(named: Mapping[str, PageFile], facts: PageFacts) -> tuple[PageFile, str]:
    """Return the page as it is served, and the mark of its edition in the addresses of its files.

    It carries the facts and names all modules, so that nothing is asked one after the other.

    Args:
        named: The files of the page.
        facts: What the page is told.
    """
    tags = "".join(named[name].tag for name in sorted(named))
    mark = hashlib.sha256(tags.encode()).hexdigest()[:12]
    modules = (
        name
        for name in sorted(named)
        if name.endswith(".js") and not name.startswith(NOT_PRELOADED)
    )
    links = "\n".join(f'<link rel="modulepreload" href="/page/{name}">' for name in modules)
    content = html.escape(canonical(facts.to_json()).decode())
    text = named[INDEX].content.decode()
    text = text.replace(FACTS, FACTS.replace('""', f'"{content}"')).replace(MODULES, links)
    # A browser that was here before asks for nothing but the page and its data.
    text = text.replace('"/page/', f'"/page/{mark}/')
    return PageFile.of(INDEX, text.encode()), mark


def _sent(file: PageFile, request: Request, caching: str = "no-cache") -> Response:
    headers = {
        "ETag": file.tag,
        "Cache-Control": caching,
        "Content-Security-Policy": PAGE_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == file.tag:
        return Response(None, 304, headers)
    # GZipMiddleware leaves an answer alone that has an encoding already.
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, 200, headers | {"Content-Encoding": "gzip"}, file.media)
    return Response(file.content, 200, headers, file.media)

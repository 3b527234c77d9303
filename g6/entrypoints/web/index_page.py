"""The plain page that lists what an application answers, with a link to each."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from inspect import getdoc

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

__all__ = ["add_index"]

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<h1>{title}</h1>
<p>{sentence}</p>
<table>
{rows}
</table>
</body>
</html>
"""


def add_index(app: FastAPI, title: str, sentence: str, path: str = "/") -> None:
    """Have a path list what the application answers.

    Args:
        app: The application, whose routes may still be added to.
        title: Its name.
        sentence: What the list is of.
        path: Where the list is.
    """

    @app.get(path, response_class=HTMLResponse)
    def index() -> HTMLResponse:
        """List these pages."""
        rows = "\n".join(_rows(app))
        return HTMLResponse(
            PAGE.format(title=escape(title), sentence=escape(sentence), rows=rows),
            headers={"Content-Security-Policy": "default-src 'none'"},
        )


def _rows(app: FastAPI) -> Iterator[str]:
    """Yield a row of the table for each page that can be read."""
    for route in app.routes:
        if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()):
            continue
        path = escape(route.path)
        # The name of a part of the path is the reader's to fill in.
        link = path if "{" in path else f'<a href="{path}">{path}</a>'
        meaning = (getdoc(route.endpoint) or "").partition("\n")[0]
        yield f"<tr><td>{link}</td><td>{escape(meaning)}</td></tr>"

"""A picture as a page that zooms and answers the pointer, with its script inside the file.

The script is plotly.js' cartesian bundle: 1.5 MB, or 0.5 MB as a server compresses it, under the
MIT licence. What it draws is data alone, so that G6 adds only the choice between a wide and a
narrow arrangement. Its policy lets the page load nothing from anywhere.
"""

from __future__ import annotations

import hashlib
import html
import json
from importlib.resources import files

from g6.errors import Unavailable
from g6.rendering.pictures.palette import THEMES
from g6.rendering.pictures.picture import Picture
from g6.rendering.pictures.traces import arrangement
from g6.rendering.pictures.view import PictureView

__all__ = ["SCRIPT_SHA256", "page_of"]

SCRIPT_SHA256 = "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"
"""Of plotly-cartesian.min.js 4.1.1, as the package plotly.js-cartesian-dist-min has it."""

# plotly.js 4.1.1 has a button that posts the picture to its maker's server: it is taken away, and
# no form of the page may be sent.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
html, body {{ margin: 0; height: 100%; background: {paper}; color: {text}; }}
#picture {{ min-height: 100%; }}
</style>
</head>
<body>
<noscript>{title}: this picture is drawn by a script, which your browser does not run.</noscript>
<div id="picture"></div>
<script>{script}</script>
<script>
const arrangements = {arrangements};
const picture = document.getElementById("picture");
let shown;
function draw() {{
  const name = window.innerWidth < 700 ? "narrow" : "wide";
  const {{data, layout, height}} = arrangements[name];
  const size = {{width: window.innerWidth, height: height || Math.max(560, window.innerHeight)}};
  if (name === shown) {{ Plotly.relayout(picture, size); return; }}
  shown = name;
  const isWide = name === "wide";
  const options = {{
    displaylogo: false,
    plotlyServerURL: "",
    modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d"],
    scrollZoom: isWide,
    displayModeBar: isWide ? "hover" : false,
  }};
  Plotly.newPlot(picture, data, {{...layout, ...size}}, options);
}}
draw();
window.addEventListener("resize", draw);
</script>
</body>
</html>
"""


def page_of(picture: Picture, view: PictureView) -> str:
    """Return the page of a picture.

    Raises:
        Unavailable: The script in the package is not the one it was made with.
    """
    palette = THEMES[view.theme]
    arrangements = {
        "wide": arrangement(picture, palette, is_narrow=False),
        "narrow": arrangement(picture, palette, is_narrow=True),
    }
    return _PAGE.format(
        policy=_POLICY,
        title=html.escape(picture.title),
        paper=palette.paper,
        text=palette.text,
        script=_script(),
        # A text with "</script>" in it would end the script that it stands in.
        arrangements=json.dumps(arrangements, ensure_ascii=False).replace("</", "<\\/"),
    )


def _script() -> str:
    content = (files("g6.rendering.pictures") / "plotly" / "plotly-cartesian.min.js").read_bytes()
    if hashlib.sha256(content).hexdigest() != SCRIPT_SHA256:
        raise Unavailable(
            "the script of interactive pictures differs from the one that G6 ships",
            "install G6 again, or write .png or .svg",
        )
    return content.decode()

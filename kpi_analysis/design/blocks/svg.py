"""An SVG made fit for a page: nothing in it can act, its ids clash with no other, its colours follow."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import lru_cache
from xml.etree import ElementTree

from markupsafe import Markup, escape

from kpi_analysis.design.theme import themed

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_MM = {"mm": 1.0, "cm": 10.0, "in": 25.4, "pt": 25.4 / 72, "px": 25.4 / 96, "": 25.4 / 96}
_METADATA = (
    "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}",
    "{http://creativecommons.org/ns#}",
    "{http://purl.org/dc/elements/1.1/}",
)
_DRAWN = {
    *("svg", "g", "defs", "use", "symbol", "image", "title", "desc", "style", "metadata"),
    *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"),
    *("clipPath", "mask", "pattern", "marker", "linearGradient", "radialGradient", "stop"),
}


def inline_svg(svg: str, alt: str, *, titled: bool = False) -> Markup:
    """Return an SVG as an element with its words; one that could act becomes a picture, where it cannot.

    Parameters
    ----------
    svg : str
        The text of an SVG file.
    alt : str
        What it shows, in words.
    titled : bool
        Whether the words also show when the pointer rests on it.

    Examples
    --------
    >>> inline_svg('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>', "Flat")[:34]
    Markup('<svg role="img" aria-label="Flat" ')
    >>> bad = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    >>> inline_svg(bad, "Bad")[:31]
    Markup('<img alt="Bad" src="data:image/')
    """
    if not _is_harmless(svg):
        data = b64encode(svg.encode()).decode()
        return Markup(f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">')
    body = _prepared(svg)
    # a name for the picture that a reader's software speaks, and, where asked, one that the pointer shows
    head = f'<svg role="img" aria-label="{escape(alt)}" '
    body = re.sub(r"^<svg\s*", lambda _: head, body, count=1)
    if titled:
        title = f"<title>{escape(alt)}</title>"
        body = re.sub(r"^<svg[^>]*>", lambda found: found[0] + title, body, count=1)
    return Markup(body)


def fills_column(svg: str, width: str) -> bool:
    """Return whether a drawing is as wide as its column, so that its lines can run on from row to row.

    Parameters
    ----------
    svg : str
        The text of an SVG file, or nothing.
    width : str
        A column's width: ``62mm``, ``1fr`` or ``auto``.

    Examples
    --------
    >>> fills_column('<svg width="62mm" height="7mm">', "62mm"), fills_column('<svg width="22mm">', "25mm")
    (True, False)
    """
    drawn = width_of(svg)
    if drawn is None or not re.fullmatch(r"[\d.]+mm", width):
        return False
    return drawn > float(width.removesuffix("mm")) - 1


def width_of(svg: str) -> float | None:
    """Return how wide a drawing says it is, in millimetres.

    Examples
    --------
    >>> round(width_of('<svg width="72pt" height="9pt">'), 1)
    25.4
    """
    found = re.search(r"<svg[^>]*?\swidth=[\"']([\d.]+)(mm|cm|in|pt|px|)[\"']", svg)
    return float(found[1]) * _MM[found[2]] if found else None


@lru_cache(maxsize=256)
def _prepared(svg: str) -> str:
    root = re.search(r"<svg[\s>]", svg)
    body = svg[root.start() if root else 0 :].strip()
    mark = "s" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    body = re.sub(r'(\sid=["\'])', rf"\1{mark}-", body)
    body = re.sub(r'(url\(["\']?#|href=["\']#)', rf"\1{mark}-", body)
    if "<style" in body:
        # a chart's own rules hold for that chart only
        body = re.sub(r"\*\s*\{", f".{mark} *{{", body)
        body = re.sub(r"^<svg", f'<svg class="{mark}"', body, count=1)
    return themed(body)


@lru_cache(maxsize=256)
def _is_harmless(svg: str) -> bool:
    if "<!ENTITY" in svg or re.search(r"@import|url\(\s*[\"']?(?!#|data:)[^)]", svg):
        return False
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError:
        return False
    return root.tag == f"{_NAMESPACE}svg" and all(_is_drawing(element) for element in root.iter())


def _is_drawing(element: ElementTree.Element) -> bool:
    tag = element.tag
    if not tag.startswith(_METADATA) and (not tag.startswith(_NAMESPACE) or tag.removeprefix(_NAMESPACE) not in _DRAWN):
        return False
    for name, value in element.attrib.items():
        plain = name.rpartition("}")[2].casefold()
        if plain.startswith("on") or (plain == "href" and not value.startswith(("#", "data:image/"))):
            return False
    return True

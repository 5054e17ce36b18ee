"""Markdown → the tokens that both templates walk, with nothing in them that could act."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from mistune import Markdown, create_markdown

Token = dict[str, Any]

_SCHEMES = ("http://", "https://", "mailto:")
_COMMENT = re.compile(r"\s*<!--.*?-->\s*", re.DOTALL)
_DATA_IMAGE = re.compile(r"data:(image/(?:png|jpeg));base64,([A-Za-z0-9+/=\s]+)\Z")


@cache
def _parser() -> Markdown:
    return create_markdown(renderer=None, plugins=["table", "strikethrough", "footnotes", "task_lists", "math"])


def read_markdown(source: str, attachments: dict[str, dict[str, str]] | None = None) -> list[Token]:
    """Return Markdown as JSON-ready tokens (mistune's), made safe to set.

    Raw HTML stays as the text it is, except comments, which go, and ``<br>``. Links lead only to http, https
    and mailto, or into the document. Pictures are only those that the notebook itself holds.

    Parameters
    ----------
    source : str
        The text of a cell.
    attachments : dict, optional
        The pictures that a Markdown cell carries: name → media type → base64.

    Examples
    --------
    >>> read_markdown("*so*")
    [{'type': 'paragraph', 'children': [{'type': 'emphasis', 'children': [{'type': 'text', 'raw': 'so'}]}]}]
    """
    tokens, _ = _parser().parse(source)
    assert isinstance(tokens, list)
    return _clean(tokens, attachments or {})


def plain_text(tokens: list[Token]) -> str:
    """Return the words of tokens without their marks.

    Examples
    --------
    >>> plain_text(read_markdown("a **bold** `x`"))
    'a bold x'
    """
    words = []
    for token in tokens:
        if token["type"] in ("softbreak", "linebreak"):
            words.append(" ")
        words.append(token.get("raw") or plain_text(token.get("children", [])))
    return "".join(words)


def _clean(tokens: list[Token], attachments: dict[str, dict[str, str]]) -> list[Token]:
    kept: list[Token] = []
    for token in tokens:
        cleaned = _clean_one(token, attachments)
        if cleaned is not None:
            kept.extend(cleaned if isinstance(cleaned, list) else [cleaned])
    return kept


def _clean_one(token: Token, attachments: dict[str, dict[str, str]]) -> Token | list[Token] | None:
    kind, raw = token["type"], token.get("raw", "")
    children = _clean(token["children"], attachments) if "children" in token else None
    attrs = dict(token.get("attrs") or {})
    if kind == "blank_line":
        return None
    if kind in ("inline_html", "block_html"):
        return _literal(kind, raw)
    if kind == "inline_math" and raw[-1:].isspace():
        # "$5 here, US $x" is money, not a formula: TeX's closing sign has no space before it.
        return {"type": "text", "raw": f"${raw}$"}
    if kind == "link":
        return _link(children or [], str(attrs.get("url", "")))
    if kind == "image":
        return _image(plain_text(children or []), str(attrs.get("url", "")), attachments)
    clean: Token = {"type": kind}
    if raw:
        clean["raw"] = raw
    if attrs:
        clean["attrs"] = attrs
    if children is not None:
        clean["children"] = children
    return clean


def _literal(kind: str, raw: str) -> Token | None:
    text = _COMMENT.sub("", raw)
    if not text.strip():
        return None
    if re.fullmatch(r"<br\s*/?>", text, re.IGNORECASE):
        return {"type": "linebreak"}
    words = {"type": "text", "raw": text.strip("\n")}
    return {"type": "paragraph", "children": [words]} if kind == "block_html" else words


def _link(children: list[Token], url: str) -> Token | list[Token]:
    if url.casefold().startswith(_SCHEMES) or url.startswith("#"):
        return {"type": "link", "attrs": {"url": url}, "children": children}
    return children


def _image(alt: str, url: str, attachments: dict[str, dict[str, str]]) -> Token:
    found = _DATA_IMAGE.match(url)
    if found:
        return {"type": "image", "attrs": picture(found[1], found[2], alt or "Picture without a description")}
    if url.startswith("attachment:"):
        held = attachments.get(url.removeprefix("attachment:"), {})
        for media in ("image/svg+xml", "image/png", "image/jpeg"):
            if media in held:
                return {"type": "image", "attrs": picture(media, held[media], alt or url)}
    return {"type": "text", "raw": f"[picture not in the notebook: {alt or url}]"}


def picture(media: str, data: str, alt: str) -> Token:
    """Return the data of a picture: base64 without line breaks, or the text of an SVG."""
    if media == "image/svg+xml":
        if not data.lstrip().startswith("<"):
            from base64 import b64decode

            data = b64decode(data).decode()
        return {"media": media, "data": data, "alt": alt}
    return {"media": media, "data": "".join(data.split()), "alt": alt}

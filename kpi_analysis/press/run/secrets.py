"""Secrets: what a report was given in confidence is nowhere written down."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

REDACTED = "**********"
MIN_SECRET_LENGTH = 4  # a shorter word stands in every report by chance, and hiding it would garble the text


def redact(node: Any, secrets: Iterable[str]) -> Any:
    """Return notebook data in which every secret is hidden, also where it is quoted or escaped.

    Parameters
    ----------
    node : Any
        Plain data: texts, lists, dicts.
    secrets : iterable of str
        The secret texts. Those of under four characters are left alone.

    Examples
    --------
    >>> redact({"text": ["login with s3cret!"]}, ["s3cret!"])
    {'text': ['login with **********']}
    """
    forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
    return _walk(node, forms) if forms else node


def reveal(value: Any) -> Any:
    """Return the value with each `SecretStr` opened.

    Examples
    --------
    >>> reveal([SecretStr("x")])
    ['x']
    """
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return {key: reveal(item) for key, item in value.items()} if isinstance(value, dict) else value


def secret_texts(value: Any) -> list[str]:
    """Return every text in a value that is secret as a whole."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in secret_texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in secret_texts(item)]
    opened = reveal(value)
    return [] if opened is None or isinstance(opened, bool) else [str(opened)]


def _forms(secret: str) -> set[str]:
    if len(secret) < MIN_SECRET_LENGTH:
        return set()
    escaped = {repr(secret)[1:-1], json.dumps(secret)[1:-1], html.escape(secret)}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)} | escaped


def _walk(node: Any, forms: list[str]) -> Any:
    if isinstance(node, str):
        for form in forms:
            node = node.replace(form, REDACTED)
        return node
    if isinstance(node, list | tuple):
        return type(node)(_walk(item, forms) for item in node)
    if isinstance(node, dict):
        # base64 pictures may hold the letters by chance, and cannot be read for them
        return type(node)((key, item if _is_binary(key) else _walk(item, forms)) for key, item in node.items())
    return node


def _is_binary(key: object) -> bool:
    return isinstance(key, str) and key.startswith("image/") and not key.startswith("image/svg")

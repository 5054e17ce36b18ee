"""Brand section of the company file: logo, accent, typeface and paper, as they are written down."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from kpi_analysis.core.colour import contrast, mix
from kpi_analysis.core.yaml_file import StrictModel

LEGIBLE = 4.5  # WCAG 2.2 AA, text of any size
_FAMILY = r"[\w][\w .&+-]*"


class FontSpec(StrictModel):
    """`font:` of a brand: a family, and the folder or the files of its faces, as TrueType."""

    family: str = Field(min_length=1)
    folder: str | None = None
    files: tuple[str, ...] = ()

    @field_validator("family")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not re.fullmatch(_FAMILY, value):
            raise ValueError(f"'{value}' is no name of a typeface such as Inter or Source Sans Pro")
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> FontSpec:
        if (self.folder is None) == (not self.files):
            found = "both" if self.files else "neither"
            raise ValueError(f"a font has a folder or a list of files; found {found}")
        return self


class BrandSpec(StrictModel):
    """`brand:` of the company file: logo, accent colour, font and paper size."""

    logo: str | None = None
    accent: str | None = None
    font: FontSpec | None = None
    paper: Literal["A4", "Letter"] = "A4"

    @field_validator("accent", mode="before")
    @classmethod
    def _legible(cls, value: Any) -> Any:
        if value is None:
            raise ValueError('found nothing: a # begins a comment in YAML. Put the colour in quotes: "#0B5A94"')
        if not isinstance(value, str) or not re.fullmatch("#[0-9A-Fa-f]{6}", value):
            raise ValueError(f"found '{value}', wanted # and six digits in quotes: \"#0B5A94\"")
        ratio = contrast(value, "#FFFFFF")
        if ratio < LEGIBLE:
            raise ValueError(
                f"{value} has a contrast of {ratio:.2f} : 1 on white, and words in it need {LEGIBLE} : 1. "
                f"Take a darker one: {_darker(value)} is near and passes"
            )
        return value.upper()


def _darker(colour: str) -> str:
    shades = (mix(colour, "#000000", 1 - step / 50) for step in range(51))
    return next(shade for shade in shades if contrast(shade, "#FFFFFF") >= LEGIBLE)

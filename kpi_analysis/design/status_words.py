"""What a status is called, wherever it stands; its shape and colour only repeat the word."""

from __future__ import annotations

from kpi_analysis.core.status import Status

STATUS_WORDS: dict[Status, str] = {
    "on": "On track",
    "risk": "At risk",
    "off": "Off track",
    "none": "No target",
    "hit": "Hit",
    "missed": "Missed",
}
# where there is a target, and only its chance is not known
TARGET_WORDS: dict[Status, str] = STATUS_WORDS | {"none": "Not known"}

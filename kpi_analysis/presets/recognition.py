"""Recognition of known exports by their whole set of headers, in any order, language and age of the layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kpi_analysis.presets.headers import FoundHeaders, find_headers, is_month, plain_header
from kpi_analysis.presets.loading import load_presets
from kpi_analysis.presets.model import Preset


@dataclass(frozen=True)
class Match:
    """Match of a table with a preset.

    Parameters
    ----------
    name : str
        Of the preset.
    preset : Preset
    found : FoundHeaders
        The headers that it knows.
    weight : float
        The more and the rarer the headers that it knows, the higher.
    """

    name: str
    preset: Preset
    found: FoundHeaders
    weight: float


def recognise(headers: Sequence[str], lines_above: Sequence[str] = (), first_column: Sequence[str] = ()) -> list[Match]:
    """Presets that a table is an export of by its headers, the best first; none where it is of no known tool.

    Parameters
    ----------
    headers : sequence of str
        Of the table, as they stand, in any order.
    lines_above : sequence of str
        Lines of the file above its header line, for presets that are told by them.
    first_column : sequence of str
        Values of its first column, for statements whose columns are months.

    Returns
    -------
    list of Match

    Examples
    --------
    >>> recognise(["Tag", "Kampagne", "Impr.", "Klicks", "Kosten", "Währungscode"])[0].name
    'google_ads_campaigns'
    >>> recognise(["Date", "Amount", "Balance"])
    []
    """
    matches = []
    for name, preset in load_presets().items():
        found = find_headers(preset.headers, headers)
        if is_recognised(preset, found, headers, lines_above, first_column):
            weight = sum(1 / _owners()[alias_header] for alias_header in map(plain_header, found.by_alias.values()))
            matches.append(Match(name, preset, found, round(weight + 0.01 * len(preset.recognised_by), 6)))
    return sorted(matches, key=lambda match: (-match.weight, match.name))


def is_recognised(
    preset: Preset,
    found: FoundHeaders,
    headers: Sequence[str],
    lines_above: Sequence[str] = (),
    first_column: Sequence[str] = (),
) -> bool:
    """Whether all headers are there by which a preset is recognised, and none with which it is another's."""
    if preset.months and not any(is_month(header) for header in headers[1:]):
        return False
    labels = {plain_header(label) for label in first_column} if preset.labels else set()
    if any(not {plain_header(label) for label in group} & labels for group in preset.labels):
        return False
    if labels & {plain_header(label) for label in preset.never_labels}:
        return False
    if not set(preset.recognised_by) <= set(found.by_alias):
        return False
    if any(not set(group) & set(found.by_alias) for group in preset.any_of):
        return False
    plain = {plain_header(header) for header in headers}
    if any(plain_header(header) in plain for header in preset.never_with):
        return False
    above = [plain_header(line) for line in lines_above]
    return not preset.first_lines or any(plain_header(word) in line for word in preset.first_lines for line in above)


def missing_headers(preset: Preset, headers: Sequence[str]) -> tuple[str, ...]:
    """Headers by which a preset is recognised and which a table lacks, in their first spelling.

    Parameters
    ----------
    preset : Preset
    headers : sequence of str
        Of the table.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> missing_headers(load_presets()["meta_ads"], ["Campaign name", "Day", "Impressions"])
    ('Amount spent ({currency})',)
    """
    found = set(find_headers(preset.headers, headers).by_alias)
    single = [alias for alias in preset.recognised_by if alias not in found]
    groups = [group[0] for group in preset.any_of if not set(group) & found]
    return tuple(preset.headers[alias][0] for alias in (*single, *groups))


def nearest_presets(headers: Sequence[str], count: int = 3) -> list[tuple[str, tuple[str, ...]]]:
    """Presets that a table comes nearest to without being one, each with the headers that it lacks.

    Parameters
    ----------
    headers : sequence of str
        Of the table.
    count : int
        How many at most.

    Returns
    -------
    list of pairs of str and tuple of str

    Examples
    --------
    >>> nearest_presets(["Campaign name", "Day", "Impressions"], 1)
    [('meta_ads', ('Amount spent ({currency})',))]
    """
    ranked = []
    for name, preset in load_presets().items():
        missing = missing_headers(preset, headers)
        wanted = len(preset.recognised_by) + len(preset.any_of)
        if wanted and not preset.months and missing and len(missing) <= wanted / 2:
            ranked.append((len(missing) / wanted, len(missing), name, missing))
    return [(name, missing) for _, _, name, missing in sorted(ranked)[:count]]


@lru_cache(maxsize=1)
def _owners() -> Counter[str]:
    """Number of presets that know each header; a header with a currency code in it belongs to its own alone."""
    owners: Counter[str] = Counter()
    for preset in load_presets().values():
        owners.update({plain_header(spelling) for known in preset.headers.values() for spelling in known})
    return _AtLeastOne(owners)


class _AtLeastOne(Counter[str]):
    """Counts that are 1 where nothing was counted."""

    def __missing__(self, key: str) -> int:
        return 1

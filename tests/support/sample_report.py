"""The blocks of the made-up report: five pages with everything that a report can hold."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from kpi_analysis.design.blocks import (
    Beside,
    Block,
    Cell,
    Column,
    Figure,
    Finding,
    Findings,
    Note,
    Row,
    Table,
    Title,
)
from support.report_parts import FACTS, b, cell_of, chart, dots, group, n, notebook, score, value


def report() -> NotebookNode:
    """The report as an executed notebook, one block a cell."""
    return notebook(*(cell_of(block) for block in blocks()))


def scorecard() -> Table:
    columns = (
        Column("KPI, unit"),
        Column("12 quarters", align="center", width="25mm"),
        Column("Q3 2026", align="right", width="15mm"),
        Column("vs Q2", align="right", width="18mm"),
        Column("vs Q3 25", align="right", width="18mm"),
        Column("Target", align="right", width="20mm"),
        Column("Chance", align="right", width="14mm"),
        Column("Status", width="21mm"),
    )
    pp = ("pp", "bad")
    rows = (
        group("Sales"),
        score(
            "Sales revenue",
            "€m",
            b("4.82"),
            n("+4.6", "%", "good"),
            n("+9.0", "%", "good"),
            n("19.00", "FY"),
            "55%",
            "risk",
        ),
        score(
            "Opportunity-to-win ratio",
            "%",
            b("27.4"),
            n("+1.2", "pp", "good"),
            n("−0.8", *pp),
            n("30.0"),
            "22%",
            "off",
        ),
        score(
            "Sales cycle length",
            "days ↓",
            b("47"),
            n("−3", "", "good", ".0"),
            n("−6", "", "good", ".0"),
            n("≤ 45", pad=".0"),
            "71%",
            "on",
        ),
        group("Marketing"),
        score(
            "Cost per lead",
            "€ ↓",
            b("41.20"),
            n("+11.2", "%", "bad"),
            n("+24.1", "%", "bad"),
            n("≤ 36.00"),
            "4%",
            "off",
        ),
        score(
            "Marketing revenue ratio",
            "n : 1",
            b("5.2"),
            n("−0.4", "", "bad"),
            n("−0.9", "", "bad"),
            n("≥ 5.0"),
            "74%",
            "on",
        ),
        score(
            "New customers",
            "count",
            b("412"),
            n("+6.2", "%", "good"),
            n("+12.9", "%", "good"),
            n("1,500", "FY"),
            "97%",
            "on",
        ),
        group("Customers"),
        score(
            "Recurring revenue a month",
            "€k",
            b("271.4"),
            n("+4.1", "%", "good"),
            n("+16.5", "%", "good"),
            n("288.0"),
            "31%",
            "risk",
        ),
        score(
            "Net revenue retention",
            "%",
            b("104.2"),
            n("+0.6", "pp", "muted"),
            n("+1.9", "pp", "good"),
            n("105.0"),
            "64%",
            "risk",
        ),
        score(
            "Net promoter score",
            "points",
            b("38"),
            n("+2", "", "muted", ".0"),
            n("−1", "", "muted", ".0"),
            n("40"),
            "48%",
            "risk",
        ),
        group("Finance"),
        score("Gross profit margin", "%", b("61.8"), n("−0.7", *pp), n("−1.1", *pp), n("62.0"), "45%", "risk"),
        score(
            "Operating cash flow",
            "€m",
            b("0.64"),
            n("−3.0", "%", "muted"),
            n("+12.3", "%", "good"),
            n("–"),
            "–",
            "none",
        ),
        Row(
            (
                Cell("Inventory turnover", unit="turns"),
                Cell("not computed: the ledger has no inventory account", tone="muted", span=7),
            )
        ),
    )
    return Table(
        "scorecard",
        "Scorecard",
        "",
        columns,
        rows,
        "Chance: share of projected paths that hit the target by 31 Dec 2026. On track: 70% or "
        "more; at risk: 30 to "
        "69%; off track: below 30%. FY: whole year. ↓: lower is better. Bold, coloured changes "
        "exceed the KPI's "
        "usual quarterly variation. Small charts, each on its own scale: dot this quarter.",
        (value("sales_revenue", 4_820_000.0), value("cost_per_lead", 41.2)),
    )


def plain_table(id_: str, title: str, measure: str, heads: list[tuple[str, Any, str]], lines: list[list[str]]) -> Table:
    columns = tuple(Column(label, align=align, width=width) for label, align, width in heads)
    return Table(id_, title, measure, columns, tuple(Row(tuple(Cell(text) for text in line)) for line in lines))


def findings() -> Findings:
    return Findings(
        "What matters",
        (
            Finding(
                Cell("+9.0%", unit="revenue on Q3 2025", tone="good"),
                "Growth came from more orders, not bigger ones.",
                "Orders rose 11.4%, the average order fell 2.1% to €186. Every region grew; EMEA "
                "brought half of the increase.",
                "regions",
            ),
            Finding(
                Cell("55%", unit="chance of €19.0m", tone="warn"),
                "The year needs a record fourth quarter.",
                "€13.84m is booked; another €5.16m is needed by 31 December, 7% above the best "
                "quarter so far. The projection says €5.20m, somewhere from €4.59m to €5.81m.",
                "fan",
            ),
            Finding(
                Cell("€41.20", unit="cost per lead", tone="bad"),
                "Paid social is why leads became dearer.",
                "It took 31% of spend, brought 14% of leads and returned 2.9 : 1. At last year’s "
                "mix a lead would have cost €35.90.",
                "page 3",
            ),
            Finding(
                Cell("+€10.7k", unit="recurring revenue"),
                "New contracts outran churn two to one,",
                "yet December’s €288k has a 31% chance: it takes €5.5k more each month, the last "
                "six months brought €3.4k each.",
            ),
        ),
        (value("sales_revenue", 4_820_000.0),),
    )


def figure(id_: str, title: str, width: Any, size: tuple[float, float], narrow: bool = False) -> Figure:
    return Figure(
        id_,
        title,
        "Sales revenue by quarter, €m; hatched: projection",
        chart(*size),
        f"{title}: eight quarters from 3.95 to 4.82 million euro.",
        width,
        chart(85, 56, 4) if narrow else "",
        (Column("Quarter"), Column("Revenue", "€m", "right")),
        (Row((Cell("Q3 2026"), Cell("4.82"))), Row((Cell("Q2 2026"), Cell("4.61")))),
    )


def blocks() -> list[Block]:
    actions = plain_table(
        "actions",
        "What is agreed for the two targets off track",
        "",
        [
            ("Target", "left", "44mm"),
            ("Action", "left", "1fr"),
            ("Owner", "left", "33mm"),
            ("Review", "right", "18mm"),
        ],
        [
            [
                "Cost per lead ≤ €36.00",
                "Move €60k from paid social to search and email",
                "Head of Marketing",
                "monthly",
            ],
            [
                "Win ratio 30%",
                "Qualify by budget before a demo; two account executives",
                "Head of Sales",
                "monthly",
            ],
        ],
    )
    channels = Table(
        "roas",
        "Four channels are strong, display does not cover its cost",
        "Attributed revenue ÷ marketing spend (n : 1), Q3 2026, last touch within 90 days. Band: 95% interval",
        (
            Column("Channel", width="26mm"),
            Column("Spend", "€k", "right", "16mm"),
            Column("ROAS", "n : 1", "right", "16mm"),
            Column("break-even · strong · exceptional", "1.6 · 5 · 10", "left", "62mm"),
            Column("ROI", "%", "right", "1fr"),
        ),
        (
            *(
                Row((Cell(name), Cell(spend), b(roas), Cell(svg=dots(x), alt=f"{name} {roas}"), Cell(roi)))
                for name, spend, roas, x, roi in (
                    ("Email", "14.2", "11.8", 50, "1,080"),
                    ("Referral", "21.0", "9.4", 40, "840"),
                    ("Paid social", "92.1", "2.9", 13, "190"),
                )
            ),
            Row(
                (
                    Cell("All channels"),
                    Cell("127.3"),
                    Cell("5.2"),
                    Cell(svg=dots(22), alt="All 5.2"),
                    Cell("418"),
                ),
                "total",
            ),
        ),
        "Credit, not incrementality. Break-even is 1 ÷ gross margin of 61.8%.",
    )
    smart = Table(
        "smart",
        "Two targets need another look: one is out of reach, one is no stretch",
        "",
        (
            Column("Target by 31 Dec 2026"),
            Column("Owner", width="33mm"),
            Column("Chance", align="right", width="15mm"),
            *(Column(letter, align="center", width="19mm" if letter == "A" else "8mm") for letter in "SMART"),
        ),
        tuple(
            Row(
                (
                    Cell(name),
                    Cell(owner),
                    Cell(chance),
                    *(Cell("✓", tone="good", strong=True),) * 2,
                    Cell(word, tone="good" if word == "✓" else "warn", strong=True),
                    *(Cell("✓", tone="good", strong=True),) * 2,
                )
            )
            for name, owner, chance, word in (
                ("Recurring revenue, €k", "Head of Sales", "31%", "✓"),
                ("Cost per lead, €", "Head of Marketing", "4%", "out of reach"),
            )
        ),
    )
    drivers = Table(
        "drivers",
        "What moved revenue",
        "Sales revenue, €k, Q3 2026 against Q3 2025",
        (
            Column("Driver"),
            Column("Effect", align="right", width="15mm"),
            Column("Share", align="right", width="15mm"),
        ),
        (
            Row((Cell("Orders per customer"), Cell("+214"), Cell("53.8%"))),
            Row((Cell("Average order value"), Cell("−97"), Cell("−24.4%"))),
            Row((Cell("Change"), Cell("+398"), Cell("100.0%")), "total"),
        ),
        "Method: LMDI on revenue = customers × orders per customer × order value.",
    )
    definitions = plain_table(
        "definitions",
        "Definitions",
        "Every ratio is a ratio of sums. Rows: records behind the figure of this quarter",
        [
            ("KPI", "left", "38mm"),
            ("Formula", "left", "1fr"),
            ("Rows", "right", "15mm"),
            ("95% interval", "right", "27mm"),
        ],
        [
            ["Sales revenue", "sum of order amounts, refunds negative", "25,935", "–"],
            [
                "Opportunity-to-win ratio",
                "won ÷ (won + lost), by close date; 612 open are in neither",
                "1,504",
                "25.2 to 29.7",
            ],
        ],
    )
    long = plain_table(
        "customers",
        "Customers by revenue",
        "Sales revenue, €, Q3 2026",
        [("Customer", "left", "1fr"), ("Region", "left", "30mm"), ("Revenue", "right", "25mm")],
        [[f"Customer {i:03}", ("EMEA", "AMER", "APAC")[i % 3], f"{(90 - i) * 1234:,}"] for i in range(1, 81)],
    )
    return [
        Title(
            "Revenue rose 9% to €4.82m, but leads now cost 24%\u00a0more and the year’s revenue target is an even bet",
            "Third quarter: July to September 2026, complete. Of ten targets three are on track, "
            "five at risk, two off track.",
            FACTS,
        ),
        findings(),
        scorecard(),
        actions,
        Title("Recurring revenue will probably miss December’s target by about €4k"),
        figure(
            "fan",
            "It has grown €3.4k a month since March and would need €5.5k",
            "full",
            (174, 80),
            narrow=True,
        ),
        Note("Mean of ETS and Theta on 33 months. Backtest: 1.6% off at three months ahead."),
        Beside(
            (
                figure("quarters", "The year needs a record fourth quarter", "half", (85, 56)),
                figure("chance", "Three targets are safe, two are nearly lost", "half", (85, 56)),
            )
        ),
        smart,
        Title("Owned channels return 6 to 12 : 1; display loses money and paid social drives the cost of leads"),
        channels,
        Beside((figure("bridge", "New contracts brought twice what churn took", "wide", (103, 60)), drivers)),
        Beside(
            tuple(
                figure(f"region-{name}", f"{name} grew by a tenth", "third", (54, 44))
                for name in ("EMEA", "AMER", "APAC")
            )
        ),
        figure("regions", "Every region grew on last year", "full", (174, 42)),
        Title("How the figures are made"),
        definitions,
        long,
    ]

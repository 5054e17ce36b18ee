"""The customers page of a report: who comes back, how long contracts last, and what customers will be worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.records import records, values
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.metrics.compute.histories import orders_by_customer_day
from kpi_analysis.metrics.compute.lifetimes import WEEKS_A_YEAR, weekly
from kpi_analysis.report.charts.base import Caption
from kpi_analysis.report.charts.triangles import retention_triangle
from kpi_analysis.report.sections.contracts import MONTH, SMALLEST_GROUP, ContractSections
from kpi_analysis.report.tables import Field
from kpi_analysis.stats import customers
from kpi_analysis.stats.intervals import newcombe

MONTHLY_COHORTS = 13  # a year and the month that runs
MOST_COHORTS = 12
DAYS = (30, 90, 365)
ORDINALS = ("first", "second", "third", "fourth", "fifth")
NAMES = {"customer": "customer", "date": "day", "value": "amount"}


@dataclass(frozen=True)
class CustomerSections(ContractSections):
    """Sections on customers, by their orders and by their contracts; the parameters are those of the latter."""

    def page(self) -> Title | None:
        """Begin the page: how many customers bought again, and how many contracts were lost."""
        frame = self.context.compute(("repeat_purchase_rate", "churn_rate"))
        rows = {row["kpi"]: row["value"] for row in records(frame) if row["value"] is not None}
        words = {
            "repeat_purchase_rate": "{} of those who bought did so more than once",
            "churn_rate": "{} of the customers under contract were lost",
        }
        said = [words[kpi].format(self.format.prose(value, "percent")) for kpi, value in rows.items()]
        if not said:
            return None
        place = self.context.period_name if self.period.complete else f"{self.context.period_name} so far"
        return Title(f"{', and '.join(said)} in {place}", values=values(frame[frame.kpi.isin(rows)]))

    def retention(self, *, most: int = MOST_COHORTS) -> Figure | Note | None:
        """Of those who first bought in a month or quarter, how many bought again in each one after; `most` cohorts."""
        if self.orders is None:
            return None
        sold = self.orders[self.orders["sold"] > 0]
        if sold.empty:
            return Note("Retention is not shown: nobody bought.")
        grain, periods = self._cohort_periods(sold["day"].min().date())
        edges = [period.start for period in periods] + [periods[-1].end + dt.timedelta(days=1)]
        table = customers.cohorts(sold, customer="customer", date="day", grain=edges, until=self.day)
        names = {pd.Timestamp(period.start): self._short(period) for period in periods}
        shown = table[table["cohort"].isin(sorted(table["cohort"].unique())[-most - 1 :]) & (table["age"] > 0)]
        # a cell that is not over shows what it has so far, and the cohort that is still coming has no later period
        so_far = shown.assign(rate=shown["active"] / shown["size"])
        told = [group for _, group in so_far.groupby("cohort") if group["rate"].notna().any()]
        if not told:
            return Note(f"Retention is not shown: the data cover only one {grain}.")
        oldest = max(group.loc[group["rate"].notna(), "age"].max() for group in told)
        told = [group[group["age"] <= oldest] for group in told]
        note = f"Customers of {self._short(periods[0])} may have bought before the data begin."
        return retention_triangle(
            Caption("retention", self._retention_title(table, names, grain),
                    f"Customers who bought again, {{unit}} of each cohort, by {grain}s since their first order",
                    note=note if told[0]["cohort"].iloc[0] == pd.Timestamp(periods[0].start) else ""),
            [names[group["cohort"].iloc[0]] for group in told],
            [int(group["size"].iloc[0]) for group in told],
            [[None if np.isnan(rate) else float(rate) for rate in group["rate"]] for group in told],
            mature=[[bool(done) for done in group["mature"]] for group in told],
            format=self.format,
            age_name=f"{grain}s",
        )  # fmt: skip

    def repeat_purchases(self) -> Table | Note | None:
        """After the first, second, third purchase: how many bought again, and how soon."""
        if self.orders is None:
            return None
        days = self.orders[self.orders["sold"] > 0].sort_values(["customer", "day"])
        number = days.groupby("customer").cumcount() + 1
        following = days.groupby("customer")["day"].shift(-1)
        waited = (following.fillna(pd.Timestamp(self.day)) - days["day"]).dt.days.to_numpy(float)
        rows: list[dict[str, Any]] = []
        firsts: list[float | None] = []
        for place in range(1, 6):
            mine = (number == place).to_numpy()
            if mine.sum() < SMALLEST_GROUP:
                break
            found = customers.survival(waited[mine], following.notna().to_numpy()[mine])
            firsts.append(found.at(90))
            within = {f"in_{n}": None if (left := found.at(n)) is None else 1 - left for n in DAYS}
            rows.append(
                {"purchase": str(place), "customers": int(mine.sum()), **within, "median": found.median, "reason": None}
            )
        if not rows:
            return Note(f"Repeat purchases are not shown: fewer than {SMALLEST_GROUP} customers bought.")
        shares = [left for left in firsts if left is not None]
        title = "How soon customers buy again"
        if len(shares) > 1:
            told = [self.format.prose(round(1 - share, 2), "percent") for share in (shares[0], shares[-1])]
            nth = ORDINALS[len(shares) - 1]
            title = f"{told[0]} buy again within 90 days of the first purchase, {told[1]} of the {nth}"
        fields = [Field("purchase", "After purchase"), Field("customers", "Customers", "count")]
        fields += [Field(f"in_{n}", f"Within {n} days", "percent", width="27mm") for n in DAYS]
        fields.append(Field("median", "Median wait", "days", width="24mm"))
        note = "Kaplan-Meier: who bought lately counts only as long as seen. Purchases of one day are one purchase."
        measure = f"Customers who bought again, all data to {self.format.date(self.day)}"
        return self._table(rows, fields, id="repeat_purchases", title=title, measure=measure, note=note)

    def segments(self) -> Table | Note | None:
        """The customers in segments by how lately and how often they bought."""
        if self.orders is None:
            return None
        found = self._rfm
        if found.reason:
            return Note(f"Segments are not shown: {found.reason}.")
        table = found.segments
        best = table.sort_values("value", ascending=False).iloc[0]
        names = {"share": "customers", "value_share": "revenue"}  # shares of refunds alone are none
        shares = [f"{self.format.prose(round(best[name], 2), 'percent')} of the {what}"
                  for name, what in names.items() if not np.isnan(best[name])]  # fmt: skip
        fields = [
            Field("segment", "Segment"), Field("customers", "Customers", "count"), Field("share", "Share", "percent"),
            Field("value", "Revenue", "currency"), Field("value_share", "Share", "percent"),
            Field("days", "Last purchase", "days", width="24mm"),
            Field("purchases", "Purchases", "count"),
        ]  # fmt: skip
        note = (
            "Fifths by last purchase (R) and number of purchases (F), 5 the best. Champions R 4–5, F 4–5; Loyal R 3, "
            "F 4–5; At risk R 1–2, F 4–5; Promising R 4–5, F 2–3; Cooling R 3, F 2–3; Fading R 1–2, F 2–3; "
            "New R 4–5, F 1; Lapsed R 1–3, F 1. Last purchase: days ago, the median, as is the number of purchases."
        )
        return self._table(
            table.to_dict("records"), fields, id="rfm_segments", note=note,
            title=f"{best['segment']} are {' and '.join(shares)}",
            measure=f"Customers by segment, all data to {self.format.date(self.day)}; revenue net of returns",
            total={"segment": "All customers", "customers": table["customers"].sum(), "value": table["value"].sum()},
        )  # fmt: skip

    def value_page(self, *, months: int = 12, discount: float = 0.1) -> Title | None:
        """Begin a page: what today's customers will be worth; nothing where it cannot be told."""
        if self.orders is None or self._no_worth:
            return None
        total = self.format.prose(float(self._worth(months, discount)["worth"].sum()), "currency")
        return Title(f"Today’s customers are worth {total} of {self._earned} over the next {months} months")

    def lifetime_value(self, *, months: int = 12, discount: float = 0.1) -> Table | Note | None:
        """What the customers of each segment will buy in the months to come, and what that is worth."""
        if self.orders is None:
            return None
        if self._no_worth:
            return Note(f"Customer lifetime value is not shown: {self._no_worth}.")
        people = self._worth(months, discount)
        table = people.groupby("segment").agg(customers=("worth", "size"), purchases=("purchases", "sum"),
                                              each=("worth", "mean"), worth=("worth", "sum"))  # fmt: skip
        table = table.reindex([name for name in customers.SEGMENTS if name in table.index]).reset_index()
        whole = {"segment": "All customers", "customers": len(people), "purchases": people["purchases"].sum(),
                 "each": people["worth"].mean(), "worth": people["worth"].sum()}  # fmt: skip
        best = table.sort_values("worth", ascending=False).iloc[0]
        share = self.format.prose(round(best["worth"] / people["worth"].sum(), 2), "percent")
        fields = [
            Field("segment", "Segment"), Field("customers", "Customers", "count"),
            Field("purchases", "Purchases", "count"), Field("each", "Value each", "currency"),
            Field("worth", "Value", "currency"),
        ]  # fmt: skip
        buying, spending, _ = self._models
        note = f"BG/NBD and Gamma-Gamma, discounted at {self.format.prose(discount, 'percent')} a year."
        return self._table(
            table.to_dict("records"), fields, id="customer_lifetime_value", total=whole,
            title=f"{best['segment']} bring {share} of what is to come",
            measure=f"Expected purchases and {self._earned} in {months} months from {self.format.date(self.day)}",
            note=" ".join(filter(None, [note, buying.caution, spending.caution])),
        )  # fmt: skip

    def forecast_check(self, *, months: int = 6) -> Table | Note | None:
        """What the model would have forecast for the last months, against what was bought."""
        if self.orders is None or self.orders.empty:
            return None
        span = (self.day - self.orders["day"].min().date()).days
        begin = self.day - dt.timedelta(days=min(round(months * MONTH), span // 3))
        if begin >= self.day:
            return Note("The forecast of purchases is not checked: the data are too short to hold a part back.")
        found = customers.holdout(self._net, **NAMES, calibrated_until=begin, until=self.day)
        if found.reason or found.error is None:
            return Note(f"The forecast of purchases is not checked: {found.reason or 'nobody bought in the holdout'}.")
        share = self.format.prose(abs(round(found.error, 3)), "percent")
        side = "high" if found.error > 0 else "low"
        missed = f"was {share} too {side}" if abs(found.error) >= 0.0005 else "was right"
        fields = [Field("bucket", "Repeat purchases before"), Field("customers", "Customers", "count"),
                  Field("predicted", "Predicted", "count"), Field("actual", "Actual", "count")]  # fmt: skip
        return self._table(
            found.frame.to_dict("records"), fields, id="forecast_check",
            title=f"The forecast of purchases {missed}",
            measure=f"Purchases from {self.format.date(begin + dt.timedelta(days=1))} to {self.format.date(self.day)}",
            total={"bucket": "All customers known then", "customers": found.frame["customers"].sum(),
                   "predicted": found.predicted, "actual": found.actual},
            note="BG/NBD fitted on what came before. New customers of these months are not in it, and no season is.",
        )  # fmt: skip

    # ------------------------------------------------------------------ inside

    @cached_property
    def orders(self) -> pd.DataFrame | None:
        """What customers bought day by day, where the orders are connected and have the columns of the slices."""
        return (
            orders_by_customer_day(self.company.sources, self.day, self.context.where) if self._has("orders") else None
        )

    @cached_property
    def _net(self) -> pd.DataFrame:
        """The orders without days on which all that was bought came back: their sum of 0 is no purchase."""
        assert self.orders is not None
        return self.orders[(self.orders["amount"] != 0) | (self.orders["sold"] == 0)]

    @cached_property
    def _rfm(self) -> customers.Rfm:
        return customers.rfm(self._net, **NAMES, until=self.day)

    @cached_property
    def _models(self) -> tuple[customers.BgNbd, customers.GammaGamma, pd.DataFrame]:
        known = customers.summarise(self._net, **NAMES, until=self.day)
        buying = customers.bg_nbd(known["frequency"], known["recency"], known["age"])
        return buying, customers.gamma_gamma(known["frequency"], known["monetary"]), known

    @cached_property
    def _no_worth(self) -> str:
        buying, spending, _ = self._models
        return buying.reason or spending.reason or self._rfm.reason

    @property
    def _earned(self) -> str:
        return "gross profit" if self.company.config.gross_margin else "revenue"

    def _worth(self, months: int, discount: float) -> pd.DataFrame:
        """Return each customer's segment, expected purchases and worth."""
        buying, spending, known = self._models
        frequency, recency, age = (known[name].to_numpy() for name in ("frequency", "recency", "age"))
        weeks = round(months * WEEKS_A_YEAR / 12)
        worth = customers.lifetime_value(
            buying, spending, frequency, recency, age, known["monetary"], horizon=weeks,
            discount=weekly(discount), margin=self.company.config.gross_margin or 1.0,
        )  # fmt: skip
        purchases = buying.expected_purchases(weeks, frequency, recency, age)
        return known.assign(purchases=purchases, worth=worth).join(self._rfm.customers["segment"])

    def _cohort_periods(self, first: dt.date) -> tuple[str, list[Period]]:
        """Return months where there are few of them, else quarters."""
        calendar = self.company.config.calendar
        for grain in ("month", "quarter"):
            periods = [calendar.containing(self.day, grain)]
            while periods[0].start > first:
                periods.insert(0, calendar.prior(periods[0]))
            if len(periods) <= MONTHLY_COHORTS:
                break
        return grain, periods

    def _short(self, period: Period) -> str:
        month = period.grain == "month" and self.company.config.calendar.type == "gregorian"
        return self.format.month(period.start) if month else period_label(period, self.company.config.calendar)

    def _retention_title(self, table: pd.DataFrame, names: Mapping[pd.Timestamp, str], grain: str) -> str:
        """Compare the newest final cohort with the one of a year before, or with the second one."""
        done = table[(table["age"] == 1) & table["mature"]]
        if done.empty:
            return f"It is too early to say who buys again after one {grain}"
        new = done.iloc[-1]
        back = 4 if grain == "quarter" else 12
        old = done.iloc[-1 - back] if len(done) > back else done.iloc[min(1, len(done) - 1)]
        said = [self.format.prose(round(one["rate"], 2), "percent") for one in (new, old)]
        words = f"After one {grain} {said[0]} of the {names[new['cohort']]} cohort bought again"
        if old["cohort"] == new["cohort"]:
            return words
        low, high = newcombe(new["active"], new["size"], old["active"], old["size"])
        clear = "against" if low > 0 or high < 0 else "not clearly different from"
        return f"{words}, {clear} {said[1]} of {names[old['cohort']]}"

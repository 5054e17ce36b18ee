"""Tickets and surveys, employees and vacancies, and what the lines produce."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_analysis.demo.draws import Draws, Ints
from kpi_analysis.demo.facts import DEFECTS
from kpi_analysis.demo.trade import Customers, customer_id
from kpi_analysis.demo.world import (
    AGENTS,
    DAYS,
    DEPARTMENTS,
    LINES,
    MONTH_STARTS,
    NEVER,
    SEGMENTS,
    all_dates_of,
    dates_of,
    day_of,
    grid,
    moments_of,
    season,
    week,
    weekday,
    working_day,
    years,
)

TICKETS_A_DAY = 2.6
TICKET_WEEK = (1.4, 1.3, 1.2, 1.2, 1.1, 0.5, 0.3)
ANSWERS_A_DAY = {"nps": 3.4, "csat": 1.4}
STAFF, STAFF_MIX = 84, (0.30, 0.13, 0.08, 0.12, 0.06, 0.14, 0.17)
HIRES, STILL_OPEN = 41, 5
OUTPUT = (54, 108, 47)  # units a day by line
USUAL_DEFECTS = (0.018, 0.022, 0.026)


def tickets_table(seed: int) -> pd.DataFrame:
    """Return the table `tickets`; those of the last days may not be resolved yet."""
    draws = Draws(seed, "tickets")
    days = np.arange(DAYS, dtype=np.int64)
    counts = draws.counts(TICKETS_A_DAY * season(days) * week(days, TICKET_WEEK) * (1 + 0.10) ** years(days))
    day = np.repeat(days, counts)
    size = len(day)
    opened = day * 1440 + draws.between(8 * 60, 18 * 60, size)
    opened = opened[np.lexsort((opened,))]
    at_once = draws.happens(0.70 + 0.015 * years(day), size)
    long = np.rint(26 * 60 * draws.spread(0.9, size)).astype(np.int64)
    minutes = np.maximum(2, np.rint((13.5 - 0.6 * years(day)) * draws.spread(0.5, size))).astype(np.int64)
    waiting = np.rint(75 * draws.spread(0.8, size)).astype(np.int64)
    resolved = opened + minutes + np.where(at_once, waiting, long)
    happy = np.where(at_once, 0.3, 0.0) + draws.normal(size) * 0.85 + 4.05
    answered = draws.happens(0.4, size) & (resolved < DAYS * 1440)
    csat = np.where(answered, np.clip(np.rint(happy), 1, 5), np.nan)
    return pd.DataFrame(
        {
            "ticket_id": [f"T{number:05d}" for number in range(1, size + 1)],
            "opened_on": moments_of(opened * 0, opened),
            "resolved_on": np.where(
                resolved < DAYS * 1440, moments_of(resolved * 0, resolved), np.datetime64("NaT", "s")
            ),
            "handle_minutes": minutes,
            "first_contact_resolved": at_once,
            "csat": pd.array(csat, dtype="Int64"),
            "agent": [AGENTS[index] for index in draws.choose((0.26, 0.23, 0.2, 0.17, 0.14), size)],
            "channel": [("Phone", "Email", "Chat")[index] for index in draws.choose((0.45, 0.33, 0.22), size)],
        }
    )


def surveys_table(seed: int, customers: Customers) -> pd.DataFrame:
    """Return the table `surveys`: customers on a scale from 0 to 10 (nps) or from 1 to 5 (csat)."""
    draws = Draws(seed, "surveys")
    parts = []
    for kind, rate in ANSWERS_A_DAY.items():
        day = np.repeat(np.arange(DAYS), draws.counts(np.full(DAYS, rate)))
        size = len(day)
        known = np.searchsorted(customers.acquired[customers.deal >= 0], day) + int((customers.deal < 0).sum())
        who = np.floor(draws.uniform(size) * known).astype(np.int64)
        if kind == "nps":
            low, high = 0.195 - 0.008 * years(day), 0.505 + 0.018 * years(day)
            mood, degree = draws.uniform(size), draws.uniform(size)
            content = np.where(mood < 1 - high, 7 + (degree > 0.4), 9 + (degree > 0.5))
            score = np.where(mood < low, np.floor(7 * np.sqrt(degree)), content)
        else:
            score = np.clip(np.rint(4.12 + 0.02 * years(day) + 0.9 * draws.normal(size)), 1, 5)
        parts.append(
            pd.DataFrame(
                {
                    "answered_on": dates_of(day),
                    "score": score.astype(np.int64),
                    "kind": kind,
                    "customer_id": [customer_id(index) for index in who.tolist()],
                    "segment": [SEGMENTS[index] for index in customers.segment[who]],
                }
            )
        )
    return pd.concat(parts, ignore_index=True).sort_values("answered_on", kind="stable", ignore_index=True)


def people_tables(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables `employees` and `vacancies`: who is hired in these years fills a vacancy."""
    draws = Draws(seed, "people")
    size = STAFF + HIRES
    hired = np.r_[np.sort(draws.between(-3650, -40, STAFF)), np.sort(working_day(draws.between(10, DAYS - 4, HIRES)))]
    stays = draws.waits(3000.0, size) + 120
    left = np.maximum(hired, 0) + stays
    left = np.where(left < DAYS, working_day(left), NEVER)
    department = draws.choose(STAFF_MIX, size)
    voluntary = pd.Series(draws.happens(0.68, size), dtype="boolean").where(left < DAYS)
    rating = np.clip(np.rint((3.5 + 0.6 * draws.normal(size)) * 2) / 2, 1, 5)
    attainment = np.maximum(0.4, np.rint((1.0 + 0.13 * draws.normal(size)) * 100) / 100)
    measured = department <= 3
    employees = pd.DataFrame(
        {
            "employee_id": [f"E{number:03d}" for number in range(1, size + 1)],
            "hired_on": all_dates_of(hired),
            "left_on": dates_of(left),
            "left_voluntarily": voluntary,
            "department": [DEPARTMENTS[index] for index in department],
            "performance_rating": rating,
            "target_attainment": np.where(measured, attainment, np.nan),
        }
    )
    filled = np.r_[hired[STAFF:], np.full(STILL_OPEN, NEVER)]
    wait = np.rint(49 * draws.spread(0.35, len(filled))).astype(np.int64)
    opened = np.where(filled < DAYS, filled - wait, DAYS - draws.between(5, 70, len(filled)))
    where = np.r_[department[STAFF:], draws.choose(STAFF_MIX, STILL_OPEN)]
    order = np.argsort(opened, kind="stable")
    vacancies = pd.DataFrame(
        {
            "vacancy_id": [f"V{number:03d}" for number in range(1, len(order) + 1)],
            "opened_on": all_dates_of(opened[order]),
            "filled_on": dates_of(filled[order]),
            "department": [DEPARTMENTS[index] for index in where[order]],
        }
    )
    return employees, vacancies


def staff_at_month_ends(employees: pd.DataFrame) -> Ints:
    """How many people are employed at the end of each month."""
    ends = all_dates_of(MONTH_STARTS[1:] - 1)
    hired = employees["hired_on"].to_numpy().astype("datetime64[D]")
    left = employees["left_on"].to_numpy().astype("datetime64[D]")
    here = (hired <= ends[:, None]) & (np.isnat(left) | (left > ends[:, None]))
    return np.asarray(here.sum(axis=1), dtype=np.int64)


def production_table(seed: int) -> pd.DataFrame:
    """Return the table `production`: a working day of a line. A unit with a defect is not good."""
    draws = Draws(seed, "production")
    day, line = grid(DAYS, len(LINES))
    size = len(day)
    units = draws.counts(np.array(OUTPUT)[line] * season(day, 0.7) * (1 + 0.06) ** years(day))
    rate = np.array(USUAL_DEFECTS)[line] * draws.spread(0.15, size)
    troubled = (day >= day_of(DEFECTS.first)) & (day <= day_of(DEFECTS.last))
    troubled &= line == LINES.index(DEFECTS.at("line"))
    defects = np.minimum(units, draws.counts(units * rate * np.where(troubled, DEFECTS.size, 1.0)))
    late = draws.counts(units * (0.062 - 0.004 * years(day)))
    table = pd.DataFrame(
        {
            "produced_on": dates_of(day),
            "units": units,
            "good_units": units - defects,
            "defects": defects,
            "on_time_units": np.maximum(0, units - late),
            "line": [LINES[index] for index in line],
        }
    )
    return table[weekday(day) < 5].reset_index(drop=True)

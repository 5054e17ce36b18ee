"""People: headcount, turnover, vacancies, performance."""

from __future__ import annotations

from reference.measures import average_of_stock, count, open_rows, rows_in_period, total, where_known
from reference.results import Result, by_name, ratio
from reference.rows import Selection

# --- what the KPIs are made of


def mean_headcount(s: Selection) -> float:
    """The mean of the headcount before the period and at its end."""
    return average_of_stock(s, headcount)


def known_of_staff(s: Selection, column: str) -> list[float]:
    """What is known of the staff at the end."""
    return [r[column] for r in open_rows(s, "employees", "hired_on", "left_on", column) if r[column] is not None]


def days_to_fill(s: Selection) -> float:
    """The days from opening to filling of the vacancies filled."""
    rows = rows_in_period(s, "vacancies", "filled_on", "opened_on")
    return total(where_known(lambda r: (r["filled_on"] - r["opened_on"]).days, "opened_on")(row) for row in rows)


# --- KPIs


def headcount(s: Selection) -> float:
    """The number of employees at the end."""
    return float(len(open_rows(s, "employees", "hired_on", "left_on")))


def employee_turnover(s: Selection) -> Result:
    """Employees who left over the mean headcount."""
    return ratio(s, lambda s: count(s, "employees", "left_on"), mean_headcount)


def employee_turnover_annualised(s: Selection) -> Result:
    """The same, a year."""
    return ratio(s, lambda s: employee_turnover(s).number * 365, lambda s: s.period.days)


def voluntary_turnover(s: Selection) -> Result:
    """Employees who left of their own will over the mean headcount."""

    def resigned(s: Selection) -> float:
        return count(s, "employees", "left_on", "left_voluntarily", where=lambda r: r["left_voluntarily"] is True)

    return ratio(s, resigned, mean_headcount)


def vacancies(s: Selection) -> float:
    """The number of positions that are open at the end."""
    return float(len(open_rows(s, "vacancies", "opened_on", "filled_on")))


def vacancy_rate(s: Selection) -> Result:
    """Open positions over all positions."""
    return ratio(s, vacancies, lambda s: vacancies(s) + headcount(s))


def time_to_fill(s: Selection) -> Result:
    """The mean of the days that it took to fill a position."""
    return ratio(s, days_to_fill, lambda s: count(s, "vacancies", "filled_on"))


def employee_performance(s: Selection) -> Result:
    """The mean rating of the staff."""

    def ratings(s: Selection) -> float:
        staff = open_rows(s, "employees", "hired_on", "left_on", "performance_rating")
        return total(row["performance_rating"] for row in staff)

    return ratio(s, ratings, lambda s: float(len(known_of_staff(s, "performance_rating"))))


def employees_on_target(s: Selection) -> Result:
    """Employees who reached their target over those who have one."""
    return ratio(
        s,
        lambda s: float(sum(value >= 1 for value in known_of_staff(s, "target_attainment"))),
        lambda s: float(len(known_of_staff(s, "target_attainment"))),
    )


PEOPLE = by_name(
    headcount,
    employee_turnover,
    employee_turnover_annualised,
    voluntary_turnover,
    vacancies,
    vacancy_rate,
    time_to_fill,
    employee_performance,
    employees_on_target,
)

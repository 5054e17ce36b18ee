"""A workspace of a company's own files: recognised ones are read, proposals are comments, nothing is a sample."""

from __future__ import annotations

import os
import pty
import re
import select
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
import yaml

from kpi_analysis.cli.main import main
from kpi_analysis.cli.scaffold import new_workspace, report_lines
from kpi_analysis.core.config.company import load_company
from kpi_analysis.core.errors import UsageError
from kpi_analysis.metrics.session import open_company

ROOT = Path(__file__).parents[3]
ADS = (
    "Campaign report\n\"January 1, 2026 - March 31, 2026\"\n"
    "Day,Campaign,Campaign status,Currency code,Impr.,Clicks,Cost,Conversions\n"
    "2026-01-02,Brand,Enabled,CHF,\"1,200\",60,80.50,2\n2026-03-31,Brand,Enabled,CHF,900,40,60.00,1\n"
)  # fmt: skip
DEALS = (
    "Vorgangs-Nr.;Kunde;Status;Wert (€);Angelegt am;Abschlussdatum\n"
    "VC-0;Nowak;Verloren;15.501,82;24.08.2025;11.09.2025\nVC-1;Rossi;Offen;4.977,20;16.05.2025;01.08.2026\n"
    "VC-2;Meyer;Gewonnen;7.985,75;29.08.2025;19.11.2025\n"
)
BANK = "IBAN;Buchungstag;Verwendungszweck;Betrag;Saldo\nDE12;01.02.2026;Miete;-50,00;950,00\n"


def folder_of(home: Path, **files: str | bytes) -> Path:
    home.mkdir()
    for name, text in files.items():
        (home / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return home


def lines_of(home: Path, origin: Path | str) -> dict[str, str]:
    """What is said of each file."""
    made = new_workspace(home, origin)
    return {line.partition(": ")[0]: line.partition(": ")[2] for line in made.lines}


def without_marks(text: str, table: str) -> str:
    """A company file with the marks of one proposal taken away, as a user would."""
    head, found, rest = text.partition(f"  # {table}:\n")
    body = re.match(r"(  #   .*\n)+", rest)
    assert found and body
    own = f"  {table}:\n" + re.sub(r"(?m)^  # ", "  ", body[0])
    return (head + own + rest[body.end() :]).replace("tables: {}", "tables:")


def test_each_file_has_a_line_and_a_bad_one_stops_nothing(tmp_path: Path) -> None:
    files = folder_of(
        tmp_path / "exports",
        **{
            "ads.csv": ADS,
            "deals.csv": DEALS,
            "bank.csv": BANK,
            "note.pdf": "%PDF",
            "bad.parquet": "x",
            "bad.xlsx": "x",
        },
    )
    os.mkfifo(files / "pipe.csv")
    said = lines_of(tmp_path / "ours", files)
    assert said["ads.csv"].startswith("recognised as google_ads_campaigns (spend)")
    assert said["deals.csv"].startswith("proposed as opportunities (")
    assert said["bank.csv"].startswith("not recognised: it looks like a bank statement (IBAN, Saldo")
    for name in ("note.pdf", "bad.parquet", "bad.xlsx", "pipe.csv"):
        assert said[name].startswith("not readable because ")


def test_what_is_not_recognised_names_three_tables_and_what_they_lack(tmp_path: Path) -> None:
    files = folder_of(
        tmp_path / "exports", **{"cars.csv": "Datum,Fahrzeug,Kosten\n2026-01-02,B1,80\n2026-01-03,B2,70\n"}
    )
    said = lines_of(tmp_path / "ours", files)["cars.csv"]
    assert said.startswith("not recognised; nearest are ") and said.count("(lacks ") >= 3


def test_recognised_files_are_read_and_nothing_is_a_sample(tmp_path: Path) -> None:
    files = folder_of(tmp_path / "exports", **{"ads.csv": ADS, "deals.csv": DEALS})
    made = new_workspace(tmp_path / "ours", files)
    company = open_company(tmp_path / "ours/params/company.yaml")
    assert list(company.config.tables) == ["spend"] and company.targets == ()
    assert not (tmp_path / "ours/data").exists()
    assert company.compute(["cost_per_click"], period="2026-Q1").value[0] == pytest.approx(140.5 / 100)
    assert made.check is not None and made.check.errors == 0 and made.period == "2026-Q1"
    assert "kpi render quarterly_report --period 2026-Q1" in report_lines(made)[-1]


def test_a_proposal_computes_once_its_marks_are_taken_away(tmp_path: Path) -> None:
    files = folder_of(tmp_path / "exports", **{"deals.csv": DEALS})
    new_workspace(tmp_path / "ours", files)
    path = tmp_path / "ours/params/company.yaml"
    assert load_company(path).tables == {}, "a proposal decides nothing"
    path.write_text(without_marks(path.read_text(), "opportunities"))
    frame = open_company(path).compute(["average_deal_size", "opportunity_to_win_ratio"], period="2025")
    assert frame.value.tolist() == [pytest.approx(7985.75), 0.5]


def test_settings_are_seen_in_the_files_or_marked(tmp_path: Path) -> None:
    files = folder_of(tmp_path / "exports", **{"ads.csv": ADS})
    new_workspace(tmp_path / "ours", files)
    text = (tmp_path / "ours/params/company.yaml").read_text()
    assert re.search(r"(?m)^currency: CHF +# seen in ads\.csv \(Currency code\)$", text)
    assert all(re.search(rf"(?m)^{key}: .*# set this", text) for key in ("company", "calendar", "timezone"))


def test_exports_of_one_tool_become_a_list_and_a_second_download_is_left_out(tmp_path: Path) -> None:
    later = ADS.replace("2026-01-02", "2026-04-02").replace("2026-03-31", "2026-06-30")
    files = folder_of(tmp_path / "exports", **{"ads.csv": ADS, "ads (1).csv": ADS, "ads q2.csv": later})
    said = lines_of(tmp_path / "ours", files)
    assert sum("left out: " in line for line in said.values()) == 1 and "left out" not in said["ads q2.csv"]
    spend = yaml.safe_load((tmp_path / "ours/params/company.yaml").read_text())["tables"]["spend"]
    assert [Path(source["path"]).name for source in spend] == ["ads (1).csv", "ads q2.csv"]
    assert open_company(tmp_path / "ours/params/company.yaml").table("spend").amount.sum().execute() == 281.0


def test_all_sheets_and_tables_of_databases_are_looked_at(tmp_path: Path) -> None:
    files = folder_of(tmp_path / "exports")
    with duckdb.connect(files / "shop.duckdb") as connection:
        connection.sql("create table deals as select * from (values ('a', date '2026-01-02', 'won', 9.0), "
                       "('b', date '2026-01-03', 'lost', 7.0)) t(deal_id, created_on, outcome, amount)")  # fmt: skip
    with sqlite3.connect(files / "other.sqlite") as other:
        other.execute("create table notes (id integer, text text)")
        other.execute("insert into notes values (1, 'x')")
    said = lines_of(tmp_path / "ours", files)
    assert said["shop.duckdb"].startswith("deals: proposed as opportunities")
    assert said["other.sqlite"].startswith("notes: not recognised")


def test_a_database_by_its_url_is_looked_at(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "base.duckdb") as connection:
        connection.sql("create schema crm")
        connection.sql(
            "create table crm.deals as select * from (values ('a', date '2026-01-02', date '2026-02-02', 'won', 9.0), "
            "('b', date '2026-01-03', date '2026-02-03', 'lost', 7.0)) t(id, created_on, closed_on, outcome, amount)"
        )
    said = lines_of(tmp_path / "ours", f"duckdb://{tmp_path}/base.duckdb")
    assert said["crm.deals"].startswith("proposed as opportunities")
    path = tmp_path / "ours/params/company.yaml"
    path.write_text(without_marks(path.read_text(), "opportunities"))
    assert open_company(path).compute(["opportunity_to_win_ratio"], period="2026-Q1").value[0] == 0.5
    with pytest.raises(UsageError, match="no database"):
        new_workspace(tmp_path / "none", f"duckdb://{tmp_path}/none.duckdb")


def answered(home: Path, answers: list[str]) -> str:
    """What `kpi init` prints on a terminal whose user answers so."""
    control, terminal = pty.openpty()
    command = [sys.executable, "-m", "kpi_analysis.cli.main", "init", str(home)]
    script = "import sys; from kpi_analysis.cli.main import main; main(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *command[3:]], stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    seen, waiting, end = "", list(answers), time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if select.select([control], [], [], 0.2)[0]:
            try:
                seen += os.read(control, 65536).decode(errors="replace")
            except OSError:  # the terminal is closed
                break
            if waiting and seen.rstrip(" ").endswith(":"):
                os.write(control, f"{waiting.pop(0)}\n".encode())
    process.wait(timeout=30)
    os.close(control)
    return seen


def test_on_a_terminal_it_asks_and_takes_the_answers(tmp_path: Path) -> None:
    files = folder_of(tmp_path / "exports", **{"ads.csv": ADS})
    seen = answered(tmp_path / "ours", ["Ours AG", "xyz", "chf", str(tmp_path / "nowhere"), str(files)])
    assert "no ISO 4217 currency" in seen and "recognised as google_ads_campaigns" in seen
    config = load_company(tmp_path / "ours/params/company.yaml")
    assert (config.name, config.currency) == ("Ours AG", "CHF")


def test_in_a_script_it_asks_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["init", str(tmp_path / "ours")])
    assert not caught.value.code and "Next: " in capsys.readouterr().out
    assert load_company(tmp_path / "ours/params/company.yaml").name == "Sample shop"


def test_a_folder_that_is_not_there_makes_no_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["init", str(tmp_path / "ours"), "--from", str(tmp_path / "nowhere")])
    assert caught.value.code == 2 and "is not there" in capsys.readouterr().err
    assert not (tmp_path / "ours").exists()
    assert list(tmp_path.iterdir()) == []

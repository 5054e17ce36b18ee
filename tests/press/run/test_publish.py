import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kpi_analysis.core.errors import RunError
from kpi_analysis.press.run.names import folder_name, slug
from kpi_analysis.press.run.publish import check_writable, publish, recover, write_atomically

OLD = {"report.html": b"old", "extra.txt": b"old"}
NEW = {"report.html": b"new"}


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Let no file grow over so many bytes: the nearest thing to a full disk that also stops root."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def ended_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_is_replaced_as_a_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "2017-Q4" / "sales"
    publish(folder, OLD)
    assert publish(folder, NEW) == (folder / "report.html",)
    assert content(folder) == NEW
    assert [path.name for path in folder.parent.iterdir()] == ["sales"]


def test_a_full_disk_leaves_the_old_report(tmp_path: Path) -> None:
    folder = tmp_path / "sales"
    publish(folder, OLD)
    with full_disk(1_000_000), pytest.raises(RunError, match="cannot be written: File too large"):
        publish(folder, {"report.html": b"new", "report.pdf": b"x" * 2_000_000})
    assert content(folder) == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["sales"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    write_atomically(path, b"old")
    with full_disk(1_000_000), pytest.raises(RunError):
        write_atomically(path, b"x" * 2_000_000)
    assert content(tmp_path) == {"index.html": b"old"}


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(RunError, match="reports is a file, wanted a folder"):
        check_writable(tmp_path / "reports" / "2017-Q4" / "sales")
    with pytest.raises(RunError, match="cannot be written"):
        publish(tmp_path / "reports" / "2017-Q4" / "sales", NEW)
    with pytest.raises(RunError, match="cannot be written"):
        publish(tmp_path / "reports", NEW)
    assert (tmp_path / "reports").read_text() == "in the way"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_told_beforehand(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="cannot be written to"):
        check_writable(tmp_path / "sales")
    tmp_path.chmod(0o700)


def test_checking_a_place_makes_nothing(tmp_path: Path) -> None:
    check_writable(tmp_path / "reports" / "2017-Q4" / "sales")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "sales"
    left = tmp_path / f".sales.{ended_pid()}.new"
    left.mkdir()
    (left / "half.html").write_text("half")
    publish(folder, NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["sales"]


def test_a_report_that_a_killed_run_had_moved_aside_comes_back(tmp_path: Path) -> None:
    publish(tmp_path / "sales", OLD)
    (tmp_path / "sales").rename(tmp_path / f".sales.{ended_pid()}.old")
    recover(tmp_path / "sales")
    assert content(tmp_path / "sales") == OLD


def test_the_work_of_a_living_run_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / f".sales.{os.getppid()}.new"
    other.mkdir()
    publish(tmp_path / "sales", NEW)
    assert other.is_dir()


def test_the_work_of_another_machine_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / f".sales.{ended_pid()}-elsewhere.new"
    other.mkdir()
    publish(tmp_path / "sales", NEW)
    assert other.is_dir()


@pytest.mark.parametrize("value", ["../../etc/passwd", "/", "..", "a/b", "a\\b", "a\0b", ".hidden", "x" * 300, "", "-"])
def test_no_value_leaves_its_folder(value: str) -> None:
    name = slug(value)
    assert name
    assert len(name.encode()) <= 100
    assert not set(name) & set("/\\\0")
    assert not name.startswith(".")


def test_values_stay_readable_and_apart() -> None:
    assert slug("Île-de-France") == "Île-de-France"
    assert slug("a/b") != slug("a:b") != slug("a-b")
    assert slug("EMEA") == "EMEA"
    assert slug(2.5) == "2.5"
    assert folder_name("sales", {}) == "sales"
    assert len(folder_name("sales", dict.fromkeys("abcdef", "é" * 60)).encode()) <= 200

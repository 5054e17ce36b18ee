from pathlib import Path

import nbformat
import pytest

import kpi_analysis
from kpi_analysis.core.errors import DataError, KernelDied, RunError, UsageError
from kpi_analysis.press.kernels.selection import choose_kernel, kernel_names
from kpi_analysis.press.run.execute import execute_notebook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(autouse=True)
def _package_in_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(next(iter(kpi_analysis.__path__))).parent))


def test_a_failing_cell_is_told_with_its_number_and_its_notebook_is_kept(tmp_path: Path) -> None:
    failed = tmp_path / "failed" / "it.ipynb"
    done: list[tuple[int, int]] = []
    with pytest.raises(RunError) as caught:
        execute_notebook(
            NOTEBOOKS / "fails_in_its_third_cell.ipynb", {"top": 7}, failed=failed,
            progress=lambda n, total: done.append((n, total)),
        )  # fmt: skip
    assert caught.value.exit_code == 1
    assert str(caught.value) == (
        f"fails_in_its_third_cell.ipynb, cell 3 of 4: ZeroDivisionError: division by zero. How far it came: {failed}"
    )
    assert done[-1] == (4, 5)  # the injected cell counts here, and the last cell never ran
    kept = nbformat.read(failed, as_version=4)  # type: ignore[no-untyped-call]
    assert "An Exception was encountered" in kept.cells[0].source
    assert kept.metadata.papermill.parameters == {"top": 7}
    assert kept.metadata.papermill.exception is True
    assert [cell.source for cell in kept.cells if "injected-parameters" in cell.metadata.tags] == [
        "# Parameters\ntop = 7\n"
    ]


def test_a_dead_kernel_has_its_own_exit_code(tmp_path: Path) -> None:
    failed = tmp_path / "it.ipynb"
    with pytest.raises(KernelDied, match="cell 1 of 2: the kernel died") as caught:
        execute_notebook(NOTEBOOKS / "kills_its_kernel.ipynb", {}, failed=failed)
    assert caught.value.exit_code == 138
    assert "An Exception was encountered" in failed.read_text()


def test_a_cell_over_the_time_out_is_told(tmp_path: Path) -> None:
    failed = tmp_path / "it.ipynb"
    with pytest.raises(RunError, match="cell 1 of 2: it took longer than the time-out of 1 s"):
        execute_notebook(NOTEBOOKS / "takes_too_long.ipynb", {}, timeout=1, failed=failed)
    assert failed.is_file()


def test_a_clean_exit_before_the_last_cell_is_a_failure(tmp_path: Path) -> None:
    failed = tmp_path / "it.ipynb"
    with pytest.raises(RunError, match="the cell ended the run, and 1 later cell never ran"):
        execute_notebook(NOTEBOOKS / "exits_before_its_end.ipynb", {}, failed=failed)
    assert "An Exception was encountered" in failed.read_text()


def test_an_error_about_the_data_comes_out_as_it_was_raised(tmp_path: Path) -> None:
    failed = tmp_path / "failed" / "it.ipynb"
    with pytest.raises(DataError) as caught:
        execute_notebook(NOTEBOOKS / "finds_wrong_data.ipynb", {}, failed=failed)
    assert str(caught.value) == "orders has 3 rows without a date. Mend those rows."
    assert caught.value.exit_code == 2
    assert not failed.parent.exists()


def test_a_meant_error_and_an_exit_at_the_end_are_no_failures() -> None:
    nb = execute_notebook(NOTEBOOKS / "goes_on_after_a_meant_error.ipynb", {})
    assert [output.ename for output in nb.cells[0].outputs] == ["ZeroDivisionError"]
    assert nb.cells[1].outputs == []
    assert nb.metadata.papermill.exception is None


def test_an_unknown_kernel_is_told_with_those_installed() -> None:
    with pytest.raises(
        UsageError, match=r"kernel 'pyton3' is not installed\. Did you mean 'python3'\? Installed: .*python3"
    ):
        execute_notebook(NOTEBOOKS / "kills_its_kernel.ipynb", {}, kernel="pyton3")
    with pytest.raises(UsageError, match="'conda-env' that the notebook names"):
        choose_kernel({"metadata": {"kernelspec": {"name": "conda-env"}}})
    assert choose_kernel({"metadata": {}}) == "python3"
    assert "python3" in kernel_names()


def test_a_time_out_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="time-out is 0 s"):
        execute_notebook(NOTEBOOKS / "takes_too_long.ipynb", {}, timeout=0)

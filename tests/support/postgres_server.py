"""A server of PostgreSQL of one's own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

STARTS_WITHIN = 30  # seconds


def server_programs() -> Path | None:
    """The folder of initdb and postgres, which Debian keeps off the path."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) + sorted(Path("/usr").glob("pgsql-*/bin/initdb"))
    return kept[-1].parent if kept else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unprivileged() -> dict[str, Any]:
    """How to start a program as somebody else: the server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known.get("nobody")
    if entry is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody here")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server that lives for this session, in a zone that is not the company's."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg, the driver of PostgreSQL, is not installed")
    programs = server_programs()
    if programs is None:
        pytest.skip("there is no PostgreSQL server here (no initdb); on Debian: apt-get install postgresql")
    somebody = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="kpi_postgres_"))
    if somebody:
        os.chown(folder, somebody["user"], somebody["group"])
    data = folder / "data"
    command = [programs / "initdb", "-D", data, "-U", "kpi", "--auth=trust", "--encoding=UTF8", "--no-sync",
               "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]  # fmt: skip
    port = free_port()
    url = f"postgresql://kpi@127.0.0.1:{port}/postgres"
    options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off",
               "timezone": "America/Los_Angeles", "max_connections": "30"}  # fmt: skip
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    server = None
    try:
        made = subprocess.run(command, cwd=folder, capture_output=True, text=True, **somebody)
        if made.returncode != 0:
            pytest.fail(f"initdb failed: {made.stderr}")
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-p", str(port), *settings],
                cwd=folder, stdout=log, stderr=log, **somebody,
            )  # fmt: skip
        for _ in range(STARTS_WITHIN * 10):
            try:
                psycopg.connect(url, connect_timeout=2).close()
                break
            except psycopg.OperationalError:
                if server.poll() is not None:
                    break
                time.sleep(0.1)
        else:
            pytest.fail("the PostgreSQL server did not start in time")
        if server.poll() is not None:
            pytest.fail(f"the PostgreSQL server ended: {(folder / 'log').read_text(encoding='utf-8')}")
        yield url
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait(STARTS_WITHIN)
        shutil.rmtree(folder, ignore_errors=True)

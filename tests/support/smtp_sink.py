"""A mail server on this machine that keeps what it is given: real connections, real TLS."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Sink:
    """What came in: logins, envelopes, messages, and whether they came encrypted."""

    port: int = 0
    logins: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)


@contextmanager
def smtp_sink(
    tls: ssl.SSLContext | None = None, *, implicit: bool = False, accepts: str | None = None, refuses: str = ""
) -> Iterator[Sink]:
    """Run a server on a free port of the loopback interface until the block ends.

    Parameters
    ----------
    tls : SSLContext, optional
        Offers STARTTLS, or speaks TLS from the start where `implicit`.
    accepts : str, optional
        The only password; any by default.
    refuses : str
        A recipient that is turned away.
    """
    sink = Sink()

    class Session(socketserver.StreamRequestHandler):
        timeout = 10

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def wrap(self, context: ssl.SSLContext) -> None:
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.request = self.connection
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
            self.secure = True

        def handle(self) -> None:
            self.secure = False
            try:
                if implicit and tls is not None:
                    self.wrap(tls)
                self.say("220 sink")
                while line := self.rfile.readline().decode().strip():
                    if not self.answer(line):
                        return
            except OSError:
                return  # the other side did not trust us, and left
            finally:
                for part in (self.rfile, self.wfile, self.connection):
                    part.close()

        def finish(self) -> None:
            """All is closed already; the streams that were there before TLS may not be flushed any more."""

        def answer(self, line: str) -> bool:
            word = line.split()[0].upper()
            if word == "EHLO":
                offers = ["sink", "AUTH PLAIN", *(["STARTTLS"] if tls and not self.secure else [])]
                for number, offer in enumerate(offers, 1):
                    self.say(f"250{'-' if number < len(offers) else ' '}{offer}")
            elif word == "STARTTLS" and tls is not None:
                self.say("220 go on")
                self.wrap(tls)
            elif word == "AUTH":
                login = base64.b64decode(line.split()[2]).decode().split("\0")
                sink.logins.append(":".join(login[1:]))
                self.say("235 ok" if accepts in (None, login[2]) else f"535 {login[1]} with {login[2]} is not known")
            elif word == "MAIL":
                sink.senders.append(line.partition("<")[2].partition(">")[0])
                self.say("250 ok")
            elif word == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                sink.recipients.append(address)
                self.say("550 no such user" if address == refuses else "250 ok")
            elif word == "DATA":
                self.say("354 go on")
                lines = []
                while (data := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(data.removeprefix(b".") if data.startswith(b"..") else data)
                sink.messages.append(b"".join(lines))
                sink.encrypted.append(self.secure)
                self.say("250 kept")
            else:
                self.say("221 bye" if word == "QUIT" else "250 ok")
            return word != "QUIT"

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = False
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()

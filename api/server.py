"""Runs the app: one process, uvloop and httptools, loopback unless told otherwise."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
import threading

import uvicorn
from starlette.types import ASGIApp

from api import logs
from api.app import create_app
from api.connections import SECONDS_TO_TAKE, BoundedProtocol
from api.middleware import KnownHosts
from rag.errors import ConfigurationError
from rag.settings import Settings

# What was asked before a SIGTERM is still answered; containers are killed after 10 seconds.
SECONDS_TO_FINISH = 8
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def serve(settings: Settings, *, insecure: bool = False) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what was begun and returns.

    There is no authentication: an address that others can reach needs ``insecure``. Raises
    ConfigurationError for that and for an address that cannot be had.
    """
    check_host(settings.host, insecure=insecure)
    logs.configure()
    server = uvicorn.Server(configuration(_for_known_hosts(settings)))
    if threading.current_thread() is threading.main_thread():
        # uvicorn raises the signal again when it is done; it must not kill a clean exit.
        signal.signal(signal.SIGTERM, server.handle_exit)
        signal.signal(signal.SIGINT, server.handle_exit)
    with _listening(settings.host, settings.port) as listener:
        sys.stderr.write(f"Sanad answers at {_address(listener)} (documentation: /docs)\n")
        sys.stderr.flush()
        server.run(sockets=[listener])


def configuration(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves the app."""
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        loop="auto",  # uvloop where it exists
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here may be decided by a header anyone can send
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )


def _for_known_hosts(settings: Settings) -> ASGIApp:
    """The app; on loopback it answers only to loopback's names."""
    app = create_app(settings)
    if settings.host not in _LOOPBACK:
        return app
    return KnownHosts(app, _LOOPBACK | {"[::1]"})


def check_host(host: str, *, insecure: bool) -> None:
    """Refuses addresses beyond this machine unless ``insecure``."""
    if insecure or host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name: what it will resolve to is not known
        loopback = False
    if not loopback:
        raise ConfigurationError(
            f"host is {host!r}, which others may reach, and there is no authentication",
            hint="serve on 127.0.0.1, or say --insecure where something else guards the address",
            parameter="host",
        )


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except socket.gaierror as error:
        raise ConfigurationError(
            f"cannot listen on {host!r}: {error.strerror}",
            hint="name an address of this machine with --host, such as 127.0.0.1",
            parameter="host",
        ) from error
    except OSError as error:
        # Not its text, to which the socket module adds the address once more.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigurationError(
            f"cannot listen on {host!r} port {port}: {reason}",
            hint="choose another --port (0 for any free one), or an address of this machine with --host",
            parameter="port",
        ) from error
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: also for the end of a reply that nobody takes
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SECONDS_TO_TAKE * 1000)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

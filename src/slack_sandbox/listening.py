"""Sockets to serve on."""

import socket


def listen(host: str, port: int) -> socket.socket:
    """A bound TCP socket; port 0 takes a free one.

    The protocol is named because asyncio switches Nagle's delay off only for sockets that say TCP: without it every
    answer waits 40 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener

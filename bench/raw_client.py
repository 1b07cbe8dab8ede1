"""A client that knows just enough of the protocol: log in without a password, run a query, look for its end."""
import socket
import struct
import sys
import time

READY = b"Z\x00\x00\x00\x05"


class RawClient:
    def __init__(self, port, user, database):
        self.port = port
        self.parameters = f"user\0{user}\0database\0{database}\0\0".encode()
        self.socket = None

    def login(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.sendall(struct.pack("!ii", len(self.parameters) + 8, 196608) + self.parameters)
        self._until_ready(bytearray(1 << 16))
        return self

    def __enter__(self):
        return self.login()

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.socket:
            self.socket.close()

    def drain(self, sql):
        """Bytes of the answer and the seconds that it took."""
        text = sql.encode() + b"\0"
        began = time.monotonic()
        self.socket.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)
        size = self._until_ready(bytearray(1 << 18))
        return size, time.monotonic() - began

    def _until_ready(self, buffer):
        """Reads until the stream ends in ReadyForQuery; the data that is asked for contains no such bytes."""
        size, tail = 0, b""
        while True:
            count = self.socket.recv_into(buffer)
            if count == 0:
                sys.exit("compare.py: the connection was closed: " + tail.decode("utf-8", "replace"))
            size += count
            tail = (tail + bytes(buffer[max(0, count - 200):count]))[-200:]
            if tail[-6:-1] == READY:
                return size
            if size < 1000 and tail[:1] == b"E":
                sys.exit("compare.py: " + tail.decode("utf-8", "replace"))

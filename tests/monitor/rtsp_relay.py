"""An RTSP server for tests: `rtsp_relay.py PORT`. One client publishes a stream over TCP (ANNOUNCE, RECORD), as ffmpeg
does; others play it (DESCRIBE, PLAY), from the packet that comes next on. Prints "listening" when it does."""

import socket
import sys
import threading


class Stream:
    """What is published, and who plays it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.description = None
        self.players = []

    def send(self, packet):
        with self.lock:
            for player in list(self.players):
                try:
                    player.sendall(packet)
                except OSError:
                    self.players.remove(player)

    def hang_up(self):
        """The publisher has gone: players lose the stream."""
        with self.lock:
            self.description = None
            for player in self.players:
                try:
                    player.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            self.players = []


class Client:
    def __init__(self, connection, stream):
        self.connection = connection
        self.file = connection.makefile("rb")
        self.stream = stream
        self.publishes = False

    def reply(self, headers, status="200 OK", extra=(), body=b""):
        lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('cseq', '0')}", "Session: 1", *extra]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def request(self, first):
        """Reads a request whose first byte was read already; answers it. False at the end."""
        line = (first + self.file.readline()).decode().split()
        headers = {}
        while True:
            text = self.file.readline().decode().strip()
            if not text:
                break
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        body = self.file.read(int(headers.get("content-length", 0)))
        if len(line) < 2:
            return False
        method = line[0]
        if method == "OPTIONS":
            methods = "OPTIONS, ANNOUNCE, DESCRIBE, SETUP, RECORD, PLAY, TEARDOWN"
            self.reply(headers, extra=[f"Public: {methods}"])
        elif method == "ANNOUNCE":
            self.stream.description = body
            self.publishes = True
            self.reply(headers)
        elif method == "DESCRIBE":
            if self.stream.description is None:
                self.reply(headers, status="404 Not Found")
            else:
                extra = ["Content-Type: application/sdp", f"Content-Base: {line[1]}/"]
                self.reply(headers, extra=extra, body=self.stream.description)
        elif method == "SETUP":
            self.reply(headers, extra=[f"Transport: {headers['transport']}"])
        elif method == "PLAY":
            self.reply(headers)
            with self.stream.lock:
                self.stream.players.append(self.connection)
        else:
            self.reply(headers)
        return method != "TEARDOWN"

    def serve(self):
        try:
            while True:
                first = self.file.read(1)
                if not first:
                    break
                if first == b"$":  # a packet: channel, length, content
                    head = self.file.read(3)
                    content = self.file.read(int.from_bytes(head[1:], "big"))
                    if self.publishes and head[0] % 2 == 0:
                        self.stream.send(first + head + content)
                elif not self.request(first):
                    break
        except (OSError, ValueError):
            pass
        if self.publishes:
            self.stream.hang_up()
        self.connection.close()


def main():
    server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    print("listening", server.getsockname()[1], flush=True)
    stream = Stream()
    while True:
        connection, _ = server.accept()
        threading.Thread(target=Client(connection, stream).serve, daemon=True).start()


if __name__ == "__main__":
    main()

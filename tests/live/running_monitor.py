"""A monitor that a test starts and ends: its photographs, its configuration, its process, its HTTP."""
import http.client
import http.server
import json
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import numpy
from PIL import Image

WIDTH, HEIGHT = 168, 112
OWN = {"X-Gradspace-Request": "1"}


def photograph(seed):
    """A smooth scene with some edges and a sensor's noise."""
    draw = numpy.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(30, 220, (5, 7, 3), dtype=numpy.uint8))
    pixels = numpy.asarray(coarse.resize((WIDTH, HEIGHT), Image.BICUBIC), dtype=float)
    for _ in range(6):
        x, y = draw.integers(0, WIDTH - 20), draw.integers(0, HEIGHT - 20)
        pixels[y:y + draw.integers(8, 40), x:x + draw.integers(8, 40)] += draw.integers(-60, 60, 3)
    return Image.fromarray(numpy.clip(pixels + draw.normal(0, 2, pixels.shape), 0, 255).astype(numpy.uint8))


def jpeg(image):
    import io
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()


def damaged(seed):
    """What no clean photograph looks like."""
    noise = numpy.random.default_rng(seed).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=numpy.uint8)
    return Image.fromarray(noise)


def make_photographs(folder, count=40):
    folder.mkdir(parents=True)
    for number in range(count):
        photograph(number).save(folder / f"{number:03}.jpg", quality=92)


def fit_detector(command, photographs, file):
    subprocess.run([command, "fit", "--data", photographs, "--method", "photograph-image", "--tiles", "28x28",
                    "--false-alarms", "0.05", "--out", file, "--quiet"], check=True, capture_output=True)


class Monitor:
    """`gradspace monitor ARGUMENTS`, on a port that the kernel chooses."""

    def __init__(self, command, *arguments, environment=None, lines=False):
        words = [str(command), "monitor", *map(str, arguments), *(["--format", "jsonl"] if lines else [])]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        self.log, self.lines = [], []
        self.threads = [threading.Thread(target=self._read, args=pair, daemon=True)
                        for pair in ((self.process.stderr, self.log), (self.process.stdout, self.lines))]
        for thread in self.threads:
            thread.start()
        self.port = int(self.wait_for_log(r"msg=\"listening\".* port=(\d+)")[1])

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def wait_for(self, condition, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            if self.process.poll() is not None and not condition():
                break
            time.sleep(0.02)
        raise AssertionError("it did not come:\n" + "\n".join(self.log[-30:]))

    def wait_for_log(self, pattern, seconds=120):
        return self.wait_for(lambda: next((m for m in (re.search(pattern, line) for line in list(self.log)) if m), None),
                             seconds)

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get_json(self, path):
        status, body = self.request("GET", path)
        assert status == 200, (status, body)
        return json.loads(body)

    def camera(self, name):
        return next((row for row in self.get_json("/api/cameras")["cameras"] if row["name"] == name), None)

    def push(self, camera, image):
        return self.request("POST", f"/api/cameras/{camera}/frames", jpeg(image), {**OWN, "Content-Type": "image/jpeg"})[0]

    def push_until_judged(self, camera, images):
        """One after the other, as a camera keeps no more than its newest frame."""
        for image in images:
            before = self.camera(camera)["judged"]
            assert self.push(camera, image) == 202
            self.wait_for(lambda: self.camera(camera)["judged"] > before)

    def metric(self, name):
        text = self.request("GET", "/metrics")[1].decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else None

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """The exit status and how many seconds it took."""
        begin = time.monotonic()
        if self.process.poll() is None:
            self.send(number)
        status = self.process.wait(timeout=60)
        for thread in self.threads:
            thread.join(timeout=60)
        self.process.stdout.close()
        self.process.stderr.close()
        return status, time.monotonic() - begin


class Receiver:
    """A webhook's other end, which answers with `status`."""

    def __init__(self):
        self.status = 200
        self.alarms = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.alarms.append((json.loads(body), dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class NotifySocket:
    """What systemd would hear."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(120)

    def wait_for(self, word):
        while True:
            message = self.socket.recv(4096).decode()
            if word in message.split("\n") or any(line.startswith(word) for line in message.split("\n")):
                return message

    def close(self):
        self.socket.close()

#!/usr/bin/env python3
"""Load on `gradspace monitor` over loopback: how long from a frame to its verdict, and how much memory.

Usage: load.py COMMAND PHOTOGRAPHS [options]

Runs the monitor twice, alone and with clients: pages that read events and pictures, slow readers, and a fuzzer that sends
malformed requests. Says the 50 % and 99 % quantile of the time from frame to verdict (from the histogram at /metrics,
interpolated), dropped frames, memory at the begin and the end, and whether the process lived. The clients run at a low
priority, as they would be on other machines.
"""
import argparse
import asyncio
import json
import math
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

CONFIGURATION = """
folder = "{folder}/state"
[verdicts]
bytes = 0
[defaults]
detector = "{detector}"
frames_per_second = {rate}
[defaults.alarms]
silent_after_s = 0
[http]
listen = "127.0.0.1:0"
connections = 2000
connections_per_peer = 2000
"""

CAMERA = """
[[camera]]
name = "camera-{number}"
kind = "simulated"
address = "{photographs}"
width = {width}
height = {height}
seed = {number}
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", type=pathlib.Path)
    parser.add_argument("photographs", type=pathlib.Path)
    parser.add_argument("--detector", type=pathlib.Path, help="without it, one is fitted to the photographs")
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--rate", type=float, default=10, help="frames per second of each camera")
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--alone-seconds", type=float, help="of the run without clients (default: as the other)")
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--slow", type=int, default=50, help="so many readers of events more, which read hardly anything")
    parser.add_argument("--pictures", type=float, default=1, help="pictures per second of each reader's first camera")
    parser.add_argument("--fuzzers", type=int, default=4)
    parser.add_argument("--fuzz-rate", type=float, default=25, help="malformed requests per second of each fuzzer")
    return parser.parse_args()


class Running:
    def __init__(self, options, folder):
        photographs = options.photographs.resolve()
        detector = options.detector.resolve() if options.detector else folder / "detector.safetensors"
        if not detector.exists():
            subprocess.run([options.command, "fit", "--data", photographs, "--method", "photograph-image", "--tiles", "28x28",
                            "--false-alarms", "0.05", "--out", detector, "--quiet"], check=True)
        width, height = options.size.split("x")
        text = CONFIGURATION.format(folder=folder, detector=detector, rate=options.rate)
        for number in range(options.cameras):
            text += CAMERA.format(number=number, photographs=photographs, width=width, height=height)
        configuration = folder / "cameras.toml"
        configuration.write_text(text)
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen([options.command, "monitor", configuration], stderr=self.log, stdout=subprocess.DEVNULL)
        for _ in range(600):
            found = re.search(r'msg="listening".* port=(\d+)', (folder / "log").read_text())
            if found:
                break
            time.sleep(0.1)
        else:
            sys.exit((folder / "log").read_text())
        self.port = int(found[1])

    def stop(self):
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30), time.monotonic() - begin


async def ask(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2]


async def scrape(port):
    text = (await ask(port, "/metrics")).decode()
    values = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            values[name] = float(value)
    return values


def latency_counts(values):
    """How many frames took at most so long, over all cameras."""
    counts = {}
    for name, value in values.items():
        found = re.match(r'gradspace_frame_latency_seconds_bucket\{.*le="([^"]+)"\}', name)
        if found:
            limit = math.inf if found[1] == "+Inf" else float(found[1])
            counts[limit] = counts.get(limit, 0) + value
    return counts


def quantile(before, after, share):
    counts = sorted((limit, count - before.get(limit, 0)) for limit, count in after.items())
    total = counts[-1][1] if counts else 0
    low, seen = 0.0, 0
    for limit, count in counts:
        if count >= share * total and total:
            return math.inf if limit == math.inf else low + (limit - low) * (share * total - seen) / max(1, count - seen)
        low, seen = limit, count
    return math.nan


def total(values, name):
    return sum(value for key, value in values.items() if key.startswith(name + "{"))


async def read_events(port, end, slow, counts):
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while time.monotonic() < end:
                if slow:
                    await asyncio.sleep(1)
                data = await asyncio.wait_for(reader.read(64 if slow else 65536), 30)
                if not data:
                    break
                counts["bytes"] += len(data)
            writer.close()
        except (OSError, asyncio.TimeoutError):
            counts["lost"] += 1
        await asyncio.sleep(0.5)


async def see_pictures(port, end, camera, period, counts):
    while time.monotonic() < end:
        begin = time.monotonic()
        try:
            picture = await asyncio.wait_for(ask(port, f"/api/cameras/camera-{camera}/frame.jpg?width=320&map=1"), 30)
            counts["pictures"] += picture[:2] == b"\xff\xd8"
        except (OSError, asyncio.TimeoutError):
            counts["lost"] += 1
        await asyncio.sleep(max(0, period - (time.monotonic() - begin)))


SEEDS = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /api/cameras/camera-0/frame.jpg?width=320&map=1 HTTP/1.1\r\nHost: localhost\r\nCookie: a=b\r\n\r\n",
    b"POST /api/cameras/camera-0/frames HTTP/1.1\r\nHost: localhost\r\nX-Gradspace-Request: 1\r\nContent-Type: image/png\r\n"
    b"Content-Length: 20\r\n\r\n\x89PNG0123456789abcdef",
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\ntoken=x",
]


async def fuzz(port, end, seed, rate, counts):
    draw = random.Random(seed)
    while time.monotonic() < end:
        await asyncio.sleep(1 / rate)
        text = bytearray(draw.choice(SEEDS))
        for _ in range(draw.randrange(1, 8)):
            kind = draw.randrange(3)
            at = draw.randrange(len(text)) if text else 0
            if kind == 0 and text:
                text[at] = draw.randrange(256)
            elif kind == 1:
                text[at:at] = bytes(draw.randrange(256) for _ in range(draw.randrange(1, 200)))
            else:
                del text[at:at + draw.randrange(1, 20)]
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(bytes(text))
            if draw.random() < 0.7:
                writer.write_eof()
                await asyncio.wait_for(reader.read(), 5)
            writer.close()
            counts["malformed"] += 1
        except (OSError, asyncio.TimeoutError):
            counts["malformed"] += 1


async def measure(running, options, seconds, clients):
    await asyncio.sleep(3)  # until all cameras give frames
    before = await scrape(running.port)
    counts = {"bytes": 0, "pictures": 0, "lost": 0, "malformed": 0}
    end = time.monotonic() + seconds
    tasks = []
    if clients:
        for number in range(options.readers):
            tasks.append(read_events(running.port, end, False, counts))
            if options.pictures > 0:
                tasks.append(see_pictures(running.port, end, number % options.cameras, 1 / options.pictures, counts))
        tasks += [read_events(running.port, end, True, counts) for _ in range(options.slow)]
        tasks += [fuzz(running.port, end, number, options.fuzz_rate, counts) for number in range(options.fuzzers)]
    await asyncio.gather(asyncio.sleep(seconds), *tasks)
    after = await scrape(running.port)
    old, new = latency_counts(before), latency_counts(after)
    judged = total(after, "gradspace_frames_judged_total") - total(before, "gradspace_frames_judged_total")
    result = {
        "clients": clients,
        "frames_per_second": round(judged / seconds, 1),
        "dropped": total(after, "gradspace_frames_dropped_total") - total(before, "gradspace_frames_dropped_total"),
        "p50_ms": round(1000 * quantile(old, new, 0.5), 1),
        "p99_ms": round(1000 * quantile(old, new, 0.99), 1),
        "memory_MiB": [round(values["process_resident_memory_bytes"] / 2**20, 1) for values in (before, after)],
        "requests": after["gradspace_http_requests_total"] - before["gradspace_http_requests_total"],
        "streams_dropped": after["gradspace_event_streams_dropped_total"],
        **(counts if clients else {}),
    }
    return result


def main():
    options = arguments()
    alone = options.alone_seconds or options.seconds
    for clients, seconds in ((False, alone), (True, options.seconds)):
        with tempfile.TemporaryDirectory(prefix="gradspace-load-") as folder:
            running = Running(options, pathlib.Path(folder))
            if clients:
                os.nice(15)
            result = asyncio.run(measure(running, options, seconds, clients))
            alive = running.process.poll() is None
            status, to_stop = running.stop()
            result |= {"lived": alive, "exit_status": status, "stop_s": round(to_stop, 2)}
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

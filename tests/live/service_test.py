"""The monitor as a service: the command itself, with cameras that frames are pushed to and cameras that are simulated.

Usage: service_test.py COMMAND SOURCE_FOLDER LIBRARY_THAT_HANGS mqtt|none
"""
import hashlib
import hmac
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

for package in ("numpy", "PIL"):
    if importlib.util.find_spec(package) is None:
        print(f"skipped: the Python package {package} is not installed")
        sys.exit(77)

from running_monitor import (Monitor, NotifySocket, OWN, Receiver, damaged, fit_detector, jpeg, make_photographs,
                             photograph)

COMMAND, SOURCE, HANGING = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
MQTT = sys.argv[4]

CONFIGURATION = """
folder = "state"
threads = 1
[defaults]
detector = "detector.safetensors"
[defaults.alarms]
raise_after = 2
raise_within = 3
clear_after = 3
at_least_s = 0
silent_after_s = 0
[http]
listen = "127.0.0.{host}:0"
{more}
[[camera]]
name = "pushed"
kind = "push"
{cameras}
"""

SIMULATED = """
[[camera]]
name = "simulated"
kind = "simulated"
address = "photographs"
frames_per_second = 20
"""


class ServiceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="gradspace-monitor-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        make_photographs(cls.shared / "photographs")
        fit_detector(COMMAND, cls.shared / "photographs", cls.shared / "detector.safetensors")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.shared))
        for name in ("photographs", "detector.safetensors"):
            (self.folder / name).symlink_to(self.shared / name)
        self.configuration = self.folder / "cameras.toml"

    def configure(self, more="", cameras="", host=1):
        # Renamed into its place, as a reload may come at any time.
        part = self.folder / "cameras.toml.part"
        part.write_text(CONFIGURATION.format(more=more, cameras=cameras, host=host))
        part.rename(self.configuration)

    def start(self, **options):
        monitor = Monitor(COMMAND, self.configuration, **options)
        self.addCleanup(lambda: monitor.process.poll() is None and monitor.stop(signal.SIGKILL))
        return monitor

    def command(self, *words):
        return subprocess.run([COMMAND, "monitor", *words], capture_output=True, text=True)

    def raise_alarm(self, monitor):
        monitor.push_until_judged("pushed", [damaged(seed) for seed in range(3)])
        return monitor.wait_for(lambda: [row for row in monitor.get_json("/api/alarms")["alarms"] if not row["cleared"]])[0]


class Configurations(ServiceTest):
    def test_check_says_what_is_wrong_and_where(self):
        self.configure(cameras="detecter = 3\n")
        checked = self.command("--check", self.configuration)
        self.assertEqual(checked.returncode, 1)
        self.assertRegex(checked.stderr, r"cameras\.toml:\d+: unknown key \"detecter\" in \[\[camera\]\]; did you mean \"detector\"")
        self.configure()
        checked = self.command("--check", self.configuration)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_the_example_is_right_but_for_its_files(self):
        example = SOURCE / "examples/monitor/cameras.toml"
        checked = self.command("--check", example)
        self.assertEqual(checked.returncode, 1)
        for line in checked.stderr.splitlines():
            self.assertRegex(line, "(is not there|can't be read)$")

    def test_what_is_printed_is_a_configuration(self):
        self.configure(cameras=SIMULATED)
        printed = self.command("--print-config", self.configuration)
        self.assertEqual(printed.returncode, 0, printed.stderr)
        second = self.folder / "printed.toml"
        second.write_text(printed.stdout)
        self.assertEqual(self.command("--print-config", second).stdout, printed.stdout)

    def test_wrong_usage_is_told(self):
        self.assertEqual(self.command().returncode, 2)
        self.assertEqual(self.command("a.toml", "--simulate", "b").returncode, 2)
        self.assertEqual(self.command("a.toml", "--detector", "b").returncode, 2)
        self.assertEqual(self.command(self.folder / "missing.toml").returncode, 1)


class Running(ServiceTest):
    def test_frames_become_verdicts_alarms_lines_and_metrics(self):
        self.configure()
        monitor = self.start(lines=True)
        self.assertEqual(monitor.request("GET", "/healthz")[0], 200)
        self.assertEqual(monitor.request("GET", "/readyz")[0], 200)
        monitor.push_until_judged("pushed", [photograph(seed) for seed in range(5)])
        alarm = self.raise_alarm(monitor)
        self.assertEqual((alarm["camera"], alarm["kind"], alarm["state"]), ("pushed", "frames", "raised"))
        status, picture = monitor.request("GET", f"/api/alarms/{alarm['id']}/snapshot.jpg")
        self.assertEqual((status, picture[:3]), (200, b"\xff\xd8\xff"))
        for query in ("?width=160&map=1", ""):
            status, frame = monitor.request("GET", f"/api/cameras/pushed/frame.jpg{query}")
            self.assertEqual((status, frame[:3]), (200, b"\xff\xd8\xff"))
        self.assertEqual(monitor.request("POST", f"/api/alarms/{alarm['id']}/acknowledge", "", OWN)[0], 200)
        # A file that is no image is a failure, and no end.
        self.assertEqual(monitor.request("POST", "/api/cameras/pushed/frames", b"no image", {**OWN, "Content-Type": "image/png"})[0], 422)
        monitor.push_until_judged("pushed", [photograph(seed) for seed in range(5, 9)])
        monitor.wait_for(lambda: monitor.get_json("/api/alarms")["alarms"][0]["cleared"])
        self.assertEqual(monitor.metric('gradspace_frames_judged_total{camera="pushed"}'), 12)
        self.assertEqual(monitor.metric('gradspace_frame_failures_total{camera="pushed"}'), 1)
        self.assertEqual(monitor.metric('gradspace_alarms_total{camera="pushed"}'), 1)
        # What is measured of a verdict comes a moment after the camera has counted it.
        monitor.wait_for(lambda: monitor.metric('gradspace_frame_latency_seconds_count{camera="pushed"}') == 12)
        self.assertEqual(monitor.stop()[0], 0)
        rows = [json.loads(line) for line in monitor.lines]
        verdicts = [row for row in rows if row["type"] == "verdict"]
        self.assertEqual([row["number"] for row in verdicts], sorted(row["number"] for row in verdicts))
        self.assertEqual(len(verdicts), 12)
        self.assertEqual([row["state"] for row in rows if row["type"] == "alarm"], ["raised", "acknowledged", "cleared"])
        for line in monitor.log:
            self.assertRegex(line, r"^time=\S+Z level=(debug|info|warning|error) msg=\"")

    def test_a_reload_has_no_gap_and_a_bad_one_changes_nothing(self):
        self.configure(cameras=SIMULATED)
        monitor = self.start()
        monitor.wait_for(lambda: monitor.camera("simulated")["judged"] > 3)
        self.configure(cameras=SIMULATED + SIMULATED.replace('"simulated"\nkind', '"second"\nkind'))
        monitor.send(signal.SIGHUP)
        monitor.wait_for_log("the configuration was read again")
        monitor.wait_for(lambda: (monitor.camera("second") or {}).get("judged", 0) > 3)
        self.assertEqual(monitor.camera("simulated")["reconnects"], 0)
        self.configure(cameras="width = true\n")
        monitor.send(signal.SIGHUP)
        refused = monitor.wait_for_log(r"the new configuration was refused.*")
        self.assertIn("camera.width", refused[0])
        before = monitor.camera("second")["judged"]
        monitor.wait_for(lambda: monitor.camera("second")["judged"] > before)
        self.assertEqual(monitor.metric('gradspace_reloads_total{result="refused"}'), 1)
        self.configure(more="events_per_second = 2\n", cameras=SIMULATED, host=2)
        monitor.send(signal.SIGHUP)
        monitor.wait_for_log(r'msg="listening" page=http://127\.0\.0\.2:')
        self.assertEqual(monitor.stop(signal.SIGINT)[0], 0)

    def test_a_kill_loses_neither_state_nor_alarms(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        receiver.status = 503
        self.configure(f'[outputs.webhook]\nurl = "{receiver.url}"\n')
        monitor = self.start(lines=True)
        monitor.push_until_judged("pushed", [photograph(seed) for seed in range(4)])
        alarm = self.raise_alarm(monitor)
        monitor.wait_for(lambda: receiver.alarms)
        monitor.wait_for(lambda: '"event":"written"' in (self.folder / "state/alarms.jsonl").read_text())
        frames = monitor.camera("pushed")["frames"]
        monitor.stop(signal.SIGKILL)
        receiver.status = 200
        tried = len(receiver.alarms)
        self.assertEqual(sum('"type":"alarm"' in line for line in monitor.lines), 1)
        monitor = self.start(lines=True)
        monitor.wait_for(lambda: len(receiver.alarms) > tried)
        self.assertEqual({row["id"] for row, _, _ in receiver.alarms}, {alarm["id"]})
        self.assertEqual([row["id"] for row in monitor.get_json("/api/alarms")["alarms"]], [alarm["id"]])
        self.assertGreaterEqual(monitor.camera("pushed")["frames"], frames)
        monitor.wait_for(lambda: monitor.metric('gradspace_deliveries_total{output="webhook",result="delivered"}') == 1)
        self.assertEqual(monitor.stop()[0], 0)
        self.assertEqual([line for line in monitor.lines if '"type":"alarm"' in line], [], "it stands in the lines already")
        # What was confirmed comes no more.
        told = len(receiver.alarms)
        monitor = self.start()
        monitor.push_until_judged("pushed", [photograph(1)])
        self.assertEqual(len(receiver.alarms), told)

    def test_deliveries_are_signed(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        (self.folder / "secret").write_text("a secret of the webhook\n")
        self.configure(f'[outputs.webhook]\nurl = "{receiver.url}"\nsecret_file = "secret"\n')
        monitor = self.start()
        self.raise_alarm(monitor)
        monitor.wait_for(lambda: receiver.alarms)
        _, headers, body = receiver.alarms[0]
        signed = headers["Gradspace-Timestamp"].encode() + b"." + body
        wanted = hmac.new(b"a secret of the webhook", signed, hashlib.sha256).hexdigest()
        self.assertEqual(headers["Gradspace-Signature"], "sha256=" + wanted)

    def test_systemd_is_told(self):
        notify = NotifySocket(self.folder / "notify")
        self.addCleanup(notify.close)
        self.configure()
        monitor = self.start(environment={**os.environ, "NOTIFY_SOCKET": str(notify.path), "WATCHDOG_USEC": "400000"})
        notify.wait_for("READY=1")
        notify.wait_for("WATCHDOG=1")
        monitor.send(signal.SIGHUP)
        self.assertIn("MONOTONIC_USEC=", notify.wait_for("RELOADING=1"))
        notify.wait_for("READY=1")
        monitor.send(signal.SIGTERM)
        notify.wait_for("STOPPING=1")

    def test_a_token_from_the_environment_is_wanted(self):
        self.configure(more='token_environment = "CAMERA_TOKEN"\n')
        refused = self.command(self.configuration)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("CAMERA_TOKEN", refused.stderr)
        token = "0123456789abcdefghij"
        monitor = self.start(environment={**os.environ, "CAMERA_TOKEN": token})
        self.assertEqual(monitor.request("GET", "/api/cameras")[0], 401)
        self.assertEqual(monitor.request("GET", "/api/cameras", headers={"Authorization": f"Bearer {token}"})[0], 200)
        status, _ = monitor.request("POST", "/api/cameras/pushed/frames", jpeg(photograph(0)),
                                    {"Content-Type": "image/jpeg", "Authorization": f"Bearer {token}"})
        self.assertEqual(status, 202)
        monitor.stop()
        self.assertNotIn(token, "\n".join(monitor.log))

    def test_a_port_that_is_taken_is_one_line(self):
        self.configure()
        monitor = self.start()
        self.configure(more="")
        second = self.command(self.configuration, "--listen", f"127.0.0.1:{monitor.port}")
        self.assertEqual(second.returncode, 1)
        self.assertRegex(second.stderr, r"(?m)^gradspace: .*(can't listen there|in use|locked)")

    def test_simulated_cameras_need_no_configuration(self):
        monitor = Monitor(COMMAND, "--simulate", self.folder / "photographs", "--cameras", 2, "--rate", 10, "--detector",
                          self.folder / "detector.safetensors", "--listen", "127.0.0.1:0")
        self.addCleanup(lambda: monitor.process.poll() is None and monitor.stop(signal.SIGKILL))
        monitor.wait_for(lambda: all(row["judged"] > 2 for row in monitor.get_json("/api/cameras")["cameras"]))
        self.assertEqual(len(monitor.get_json("/api/cameras")["cameras"]), 2)
        self.assertEqual(monitor.stop()[0], 0)


    def test_a_signal_while_a_detector_is_fitted_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            place = self.folder / f"temporary-{number}"
            place.mkdir()
            process = subprocess.Popen([COMMAND, "monitor", "--simulate", self.folder / "photographs", "--listen", "127.0.0.1:0"],
                                       stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(place)})
            self.addCleanup(process.stderr.close)
            self.assertIn("a detector is fitted", process.stderr.readline())
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=30), 0)
            self.assertEqual(list(place.iterdir()), [])

    def hanging(self):
        """An environment in which names under .hangs are looked up without end, and syslog hangs."""
        return {**os.environ, "LD_PRELOAD": str(HANGING), "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}

    def test_a_name_server_that_hangs_holds_up_neither_a_reload_nor_a_stop(self):
        outputs = '[outputs.webhook]\nurl = "http://hook.hangs/"\n'
        if MQTT == "mqtt":
            outputs += '[outputs.mqtt]\nbroker = "tcp://broker.hangs:1883"\n'
        stream = '[[camera]]\nname = "stream"\nkind = "stream"\naddress = "rtsp://camera.hangs/"\n'
        self.configure(outputs, cameras=stream)
        monitor = self.start(environment=self.hanging())
        self.raise_alarm(monitor)
        for asked in ("hook.hangs", "camera.hangs") + (("broker.hangs",) if MQTT == "mqtt" else ()):
            monitor.wait_for_log(f"looking up {asked} hangs")
        self.configure()
        monitor.send(signal.SIGHUP)
        monitor.wait_for_log("the configuration was read again")
        self.configure(outputs, cameras=stream)
        monitor.send(signal.SIGHUP)
        monitor.wait_for(lambda: sum("configuration was read again" in line for line in list(monitor.log)) == 2)
        monitor.wait_for(lambda: sum("looking up camera.hangs" in line for line in list(monitor.log)) == 2)
        self.assertEqual(monitor.stop()[0], 0)

    def test_what_hangs_for_good_is_left_when_the_monitor_stops(self):
        self.configure("[outputs.syslog]\nenabled = true\n")
        monitor = self.start(environment=self.hanging())
        self.raise_alarm(monitor)
        monitor.wait_for_log("syslog hangs")
        self.assertEqual(monitor.stop()[0], 0)
        self.assertIn("the stop is cut short", "\n".join(monitor.log))
        # As after a kill, everything is there.
        monitor = self.start()
        self.assertEqual(len(monitor.get_json("/api/alarms")["alarms"]), 1)


class Examples(ServiceTest):
    def test_rules_and_dashboard_name_metrics_that_exist(self):
        self.configure(f'[outputs.webhook]\nurl = "http://127.0.0.1:9/"\n')
        monitor = self.start()
        self.raise_alarm(monitor)
        monitor.send(signal.SIGHUP)
        monitor.wait_for_log("the configuration was read again")
        monitor.wait_for(lambda: monitor.metric('gradspace_deliveries_total{output="webhook",result="failed"}'))
        text = monitor.request("GET", "/metrics")[1].decode()
        known = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
        known |= {name + suffix for name in list(known) for suffix in ("_bucket", "_count", "_sum")}
        folder = SOURCE / "examples/monitor"
        dashboard = json.loads((folder / "grafana-dashboard.json").read_text())
        expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        expressions += re.findall(r"expr: (.*)", (folder / "alerts.yml").read_text())
        self.assertGreater(len(expressions), 20)
        for expression in expressions:
            for name in re.findall(r"\b(?:gradspace|process)_[a-z_]+\b", expression.replace("gradspace-", "")):
                self.assertIn(name, known, expression)

    def test_systemd_understands_the_unit(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        text = (SOURCE / "examples/monitor/gradspace-monitor.service").read_text()
        text = text.replace("/usr/bin/gradspace", str(COMMAND)).replace("Documentation=man:gradspace-monitor(1)\n", "")
        unit = self.folder / "gradspace-monitor.service"
        unit.write_text(text)
        verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
        self.assertEqual((verified.returncode, verified.stderr), (0, ""))

    def test_documented_metrics_are_all_there_are(self):
        self.configure()
        monitor = self.start()
        text = monitor.request("GET", "/metrics")[1].decode()
        documented = set(re.findall(r"`((?:gradspace|process)_[a-z_]+)`", (SOURCE / "docs/monitor.md").read_text()))
        exist = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
        self.assertEqual(exist - documented, set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

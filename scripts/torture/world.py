"""Small inputs, the commands that are tried on them, and what each writes when nothing goes wrong."""
import glob
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.join(HERE, "..", "..")
sys.path.append(os.path.join(REPOSITORY, "tests", "cli", "regression"))
import inputs  # noqa: E402

MOST_SECONDS = 60
SPEC = '{"input": [3, 8, 8], "down": [{"out_channels": 4}], "latent": 3, "up": [{"out_channels": 3}]}\n'


class Finding(Exception):
    """The command did what it must not do."""


@dataclass
class Job:
    """A command line; {out} is what it writes, a file or a folder."""
    name: str
    line: str
    again: str = ""  # what is added when it continues
    continues: bool = False
    changing: str = "$^"  # a pattern of files of the output that hold times

    def words(self, out, again=False):
        words = (self.line + (" " + self.again if again else "")).split()
        return [out if word == "{out}" else word for word in words]


JOBS = [
    Job("train", "train --data clean --val stream --spec spec.json --epochs 12 --batch 8 --quiet --out {out}",
        again="--resume", continues=True),
    Job("gradcon train", "gradcon train --data clean --val stream --spec spec.json --epochs 4 --batch 8 --quiet "
        "--out {out}", again="--resume", continues=True),
    Job("extract", "extract --model model --data clean --batch 2 --quiet --out {out}", continues=True),
    Job("fit", "fit --inliers features --outliers others --epochs 4 --quiet --out {out}"),
    Job("fit clean", "fit --method gradient-mahalanobis --model model --data clean --val stream "
        "--false-alarms 0.1 --quiet --out {out}"),
    Job("evaluate", "evaluate --detector detector --model model --inliers stream --outliers noisy --out {out}"),
    Job("challenge", "challenge --in photos --out {out} --types rain,noise,dirty-lens --levels 1-5 --quiet",
        continues=True),
    Job("experiment", "experiment ood --data signs --spec spec.json --out {out} --epochs 2 --batch 16 "
        "--classifier-epochs 2 --challenges 8,9 --levels 2 --quiet", continues=True,
        changing=r"results\.json|inputs\.json|report\.html|.*training\.csv|.*/logs/.*"),
    Job("iqa-train", "iqa-train --photos photos --patches 1000 --iterations 6 --quiet --out {out}",
        again="--resume", continues=True),
    Job("iqa-benchmark", "iqa-benchmark --database csv quality/opinions.csv --metric ssim,psnr --quiet "
        "--out {out}", continues=True, changing=r"results\.json|report\.html"),
    Job("import", "import vae.pth.tar --out {out}"),
]

# What prints and writes nothing.
PRINTING = [
    "score --model model --detector detector --format jsonl stream",
    "drift --model model --detector detector --window 8 --format csv noisy",
    "iqa references distorted --metric ssim,psnr --format csv",
    "info features", "info model", "info --format json detector",
]


@dataclass
class Outcome:
    status: int
    messages: str
    output: bytes
    seconds: float

    def text(self):
        return f"status {self.status}\n{self.messages[-2000:]}"


class World:
    def __init__(self, command, root):
        self.command = command
        self.root = root
        self.folders = 0
        self.data = os.path.join(root, "data")
        os.makedirs(self.data)
        self._make_inputs()
        self.wholes = {}  # by job: the bytes of its files, and how long it took
        self.printed = {}
        for job in JOBS:
            self._remember(job)
        for line in PRINTING:
            outcome = self.run(line.split())
            self.require(outcome.status in (0, 1), f"{line}: {outcome.text()}")
            self.printed[line] = (outcome.status, outcome.output)

    def _make_inputs(self):
        inputs.make_inputs(self.data, os.path.join(REPOSITORY, "tests", "data"))
        with open(os.path.join(self.data, "spec.json"), "w", encoding="utf-8") as spec:
            spec.write(SPEC)
        for folder in ("clean", "noisy"):  # enough to learn from, few enough to be quick
            for path in sorted(glob.glob(f"{self.data}/{folder}/*"))[40:]:
                os.remove(path)
        for line in ("train --data clean --val stream --spec spec.json --epochs 2 --quiet --out model",
                     "extract --model model --data clean --quiet --out features",
                     "extract --model model --data noisy --quiet --out others",
                     "fit --method image-statistics --model model --data clean --val stream --false-alarms 0.1 "
                     "--quiet --out detector"):
            outcome = self.run(line.split())
            self.require(outcome.status == 0, f"{line}: {outcome.text()}")

    def _remember(self, job):
        place = self.new_folder()
        outcome = self.run(job.words(os.path.join(place, "out")))
        self.require(outcome.status == 0, f"{job.line}: {outcome.text()}")
        self.wholes[job.name] = (self.files(job, os.path.join(place, "out")), outcome.seconds)
        shutil.rmtree(place)

    @staticmethod
    def require(holds, text):
        if not holds:
            raise Finding(text)

    def new_folder(self):
        self.folders += 1
        path = os.path.join(self.root, f"trial-{self.folders}")
        os.makedirs(path)
        return path

    def start(self, words, before=None, **streams):
        """The process, in the folder of the inputs."""
        streams.setdefault("stdin", subprocess.DEVNULL)
        streams.setdefault("stdout", subprocess.PIPE)
        streams.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([self.command, *words], cwd=self.data, preexec_fn=before, **streams)

    def wait(self, process, words):
        begin = time.monotonic()
        try:
            output, messages = process.communicate(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Finding(f"{' '.join(map(str, words))}: hangs") from None
        outcome = Outcome(process.returncode, (messages or b"").decode(errors="replace"), output or b"",
                          time.monotonic() - begin)
        self.require_manners(outcome, words)
        return outcome

    def run(self, words, before=None, **streams):
        return self.wait(self.start(words, before, **streams), words)

    def require_manners(self, outcome, words):
        """No crash, and no text of a library."""
        line = " ".join(map(repr, words))
        crashed = outcome.status in (-4, -6, -7, -8, -11, 132, 134, 135, 136, 139)
        self.require(not crashed, f"{line}: crashed: {outcome.text()}")
        foreign = re.search(r"terminate called|std::|nlohmann|json\.exception|filesystem error|basic_string|bad_alloc",
                            outcome.messages)
        self.require(foreign is None, f"{line}: a library's words: {outcome.text()}")
        if outcome.status in (1, 2):
            self.require("gradspace: " in outcome.messages or not outcome.messages, f"{line}: {outcome.text()}")

    def files(self, job, out):
        """What the job wrote, by relative path, without what changes with the clock."""
        if os.path.isfile(out):
            return {"": self.read(out)}
        found = {}
        for folder, _, names in os.walk(out):
            for name in names:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, out)
                if not re.fullmatch(job.changing, relative):
                    found[relative] = self.read(path)
        return found

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            return file.read()

    def require_whole(self, job, out):
        """The output is what an undisturbed run writes, and nothing lies beside it."""
        whole = self.wholes[job.name][0]
        found = self.files(job, out)
        for name in sorted(whole.keys() | found.keys()):
            self.require(whole.get(name) == found.get(name),
                         f"{job.name}: {name or 'the output'} differs from that of an undisturbed run"
                         if name in whole and name in found else
                         f"{job.name}: {name} is {'missing' if name in whole else 'left over'}")
        beside = [name for name in os.listdir(os.path.dirname(out)) if name != os.path.basename(out)]
        self.require(not beside, f"{job.name}: left beside the output: {beside}")

    def require_nothing_half(self, job, out):
        """What bears the output's name is whole."""
        if os.path.isfile(out):
            self.require(self.files(job, out) == self.wholes[job.name][0], f"{job.name}: half an output")


def limit(kind, value):
    """What a process calls before it starts, to have only so much of something."""
    return lambda: resource.setrlimit(kind, (value, value))

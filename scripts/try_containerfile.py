#!/usr/bin/env python3
"""Follows the steps of Containerfile in bare roots that debootstrap makes, where no container tool works.

Usage: try_containerfile.py SOURCES [--packages FOLDER_OF_DEBS]    (as root; $DEBIAN_MIRROR names another mirror)

SOURCES is the folder of a release's sources (scripts/source_archive.sh). With --packages, the first stage is not
followed, which takes long; its folder /build holds the packages of that folder instead. At the end the image is used as
its user would, and its size is printed. Of the instructions, those that Containerfile has are known.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
LARGEST_MB = 120
# What the image debian:12-slim leaves out: its dpkg is told so.
SLIM = """path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
"""


def instructions(text):
    """Pairs of a name and its arguments; comments are left out, and lines that end in \\ are joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if line.strip():
            name, _, arguments = line.strip().partition(" ")
            yield name, arguments.strip()


def make_base(root, image):
    if image != "debian:12-slim":
        sys.exit(f"try_containerfile.py: no step makes {image}")
    mirror = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root, mirror], check=True, stdout=subprocess.DEVNULL)
    (root / "etc/dpkg/dpkg.cfg.d/docker").write_text(SLIM)
    for folder in ("doc", "info", "locale", "man"):
        for path in sorted((root / "usr/share" / folder).rglob("*"), reverse=True):
            if not path.is_dir() and path.name != "copyright":
                path.unlink()
    for folder in ("var/lib/apt/lists", "var/cache/apt"):
        shutil.rmtree(root / folder)
        (root / folder).mkdir()


class Stage:
    """One FROM, and what follows it."""

    def __init__(self, root):
        self.root = root
        self.user = "root"
        self.folder = "/"
        self.entry = []
        self.arguments = []
        self.labels = {}

    def run(self, command, mounts=(), **options):
        """Runs a list of words as the stage's user in its folder; mounts are pairs of a folder outside and one inside."""
        script = ['mount -t proc proc "$0/proc"']
        for outside, inside in mounts:
            (self.root / inside.lstrip("/")).mkdir(parents=True, exist_ok=True)
            script.append(f"mount --bind {shlex.quote(str(outside))} {shlex.quote(str(self.root) + inside)}")
        script.append('exec chroot "$0" "$@"')
        inner = f"cd {shlex.quote(self.folder)} && exec {shlex.join(command)}"
        user = ["runuser", "-u", self.user, "--"] if self.user != "root" else []
        environment = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                       "DEBIAN_FRONTEND=noninteractive"]
        return subprocess.run(["unshare", "--mount", "--pid", "--fork", "sh", "-ec", "\n".join(script), self.root,
                               *user, *environment, "sh", "-c", inner], check=True, **options)

    def compressed_bytes(self):
        """What a registry would hold, in one layer."""
        tar = subprocess.Popen(["tar", "-c", "--one-file-system", "-C", self.root, "."], stdout=subprocess.PIPE)
        packed = subprocess.run(["sh", "-c", "gzip -9 | wc -c"], stdin=tar.stdout, capture_output=True, check=True)
        return int(packed.stdout)


def run_step(stage, arguments, stages):
    mounts = []
    while match := re.match(r"--mount=(\S+)\s+", arguments):
        mount = dict(part.split("=", 1) for part in match[1].split(","))
        mounts.append((stages[mount["from"]].root / mount["source"].lstrip("/"), mount["target"]))
        arguments = arguments[match.end():]
    stage.run(["sh", "-c", arguments], mounts)
    for _, inside in mounts:
        (stage.root / inside.lstrip("/")).rmdir()


def follow(sources, work, packages):
    """The last stage, after all steps."""
    stages = {}
    stage = None
    skipped = False
    for name, arguments in instructions((sources / "Containerfile").read_text()):
        print("STEP", name, arguments, flush=True)
        words = shlex.split(arguments) if name in ("FROM", "COPY", "LABEL") else []
        if name == "FROM":
            stage = Stage(work / str(len(stages)))
            stages[words[2] if len(words) == 3 else "last"] = stage
            skipped = packages is not None and len(words) == 3
            if skipped:
                (stage.root / "build").mkdir(parents=True)
                for package in packages.glob("*.deb"):
                    shutil.copy(package, stage.root / "build")
            else:
                make_base(stage.root, words[0])
        elif skipped:
            print("  not followed, as the packages are there")
        elif name == "RUN":
            run_step(stage, arguments, stages)
        elif name == "COPY":
            shutil.copytree(sources / words[0], stage.root / words[1].lstrip("/"), symlinks=True)
        elif name == "WORKDIR":
            stage.folder = arguments
            (stage.root / arguments.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "USER":
            stage.user = arguments
        elif name == "LABEL":
            stage.labels |= dict(word.split("=", 1) for word in words)
        elif name == "ENTRYPOINT":
            stage.entry = json.loads(arguments)
        elif name == "CMD":
            stage.arguments = json.loads(arguments)
        else:
            sys.exit(f"try_containerfile.py: {name} is not known here")
    return stage


def use(stage):
    """What its user does with it: the command on files of a folder that is brought along, and Python."""
    if stage.user == "root":
        sys.exit("try_containerfile.py: the image runs as root")
    stage.run([*stage.entry, *stage.arguments], stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as name:
        data = pathlib.Path(name)
        for picture in (ROOT / "tests/data/quality").glob("pair*.png"):
            shutil.copy(picture, data)
        shutil.copy(ROOT / "tests/data/images/lossy.webp", data)
        for path in (data, *data.iterdir()):
            os.chown(path, 1000, 1000)
        mounts = [(data, stage.folder)]
        stage.run([*stage.entry, "--version"], mounts)
        stage.run([*stage.entry, "iqa", "--metric", "ssim", "pair1_ref.png", "pair1_blur.png"], mounts)
        stage.run([*stage.entry, "iqa", "--metric", "psnr", "lossy.webp", "lossy.webp"], mounts)
        script = "import gradspace; print(gradspace.iqa('pair1_ref.png', 'pair1_blur.png', ['gradient']))"
        stage.run(["python3", "-c", script], mounts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", type=pathlib.Path)
    parser.add_argument("--packages", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        stage = follow(arguments.sources.resolve(), pathlib.Path(work), arguments.packages)
        use(stage)
        megabytes = stage.compressed_bytes() / 1e6
        print(f"version {stage.labels['org.opencontainers.image.version']}, {megabytes:.0f} MB compressed")
        if megabytes > LARGEST_MB:
            sys.exit(f"try_containerfile.py: that is more than {LARGEST_MB} MB")


if __name__ == "__main__":
    main()

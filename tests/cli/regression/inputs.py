"""Makes the inputs of the regression test: the same bytes on every machine and in every run.

Pictures come from integer arithmetic and numpy's RandomState, whose stream numpy keeps frozen.
"""
import gzip
import os
import shutil
import struct

import numpy
from PIL import Image

SIGN_SETS = {"train": 120, "val": 24, "test": 12}
SMALL_SPEC = """{
  "input": [3, 16, 16],
  "latent": 6,
  "down": [{"out_channels": 4, "kernel": 4, "stride": 2, "padding": 1},
           {"out_channels": 6, "kernel": 4, "stride": 2, "padding": 1}],
  "up": [{"out_channels": 4, "kernel": 4, "stride": 2, "padding": 1},
         {"out_channels": 3, "kernel": 4, "stride": 2, "padding": 1}]
}
"""


def disc_picture(seed, width, height, noise=6):
    """A disc of a random colour on a sloping ground, with noise of up to `noise` grey levels."""
    random = numpy.random.RandomState(seed)
    y, x = numpy.mgrid[0:height, 0:width]
    centre_x = random.randint(width // 3, width - width // 3)
    centre_y = random.randint(height // 3, height - height // 3)
    radius = min(width, height) // 4 + random.randint(0, 3)
    ground = random.randint(60, 140) + y * random.randint(-40, 41) // height
    picture = numpy.repeat(ground[:, :, None], 3, axis=2)
    inside = (x - centre_x) ** 2 + (y - centre_y) ** 2 < radius ** 2
    picture[inside] = random.randint(0, 256, 3)
    picture = picture + random.randint(-noise, noise + 1, picture.shape)
    return picture.clip(0, 255).astype(numpy.uint8)


def grey_digit(seed, kind):
    """28 by 28 samples of one of three kinds: a disc, a bar across, a bar down."""
    random = numpy.random.RandomState(seed)
    y, x = numpy.mgrid[0:28, 0:28]
    shift = random.randint(-3, 4)
    shapes = [(x - 14) ** 2 + (y - 14 - shift) ** 2 < 49, abs(y - 14 - shift) < 4,
              abs(x - 14 - shift) < 4]
    picture = numpy.where(shapes[kind], random.randint(150, 230), 0)
    return (picture + random.randint(0, 20, (28, 28))).astype(numpy.uint8)


def save(path, array, **options):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Image.fromarray(array).save(path, **options)


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def read(path):
    with open(path, "rb") as file:
        return file.read()


def make_photographs(root):
    save(f"{root}/photos/boat.bmp", disc_picture(1, 40, 30))
    save(f"{root}/photos/gate.png", disc_picture(2, 48, 36))
    save(f"{root}/photos/far/hill.jpg", disc_picture(3, 50, 38), quality=90)
    save(f"{root}/photos/far/wall.pgm", disc_picture(4, 33, 27)[:, :, 1])


def make_signs(root):
    seed = 100
    for name, count in SIGN_SETS.items():
        for i in range(count):
            seed += 1
            side = 24 + seed % 13
            save(f"{root}/signs/RealChallengeFree/{name}/01_{1 + i % 14:02}_00_00_00_00_{i:04}.bmp",
                 disc_picture(seed, side, side + seed % 3))


def make_folders(root):
    """Sets of plain files: `clean` to learn from, `stream` of the same kind, `noisy` of another."""
    for folder, count, first, noise in (("clean", 150, 1000, 6), ("stream", 24, 2000, 6),
                                        ("noisy", 24, 3000, 40)):
        for i in range(count):
            save(f"{root}/{folder}/{i:03}.bmp", disc_picture(first + i, 28, 28, noise))


def make_idx(root):
    def idx(name, count, first):
        kinds = [i % 3 for i in range(count)]
        images = b"".join(grey_digit(first + i, kind).tobytes() for i, kind in enumerate(kinds))
        return {f"{name}-images-idx3-ubyte": struct.pack(">4I", 0x803, count, 28, 28) + images,
                f"{name}-labels-idx1-ubyte": struct.pack(">2I", 0x801, count) + bytes(kinds)}

    for name, content in idx("train", 240, 4000).items():
        write(f"{root}/digits/{name}", content)
    for name, content in idx("t10k", 75, 5000).items():
        write(f"{root}/digits/{name}.gz", gzip.compress(content, mtime=0))


def make_cifar10(root):
    records = b"".join(bytes([i % 10]) + disc_picture(6000 + i, 32, 32).transpose(2, 0, 1).tobytes()
                       for i in range(20))
    write(f"{root}/cifar/data_batch_1.bin", records)
    write(f"{root}/cifar/test_batch.bin", records[:3073 * 10])


def make_quality(root, data):
    """References beside distorted images, as pairs, as folders, as databases of opinions."""
    opinions = ["reference,distorted,score,type,std"]
    pairs = ["reference,distorted"]
    for number, (pair, kind) in enumerate((pair, kind) for pair in (1, 2, 5)
                                          for kind in ("blur", "noise")):
        for name in ("ref", kind):
            target = f"{root}/quality/pair{pair}_{name}.png"
            write(target, read(f"{data}/quality/pair{pair}_{name}.png"))
        names = f"pair{pair}_ref.png,pair{pair}_{kind}.png"
        opinions.append(f"{names},{number * 7 % 5 + 1.5},{kind},{0.25 + number / 8}")
        pairs.append(names)
    for pair in (1, 2, 5):
        shutil.copy(f"{root}/quality/pair{pair}_ref.png", f"{root}/quality/pair{pair}.png")
    for folder, name in (("references", "ref"), ("distorted", "noise")):
        for pair in (1, 2, 5):
            write(f"{root}/{folder}/pair{pair}.png",
                  read(f"{data}/quality/pair{pair}_{name}.png"))
    write(f"{root}/distorted/alone.png", read(f"{root}/photos/gate.png"))
    # Two codecs at two settings: the first keeps within blur and the original, the other within noise and the original.
    for folder, name in (("soft-q1", "blur"), ("soft-q2", "ref"), ("grain-q1", "noise"), ("grain-q2", "ref")):
        for pair in (1, 2, 5):
            write(f"{root}/codecs/{folder}/pair{pair}.png", read(f"{data}/quality/pair{pair}_{name}.png"))
    write(f"{root}/quality/opinions.csv", "\n".join(opinions) + "\n")
    write(f"{root}/quality/pairs.csv", "\n".join(pairs) + "\n")
    write(f"{root}/quality/pairs-missing.csv", "\n".join(pairs + ["no.png,pair1_blur.png"]) + "\n")
    make_tid2013(f"{root}/tid2013")
    make_kadid(f"{root}/kadid")
    make_live(root, data)


def make_tid2013(root):
    opinions, deviations = [], []
    for reference in (1, 2):
        picture = disc_picture(7000 + reference, 48, 40)
        save(f"{root}/reference_images/I{reference:02}.BMP", picture)
        for kind in (1, 8, 10):
            for level in (1, 2, 3, 4):
                noise = numpy.random.RandomState(kind * 10 + level).randint(
                    -12 * level, 12 * level + 1, picture.shape)
                name = f"i{reference:02}_{kind:02}_{level}.bmp"
                save(f"{root}/distorted_images/{name}",
                     (picture + noise).clip(0, 255).astype(numpy.uint8))
                opinions.append(f"{7 - 1.3 * level - kind * reference / 13:.5f} {name}")
                deviations.append("0.15000")
    write(f"{root}/mos_with_names.txt", "\n".join(opinions) + "\n")
    write(f"{root}/mos_std.txt", "\n".join(deviations) + "\n")


def make_kadid(root):
    rows = ["dist_img,ref_img,dmos,var"]
    picture = disc_picture(7100, 48, 40)
    save(f"{root}/images/I01.png", picture)
    for kind in (1, 2):
        for level in (1, 2, 3, 4):
            noise = numpy.random.RandomState(kind * 10 + level).randint(
                -9 * level, 9 * level + 1, picture.shape)
            name = f"I01_{kind:02}_{level:02}.png"
            save(f"{root}/images/{name}", (picture + noise).clip(0, 255).astype(numpy.uint8))
            rows.append(f"{name},I01.png,{5 - level + kind / 4},{0.5}")
    write(f"{root}/dmos.csv", "\n".join(rows) + "\n")


def make_live(root, data):
    """Pictures for every name of LIVE's multiply distorted images; none for LIVE."""
    shutil.copytree(f"{data}/quality/live", f"{root}/live")
    shutil.copytree(f"{data}/quality/live_md", f"{root}/live-md")
    for part, folder in enumerate(("Part 1/blurjpeg", "Part 2/blurnoise")):
        for number, name in enumerate(("bikes", "iceroad")):
            seed = 7200 + 10 * part + number
            save(f"{root}/live-md/{folder}/{name}.bmp", disc_picture(seed, 40, 32, noise=0))
            for level in (1, 2):
                save(f"{root}/live-md/{folder}/{name}_{level:03}.bmp",
                     disc_picture(seed, 40, 32, noise=12 * level))


def make_bad_files(root):
    write(f"{root}/bad/cut.png", read(f"{root}/photos/gate.png")[:900])
    write(f"{root}/bad/cut.jpg", read(f"{root}/photos/far/hill.jpg")[:300])
    write(f"{root}/bad/broken.bmp", b"BM but no picture")
    write(f"{root}/bad/notes.txt", "hello\n")
    write(f"{root}/bad/empty.bmp", b"")
    write(f"{root}/bad/spec.json", '{"latent": -1}\n')
    write(f"{root}/bad/not.json", '{"latent": \n')
    write(f"{root}/bad/pairs.csv", "left,right\na.png,b.png\n")
    for i, name in enumerate("acde"):
        write(f"{root}/mixed/{name}.bmp", read(f"{root}/clean/{i:03}.bmp"))
    write(f"{root}/mixed/b.bmp", b"BM but no picture")
    write(f"{root}/mixed/notes.txt", "hello\n")


def make_inputs(root, data):
    """Fills the folder `root`; `data` is the repository's tests/data."""
    make_photographs(root)
    make_signs(root)
    make_folders(root)
    make_idx(root)
    make_cifar10(root)
    make_quality(root, data)
    make_bad_files(root)
    write(f"{root}/small.json", SMALL_SPEC)
    write(f"{root}/clean-list.txt", "".join(f"stream/{i:03}.bmp\n" for i in range(24)))
    shutil.copy(f"{data}/ood/vae.pth.tar", f"{root}/vae.pth.tar")
    shutil.copy(f"{data}/model/foreign.safetensors", f"{root}/foreign.safetensors")
    shutil.copy(f"{data}/ood/recon.npy", f"{root}/recon.npy")

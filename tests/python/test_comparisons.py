"""Image quality of files: the numbers and files of the command."""

import json
import math

import gradspace
import numpy as np
import pytest
from conftest import smooth_pictures, write_picture


@pytest.fixture(scope="module")
def codecs(tmp_path_factory):
    """Three references of 96x80, and what two "codecs" of three qualities made of them."""
    root = tmp_path_factory.mktemp("codecs")
    pictures = smooth_pictures(3, 80, 96, seed=1)
    settings = [(f"{codec}-q{q}", step) for codec in ("a", "b") for q, step in ((1, 48), (2, 24), (3, 9))]
    for name, step in [("reference", 1), *settings]:
        folder = root / name
        folder.mkdir()
        for i, pixels in enumerate(pictures):
            shift = 3 if name.startswith("b") else 0
            coarse = np.clip(pixels.astype(int) // step * step + shift, 0, 255).astype(np.uint8)
            file = folder / f"{i}.ppm"
            write_picture(file, coarse)
            if step > 1:  # rates that fall with quality
                file.write_bytes(file.read_bytes() + b" " * (96 * 80 // step))
    return root


def folders_of(codecs):
    return sorted(path for path in codecs.iterdir() if path.name != "reference")


def test_compares_folders_as_the_command_does(codecs, tmp_path, command):
    compared = gradspace.compare_folders(
        codecs / "reference", folders_of(codecs), ["psnr", "gmsd"], anchor="b", out=tmp_path / "ours"
    )
    table = command(
        *["iqa", codecs / "reference", *folders_of(codecs), "--metric", "psnr,gmsd", "--anchor", "b"],
        *["--out", tmp_path / "theirs", "--quiet"],
    ).stdout
    assert compared.table() == table
    for name in ("scores.csv", "results.json"):
        assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()
    results = json.loads((tmp_path / "theirs/results.json").read_text())
    assert compared.metrics == ["psnr", "gmsd"] and compared.anchor == "b"
    assert compared.curves == {curve["name"]: curve["folders"] for curve in results["curves"]}
    for folder, told in zip(compared.folders, results["folders"]):
        assert (folder.name, folder.images, folder.bytes) == (told["name"], told["images"], told["bytes"])
        for row in told["scores"]:
            summary = folder.scores[row["metric"]]
            assert (summary.mean, summary.worst, summary.worst_image) == (row["mean"], row["worst"], row["worst_image"])
    assert {row.curve for row in compared.bd_rates} == {"a"}
    assert len(compared.pairs["psnr"]) == 18
    with pytest.raises(ValueError, match="curve"):
        gradspace.compare_folders(codecs / "reference", folders_of(codecs), anchor="none")
    with pytest.raises(ValueError, match="out="):
        gradspace.compare_folders(codecs / "reference", folders_of(codecs)[:1], "psnr").report()


def test_curves_are_named(codecs):
    folders = folders_of(codecs)
    compared = gradspace.compare_folders(
        codecs / "reference", folders[:1], "psnr", curves={"mine": folders[:3], "yours": folders[3:]}
    )
    assert sorted(compared.curves) == ["mine", "yours"]
    assert compared.curves["mine"][0] in ("a-q1", "a-q2", "a-q3")


def test_what_has_no_partner_is_told(codecs, tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    write_picture(folder / "0.ppm", gradspace.read_image(codecs / "a-q1/0.ppm"))
    write_picture(folder / "other.ppm", gradspace.read_image(codecs / "a-q1/1.ppm"))
    with pytest.warns(gradspace.LeftOutWarning, match="other.ppm"):
        compared = gradspace.compare_folders(codecs / "reference", [folder], "psnr")
    assert compared.folders[0].images == 1 and len(compared.folders[0].unmatched) == 3


def test_scores_pairs_of_files(codecs, tmp_path, command):
    pairs = [(codecs / "reference" / f"{i}.ppm", codecs / "a-q1" / f"{i}.ppm") for i in range(3)]
    scores = gradspace.score_pairs(pairs, ["psnr", "ssim"])
    assert len(scores) == 3 and scores.distorted[1].endswith("a-q1/1.ppm")
    for i, (reference, distorted) in enumerate(pairs):
        assert gradspace.iqa(reference, distorted, "ssim") == scores.scores["ssim"][i]
    listed = tmp_path / "list.csv"
    listed.write_text("reference,distorted\n" + "".join(f"{one},{other}\n" for one, other in pairs))
    again = gradspace.score_pairs(listed, ["psnr", "ssim"])
    lines = command("iqa", "--pairs", listed, "--metric", "psnr,ssim", "--format", "jsonl", "--quiet").stdout
    rows = [json.loads(line) for line in lines.splitlines()]
    for name in ("psnr", "ssim"):
        assert [row[name] for row in rows if name in row] == again.scores[name].tolist() == scores.scores[name].tolist()
    write_picture(tmp_path / "small.ppm", np.zeros((4, 4, 3), np.uint8))
    with pytest.warns(gradspace.LeftOutWarning, match="small.ppm"):
        bad = gradspace.score_pairs([(pairs[0][0], tmp_path / "small.ppm"), pairs[1]], "psnr")
    assert math.isnan(bad.scores["psnr"][0]) and bad.scores["psnr"][1] == scores.scores["psnr"][1]


def write_y4m(path, frames):
    with open(path, "wb") as stream:
        stream.write(b"YUV4MPEG2 W32 H24 F25:1 Ip C444\n")
        for frame in frames:
            stream.write(b"FRAME\n" + frame.tobytes())


def test_scores_videos_frame_by_frame(tmp_path, command):
    random = np.random.default_rng(0)
    frames = random.integers(60, 190, (5, 3, 24, 32)).astype(np.uint8)
    noisy = (frames + random.integers(0, 9, frames.shape)).astype(np.uint8)
    write_y4m(tmp_path / "a.y4m", frames)
    write_y4m(tmp_path / "b.y4m", noisy)
    scores = gradspace.score_video(tmp_path / "a.y4m", tmp_path / "b.y4m", "psnr", every=2)
    assert scores.frames.tolist() == [0, 2, 4]
    lines = command(
        *["iqa", tmp_path / "a.y4m", tmp_path / "b.y4m", "--metric", "psnr", "--every", 2],
        *["--format", "jsonl", "--quiet"],
    ).stdout
    rows = [json.loads(line) for line in lines.splitlines()]
    assert [row["psnr"] for row in rows if "frame" in row] == scores.scores["psnr"].tolist()
    pooled = scores.pooled["psnr"]
    assert pooled.frames == 3 and pooled.minimum == scores.scores["psnr"].min()
    assert pooled.worst_frame == scores.frames[scores.scores["psnr"].argmin()]
    write_y4m(tmp_path / "short.y4m", noisy[:2])
    with pytest.warns(gradspace.LeftOutWarning, match="short.y4m"):
        assert len(gradspace.score_video(tmp_path / "a.y4m", tmp_path / "short.y4m", "psnr")) == 2


def test_benchmarks_metrics_as_the_command_does(codecs, tmp_path, command):
    opinions = codecs / "opinions.csv"
    rows = [
        f"reference/{i}.ppm,{folder.name}/{i}.ppm,{5 - i / 3 - 9 / (number + 2)},blur"
        for number, folder in enumerate(folders_of(codecs))
        for i in range(3)
    ]
    opinions.write_text("\n".join(["reference,distorted,score,type", *rows]))
    options = {"resamples": 20, "seed": 1, "larger_is_better": False}
    benchmark = gradspace.quality_benchmark("csv", opinions, tmp_path / "ours", ["psnr", "gmsd"], **options)
    table = command(
        *["iqa-benchmark", "--database", "csv", opinions, "--out", tmp_path / "theirs", "--metric", "psnr,gmsd"],
        *["--resamples", 20, "--seed", 1, "--lower-is-better", "--quiet"],
    ).stdout
    assert benchmark.table() == table
    for name in ("scores.csv", "results.json"):
        assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()
    assert {row["metric"] for row in benchmark.summary} == {"psnr", "gmsd"}
    assert benchmark.differences[0]["first"] == "psnr"


def test_a_decoder_of_one_s_own(codecs, tmp_path, command):
    options = {"patches": 1000, "iterations": 2, "seed": 1}
    loss = gradspace.train_decoder(codecs / "reference", tmp_path / "ours.safetensors", **options)
    command(
        *["iqa-train", "--photos", codecs / "reference", "--out", tmp_path / "theirs.safetensors"],
        *["--patches", 1000, "--iterations", 2, "--seed", 1, "--quiet"],
    )
    assert (tmp_path / "ours.safetensors").read_bytes() == (tmp_path / "theirs.safetensors").read_bytes()
    assert loss.iterations == 2 and loss.reconstruction > 0
    pair = codecs / "reference/0.ppm", codecs / "a-q1/0.ppm"
    own = gradspace.iqa(*pair, "unique", decoder=tmp_path / "ours.safetensors")
    assert own != gradspace.iqa(*pair, "unique")
    assert gradspace.score_pairs([pair], "unique", decoder=tmp_path / "ours.safetensors").scores["unique"][0] == own
    with pytest.raises(ValueError, match="iterations"):
        gradspace.train_decoder(codecs / "reference", tmp_path / "x.safetensors", iterations=0)

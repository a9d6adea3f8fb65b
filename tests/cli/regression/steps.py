"""Every command in its main forms, in an order in which later steps use what earlier ones wrote."""
import dataclasses
import os
import shlex
import shutil
from typing import Callable, Optional

from inputs import read, write


@dataclasses.dataclass
class Step:
    """One call of the command. `before` may prepare files; `stdin` names a file to read from. A step
    that is not `portable` gives other numbers on another processor, by more than rounding, and is left
    out of the committed record."""
    name: str
    line: str
    stdin: Optional[str] = None
    before: Optional[Callable[[str], None]] = None
    portable: bool = True

    @property
    def arguments(self):
        return shlex.split(self.line)

    def title(self):
        """The name, then what a person would type."""
        return f"{self.name}: gradspace {self.line}" + (f" < {self.stdin}" if self.stdin else "")

    def read_input(self, root):
        return read(os.path.join(root, self.stdin)) if self.stdin else b""


def copied(source, target):
    return lambda root: shutil.copytree(os.path.join(root, source), os.path.join(root, target))


def cut(source, target, size):
    """The first `size` bytes; all but the last -`size` where it is negative."""
    return lambda root: write(os.path.join(root, target), read(os.path.join(root, source))[:size])


def changed(path, old, new):
    def change(root):
        content = read(os.path.join(root, path))
        assert old in content, path
        write(os.path.join(root, path), content.replace(old, new))
    return change


COMMANDS = ["challenge", "train", "extract", "fit", "fit-causes", "evaluate", "score", "drift", "monitor", "experiment",
            "experiment ood", "experiment one-class", "report", "iqa", "iqa-benchmark", "iqa-train",
            "gradcon", "gradcon train", "gradcon score", "gradcon benchmark", "experiment gradcon", "import", "info",
            "plan", "work", "status", "merge", "moments"]

USAGE = [
    Step("usage/help", "--help"),
    Step("usage/version", "--version"),
    Step("usage/nothing", ""),
    Step("usage/unknown command", "scoer"),
    Step("usage/unknown option", "score --modle m"),
    Step("usage/missing options", "fit"),
    Step("usage/unknown format", "score --model a --detector b --format xml c"),
    Step("usage/option without its value", "extract --model"),
    Step("usage/model and epochs", "experiment ood --data tree --out x --model m --epochs 3"),
    Step("usage/unknown strength", "challenge --in photos --out x --strength pixel"),
    Step("usage/not a number", "train --data signs --out x.safetensors --epochs many"),
    Step("usage/no experiment", "experiment"),
    Step("usage/unknown experiment", "experiment odd"),
    *[Step(f"help/{command}", f"{command} --help") for command in COMMANDS],
]

CHALLENGE = [
    Step("challenge/folder", "challenge --in photos --out challenged --types rain,noise --levels 1,4"),
    Step("challenge/all types", "challenge --in photos/boat.bmp --out all --levels 3 --quiet"),
    Step("challenge/post-production",
         "challenge --in photos --out produced --types 2,7,12 --levels 2 --post-production --seed 5"),
    Step("challenge/strength in pixels",
         "challenge --in photos/boat.bmp --out absolute --types 2,3,8 --levels 2 --strength pixels"),
    Step("challenge/one file",
         "challenge --in photos/gate.png --out gate-snow.png --types snow --levels 5"),
    Step("challenge/grey and jpeg",
         "challenge --in photos/far --out far --types haze,codec-error --levels 2 --format jpg"),
    Step("challenge/sheet", "challenge --in photos/boat.bmp --sheet sheet.png --out unused"),
    Step("challenge/tree", "challenge --in tree --out tree --types 7,8,9 --levels 1,2,5 "
         "--sets val,test,train --quiet", before=copied("signs", "tree")),
    Step("challenge/split of digits", "challenge --in digits/train-images-idx3-ubyte --out split "
         "--split train=10,val=5,test=10% --types shadow --levels 3"),
    Step("challenge/cifar10", "challenge --in cifar/test_batch.bin --out cifar-challenged "
         "--types darkening --levels 1 --format png"),
    Step("challenge/output not empty", "challenge --in photos --out challenged --types rain"),
    Step("challenge/force",
         "challenge --in photos --out challenged --types rain --levels 1 --force"),
    Step("challenge/broken image", "challenge --in mixed --out mixed-rain --types rain --levels 1"),
    Step("challenge/clean copies of a folder", "challenge --in photos --out x --types rain --clean"),
    Step("challenge/unknown type", "challenge --in photos --out x --types drizzle"),
    Step("challenge/unknown level", "challenge --in photos --out x --types rain --levels 0-9"),
    Step("challenge/missing input", "challenge --in nowhere --out x"),
]

TRAIN = [
    Step("train/tree", "train --data signs --out vae.safetensors --epochs 3 --batch 8 --seed 3 "
         "--logdir log"),
    Step("train/again", "train --data signs --out vae.safetensors --epochs 3 --batch 8 --seed 3 "
         "--resume"),
    Step("train/further", "train --data signs --out vae.safetensors --epochs 5 --batch 8 --seed 3 "
         "--resume"),
    Step("train/small network", "train --data clean --val stream --spec small.json --beta 0.5 "
         "--lr 0.002 --out small.safetensors --epochs 2 --quiet"),
    Step("train/digits", "train --data digits/train-images-idx3-ubyte --source idx "
         "--out digits.safetensors --epochs 1 --batch 16"),
    Step("train/cifar10", "train --data cifar --out cifar.safetensors --epochs 1 --batch 16"),
    Step("train/broken image", "train --data mixed --out mixed.safetensors --epochs 1"),
    Step("train/bad description", "train --data clean --out x.safetensors --spec bad/spec.json"),
    Step("train/not json", "train --data clean --out x.safetensors --spec bad/not.json"),
    Step("train/bad batch", "train --data clean --out x.safetensors --batch 0"),
    Step("train/missing data", "train --data nowhere --out x.safetensors"),
    Step("train/missing folder of output", "train --data clean --out no/such/x.safetensors --epochs 1"),
]

EXTRACT = [
    Step("extract/default", "extract --model vae.safetensors --data clean --out clean-set"),
    *[Step(f"extract/{name}", f"extract --model vae.safetensors --data tree/{folder} --out {name}-set")
      for name, folder in (("clean-train", "RealChallengeFree/train"),
                           ("clean-val", "RealChallengeFree/val"),
                           ("clean-test", "RealChallengeFree/test"),
                           ("blur-train", "RealChallenge/07_05/train"),
                           ("blur-val", "RealChallenge/07_05/val"),
                           ("noise-test", "RealChallenge/08_05/test"),
                           ("rain-test", "RealChallenge/09_02/test"))],
    Step("extract/latent", "extract --model vae.safetensors --data tree --out mu-set --features mu"),
    Step("extract/spread", "extract --model vae.safetensors --data photos --out logvar-set "
         "--features logvar --quiet"),
    Step("extract/all", "extract --model small.safetensors --data photos --out all-set "
         "--features all --batch 3 --threads 1"),
    Step("extract/all of a loss", "extract --model small.safetensors --data photos --out elbo-set "
         "--features all:elbo"),
    Step("extract/layers", "extract --model vae.safetensors --data digits --out digits-set "
         "--features down.0:elbo,up.4:bce,fc2:kld"),
    Step("extract/cifar10", "extract --model vae.safetensors --data cifar --out cifar-set "
         "--source cifar10"),
    Step("extract/there already", "extract --model vae.safetensors --data clean --out clean-set"),
    Step("extract/broken image", "extract --model vae.safetensors --data mixed --out mixed-set"),
    Step("extract/unknown layer", "extract --model vae.safetensors --data clean --out x "
         "--features down.7:kld"),
    Step("extract/unknown loss", "extract --model vae.safetensors --data clean --out x "
         "--features down.6:mse"),
    Step("extract/unknown device", "extract --model vae.safetensors --data clean --out x "
         "--device cuda"),
    Step("extract/wrong source", "extract --model vae.safetensors --data clean --out x --source idx"),
    Step("extract/truncated model", "extract --model bad/cut.safetensors --data clean --out x",
         before=cut("vae.safetensors", "bad/cut.safetensors", -34284)),
    Step("extract/a picture as model", "extract --model photos/boat.bmp --data clean --out x"),
    Step("extract/missing model", "extract --model nowhere.safetensors --data clean --out x"),
]

ONE_CLASS = ["reconstruction", "elbo", "latent-mahalanobis", "gradient-norm-density",
             "gradient-mahalanobis", "gradient-neighbour", "spectral-fisher-linear",
             "spectral-fisher", "spectral-fisher-local", "spectral-fisher-pseudo",
             "colour-fisher", "colour-fisher-pseudo", "fisher-pseudo", "dose", "input-complexity",
             "image-statistics", "image-appearance", "image-neighbour", "image-pseudo",
             "pseudo-outliers", "elbo-typicality", "gradient-neighbour-typicality",
             "spectral-fisher-typicality", "image-statistics-typicality", "ensemble-fisher",
             "ensemble-stouffer", "ensemble-harmonic"]

# Their networks learn from gradients for so many steps that the last bit of a sum, which depends on the
# width of vector registers, grows to a percent of a score and changes ranks.
NOT_PORTABLE = {"pseudo-outliers", "spectral-fisher-pseudo", "colour-fisher-pseudo",
                "fisher-pseudo"}

FIT = [
    Step("fit/classifier", "fit --inliers clean-train-set --outliers blur-train-set "
         "--val-inliers clean-val-set --val-outliers blur-val-set --epochs 6 "
         "--out classifier.safetensors"),
    Step("fit/classifier of some columns", "fit --inliers clean-train-set --outliers blur-train-set "
         "--features up.6:bce --epochs 4 --batch 16 --seed 2 --false-alarms 0.2 "
         "--out decoder-only.safetensors --quiet"),
    *[Step(f"fit/{method}", f"fit --method {method} --model vae.safetensors --data clean "
           f"--false-alarms 0.1 --out {method}.safetensors", portable=method not in NOT_PORTABLE)
      for method in ONE_CLASS],
    Step("fit/validation images", "fit --method elbo --model vae.safetensors --data clean "
         "--val stream --false-alarms 0.05 --out validated.safetensors --seed 4"),
    Step("fit/some distortions", "fit --method image-pseudo --model vae.safetensors --data clean "
         "--distortions noise,tone --false-alarms 0.1 --out noise-tone.safetensors"),
    Step("fit/unknown method", "fit --method magic --inliers clean-train-set "
         "--outliers blur-train-set --out x.safetensors"),
    Step("fit/unknown distortion", "fit --method image-pseudo --model vae.safetensors --data clean "
         "--distortions smell --out x.safetensors"),
    Step("fit/too few images", "fit --method elbo --model vae.safetensors --data clean "
         "--false-alarms 0.001 --out x.safetensors"),
    Step("fit/sets for a one-class method", "fit --method elbo --inliers a --outliers b "
         "--out x.safetensors"),
    Step("fit/images for the classifier", "fit --model vae.safetensors --data clean "
         "--out x.safetensors"),
    Step("fit/other columns", "fit --inliers clean-train-set --outliers mu-set --out x.safetensors"),
    Step("fit-causes/few photographs", "fit-causes --model vae.safetensors "
         "--detector classifier.safetensors --photos photos --out causes.safetensors"),
    Step("fit-causes/no gradients", "fit-causes --model vae.safetensors "
         "--detector image-statistics.safetensors --photos clean --out causes.safetensors"),
    Step("fit-causes/no model", "fit-causes --detector classifier.safetensors "
         "--photos clean --out causes.safetensors"),
    Step("fit/missing set", "fit --inliers nowhere --outliers blur-train-set --out x.safetensors"),
    Step("fit/truncated set", "fit --inliers cut-set --outliers blur-train-set --out x.safetensors",
         before=lambda root: (copied("clean-train-set", "cut-set")(root),
                              cut("cut-set/features.npy", "cut-set/features.npy", 5000)(root))),
]

EVALUATE = [
    Step("evaluate/sets", "evaluate --detector classifier.safetensors --inliers clean-test-set "
         "--outliers noise-test-set rain-test-set --out judged-sets"),
    Step("evaluate/images", "evaluate --model vae.safetensors --detector image-statistics.safetensors "
         "--inliers stream --outliers noisy --out judged-images --name statistics"),
    Step("evaluate/folders", "evaluate --model vae.safetensors --detector image-statistics.safetensors "
         "--inliers stream --outliers noisy ./stream/ --out judged-folders"),
    Step("evaluate/folder twice", "evaluate --model vae.safetensors --detector image-statistics.safetensors "
         "--inliers stream --outliers noisy ./noisy/ --out x"),
    Step("evaluate/tree images", "evaluate --model vae.safetensors --detector classifier.safetensors "
         "--inliers tree/RealChallengeFree/test --outliers tree/RealChallenge/08_05/test "
         "tree/RealChallenge/09_02/test --out judged-tree"),
    Step("evaluate/broken image", "evaluate --model vae.safetensors --detector elbo.safetensors "
         "--inliers stream --outliers mixed --out judged-mixed"),
    Step("evaluate/sets for a method of images", "evaluate --detector image-statistics.safetensors "
         "--inliers clean-test-set --outliers noise-test-set --out x"),
    Step("evaluate/other columns", "evaluate --detector classifier.safetensors --inliers mu-set "
         "--outliers noise-test-set --out x"),
    Step("evaluate/missing set", "evaluate --detector classifier.safetensors --inliers nowhere "
         "--outliers noise-test-set --out x"),
]

SCORE_IT = "score --model vae.safetensors --detector"
SCORE = [
    Step("score/table", f"{SCORE_IT} classifier.safetensors stream"),
    Step("score/jsonl", f"{SCORE_IT} classifier.safetensors --format jsonl photos noisy"),
    Step("score/csv", f"{SCORE_IT} classifier.safetensors --format csv photos/boat.bmp stream"),
    Step("score/standard input", f"{SCORE_IT} elbo.safetensors --format csv -",
         stdin="clean-list.txt"),
    Step("score/digits", f"{SCORE_IT} image-neighbour.safetensors --format jsonl digits"),
    Step("score/threshold", f"{SCORE_IT} classifier.safetensors --threshold 0.5 --threads 1 noisy"),
    Step("score/false alarms", f"{SCORE_IT} classifier.safetensors --false-alarms 0.25 noisy"),
    *[Step(f"score/{method}", f"{SCORE_IT} {method}.safetensors --format csv stream/003.bmp "
           "noisy/003.bmp photos", portable=method not in NOT_PORTABLE) for method in ONE_CLASS],
    Step("score/some distortions", f"{SCORE_IT} noise-tone.safetensors --format jsonl noisy/001.bmp"),
    Step("score/broken images", f"{SCORE_IT} elbo.safetensors bad/cut.png bad/cut.jpg bad/broken.bmp "
         "bad/notes.txt bad/empty.bmp photos/boat.bmp nowhere.png mixed"),
    Step("score/too few clean images", f"{SCORE_IT} elbo.safetensors --false-alarms 0.0001 stream"),
    Step("score/both thresholds",
         f"{SCORE_IT} elbo.safetensors --false-alarms 0.1 --threshold 1 stream"),
    Step("score/another model", "score --model small.safetensors --detector elbo.safetensors stream"),
    Step("score/model as detector", f"{SCORE_IT} vae.safetensors stream"),
    Step("score/truncated detector", f"{SCORE_IT} bad/detector.safetensors stream",
         before=cut("classifier.safetensors", "bad/detector.safetensors", 900)),
    Step("score/newer detector", f"{SCORE_IT} bad/newer.safetensors stream", before=lambda root: (
        cut("elbo.safetensors", "bad/newer.safetensors", None)(root),
        changed("bad/newer.safetensors", b'"format_version":"1"', b'"format_version":"9"')(root))),
]

DRIFT_IT = "drift --model vae.safetensors --detector image-statistics.safetensors"
DRIFT = [
    Step("drift/table", f"{DRIFT_IT} --window 8 stream"),
    Step("drift/jsonl", f"{DRIFT_IT} --window 10 --format jsonl noisy"),
    Step("drift/csv", f"{DRIFT_IT} --window 12 --false-alarms 0.2 --format csv noisy"),
    Step("drift/standard input", f"{DRIFT_IT} --window 6 -", stdin="clean-list.txt"),
    Step("drift/too short", f"{DRIFT_IT} --window 100 stream"),
    Step("drift/bad window", f"{DRIFT_IT} --window 0 stream"),
    Step("drift/broken image", f"{DRIFT_IT} --window 4 --false-alarms 0.5 mixed"),
]

OOD = ("experiment ood --data signs --out ood --runs 2 --epochs 2 --batch 8 --classifier-epochs 3 "
       "--challenges rain,noise --levels 2,5 --threads 2")
ONE = ("experiment one-class --data tree --out one-class --epochs 2 --batch 8 --classifier-epochs 3 "
       "--challenges rain,gaussian-blur --levels 2 --false-alarms 0.1 --gradcon-epochs 1 --threads 2 "
       "--methods ")
EXPERIMENT = [
    Step("experiment/ood", OOD),
    Step("experiment/ood again", OOD),
    Step("experiment/ood with another setting", OOD.replace("--classifier-epochs 3",
                                                            "--classifier-epochs 4")),
    Step("experiment/ood of files", "experiment ood --data tree --out ood-files --epochs 1 --batch 16 "
         "--classifier-epochs 2 --challenges 9 --levels 5 --spec small.json --quiet"),
    Step("experiment/one-class", ONE + "elbo,image-statistics,image-pseudo,gradcon,stand-ins,"
         "ensemble-fisher"),
    Step("experiment/one-class again", ONE + "elbo,image-statistics"),
    Step("experiment/ood of a given model", "experiment ood --data tree --out ood-given --challenges 9 "
         "--levels 5 --classifier-epochs 2 --model ood/run-0/model.safetensors --strength pixels"),
    Step("experiment/no such model", "experiment ood --data tree --out x --model none.safetensors"),
    Step("experiment/unknown method", ONE + "magic"),
    Step("experiment/no tree", "experiment ood --data photos --out x"),
    Step("report/ood", "report ood"),
    Step("report/one-class", "report one-class"),
    Step("report/judged", "report judged-sets"),
    Step("report/unfinished", "report unfinished", before=lambda root: (
        copied("ood", "unfinished")(root), os.remove(os.path.join(root, "unfinished/results.json")))),
    Step("report/missing", "report nowhere"),
    Step("report/not results", "report photos"),
    Step("report/newer results", "report newer", before=lambda root: (
        copied("judged-sets", "newer")(root),
        changed("newer/results.json", b'"format_version": 1', b'"format_version": 99')(root))),
]

GRADCON = [
    Step("gradcon/train", "gradcon train --data digits --class 0 --epochs 2 --batch 8 "
         "--out gradcon.safetensors --logdir gradcon-log"),
    Step("gradcon/train further", "gradcon train --data digits --class 0 --epochs 3 --batch 8 "
         "--out gradcon.safetensors --resume"),
    Step("gradcon/train in colour", "gradcon train --data clean --val stream --channels 3 --epochs 1 "
         "--batch 16 --mean-of-error --out gradcon-rgb.safetensors"),
    Step("gradcon/train variational", "gradcon train --data digits --class 1 --latent 8 --epochs 1 "
         "--batch 8 --out gradcon-vae.safetensors --quiet"),
    Step("gradcon/table", "gradcon score --model gradcon.safetensors --false-alarms 0.4 digits"),
    Step("gradcon/jsonl", "gradcon score --model gradcon-rgb.safetensors --format jsonl "
         "--gradient-weight 0.5 noisy photos/boat.bmp"),
    Step("gradcon/csv", "gradcon score --model gradcon-vae.safetensors --format csv --threshold 0.2 "
         "photos"),
    Step("gradcon/broken image", "gradcon score --model gradcon-rgb.safetensors mixed nowhere.png"),
    Step("gradcon/benchmark", "experiment gradcon --data digits --out gradcon-benchmark --classes 0,2 "
         "--epochs 1 --batch 8 --runs 2"),
    Step("gradcon/benchmark again", "gradcon benchmark --data digits --out gradcon-benchmark "
         "--classes 0,2 --epochs 1 --batch 8 --runs 2"),
    Step("gradcon/report", "report gradcon-benchmark"),
    Step("gradcon/no such class", "gradcon train --data digits --class 7 --out x.safetensors"),
    Step("gradcon/an autoencoder as model", "gradcon score --model vae.safetensors digits"),
    Step("gradcon/no labels", "gradcon benchmark --data clean --out x"),
    Step("gradcon/nothing", "gradcon"),
]

METRICS = "gradient,unique,psnr,ssim"
PAIR = "quality/pair1_ref.png quality/pair1_blur.png"
IQA = [
    Step("iqa/one pair", f"iqa {PAIR}"),
    Step("iqa/all metrics", f"iqa {PAIR} --metric {METRICS} --map map.png"),
    Step("iqa/jsonl", f"iqa {PAIR} --metric {METRICS} --format jsonl"),
    Step("iqa/scale", f"iqa {PAIR} --metric {METRICS} --format jsonl --scale"),
    Step("iqa/scale of folders", "iqa references distorted codecs/soft-q1 --scale"),
    Step("iqa/equal images", "iqa quality/pair1_ref.png quality/pair1_ref.png --format csv "
         f"--metric {METRICS}"),
    *[Step(f"iqa/pairs {form}", f"iqa --pairs quality/pairs.csv --metric {METRICS} --format {form}")
      for form in ("table", "jsonl", "csv")],
    *[Step(f"iqa/folders {form}", f"iqa references distorted --metric psnr,gradient --format {form}")
      for form in ("table", "jsonl", "csv")],
    Step("iqa/missing image", "iqa --pairs quality/pairs-missing.csv --threads 1 --quiet"),
    Step("iqa/other sizes", "iqa quality/pair1_ref.png quality/pair2_ref.png"),
    Step("iqa/broken image", "iqa quality/pair1_ref.png bad/cut.png"),
    Step("iqa/wrong columns", "iqa --pairs bad/pairs.csv"),
    Step("iqa/unknown metric", f"iqa {PAIR} --metric beauty"),
    Step("iqa/map of folders", "iqa references distorted --map x.png"),
    Step("iqa/list", "iqa --list"),
    Step("iqa/list as csv", "iqa --list --format csv"),
    Step("iqa/companions", f"iqa {PAIR} --metric companions --format jsonl"),
    Step("iqa/gate of a deviation", f"iqa {PAIR} --metric gmsd --fail-below 0.1"),
    Step("iqa/nothing", "iqa"),
    Step("iqa/codecs", "iqa references codecs/soft-q1 codecs/soft-q2 codecs/grain-q1 codecs/grain-q2 "
         "--metric gmsd,psnr --out compared --junit compared.xml --fail-below gmsd=0.12,psnr=20"),
    *[Step(f"iqa/codecs {form}", "iqa references distorted --curve soft=codecs/soft-q1,codecs/soft-q2 "
           f"--metric psnr --format {form}") for form in ("jsonl", "csv")],
    Step("iqa/folder twice", "iqa references distorted distorted/"),
    Step("iqa/no such anchor", "iqa references codecs/soft-q1 codecs/soft-q2 --anchor webp"),
    Step("iqa/gate of another metric", f"iqa {PAIR} --fail-below ssim=0.9"),
    Step("iqa/what was compared", "info compared/results.json"),
    Step("iqa-train/photographs", "iqa-train --photos photos --out decoder.safetensors "
         "--patches 1000 --iterations 3"),
    Step("iqa-train/further", "iqa-train --photos photos --out decoder.safetensors "
         "--patches 1000 --iterations 5 --resume"),
    Step("iqa-train/no photographs", "iqa-train --photos bad --out x.safetensors --iterations 1"),
    Step("iqa/own decoder", f"iqa {PAIR} --metric gradient,unique --decoder decoder.safetensors "
         "--format csv --map own-map.png"),
    Step("iqa/not a decoder", f"iqa {PAIR} --decoder vae.safetensors"),
    Step("iqa-benchmark/csv", "iqa-benchmark --database csv quality/opinions.csv --out opinions "
         "--resamples 20"),
    Step("iqa-benchmark/again", "iqa-benchmark --database csv quality/opinions.csv --out opinions "
         "--resamples 30"),
    Step("iqa-benchmark/lower is better", "iqa-benchmark --database csv quality/opinions.csv "
         "--out lower --lower-is-better --metric psnr,ssim --resamples 0"),
    Step("iqa-benchmark/tid2013", "iqa-benchmark --database tid2013 tid2013 --out tid-results "
         "--resamples 20 --seed 3 --quiet"),
    Step("iqa-benchmark/kadid", "iqa-benchmark --database kadid kadid --out kadid-results "
         "--metric unique,ssim --decoder decoder.safetensors --confidence 0.8 --resamples 20"),
    Step("iqa-benchmark/live-md", "iqa-benchmark --database live-md live-md --out live-md-results "
         "--metric psnr --resamples 20"),
    Step("iqa-benchmark/missing images", "iqa-benchmark --database live live --out live-results "
         "--metric psnr --resamples 0"),
    Step("iqa-benchmark/unknown database", "iqa-benchmark --database csiq kadid --out x"),
    Step("iqa-benchmark/not this database", "iqa-benchmark --database tid2013 kadid --out x"),
    Step("iqa-benchmark/report", "report tid-results"),
]

IMPORT = [
    Step("import/checkpoint", "import vae.pth.tar --out imported.safetensors"),
    Step("import/quiet", "import vae.pth.tar --out imported-too.safetensors --quiet"),
    Step("import/other network", "import vae.pth.tar --out x.safetensors --spec small.json"),
    Step("import/truncated", "import bad/cut.pth.tar --out x.safetensors",
         before=cut("vae.pth.tar", "bad/cut.pth.tar", 30000)),
    Step("import/not a checkpoint", "import photos/boat.bmp --out x.safetensors"),
    Step("import/matlab file without decoder", "import live/dmos.mat --out x.safetensors"),
    Step("import/missing", "import nowhere.pth --out x.safetensors"),
    Step("import/missing folder of output", "import vae.pth.tar --out no/such/x.safetensors"),
    Step("import/extract with it", "extract --model imported.safetensors --data photos --out imported-set"),
]

DESCRIBED = ["vae.safetensors", "small.safetensors", "classifier.safetensors",
             "image-statistics.safetensors", "gradcon.safetensors", "gradcon-vae.safetensors",
             "decoder.safetensors", "imported.safetensors", "foreign.safetensors", "clean-set",
             "mu-set", "clean-set/features.npy", "recon.npy", "vae.pth.tar", "judged-sets",
             "judged-sets/results.json", "ood", "one-class", "gradcon-benchmark", "tid-results",
             "opinions/results.json"]

INFO = [
    *[Step(f"info/{name.replace('/', ' ')}{' json' * (form == 'json')}", f"info {name} --format {form}")
      for name in DESCRIBED for form in ("text", "json")],
    *[Step(f"info/bad {name}", f"info {path}")
      for name, path in (("model", "bad/cut.safetensors"), ("detector", "bad/detector.safetensors"),
                         ("set", "cut-set"), ("checkpoint", "bad/cut.pth.tar"),
                         ("picture", "photos/boat.bmp"), ("text", "bad/notes.txt"),
                         ("empty file", "bad/empty.bmp"), ("folder", "photos"),
                         ("name", "nowhere"))],
    Step("info/unknown format", "info vae.safetensors --format xml"),
]

# Jobs in shards. What they make names the folder and the processor: tests/cluster has it.
SHARDS = [
    Step("shards/plan without images", "plan job --model vae.safetensors"),
    Step("shards/plan without a model", "plan job --data photos"),
    Step("shards/plan with a missing model", "plan job --model nowhere.safetensors --data photos"),
    Step("shards/plan with a missing list", "plan job --model vae.safetensors --list nowhere.csv"),
    Step("shards/plan with features and scores", "plan job --model a --data b --features mu --detector d"),
    Step("shards/plan in a folder that is used", "plan photos --model vae.safetensors --data clean"),
    Step("shards/scripts without a plan", "plan job --slurm"),
    Step("shards/options of scripts alone", "plan job --model a --data b --cpus 3"),
    Step("shards/work without a plan", "work photos"),
    Step("shards/work on what is no number", "work job --shards 3-1"),
    Step("shards/status without a plan", "status nowhere"),
    Step("shards/status in two forms", "status job --missing --format json"),
    Step("shards/merge without a plan", "merge photos"),
    Step("shards/merge onto the job", "merge photos --copy photos"),
    Step("shards/plan of unknown moments", "plan job --model a --data b --moments third"),
    Step("shards/moments of a missing set", "moments nowhere --out m.safetensors"),
    Step("shards/moments of a model", "moments vae.safetensors --out m.safetensors"),
]

STEPS = [*USAGE, *CHALLENGE, *TRAIN, *EXTRACT, *FIT, *EVALUATE, *SCORE, *DRIFT, *EXPERIMENT,
         *GRADCON, *IQA, *IMPORT, *SHARDS, *INFO]

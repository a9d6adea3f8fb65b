"""Writes checkpoints as PyTorch makes them: make_checkpoints.py GOLDEN_FOLDER OUT_FOLDER.

Exits with 77 where torch is not installed."""
import os
import pickle
import sys
import zipfile
from collections import OrderedDict

try:
    import numpy
    import torch
    from torch import nn
except ImportError:
    sys.exit(77)

golden, out = sys.argv[1:]


def path(name):
    return os.path.join(out, name)


class Vae(nn.Module):
    """The original's module, by its parameters' names."""

    def __init__(self, channels=(3, 3, 6, 9, 12), latent=20):
        super().__init__()
        down, up = [], []
        for i, o in zip(channels, channels[1:]):
            down += [nn.Conv2d(i, o, 4, 2, 2), nn.ReLU()]
        for i, o, p in zip(channels[:0:-1], channels[-2::-1], (2, 1, 2, 1)):
            up += [nn.ConvTranspose2d(i, o, 4, 2, p), nn.ReLU()]
        self.down, self.up = nn.Sequential(*down), nn.Sequential(*up)
        if latent:
            features = channels[-1] * 9
            self.fc11, self.fc12 = nn.Linear(features, latent), nn.Linear(features, latent)
            self.fc2 = nn.Linear(latent, features)


class Linear(nn.Module):
    def forward(self, x):
        return x


class Malicious:
    def __reduce__(self):
        return os.system, (f"touch {path('executed')}",)


def save_expected(folder, tensors):
    os.makedirs(path(folder))
    for name, tensor in tensors.items():
        numpy.save(path(f"{folder}/{name}.npy"), tensor.float().numpy())


model = Vae()
weights = {name: torch.from_numpy(numpy.load(f"{golden}/weight.{name}.npy"))
           for name in model.state_dict()}
model.load_state_dict(weights)

# What imports.
torch.save(model.state_dict(), path("plain.pt"))
torch.save({"state_dict": nn.DataParallel(model).state_dict(), "epoch": 7, "best_loss": 0.25},
           path("parallel.pt"))
torch.save(OrderedDict((k, nn.Parameter(v)) for k, v in weights.items()), path("parameters.pt"))
for case, prefix in (("compiled", "_orig_mod."), ("trainer", "model."),
                     ("wrapped", "model._orig_mod.module."), ("other-prefix", "vae.net.")):
    torch.save({prefix + k: v for k, v in weights.items()}, path(f"{case}.pt"))
torch.save({"epoch": 3, "model_state_dict": weights}, path("model_state_dict.pt"))
torch.save({"epoch": 3, "model": weights}, path("model_key.pt"))
optimizer = torch.optim.Adam(model.parameters())
sum(p.sum() for p in model.parameters()).backward()
optimizer.step()  # so that it has a state
torch.save({"optimizer": optimizer.state_dict(), "state_dict": weights}, path("optimizer.pt"))
torch.save({k: v.double() for k, v in weights.items()}, path("double.pt"))
for name, kind in (("half", torch.float16), ("bfloat16", torch.bfloat16)):
    rounded = {k: v.to(kind) for k, v in weights.items()}
    torch.save(rounded, path(f"{name}.pt"))
    save_expected(name, rounded)

# Every tensor a reversed view into one storage: strides in another order, and offsets.
flat = torch.cat([v.permute(*reversed(range(v.dim()))).reshape(-1) for v in weights.values()])
strided, begin = {}, 0
for name, value in weights.items():
    shape = tuple(reversed(value.shape))
    strided[name] = flat[begin:begin + value.numel()].view(shape).permute(
        *reversed(range(value.dim())))
    assert torch.equal(strided[name], value)
    begin += value.numel()
assert not strided["fc2.weight"].is_contiguous() and strided["up.6.bias"].storage_offset() > 0
torch.save(strided, path("strided.pt"))

# A bias of one repeated value: stride 0.
expanded = dict(weights, **{"fc2.bias": torch.tensor([0.5]).expand(108)})
torch.save(expanded, path("expanded.pt"))
save_expected("expanded", expanded)

gradcon = Vae((1, 32, 32, 64, 64), 0).state_dict()
torch.save(gradcon, path("gradcon.pt"))
save_expected("gradcon", gradcon)

# What is refused.
torch.save({"state_dict": weights, "note": Malicious()}, path("malicious.pt"))
torch.save(weights, path("legacy.pt"), _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.script(Linear()), path("torchscript.pt"))
torch.save(model, path("module.pt"))
torch.save(dict(weights, steps=torch.tensor([3])), path("extra.pt"))
torch.save(dict(weights, **{"fc2.bias": torch.arange(108)}), path("integers.pt"))
torch.save(dict(weights, **{"fc2.bias": torch.full((108,), float("nan"))}), path("nan.pt"))
torch.save(Vae(latent=10).state_dict(), path("latent10.pt"))
torch.save({"epoch": 3, "network": weights}, path("other_keys.pt"))
torch.save({"backbone.conv1.weight": torch.zeros(8, 3, 7, 7), "backbone.fc.bias": torch.zeros(10)},
           path("architecture.pt"))
torch.save(dict({"model." + k: v for k, v in weights.items()}, **{"ema." + k: v for k, v in weights.items()}),
           path("two.pt"))
torch.save([1, 2], path("list.pt"))
torch.save({"accuracy": numpy.float64(0.5), "state_dict": weights}, path("numpy_scalar.pt"))
with open(path("bare.pkl"), "wb") as file:
    pickle.dump({"a": 1}, file, protocol=2)
with zipfile.ZipFile(path("plain.pt")) as source, \
        zipfile.ZipFile(path("compressed.pt"), "w", zipfile.ZIP_DEFLATED) as target:
    for entry in source.namelist():
        target.writestr(entry, source.read(entry))
with zipfile.ZipFile(path("other.zip"), "w") as target:
    target.writestr("a/readme", "nothing")

numpy.save(path("halves.npy"),
           numpy.arange(1 << 16, dtype=numpy.uint16).view(numpy.float16).astype(numpy.float32))

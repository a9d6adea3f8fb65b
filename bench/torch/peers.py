#!/usr/bin/python3
"""The same network in Python PyTorch, in images a second of CPU time: the original's way (one image a
backward pass), functorch's per-image gradients, and training. bench/run.sh runs it beside ours."""

import statistics
import time

import torch
import torch.nn.functional as F
from functorch import grad, make_functional, vmap

BETA = 1.0


class Vae(torch.nn.Module):
    def __init__(self):
        super().__init__()
        channels = [3, 3, 6, 9, 12]
        down, up = [], []
        for i in range(4):
            down += [torch.nn.Conv2d(channels[i], channels[i + 1], 4, 2, 2), torch.nn.ReLU()]
        for i, padding in enumerate([2, 1, 2, 1]):
            up += [torch.nn.ConvTranspose2d(channels[4 - i], channels[3 - i], 4, 2, padding), torch.nn.ReLU()]
        up[-1] = torch.nn.Sigmoid()
        self.down, self.up = torch.nn.Sequential(*down), torch.nn.Sequential(*up)
        self.fc11, self.fc12 = torch.nn.Linear(108, 20), torch.nn.Linear(108, 20)
        self.fc2 = torch.nn.Linear(20, 108)

    def forward(self, x, sample):
        h = self.down(x).flatten(1)
        mu, logvar = self.fc11(h), self.fc12(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(logvar) if sample else mu
        return self.up(self.fc2(z).view(-1, 12, 3, 3)), mu, logvar


def bce(reconstruction, x):
    return F.binary_cross_entropy(reconstruction, x, reduction="sum")


def kld(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


def to_input(images):
    return images.permute(0, 3, 1, 2).float().div(255)


def measure(name, batch, step, seconds=1.0, repetitions=5):
    step()
    rates = []
    for _ in range(repetitions):
        begin, images = time.process_time(), 0
        while time.process_time() - begin < seconds:
            step()
            images += batch
        rates.append(images / (time.process_time() - begin))
    middle = statistics.median(rates)
    print(f"{name:44s} {middle:9.0f} images/s  (from {min(rates):.0f} to {max(rates):.0f})", flush=True)


def loop_step(model, images):
    for image in images:
        x = to_input(image[None])
        reconstruction, mu, logvar = model(x, False)
        model.zero_grad()
        kld(mu, logvar).backward(retain_graph=True)
        kept = model.down[6].weight.grad.clone()
        model.zero_grad()
        bce(reconstruction, x).backward()
        yield kept, model.up[6].weight.grad.clone()


def vmap_step(model):
    """Per-image gradients by the two wanted weights alone."""
    function, parameters = make_functional(model)
    names = [name for name, _ in model.named_parameters()]
    first, last = names.index("down.6.weight"), names.index("up.6.weight")
    fixed = [p.detach() for p in parameters]

    def with_weight(position, weight, x):
        return function(fixed[:position] + [weight] + fixed[position + 1:], x[None], False)

    def kld_of(weight, x):
        return kld(*with_weight(first, weight, x)[1:])

    def bce_of(weight, x):
        return bce(with_weight(last, weight, x)[0], x[None])

    by_kld = vmap(grad(kld_of), in_dims=(None, 0))
    by_bce = vmap(grad(bce_of), in_dims=(None, 0))

    def step(images):
        x = to_input(images)
        return by_kld(fixed[first], x), by_bce(fixed[last], x)

    return step


def train_step(model, optimizer, images):
    x = to_input(images)
    reconstruction, mu, logvar = model(x, True)
    loss = bce(reconstruction, x) + BETA * kld(mu, logvar)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def main():
    torch.manual_seed(0)
    print(f"Python PyTorch {torch.__version__}, {torch.get_num_threads()} thread(s)")
    model = Vae()
    images = torch.randint(0, 256, (256, 28, 28, 3), dtype=torch.uint8)
    measure("gradients, one image a backward pass", 16, lambda: list(loop_step(model, images[:16])))
    with torch.no_grad():
        step = vmap_step(model)
    measure("gradients, functorch vmap(grad), batch 256", 256, lambda: step(images))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    measure("training, batch 128", 128, lambda: train_step(model, optimizer, images[:128]))


if __name__ == "__main__":
    main()

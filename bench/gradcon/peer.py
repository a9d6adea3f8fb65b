#!/usr/bin/python3
"""GradCon's training step in Python PyTorch, in images a second of CPU time: as the released code does
it (a gradient of its own for every decoder layer, each with a graph) and with one gradient for all
layers. bench/run.sh runs it beside ours."""

import statistics
import sys
import time

import torch
import torch.nn.functional as F

BATCH = 64
ALIGNMENT = 0.03


def autoencoder(channels):
    sizes = [channels, 32, 32, 64, 64]
    down, up = [], []
    for i in range(4):
        down += [torch.nn.Conv2d(sizes[i], sizes[i + 1], 4, 2, 2), torch.nn.ReLU()]
    for i, padding in enumerate([2, 1, 2, 1]):
        up += [torch.nn.ConvTranspose2d(sizes[4 - i], sizes[3 - i], 4, 2, padding), torch.nn.ReLU()]
    up[-1] = torch.nn.Sigmoid()
    return torch.nn.Sequential(*down), torch.nn.Sequential(*up)


class Training:
    def __init__(self, channels, layerwise):
        torch.manual_seed(0)
        self.down, self.up = autoencoder(channels)
        self.model = torch.nn.Sequential(self.down, self.up)
        self.adam = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.weights = [self.up[2 * i].weight for i in range(4)]
        self.means = [torch.zeros_like(weight) for weight in self.weights]
        self.steps = 0
        self.layerwise = layerwise

    def gradients(self, loss):
        if self.layerwise:
            return [torch.autograd.grad(loss, weight, create_graph=True)[0] for weight in self.weights]
        return torch.autograd.grad(loss, self.weights, create_graph=True)

    def step(self, images):
        self.adam.zero_grad()
        error = F.mse_loss(self.model(images), images)
        cosine = sum(F.cosine_similarity(gradient.view(-1, 1), mean.view(-1, 1), dim=0)
                     for gradient, mean in zip(self.gradients(error), self.means)) / 4
        loss = error if self.steps == 0 else error - ALIGNMENT * cosine
        loss.backward()
        self.steps += 1
        for mean, weight in zip(self.means, self.weights):
            mean += (weight.grad - mean) / self.steps
        self.adam.step()


def measure(name, channels, layerwise, seconds=2.0, repetitions=5):
    training = Training(channels, layerwise)
    images = torch.rand(16, BATCH, channels, 28, 28)
    training.step(images[0])
    rates = []
    for _ in range(repetitions):
        begin, steps = time.process_time(), 0
        while time.process_time() - begin < seconds:
            training.step(images[steps % 16])
            steps += 1
        rates.append(steps * BATCH / (time.process_time() - begin))
    print(f"{name:52s} {statistics.median(rates):7.0f} images/s  "
          f"(from {min(rates):.0f} to {max(rates):.0f})", flush=True)


def main():
    torch.set_num_threads(1)
    print(f"PyTorch {torch.__version__}, one thread, batch {BATCH}")
    for channels in [int(argument) for argument in sys.argv[1:]] or [1]:
        measure(f"released algorithm, {channels}x28x28", channels, layerwise=True)
        measure(f"one gradient for all layers, {channels}x28x28", channels, layerwise=False)


if __name__ == "__main__":
    main()

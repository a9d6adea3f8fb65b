"""Trains the classifier with PyTorch, one full batch an epoch, from given initial weights.

Usage: torch_classifier.py FOLDER EPOCHS. FOLDER holds in.npy, out.npy and <layer>.<weight|bias>.npy;
the weights after training are written as trained.<name>.npy."""
import sys
from pathlib import Path

import numpy as np
import torch

folder, epochs = Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(1)


def load(name):
    return torch.from_numpy(np.load(folder / f"{name}.npy"))


clean, challenged = load("in"), load("out")
net = torch.nn.Sequential(torch.nn.Linear(clean.shape[1], 40), torch.nn.ReLU(), torch.nn.Linear(40, 20),
                          torch.nn.ReLU(), torch.nn.Linear(20, 1), torch.nn.Sigmoid())
net.load_state_dict({name: load(name) for name in net.state_dict()})
optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
inputs = torch.cat([clean, challenged])
labels = torch.cat([torch.ones(len(clean), 1), torch.zeros(len(challenged), 1)])
for _ in range(epochs):
    optimiser.zero_grad()
    torch.nn.BCELoss()(net(inputs), labels).backward()
    optimiser.step()
for name, value in net.state_dict().items():
    np.save(folder / f"trained.{name}.npy", value.numpy())

"""GradCon's definitions in Python PyTorch, by its automatic second derivatives, in double precision.

oracle.py IN OUT [IN OUT ...]: IN is a safetensors file of weights, mean gradients ("mean.<name>"),
images [n,C,H,W] and, of a variational autoencoder, noise; its metadata has the numbers. OUT gets the
gradient of the loss by every parameter, the batch's losses, and every image's error and cosine."""

import json
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.astype(np.float64))
    return tensors, metadata


def write(path, tensors):
    header, data = {}, b""
    for name, tensor in sorted(tensors.items()):
        values = tensor.detach().numpy().astype("<f4")
        header[name] = {"dtype": "F32", "shape": list(values.shape),
                        "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def encode(parameters, images):
    hidden = images
    for i in range(4):
        hidden = F.relu(F.conv2d(hidden, parameters[f"down.{2 * i}.weight"],
                                 parameters[f"down.{2 * i}.bias"], 2, 2))
    return hidden


def decode(parameters, hidden):
    for i, padding in enumerate([2, 1, 2, 1]):
        hidden = F.conv_transpose2d(hidden, parameters[f"up.{2 * i}.weight"],
                                    parameters[f"up.{2 * i}.bias"], 2, padding)
        hidden = F.relu(hidden) if i < 3 else torch.sigmoid(hidden)
    return hidden


def forward(parameters, images, noise):
    """Reconstructions and the mean KLD of an image."""
    hidden = encode(parameters, images)
    if "fc2.weight" not in parameters:
        return decode(parameters, hidden), torch.zeros(())
    flat = hidden.flatten(1)
    mu = F.linear(flat, parameters["fc11.weight"], parameters["fc11.bias"])
    logvar = F.linear(flat, parameters["fc12.weight"], parameters["fc12.bias"])
    kld = -0.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum(1).mean()
    z = mu if noise is None else mu + (0.5 * logvar).exp() * noise
    back = F.linear(z, parameters["fc2.weight"], parameters["fc2.bias"])
    return decode(parameters, back.view_as(hidden)), kld


def cosine(parameters, means, error, create_graph):
    weights = [parameters[name] for name in means]
    gradients = torch.autograd.grad(error, weights, create_graph=create_graph)
    return sum(F.cosine_similarity(gradient.flatten(), mean.flatten(), dim=0, eps=1e-30)
               for gradient, mean in zip(gradients, means.values())) / len(means)


def solve(tensors, metadata):
    images, noise = tensors.pop("images"), tensors.pop("noise", None)
    means = {name[5:]: tensors.pop(name) for name in list(tensors) if name.startswith("mean.")}
    parameters = {name: tensor.requires_grad_() for name, tensor in tensors.items()}
    reconstruction, kld = forward(parameters, images, noise)
    error = F.mse_loss(reconstruction, images)
    alignment = cosine(parameters, means, error, create_graph=True)
    pixels = images[0].numel()
    loss = error - float(metadata["alignment"]) * alignment
    loss = loss + float(metadata["kld_weight"]) / pixels * kld
    loss.backward()
    result = {"gradient." + name: parameter.grad for name, parameter in parameters.items()}
    result["losses"] = torch.stack([error, alignment, kld])
    scores = []
    for image in images.split(1):
        error = F.mse_loss(forward(parameters, image, None)[0], image)
        scores.append(torch.stack([error, cosine(parameters, means, error, create_graph=False)]))
    result["scores"] = torch.stack(scores)
    return result


for source, target in zip(sys.argv[1::2], sys.argv[2::2]):
    write(target, solve(*read(source)))

"""models/paper-relu.h5 converted by SpikingJelly: CPU time of one thread per image, and accuracy, in steps of 1 ms.

    python rate_coding_spikingjelly.py MODEL MNIST STEPS [IMAGES] [BATCH]

Needs torch, spikingjelly and h5py. The counterpart is `convert MODEL --run-mnist --duration STEPS --threads 1`. MNIST is the folder with the files of MNIST.
"""

import gzip
import os
import sys
import time

import h5py
import numpy as np
import torch
from spikingjelly.activation_based import ann2snn, functional
from torch import nn

torch.set_num_threads(1)
MODEL, MNIST, STEPS = sys.argv[1], sys.argv[2], int(sys.argv[3])
IMAGES = int(sys.argv[4]) if len(sys.argv) > 4 else 200
BATCH = int(sys.argv[5]) if len(sys.argv) > 5 else 50


def idx(name, header):
    path = os.path.join(MNIST, name)
    opened = gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb")
    with opened as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def weights():
    found = []

    def visit(_, item):
        if isinstance(item, h5py.Dataset) and item.ndim in (2, 4):
            found.append(item[()])

    with h5py.File(MODEL) as file:
        file["model_weights"].visititems(visit)
    # By size: two convolutions and the classifier.
    kernels = sorted((w for w in found if w.ndim == 4), key=lambda w: w.shape[2])
    dense = next(w for w in found if w.ndim == 2)
    return kernels, dense


class ChannelsLast(nn.Module):
    """Flattening in the order in which Keras has trained the classifier."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def network():
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, bias=False), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(6, 12, 5, bias=False), nn.ReLU(), nn.AvgPool2d(2),
        ChannelsLast(), nn.Linear(192, 10, bias=False),
    )
    (first, second), dense = weights()
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor(first).permute(3, 2, 0, 1))
        net[3].weight.copy_(torch.tensor(second).permute(3, 2, 0, 1))
        net[7].weight.copy_(torch.tensor(dense).T)
    return net.eval()


def images(part, count):
    pixels = idx(f"{part}-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)[:count]
    return torch.tensor(pixels.astype(np.float32) / 255), idx(f"{part}-labels-idx1-ubyte", 8)[:count]


ann = network()
calibration, _ = images("train", 500)
recipe = ann2snn.RateCodingRecipe(dataloader=[(calibration, None)], mode="99.9%")
snn = ann2snn.Converter(recipe).convert(ann).eval()
pixels, labels = images("t10k", IMAGES)
right = {"trained": 0, "spiking": 0}
cpu = 0.0
with torch.no_grad():
    for start in range(0, IMAGES, BATCH):
        x, y = pixels[start:start + BATCH], labels[start:start + BATCH]
        right["trained"] += int((network()(x).argmax(1).numpy() == y).sum())
        functional.reset_net(snn)
        begin = time.process_time()
        total = 0
        for _ in range(STEPS):
            total = total + snn((torch.rand_like(x) < x).float())
        right["spiking"] += int((total.argmax(1).numpy() == y).sum())
        cpu += time.process_time() - begin
print(f"{1e3 * cpu / IMAGES:.2f} ms CPU per image of {STEPS} steps; "
      f"trained {100 * right['trained'] / IMAGES:.2f} %, spiking {100 * right['spiking'] / IMAGES:.2f} % of {IMAGES}")

"""The networks, batches and updates of training.rs in PyTorch: images per CPU second, in the better of two memory layouts.

    python pytorch.py [THREADS]
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

THREADS = int(sys.argv[1]) if len(sys.argv) > 1 else 1
K, S, TAU_SYN = 0.3043, 219.2, 0.005
P = S * TAU_SYN


def noisy_softplus(mean, variance):
    """Equation: p k sigma softplus(x / (k sigma)), sigma^2 = variance."""
    width = K * torch.sqrt(variance + 1e-12)
    return P * width * F.softplus(mean / width)


class NoisyConvolution(nn.Conv2d):
    def forward(self, x):
        return noisy_softplus(F.conv2d(x, self.weight), F.conv2d(x, 0.5 * self.weight**2))


class NoisyPool(nn.Module):
    def forward(self, x):
        mean = F.avg_pool2d(x, 2)
        weight = 1 / (4 * P)
        return noisy_softplus(4 * weight * mean, 0.5 * weight**2 * 4 * mean)


def paper(convolution, *pool_layers):
    activation = () if convolution is NoisyConvolution else (nn.ReLU(),)
    return nn.Sequential(
        convolution(1, 6, 5, bias=False), *activation, *pool_layers,
        convolution(6, 12, 5, bias=False), *activation, *pool_layers,
        nn.Flatten(), nn.Linear(192, 10, bias=False))


def mlp_8():
    layers = [nn.Flatten(), nn.Linear(784, 128), nn.ReLU()]
    for _ in range(7):
        layers += [nn.Linear(128, 128), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(128, 10))


def lenet5(*third):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        *third, nn.ReLU(), nn.Linear(84, 10))


def lenet5_120_units():
    return lenet5(nn.Flatten(), nn.Linear(784, 120), nn.ReLU(), nn.Linear(120, 84))


def lenet5_120_maps():
    return lenet5(nn.Conv2d(16, 120, 5, padding=2), nn.ReLU(), nn.Flatten(), nn.Linear(5880, 84))


def stage():
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Averages(nn.Module):
    """(e_r + E - I) / (1 + E + I), clipped at 0, with E the sum of h(g) p over the first half of the inputs and I over the others."""

    def __init__(self, product, shape, rest, weights):
        super().__init__()
        self.product, self.rest = product, rest
        self.g = nn.Parameter(weights(torch.empty(shape)))

    def forward(self, p):
        h = torch.relu(1 + self.g)
        half = p.shape[1] // 2
        e, i = self.product(p[:, :half], h[:, :half]), self.product(p[:, half:], h[:, half:])
        return torch.relu((self.rest + e - i) / (1 + e + i))


class DoubledInput(nn.Module):
    def forward(self, x):
        return torch.clamp(1.3 * x - 0.3, 0, 1).repeat(1, 2, 1, 1)


def averages_fcn():
    def uniform(tensor):
        return nn.init.uniform_(tensor, -1, 1)

    return nn.Sequential(
        DoubledInput(), nn.Flatten(), Averages(F.linear, (2000, 1568), -0.4, uniform),
        Averages(F.linear, (2000, 2000), -0.4, uniform), nn.Linear(2000, 10))


def averages_cnn():
    def convolution(x, weights):
        # Padding "same" of stride 2: one cell more after an even map than before it.
        before, after = (1, 2) if x.shape[-1] % 2 == 0 else (2, 2)
        return F.conv2d(F.pad(x, (before, after, before, after)), weights, stride=2)

    maps = [2, 32, 64, 128, 256]
    layers = [Averages(convolution, (n, m, 5, 5), 0.0, nn.init.xavier_uniform_) for m, n in zip(maps, maps[1:])]
    return nn.Sequential(DoubledInput(), *layers, nn.Flatten(), nn.Linear(1024, 10))


def measure(make, shape, count, batch, layout):
    torch.manual_seed(1)
    model = make().to(memory_format=layout)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.001)
    images = torch.rand(count, *shape).contiguous(memory_format=layout)
    labels = torch.arange(count) % 10
    criterion = nn.CrossEntropyLoss()
    best = 0.0
    for _ in range(6):
        cpu, wall = time.process_time(), time.perf_counter()
        for start in range(0, count, batch):
            optimiser.zero_grad(set_to_none=True)
            criterion(model(images[start:start + batch]), labels[start:start + batch]).backward()
            optimiser.step()
        elapsed = time.process_time() - cpu if THREADS == 1 else time.perf_counter() - wall
        best = max(best, count / elapsed)
    return best


torch.set_num_threads(THREADS)
WORKLOADS = {
    "paper_convnet relu": (lambda: paper(nn.Conv2d, nn.AvgPool2d(2)), (1, 28, 28), 3000, 50),
    "paper_convnet noisy softplus": (lambda: paper(NoisyConvolution, NoisyPool()), (1, 28, 28), 3000, 50),
    "mlp_8": (mlp_8, (1, 28, 28), 6400, 64),
    "lenet5": (lenet5_120_units, (1, 28, 28), 3200, 64),
    "lenet5_120_maps": (lenet5_120_maps, (1, 28, 28), 3200, 64),
    "stage_3x3x64": (stage, (3, 32, 32), 512, 64),
    "averages fcn": (averages_fcn, (1, 28, 28), 3000, 250),
    "averages cnn": (averages_cnn, (1, 28, 28), 3000, 250),
}
for name, (make, shape, count, batch) in WORKLOADS.items():
    rates = [measure(make, shape, count, batch, layout) for layout in (torch.contiguous_format, torch.channels_last)]
    print(f"{name:30} {max(rates):8.0f} images/s   (channels first {rates[0]:.0f}, last {rates[1]:.0f})", flush=True)

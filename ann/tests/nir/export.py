"""Writes network.nir beside it, and the outputs of PyTorch for the rates that its neurons have.

Needs torch, numpy and nir.
"""
import json
import pathlib

import nir
import numpy as np
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
rng = np.random.default_rng(3)


def draw(*shape):
    return rng.normal(size=shape).astype(np.float32)


conv, bias, affine, offset, linear = draw(3, 2, 3, 3), draw(3), draw(5, 12), abs(draw(5)), draw(4, 5)
one = np.array([1, 1])
nodes = {
    "input": nir.Input({"input": np.array([2, 8, 8])}),
    "conv": nir.Conv2d((8, 8), conv, stride=2, padding=1, dilation=1, groups=1, bias=bias),
    "first": nir.IF(r=np.full((3, 4, 4), 2.0), v_threshold=np.full((3, 4, 4), 4.0), v_reset=np.zeros((3, 4, 4))),
    "pool": nir.SumPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0])),
    "average": nir.AvgPool2d(kernel_size=np.array([3, 3]), stride=one, padding=one),
    "flatten": nir.Flatten({"input": np.array([3, 2, 2])}, start_dim=0, end_dim=-1),
    "affine": nir.Affine(affine, offset),
    "second": nir.IF(r=np.ones(5), v_threshold=np.ones(5), v_reset=np.zeros(5)),
    "linear": nir.Linear(linear),
    "output": nir.Output({"output": np.array([4])}),
}
names = list(nodes)
nir.write(HERE / "network.nir", nir.NIRGraph(nodes, list(zip(names, names[1:])), type_check=False))

x = torch.tensor([((index * 40503) % 65536) / 65536 for index in range(2 * 128)]).reshape(2, 2, 8, 8)
x = F.relu(F.conv2d(x, torch.tensor(conv), torch.tensor(bias), stride=2, padding=1)) * 2 / 4
x = F.avg_pool2d(4 * F.avg_pool2d(x, 2), 3, stride=1, padding=1)
x = F.relu(F.linear(x.flatten(1), torch.tensor(affine), torch.tensor(offset)))
y = F.linear(x, torch.tensor(linear))
(HERE / "network.json").write_text(json.dumps({"outputs": y.flatten().tolist()}))

"""Writes the .onnx files beside it with both exporters of PyTorch, and PyTorch's own outputs (float32) to fixed inputs.

Needs torch, onnx and onnxscript.
"""
import json
import pathlib

import onnx
import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent


def pixels(count):
    """Inputs that a test can make again: fractions of a multiplicative sequence."""
    return torch.tensor([((index * 40503) % 65536) / 65536 for index in range(count)])


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 5, padding=2)
        self.conv2 = nn.Conv2d(3, 4, 3, padding=1, dilation=2)
        self.fc1 = nn.Linear(4 * 2 * 2, 7)
        self.fc2 = nn.Linear(7, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(torch.tanh(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        return F.softmax(self.fc2(F.leaky_relu(self.fc1(x), 0.1)), dim=1)


class Block(nn.Module):
    """Residual block with batch normalisation, a branch by concatenation, padded average pools, groups and strides."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.body = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.side = nn.Conv2d(4, 2, 3, stride=2, padding=1)
        self.pool = nn.AvgPool2d(3, stride=2, padding=1)
        self.bare = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)
        self.norm2 = nn.BatchNorm2d(10)
        self.fc = nn.Linear(10 * 4 * 4, 6)
        for norm in (self.norm, self.norm2):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
            nn.init.normal_(norm.weight)
            nn.init.normal_(norm.bias)

    def forward(self, x):
        x = F.relu(self.norm(self.stem(x)))
        x = x + F.elu(self.body(x))
        x = torch.cat([self.side(x), self.pool(x), self.bare(x)], dim=1)
        x = self.norm2(F.softplus(x))
        return self.fc(torch.flatten(x, 1))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(12, 9)
        self.second = nn.Linear(9, 8, bias=False)
        self.last = nn.Linear(8, 4)

    def forward(self, x):
        x = torch.sigmoid(self.first(x.flatten(1)))
        return self.last(F.relu(x @ self.second.weight.T + self.first.bias[:8]))


MODELS = [("lenet", LeNet, (1, 12, 12)), ("block", Block, (2, 8, 8)), ("mlp", Mlp, (3, 4))]

for name, model, shape in MODELS:
    torch.manual_seed(1)
    model = model().eval()
    x = pixels(2 * torch.Size(shape).numel()).reshape(2, *shape)
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(2)  # So that different inputs give different outputs.
        y = model(x)
    for flavour, options in [("", {"dynamo": False, "dynamic_axes": {"input": {0: "batch"}}, "do_constant_folding": True,
                                    "training": torch.onnx.TrainingMode.PRESERVE}),
                             ("_dynamo", {"dynamo": True, "external_data": False})]:
        path = HERE / f"{name}{flavour}.onnx"
        torch.onnx.export(model, (x,), path, input_names=["input"], verbose=False, **options)
        file = onnx.load(path)
        # Where in the Python each node comes from, and shapes that can be found again.
        for part in [file, file.graph, *file.graph.node, *file.graph.initializer, *file.graph.input]:
            part.ClearField("metadata_props")
            part.ClearField("doc_string")
        del file.graph.value_info[:]
        onnx.save(file, path)
    (HERE / f"{name}.json").write_text(json.dumps({"shape": shape, "outputs": y.flatten().tolist()}))

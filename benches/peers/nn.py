"""Training steps and inference of whole networks with PyTorch: nn.py NETWORK PASS BATCH HOW THREADS.

NETWORK is mresunet (Gupta & Reichardt, 16.4 M parameters), resnet (DeepSZ, 9.7 M) or cellnet (the finder over whole maps), or
NAME:WIDTH for another width than 64; PASS is step (forward, backward, Adam) or forward (inference). HOW is plain (PyTorch as it comes) or tuned: fused Adam and the
faster of the two layouts, both timed, in an environment that the runner sets before the start (freed memory kept, huge pages,
pinned threads that wait actively). The mResUNet and the cell network have the weights that ours have written.
"""

import os
import sys
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F

from safetensors.torch import load_file

from timing import best, report

network, passname, batch, how, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
torch.set_num_threads(threads)
name, width = network.split(":")[0], int((network + ":64").split(":")[1])


class Stage(nn.Module):
    def __init__(self, i, o, dilation, stride=1, rate=0.0):
        super().__init__()
        self.drop = nn.Dropout(rate) if rate else nn.Identity()
        self.conv = nn.Conv2d(i, o, 3, stride, dilation, dilation)
        self.norm, self.residual = nn.BatchNorm2d(o), i == o and stride == 1

    def forward(self, x):
        y = self.norm(F.selu(self.conv(self.drop(x))))
        return x + y if self.residual else y


class MResUNet(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        sizes = [width, 2 * width, 4 * width, 8 * width]
        self.encoder = nn.ModuleList(
            nn.ModuleList(Stage((1 if k == 0 else sizes[k - 1]) if i == 0 else o, o, i + 1, 2 if i == 0 and k else 1)
                          for i in range(4)) for k, o in enumerate(sizes))
        self.bridge = nn.Conv2d(8 * width, 4 * width, 3, padding=1)
        self.decoder = nn.ModuleList(
            nn.ModuleList(Stage(2 * o if d % 2 == 0 else o, o if d > 1 else o // 2, d, rate=0.3)
                          for d in (4, 3, 2, 1)[: 3 if k == 0 else 4]) for k, o in reversed(list(enumerate(sizes[:3]))))
        self.drop, self.last = nn.Dropout(0.3), nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x):
        kept = []
        for k, box in enumerate(self.encoder):
            for i, stage in enumerate(box):
                x = stage(x)
                if i % 2 == 1 and k < 3:
                    kept.append(x)
        x = F.selu(self.bridge(x))
        for box in self.decoder:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            for i, stage in enumerate(box):
                x = stage(torch.cat([x, kept.pop()], 1) if i % 2 == 0 else x)
        return self.last(self.drop(x))


class CellNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        layers = [(6, width // 2, 1, 1), (width // 2, width, 1, 2)] + [(width, width, d, 1) for d in (1, 2, 4, 1, 2, 4)]
        self.stages = nn.ModuleList(Stage(*layer) for layer in layers)
        self.hidden, self.last = nn.Conv2d(width, width, 1), nn.Conv2d(width, 6, 1)

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return self.last(F.selu(self.hidden(x)))


def conv_norm(i, o, kernel, stride=1):
    return nn.Sequential(nn.Conv2d(i, o, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(o))


class Bottleneck(nn.Module):
    def __init__(self, i, inside, stride):
        super().__init__()
        o = 4 * inside
        self.layers = nn.Sequential(conv_norm(i, inside, 1, stride), nn.ReLU(), conv_norm(inside, inside, 3), nn.ReLU(),
                                    conv_norm(inside, o, 1))
        self.shortcut = conv_norm(i, o, 1, stride) if stride != 1 or i != o else nn.Identity()

    def forward(self, x):
        return F.relu(self.layers(x) + self.shortcut(x))


def resnet(width=64):
    layers = [conv_norm(3, width, 3), nn.ReLU(), conv_norm(width, width, 3, 2), nn.ReLU(), nn.MaxPool2d(2)]
    channels = width
    for group, blocks in enumerate((3, 4, 6)):
        for block in range(blocks):
            layers.append(Bottleneck(channels, width << group, 2 if group and not block else 1))
            channels = 4 * (width << group)
    layers += [nn.Flatten(), nn.BatchNorm1d(4 * channels), nn.Linear(4 * channels, 256), nn.ReLU(), nn.Linear(256, 256),
               nn.ReLU(), nn.Linear(256, 2)]
    return nn.Sequential(*layers)


def images(*shape):
    n = shape[0] * shape[1] * shape[2] * shape[3]
    pixels = torch.arange(n) * 7919 % 1009 / 1009 - 0.5
    return pixels.reshape(shape).permute(0, 3, 1, 2).contiguous()


if name == "mresunet":
    net, x, target, loss = MResUNet(width), images(batch, 40, 40, 1), images(batch, 40, 40, 1), F.mse_loss
elif name == "cellnet":
    side = 160 if passname == "step" else 1024
    net, x, target, loss = CellNet(width), images(batch, side, side, 6), images(batch, side // 2, side // 2, 6), F.mse_loss
else:
    net, x, target, loss = resnet(width), images(batch, 32, 32, 3), torch.arange(batch) % 2, F.cross_entropy
check = None
if name != "resnet":
    state = load_file(os.path.join(tempfile.gettempdir(), f"arcmin-peers-{name}.safetensors"))
    missing, unexpected = net.load_state_dict(state, strict=False)
    assert not unexpected and all(key.endswith("num_batches_tracked") for key in missing), (missing, unexpected)
    with torch.inference_mode():
        check = float(net.eval()(x).square().mean().sqrt())
    net.train()


def timed(layout):
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    there, batch_there = net.to(memory_format=form), x.to(memory_format=form)
    optimiser = torch.optim.Adam(there.parameters(), lr=1e-3, fused=True if how == "tuned" else None)

    def step():
        optimiser.zero_grad()
        loss(there(batch_there), target).backward()
        optimiser.step()

    def forward():
        with torch.inference_mode():
            there(batch_there)

    return best({"step": step, "forward": forward}[passname])


if passname == "forward":
    net.eval()
layouts = ["default", "channels_last"] if how == "tuned" else ["default"]
seconds, layout = min((timed(layout), layout) for layout in layouts)
peer = f"torch {torch.__version__}, {how}" + (f", {layout}" if how == "tuned" else "")
report(f"nn_{network}_{passname}_b{batch}_{how}_{threads}t", peer, seconds, check)

"""Makes torch.json beside this file: small vectors from PyTorch for layers, losses, optimisers and two tiny networks.

Run with PyTorch 2.15.0 (CPU). Weights of the networks follow from a formula that tests/golden.rs repeats.
"""

import json
import math
import os
import re

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
golden = {"torch": torch.__version__}


def wave(n, k):
    return torch.tensor([math.sin(1.7 * i + k) for i in range(n)], dtype=torch.float32)


def flat(t):
    return [float(x) for x in t.detach().flatten()]


def nhwc(t):
    return flat(t.permute(0, 2, 3, 1))


def image(n, c, h, w, k):
    """An image whose NHWC elements are a wave."""
    return wave(n * h * w * c, k).reshape(n, h, w, c).permute(0, 3, 1, 2).contiguous().requires_grad_()


# Layers: [2, 3, 4, 2] in NHWC.
x = image(2, 2, 3, 4, 0.3)
norm = nn.BatchNorm2d(2)
with torch.no_grad():
    norm.weight.copy_(torch.tensor([0.5, -1.5]))
    norm.bias.copy_(torch.tensor([0.1, 0.2]))
y = norm(x)
y.backward(image(2, 2, 3, 4, 2.0).detach())
golden["batch_norm"] = {
    "output": nhwc(y), "x_gradient": nhwc(x.grad), "weight_gradient": flat(norm.weight.grad),
    "bias_gradient": flat(norm.bias.grad), "running_mean": flat(norm.running_mean),
    "running_var": flat(norm.running_var), "evaluated": nhwc(norm.eval()(x)),
}
layers = {
    "instance_norm": lambda x: F.instance_norm(x, eps=1e-5),
    "bilinear": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False),
    "nearest": lambda x: F.interpolate(x, scale_factor=2, mode="nearest"),
    "max_pool": lambda x: F.max_pool2d(x, 2),
    "selu": F.selu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
}
for name, layer in layers.items():
    x = image(2, 2, 3, 4, 0.3)
    y = layer(x)
    y.backward(image(*y.shape, 2.0).detach())
    golden[name] = {"output": nhwc(y), "x_gradient": nhwc(x.grad)}

# Losses.
def loss(name, p, f):
    p = p.clone().requires_grad_()
    value = f(p)
    value.backward()
    golden[name] = {"loss": float(value), "gradient": flat(p.grad)}


t = wave(6, 1.0)
loss("mse", wave(6, 0.0), lambda p: F.mse_loss(p, t))
labels = torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0, 0.25])
loss("bce", 5 * wave(6, 0.0), lambda p: F.binary_cross_entropy_with_logits(p, labels, pos_weight=torch.tensor(2.5)))
classes, weights = torch.tensor([0, 2, 1, 2]), torch.tensor([0.5, 1.0, 3.0])
loss("cross_entropy", 3 * wave(12, 0.0).reshape(4, 3), lambda p: F.cross_entropy(p, classes, weight=weights))
loss("gaussian", wave(8, 0.0).reshape(4, 2),
     lambda p: F.gaussian_nll_loss(p[:, 0], t[:4], torch.exp(2 * p[:, 1]), full=True))


def mixture(p):
    parts = torch.distributions.Normal(p[:, 2:4], torch.exp(p[:, 4:6]))
    return -torch.distributions.MixtureSameFamily(torch.distributions.Categorical(logits=p[:, :2]), parts).log_prob(t[:3]).mean()


loss("mixture", wave(18, 0.0).reshape(3, 6), mixture)

# Optimisers: five steps on sum(w^3) / 3 + w . wave, with weight decay.
for name, make in {
    "adam": lambda w: torch.optim.Adam([w], lr=0.05, weight_decay=0.1),
    "sgd": lambda w: torch.optim.SGD([w], lr=0.05, momentum=0.9, weight_decay=0.1),
    "nesterov": lambda w: torch.optim.SGD([w], lr=0.05, momentum=0.9, weight_decay=0.1, nesterov=True),
}.items():
    w = wave(5, 0.5).requires_grad_()
    optimiser = make(w)
    for _ in range(5):
        optimiser.zero_grad()
        (w**3 / 3 + w * wave(5, 3.0)).sum().backward()
        optimiser.step()
    golden[name] = flat(w)


# Networks of width 4 and 2 on 16 x 16.
class Stage(nn.Module):
    def __init__(self, i, o, d, s=1):
        super().__init__()
        self.conv, self.norm, self.res = nn.Conv2d(i, o, 3, s, d, d), nn.BatchNorm2d(o), i == o and s == 1

    def forward(self, x):
        y = self.norm(F.selu(self.conv(x)))
        return x + y if self.res else y


class MResUNet(nn.Module):
    def __init__(self, w):
        super().__init__()
        sizes = [w, 2 * w, 4 * w, 8 * w]
        self.encoder = nn.ModuleList(
            nn.ModuleList(Stage((1 if k == 0 else sizes[k - 1]) if i == 0 else o, o, i + 1, 2 if i == 0 and k else 1)
                          for i in range(4)) for k, o in enumerate(sizes))
        self.bridge = nn.Conv2d(8 * w, 4 * w, 3, padding=1)
        self.decoder = nn.ModuleList(
            nn.ModuleList(Stage(2 * o if d % 2 == 0 else o, o if d > 1 else o // 2, d)
                          for d in (4, 3, 2, 1)[: 3 if k == 0 else 4]) for k, o in reversed(list(enumerate(sizes[:3]))))
        self.last = nn.Conv2d(w, 1, 3, padding=1)

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
        return self.last(x)


def leaky(c):
    return [nn.InstanceNorm2d(c), nn.LeakyReLU(0.2), nn.Identity()]


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), *leaky(o),
                                    nn.Conv2d(o, o, 3, padding=1, bias=False), *leaky(o))

    def forward(self, x):
        return self.layers(x)


class Up(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.layers = nn.Sequential(nn.ConvTranspose2d(i, o, 2, 2, bias=False), *leaky(o)[:2])

    def forward(self, x):
        return self.layers(x)


class UNet(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.down_sample_layers = nn.ModuleList([Block(1, w), Block(w, 2 * w)])
        self.conv = Block(2 * w, 4 * w)
        self.up_transpose_conv = nn.ModuleList([Up(4 * w, 2 * w), Up(2 * w, w)])
        self.up_conv = nn.ModuleList([Block(4 * w, 2 * w), nn.Sequential(Block(2 * w, w), nn.Conv2d(w, 1, 1))])

    def forward(self, x):
        kept = []
        for layer in self.down_sample_layers:
            x = layer(x)
            kept.append(x)
            x = F.avg_pool2d(x, 2)
        x = self.conv(x)
        for up, block in zip(self.up_transpose_conv, self.up_conv):
            x = block(torch.cat([up(x), kept.pop()], 1))
        return x


for name, net in {"mresunet": MResUNet(4), "unet": UNet(2)}.items():
    state = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    shapes = []
    with torch.no_grad():
        for k, key in enumerate(sorted(state)):
            values = wave(state[key].numel(), k).reshape(state[key].shape)
            scale = 2.0 / math.sqrt(max(1, state[key][0].numel())) if state[key].dim() > 1 else 0.3
            centre = 1.0 if key.endswith("norm.weight") or key.endswith("running_var") else 0.0
            state[key].copy_(centre + scale * values)
            shapes.append([key, list(state[key].shape)])
    x, target = image(2, 1, 16, 16, 0.3), image(2, 1, 16, 16, 2.0).detach()
    y = net(x)
    value = F.mse_loss(y, target)
    value.backward()
    gradients = {k: [float(p.grad.sum()), float(p.grad.norm())] for k, p in net.named_parameters()}
    golden[name] = {"shapes": shapes, "loss": float(value), "output": nhwc(y)[:40], "gradients": gradients,
                    "x_gradient": nhwc(x.grad)[:40]}

text = json.dumps(json.loads(json.dumps(golden), parse_float=lambda s: float(f"{float(s):.8g}")), indent=1)
# One line for each list.
text = re.sub(r"\[\s+([^\[\]]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m.group(1)) + "]", text)
path = os.path.join(os.path.dirname(__file__), "torch.json")
with open(path, "w") as file:
    file.write(text + "\n")

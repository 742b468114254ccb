"""Messages of genomes, layers and spaces."""

from __future__ import annotations

from command import GENOME

from deap_nas import (
    SearchSpace,
    build_model,
    load_layers,
    parse_genome,
    register_layer,
)
from deap_nas.layers import Layer
from deap_nas.layers.operations import Convolution
from remedies.tries import (
    CR,
    FEW_PIXELS,
    LAYER,
    SPACE_FILE,
    Remedy,
    file,
    own_budget,
    own_ram,
    run,
    space,
)

REMEDIES: list[Remedy] = [
    ("genome", "empty genome {}: write genes {}",
     lambda: parse_genome(""), lambda: parse_genome("CB 4 3 relu;GP")),
    ("genome", "{}: kind {}, allowed {}; a layer of your own is made known by --layers FILE or "
     "register_layer",
     lambda: parse_genome("ZZ;GP"), lambda: (load_layers(file("z.py", LAYER)),
                                             parse_genome("ZZ;GP"))),
    ("layers/loading", "layers {}: {}; give a Python file",
     lambda: load_layers("none.py"), lambda: load_layers(file("z.py", LAYER))),
    ("layers/loading", "layers {} registers none; call deap_nas.register_layer(Layer(...)) in it",
     lambda: load_layers(file("z.py", "x = 1")), lambda: load_layers(file("z.py", LAYER))),
    ("layers/layer",
     "layer {}, '{}': RAM and flash are unknown without its operations; give the layer operations",
     lambda: own_ram(None), lambda: own_ram(lambda shape: [Convolution(4, 3)])),
    ("layers/registry", "register_layer({}): give a Layer", lambda: register_layer("CR"),
     lambda: register_layer(Layer("ZZ", {}, lambda shape: []))),
    ("training/model", "genome '{}' ends without a head: add {}",
     lambda: build_model(parse_genome(GENOME)[:1], (9, 9, 1), 2),
     lambda: build_model([*parse_genome(GENOME)[:1], *parse_genome("GP")], (9, 9, 1), 2)),
    ("training/model", "genome '{}': gene {}, '{}', does not fit the feature map that reaches it, "
     "{}; use a smaller one",
     lambda: build_model(parse_genome("RC 2 7 relu;FL relu"), (5, 5, 1), 2),
     lambda: build_model(parse_genome("RC 2 5 relu;FL relu"), (5, 5, 1), 2)),
    ("spaces/named", "{}; give a .toml or .json file", lambda: run("--space", "none.toml"),
     lambda: run("--space", file("s.toml", SPACE_FILE))),
    ("spaces/rules", "{} {}, allowed {}; {}",
     lambda: space(heads="CR"), lambda: space(layers={"CR": CR}, heads="GP")),
    ("spaces/rules", "layer {}: no count, and no depth; give one of them",
     lambda: space(depth=None),
     lambda: (space(depth=2), space(depth=None, layers={"CR": {**CR, "count": 1}}))),
    ("spaces/rules", "{}: {} is missing; list its values",
     lambda: space(layers={"CR": {"kernel": 3}}), space),
    ("spaces/budgets",
     "{} {} with layer {}: its {} are unknown without operations; give the layer operations, or "
     "leave out {}",
     lambda: own_budget(None, max_ram=9000),
     lambda: (own_budget(lambda shape: [Convolution(4, 3)], max_ram=9000), own_budget(None))),
    ("spaces/legality",
     "no genome is legal with {} {}{}: the cheapest, '{}', has {} {}; raise {} to {}",
     lambda: space(max_params=93), lambda: space(max_params=94)),
    ("spaces/legality", "up to {} genes before the head, allowed up to {}; lower the depth, or the "
     "counts",
     lambda: space(depth=10**6),
     lambda: (space(), space(depth=None, layers={"CR": {**CR, "count": 2}}))),
    ("spaces/legality",
     "no genome is legal: reductions {} contradict the counts of layers that make the "
     "feature map smaller; change one of them",
     lambda: space(reductions=2),
     lambda: (space(reductions=1), space(reductions=2, depth=2))),
    ("spaces/legality",
     "no genome is legal: even the smallest do not fit images of shape {}; allow smaller "
     "kernels, or fewer genes that make the feature map smaller",
     lambda: SearchSpace(kernels=(5,), n_reduction=2, input_shape=FEW_PIXELS),
     lambda: (SearchSpace(kernels=(1,), n_reduction=2, input_shape=FEW_PIXELS),
              SearchSpace(kernels=(5,), n_reduction=0, input_shape=FEW_PIXELS))),
    ("spaces/forms", "the counts allow {} to {} genes, depth {} to {}: they contradict each other; "
     "change a count or the depth",
     lambda: space(depth=1, layers={"CR": {**CR, "count": 3}}),
     lambda: (space(depth=3, layers={"CR": {**CR, "count": 3}}),
              space(depth=1, layers={"CR": {**CR, "count": 1}}))),
    ("spaces/forms", "{} without layers, allowed only with layers; give layers",
     lambda: SearchSpace(depth=2), lambda: space(depth=2)),
    ("spaces/forms", "{} with layers, allowed only without; put it into layers",
     lambda: space(filters=(8,)), lambda: space(layers={"CR": {**CR, "filters": (8,)}})),
]  # fmt: skip

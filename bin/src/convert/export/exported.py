"""What `convert export` has written, and how the spikes of another simulator are judged by it."""

import json
import pathlib
from types import SimpleNamespace

import numpy as np


def read(folder):
    """Populations, projections, input and expected spikes of an export."""
    folder = pathlib.Path(folder)
    description = json.loads((folder / "export.json").read_text())
    network = np.load(folder / "network.npz")
    given = np.load(folder / "input.npz")
    expected = np.load(folder / "expected.npz")
    names = [population["name"] for population in description["populations"]]

    populations = []
    for index, name in enumerate(names):
        # PyNN's names and units: ms, mV, nA, nF.
        neuron = {key: float(network[key][index]) for key in
                  ["cm", "tau_m", "tau_refrac", "tau_syn_E", "tau_syn_I", "v_rest", "v_reset", "v_thresh"]}
        populations.append(SimpleNamespace(name=name, size=int(network["size"][index]), neuron=neuron,
                                           i_offset=network[f"i_offset_{index}"],
                                           count=expected[f"count_{index}"].astype(int)))
        if "dt" in given:
            populations[-1].grid = np.column_stack([expected[f"grid_{column}_{index}"].astype(int)
                                                    for column in ["image", "step", "neuron"]])
    projections = [SimpleNamespace(source=int(source), target=int(target), delay=float(delay),
                                   pre=network[f"pre_{index}"].astype(np.int64),
                                   post=network[f"post_{index}"].astype(np.int64),
                                   weight=network[f"weight_{index}"])
                   for index, (source, target, delay) in enumerate(zip(
                       network["projection_from"], network["projection_to"], network["projection_delay"]))]
    return SimpleNamespace(populations=populations, projections=projections, given=given, label=given["label"],
                           input_size=int(network["input_size"]), duration=float(given["duration"]),
                           images=len(given["label"]), dt=float(given["dt"]) if "dt" in given else None)


def input_spikes(exported, image, column):
    """The `column` (time in ms, or step) of the input spikes of one image: one ascending array for each input neuron."""
    mine = exported.given["image"] == image
    neurons, values = exported.given["neuron"][mine], exported.given[column][mine]
    order = np.lexsort([values, neurons])
    edges = np.searchsorted(neurons[order], np.arange(1, exported.input_size))
    return np.split(values[order], edges)


def allowed(exported, image, step):
    """How far the number of spikes of each population may be off, for a simulator with steps of `step` ms (0 for precise times)."""
    limits, late = [], 0.0
    for population in exported.populations:
        count = population.count[image].astype(float)
        total = count.sum()
        if step == 0.0:
            # Simulators that look for crossings once a step miss some of those that last for less, a few in a hundred thousand
            # spikes: one in a thousand is ample, and less than a parameter that is wrong by a percent would cost.
            limits.append(2.0 + 0.001 * total)
            continue
        # A spike that falls between two grid points is put on the later one, half a step late on average, and the next
        # interval begins there: a neuron of rate r loses a fraction r step / 2 of its spikes, and the populations behind it
        # lose in proportion. Twice that is allowed, for responses that are steeper than proportional.
        rate = (count**2).sum() / (total * exported.duration) if total > 0 else 0.0
        late += rate * step
        # The input is the same, so that little is left to chance: a spike more or less of each neuron that fires,
        # independently, and four standard deviations of their sum.
        limits.append(4.0 * np.sqrt(np.count_nonzero(count) + 1.0) + late * total)
    return limits


def compare_counts(exported, image, counts, step):
    """Prints the spikes of each population beside ours; returns whether they agree."""
    good = True
    for population, found, limit in zip(exported.populations, counts, allowed(exported, image, step)):
        ours, theirs = int(population.count[image].sum()), int(np.sum(found))
        agrees = abs(theirs - ours) <= limit
        good = good and agrees
        unequal = int(np.count_nonzero(found != population.count[image]))
        print(f"image {image}  {population.name:32} {ours:9} ours {theirs:9} theirs {theirs - ours:+7} "
              f"(allowed {limit:.0f})  {unequal} of {population.size} neurons differ  {'' if agrees else 'DISAGREES'}")
    classes = [int(np.argmax(values)) for values in (exported.populations[-1].count[image], counts[-1])]
    print(f"image {image}  label {exported.label[image]}: our class {classes[0]}, theirs {classes[1]}")
    return good


def compare_grid(exported, image, spikes):
    """Prints how many spikes (rows of step, neuron) of each population differ from ours on the grid; returns whether none does."""
    good = True
    for population, found in zip(exported.populations, spikes):
        ours = {(int(step), int(neuron)) for i, step, neuron in population.grid if i == image}
        theirs = {(int(step), int(neuron)) for step, neuron in found}
        good = good and ours == theirs and len(theirs) == len(found)
        print(f"image {image}  {population.name:32} {len(ours):9} ours {len(found):9} theirs "
              f"{len(ours ^ theirs)} spikes differ")
    return good

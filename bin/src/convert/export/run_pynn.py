"""Runs an exported network in a simulator behind PyNN on the recorded input, and compares the number of spikes.

    python run_pynn.py              NEST on a grid; the number of spikes of each population has to agree
    python run_pynn.py --exact      NEST with precise spike times
    python run_pynn.py neuron       any other back end: the name of a module of pyNN

Exit code 0 if they agree, 1 if not.
"""

import argparse
import importlib
import pathlib
import sys

import numpy as np

import exported as files

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("backend", nargs="?", default="nest", help="nest, neuron, brian2, spiNNaker, ... [default: nest]")
parser.add_argument("--folder", default=pathlib.Path(__file__).parent, help="the export [default: here]")
parser.add_argument("--timestep", type=float, default=0.1, metavar="MS", help="step of the simulator [default: 0.1]")
parser.add_argument("--exact", action="store_true", help="precise spike times; NEST alone has them")
arguments = parser.parse_args()

exported = files.read(arguments.folder)
if arguments.exact and arguments.backend != "nest":
    sys.exit("error: only NEST has precise spike times; leave out --exact")
step = arguments.timestep
shortest = min(projection.delay for projection in exported.projections)
if shortest < step:
    sys.exit(f"error: delays of {shortest} ms are shorter than a step of {step} ms; choose a shorter --timestep")
# Neurons rest for two steps before the image, since no source of PyNN's can fire in the very first.
start = 2.0 * step
# NEST has both kinds of neurons, and PyNN takes those with precise times unless told.
precision = {"spike_precision": "off_grid" if arguments.exact else "on_grid"} if arguments.backend == "nest" else {}
sim = importlib.import_module(f"pyNN.{arguments.backend}")


def present(image):
    """The number of spikes of each neuron of each population during one image, from a fresh state."""
    sim.setup(timestep=step, min_delay=step, **precision)
    trains = files.input_spikes(exported, image, "time")
    if not arguments.exact:
        # At the grid point at or after each spike, and not before the end of the first step. A quarter of a step less comes
        # to the same where times are rounded up or to the nearest, and is safe from rounding errors in between.
        trains = [(np.maximum(np.ceil(times / step - 1e-6), 1) - 0.25) * step for times in trains]
    trains = [(start + times).tolist() for times in trains]
    source = sim.Population(exported.input_size, sim.SpikeSourceArray(spike_times=trains), label="input")
    populations = []
    for population in exported.populations:
        # The export has PyNN's names and units: ms, mV, nA, nF.
        cells = sim.Population(population.size, sim.IF_curr_exp(i_offset=0.0, **population.neuron),
                               initial_values={"v": population.neuron["v_rest"]}, label=population.name)
        cells.record("spikes")
        populations.append(cells)
    for projection in exported.projections:
        pre = source if projection.source < 0 else populations[projection.source]
        for receptor, chosen in [("excitatory", projection.weight >= 0.0), ("inhibitory", projection.weight < 0.0)]:
            if not chosen.any():
                continue
            # Currents keep the sign of the weight; the receptor says which time constant they decay with.
            rows = np.column_stack([projection.pre[chosen], projection.post[chosen], projection.weight[chosen],
                                    np.full(np.count_nonzero(chosen), projection.delay)])
            sim.Projection(pre, populations[projection.target],
                           sim.FromListConnector(rows, column_names=["weight", "delay"]),
                           synapse_type=sim.StaticSynapse(), receptor_type=receptor)
    sim.run(start)
    for cells, population in zip(populations, exported.populations):
        cells.set(i_offset=population.i_offset)
    sim.run(np.ceil(exported.duration / step - 1e-6) * step)
    counts = []
    for cells in populations:
        trains = cells.get_data("spikes").segments[0].spiketrains
        counts.append(np.array([np.count_nonzero(train.rescale("ms").magnitude - start <= exported.duration + 1e-9)
                                for train in trains]))
    sim.end()
    return counts


good = True
for image in range(exported.images):
    good = files.compare_counts(exported, image, present(image), 0.0 if arguments.exact else step) and good
print(f"{arguments.backend} and the export agree" if good else f"{arguments.backend} and the export DISAGREE")
sys.exit(0 if good else 1)

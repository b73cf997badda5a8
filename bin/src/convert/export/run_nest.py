"""Runs an exported network in NEST on the recorded input, and compares the spikes with those expected.

    python run_nest.py              iaf_psc_exp on a grid; the number of spikes of each population has to agree
    python run_nest.py --exact      iaf_psc_exp_ps, whose spikes have precise times
    python run_nest.py --grid       iaf_psc_exp on the grid of the export; every spike has to be the same

Exit code 0 if they agree, 1 if not.
"""

import argparse
import pathlib
import sys

import nest
import numpy as np

import exported as files

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", nargs="?", default=pathlib.Path(__file__).parent, help="the export [default: here]")
kind = parser.add_mutually_exclusive_group()
kind.add_argument("--exact", action="store_true", help="precise spike times")
kind.add_argument("--grid", action="store_true", help="the grid of the export; every spike has to be the same")
parser.add_argument("--resolution", type=float, default=0.1, metavar="MS", help="step of NEST's grid [default: 0.1]")
parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of NEST [default: 1]")
arguments = parser.parse_args()

exported = files.read(arguments.folder)
if arguments.grid and exported.dt is None:
    sys.exit("error: the export has no spikes on a grid; export it again with --grid DT")
step = exported.dt if arguments.grid else arguments.resolution
shortest = min(projection.delay for projection in exported.projections)
if shortest < step:
    sys.exit(f"error: delays of {shortest} ms are shorter than a step of {step} ms; choose a shorter --resolution")


def build():
    """The network in a fresh kernel, and the ends to which input and recorders belong."""
    nest.ResetKernel()
    nest.resolution = step
    nest.local_num_threads = arguments.threads
    generators = nest.Create("spike_generator", exported.input_size, params={"precise_times": arguments.exact})
    populations, recorders = [], []
    for population in exported.populations:
        neuron = population.neuron
        # NEST has pA and pF where PyNN has nA and nF. It takes refractory periods in whole steps.
        cells = nest.Create("iaf_psc_exp_ps" if arguments.exact else "iaf_psc_exp", population.size, params={
            "C_m": 1000.0 * neuron["cm"], "tau_m": neuron["tau_m"], "t_ref": neuron["tau_refrac"],
            "tau_syn_ex": neuron["tau_syn_E"], "tau_syn_in": neuron["tau_syn_I"],
            "E_L": neuron["v_rest"], "V_reset": neuron["v_reset"], "V_th": neuron["v_thresh"], "V_m": neuron["v_rest"]})
        cells.I_e = 1000.0 * population.i_offset
        recorder = nest.Create("spike_recorder", params={} if arguments.exact else {"time_in_steps": True})
        nest.Connect(cells, recorder)
        populations.append(cells)
        recorders.append(recorder)
    for projection in exported.projections:
        source = generators if projection.source < 0 else populations[projection.source]
        first, target = source[0].global_id, populations[projection.target][0].global_id
        # One connection for each pair of the two lists; the sign of the weight chooses the receptor.
        nest.Connect(first + projection.pre, target + projection.post, "one_to_one", {
            "synapse_model": "static_synapse", "weight": 1000.0 * projection.weight,
            "delay": np.full(len(projection.pre), projection.delay)})
    return generators, populations, recorders


def present(image):
    """The spikes (ms, or steps) and neurons of each population during one image, from a fresh state."""
    generators, populations, recorders = build()
    if arguments.exact:
        # NEST has no spikes at time 0.
        trains = [np.maximum(times, 1e-6) for times in files.input_spikes(exported, image, "time")]
    elif arguments.grid:
        trains = [steps * step for steps in files.input_spikes(exported, image, "step")]
    else:
        # At the grid point at or after each spike.
        trains = [np.maximum(np.ceil(times / step - 1e-6), 1) * step
                  for times in files.input_spikes(exported, image, "time")]
    generators.set([{"spike_times": train} for train in trains])
    nest.Simulate(np.ceil(exported.duration / step - 1e-6) * step)
    spikes = []
    for cells, recorder in zip(populations, recorders):
        times, neurons = recorder.events["times"], recorder.events["senders"] - cells[0].global_id
        end = exported.duration if arguments.exact else exported.duration / step
        mine = times <= end * (1 + 1e-12)
        spikes.append(np.column_stack([times[mine], neurons[mine]]))
    return spikes


nest.verbosity = nest.VerbosityLevel.ERROR if hasattr(nest, "VerbosityLevel") else "M_ERROR"
good = True
for image in range(exported.images):
    spikes = present(image)
    if arguments.grid:
        good = files.compare_grid(exported, image, spikes) and good
    else:
        counts = [np.bincount(found[:, 1].astype(int), minlength=population.size)
                  for found, population in zip(spikes, exported.populations)]
        good = files.compare_counts(exported, image, counts, 0.0 if arguments.exact else step) and good
print("NEST and the export agree" if good else "NEST and the export DISAGREE")
sys.exit(0 if good else 1)

//! The energy that a spiking network would take on a device, reckoned from its spikes.

use super::mapping::Mapping;
use super::measurement::Measurement;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

/// Devices that come with the program, by the name of their file.
const DEVICES: [(&str, &str); 3] = [
    ("loihi", include_str!("devices/loihi.toml")),
    ("truenorth", include_str!("devices/truenorth.toml")),
    ("cmos45", include_str!("devices/cmos45.toml")),
];

/// What a device takes for what a network does (pJ each).
///
/// ```text
/// E = e_syn events + e_spike spikes + e_update neurons T / dt + e_mac c + P T
/// ```
///
/// `c` are the connections that bring constant input: their sums are formed once for an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Device {
    name: String,
    /// Where the numbers are published.
    source: String,
    synaptic_event_pj: f64,
    #[serde(default)]
    spike_pj: f64,
    /// Of each neuron, every `time_step_ms`.
    #[serde(default)]
    neuron_update_pj: f64,
    #[serde(default)]
    time_step_ms: Option<f64>,
    /// While an image is presented, whatever happens.
    #[serde(default)]
    static_mw: f64,
    /// For constant input, and of the trained network on the same device, where it can run there.
    #[serde(default)]
    multiply_accumulate_pj: Option<f64>,
}

impl Device {
    /// A device by name, or from a file.
    ///
    /// # Errors
    ///
    /// Fails on files that cannot be read and numbers that are no energies.
    pub(super) fn read(name: &str) -> Result<Device> {
        let shipped = DEVICES.iter().find(|(known, _)| *known == name);
        let text = match shipped {
            Some((_, text)) => (*text).to_owned(),
            None => std::fs::read_to_string(Path::new(name)).with_context(|| {
                let known = DEVICES.map(|(known, _)| known).join(", ");
                format!("{name} is no table of a device: name one of {known}, or a TOML file")
            })?,
        };
        let device: Device = toml::from_str(&text).with_context(|| format!("cannot read the device {name}"))?;
        let Device { synaptic_event_pj, spike_pj, neuron_update_pj, static_mw, .. } = device;
        let mac = device.multiply_accumulate_pj.unwrap_or(0.0);
        let energies = [synaptic_event_pj, spike_pj, neuron_update_pj, static_mw, mac];
        if let Some(found) = energies.into_iter().find(|energy| !(*energy >= 0.0 && energy.is_finite())) {
            bail!("the device {name} has the energy {found}: expected numbers of zero or more");
        }
        match device.time_step_ms {
            Some(step) if !(step > 0.0 && step.is_finite()) => {
                bail!("time_step_ms of {name} is {step}: expected more than 0")
            }
            None if neuron_update_pj > 0.0 => bail!("the device {name} has neuron_update_pj, but no time_step_ms"),
            _ => Ok(device),
        }
    }

    /// Refuses constant input where there is no energy of a multiplication.
    pub(super) fn check(&self, mapping: &Mapping) -> Result<()> {
        if self.multiply_accumulate_pj.is_none() && Size::of(mapping)?.constant > 0.0 {
            bail!(
                "the device {} has no multiply_accumulate_pj, which constant input needs: choose another, or spikes",
                self.name
            );
        }
        Ok(())
    }

    /// Energies of an image.
    ///
    /// # Errors
    ///
    /// As [`Device::check`].
    pub(super) fn of(&self, mapping: &Mapping, m: &Measurement) -> Result<Energy<'_>> {
        self.check(mapping)?;
        Ok(self.energy(&Activity {
            synaptic_events: m.per_image(m.synaptic_events),
            spikes: m.per_image(m.spikes + m.input_spikes),
            duration: m.latency.latencies[m.last()],
            size: Size::of(mapping)?,
        }))
    }

    fn energy(&self, activity: &Activity) -> Energy<'_> {
        let &Activity { synaptic_events, spikes, duration, size: Size { neurons, connections, constant } } = activity;
        // pJ to nJ; mW ms is uJ.
        Energy {
            device: self,
            synaptic_events: 1e-3 * self.synaptic_event_pj * synaptic_events,
            spikes: 1e-3 * self.spike_pj * spikes,
            updates: 1e-3 * self.neuron_update_pj * self.time_step_ms.map_or(0.0, |step| neurons * duration / step),
            constant: 1e-3 * self.multiply_accumulate_pj.unwrap_or(0.0) * constant,
            standing: 1e3 * self.static_mw * duration,
            trained: self.multiply_accumulate_pj.map(|mac| 1e-3 * mac * connections),
        }
    }
}

/// What a network does on an image.
struct Activity {
    synaptic_events: f64,
    /// Of pixels and neurons.
    spikes: f64,
    /// Presentation time (ms).
    duration: f64,
    size: Size,
}

/// How large a network is.
#[derive(Clone, Copy)]
struct Size {
    neurons: f64,
    connections: f64,
    /// Of them, those of constant input.
    constant: f64,
}

impl Size {
    fn of(mapping: &Mapping) -> Result<Size> {
        let size = |name: &str| mapping.document.get(name).and_then(Value::as_f64);
        match (size("neurons"), size("connections"), size("constant_connections")) {
            (Some(neurons), Some(connections), Some(constant)) => Ok(Size { neurons, connections, constant }),
            _ => bail!("the run does not tell the size of its network"),
        }
    }
}

/// Energies (nJ per image).
pub(super) struct Energy<'a> {
    device: &'a Device,
    synaptic_events: f64,
    spikes: f64,
    updates: f64,
    /// Constant input.
    constant: f64,
    standing: f64,
    /// Of the trained network.
    trained: Option<f64>,
}

impl Energy<'_> {
    fn total(&self) -> f64 {
        self.synaptic_events + self.spikes + self.updates + self.constant + self.standing
    }

    /// A line for the terminal.
    pub(super) fn text(&self) -> String {
        let Energy { device, synaptic_events, spikes, updates, constant, standing, trained } = self;
        let trained = trained.map_or_else(String::new, |nj| format!("; the trained network {}", energy(nj)));
        format!(
            "Energy            {} per image on {}, reckoned from counts: synaptic events {}, spikes {}, updates of neurons {}, constant input {}, standing {}{trained}\n\
             \x20                 ({})\n",
            energy(self.total()),
            device.name,
            energy(*synaptic_events),
            energy(*spikes),
            energy(*updates),
            energy(*constant),
            energy(*standing),
            device.source,
        )
    }

    /// The same for programs.
    pub(super) fn document(&self) -> Value {
        json!({
            "device": self.device,
            "nj_per_image": self.total(),
            "synaptic_events_nj": self.synaptic_events,
            "spikes_nj": self.spikes,
            "neuron_updates_nj": self.updates,
            "constant_input_nj": self.constant,
            "static_nj": self.standing,
            "trained_network_nj": self.trained,
        })
    }
}

/// An energy in a unit that suits it.
fn energy(nj: f64) -> String {
    match nj {
        nj if nj >= 1e6 => format!("{:.3} mJ", nj * 1e-6),
        nj if nj >= 1e3 => format!("{:.3} uJ", nj * 1e-3),
        0.0 => "0".to_owned(),
        nj => format!("{nj:.3} nJ"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 1000 events of 20 pJ, 100 spikes of 2 pJ, 50 neurons in 200 steps of 3 pJ, 400 multiplications of 5 pJ for constant input and
    /// 900 of the trained network, 0.5 mW for 100 ms.
    #[test]
    fn energies_add_up() {
        let device = Device {
            name: String::new(),
            source: String::new(),
            synaptic_event_pj: 20.0,
            spike_pj: 2.0,
            neuron_update_pj: 3.0,
            time_step_ms: Some(0.5),
            static_mw: 0.5,
            multiply_accumulate_pj: Some(5.0),
        };
        let activity = Activity {
            synaptic_events: 1000.0,
            spikes: 100.0,
            duration: 100.0,
            size: Size { neurons: 50.0, connections: 900.0, constant: 400.0 },
        };
        let energy = device.energy(&activity);
        let parts = [energy.synaptic_events, energy.spikes, energy.updates, energy.constant, energy.standing];
        let wanted = [20.0, 0.2, 30.0, 2.0, 50_000.0];
        assert!(parts.iter().zip(wanted).all(|(part, wanted)| (part / wanted - 1.0).abs() < 1e-12), "{parts:?}");
        assert!((energy.total() - 50_052.2).abs() < 1e-9 && (energy.trained.unwrap() - 4.5).abs() < 1e-12);
        assert_eq!(super::energy(50_052.2), "50.052 uJ");
    }

    #[test]
    fn devices_are_tables() {
        for (name, _) in DEVICES {
            assert!(Device::read(name).unwrap().synaptic_event_pj > 0.0);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.toml");
        let refusal = |text: &str| {
            std::fs::write(&path, text).unwrap();
            format!("{:#}", Device::read(path.to_str().unwrap()).unwrap_err())
        };
        let own = "name = 'x'\nsource = 'y'\n";
        assert!(refusal(own).contains("synaptic_event_pj"));
        assert!(refusal(&format!("{own}synaptic_event_pj = -1.0")).contains("the energy -1"));
        assert!(refusal(&format!("{own}synaptic_event_pj = nan")).contains("the energy NaN"));
        assert!(refusal(&format!("{own}synaptic_event_pj = 1.0\nneuron_update_pj = 1.0")).contains("no time_step_ms"));
        assert!(refusal(&format!("{own}synaptic_event_pj = 1.0\nvolts = 1.0")).contains("volts"));
        assert!(format!("{:#}", Device::read("abacus").unwrap_err()).contains("loihi, truenorth, cmos45"));
    }
}

//! Tables of reference rates (CSV): one row per neuron, model and drive.

use anyhow::{Context, Result, anyhow, bail};
use sim::IfCurrExp;
use sim::theory::{Noise, ResetShift, Theory};

/// What a column of the file holds; [`Column::ALL`] is their usual order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    ParamSet,
    Cm,
    TauM,
    TauRefrac,
    VRest,
    VReset,
    VThresh,
    Model,
    Mu,
    Sigma,
    Interval,
    TauSyn,
    Rate,
    UnitOfSigma,
}

impl Column {
    const ALL: [Column; 14] = [
        Column::ParamSet,
        Column::Cm,
        Column::TauM,
        Column::TauRefrac,
        Column::VRest,
        Column::VReset,
        Column::VThresh,
        Column::Model,
        Column::Mu,
        Column::Sigma,
        Column::Interval,
        Column::TauSyn,
        Column::Rate,
        Column::UnitOfSigma,
    ];

    fn name(self) -> &'static str {
        match self {
            Column::ParamSet => "param_set",
            Column::Cm => "cm",
            Column::TauM => "tau_m",
            Column::TauRefrac => "tau_refrac",
            Column::VRest => "v_rest",
            Column::VReset => "v_reset",
            Column::VThresh => "v_thresh",
            Column::Model => "model",
            Column::Mu => "mu_total_nA",
            Column::Sigma => "sigma",
            Column::Interval => "dt_n_ms",
            Column::TauSyn => "tau_syn_ms",
            Column::Rate => "rate_hz",
            Column::UnitOfSigma => "unit_of_sigma",
        }
    }
}

/// The rate that a row is about. The sigma of each has its own meaning and unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    /// A constant current; sigma is not read.
    NoiseFree,
    /// White noise; sigma is its amplitude (nA sqrt(ms)).
    WhiteSiegert,
    /// First-order correction for a synaptic current with standard deviation sigma (nA), the reset raised with the threshold.
    ShiftBoth,
    /// The same, the reset raised by what is left of the current after tau_refrac.
    ShiftDecayedReset,
    /// A current of stdev sigma (nA) redrawn every dt_n, spikes in between.
    PiecewiseEvent,
    /// The same, spikes only at the redraws.
    PiecewiseGrid,
}

impl Model {
    pub(super) const ALL: [Model; 6] = [
        Model::NoiseFree,
        Model::WhiteSiegert,
        Model::ShiftBoth,
        Model::ShiftDecayedReset,
        Model::PiecewiseEvent,
        Model::PiecewiseGrid,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Model::NoiseFree => "noise_free",
            Model::WhiteSiegert => "white_siegert",
            Model::ShiftBoth => "shift_both",
            Model::ShiftDecayedReset => "shift_decayed_reset",
            Model::PiecewiseEvent => "piecewise_event",
            Model::PiecewiseGrid => "piecewise_grid",
        }
    }

    fn named(text: &str) -> Result<Model> {
        Model::ALL.into_iter().find(|model| model.name() == text).with_context(|| {
            format!("unknown model '{text}', expected one of {}", Model::ALL.map(Model::name).join(", "))
        })
    }

    /// Largest accepted relative deviation: closed forms to about the digits of a table, integral equations a little less.
    pub(super) fn tolerance(self) -> f64 {
        match self {
            Model::NoiseFree | Model::WhiteSiegert | Model::ShiftBoth | Model::ShiftDecayedReset => 1e-9,
            Model::PiecewiseEvent | Model::PiecewiseGrid => 1e-7,
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Line of the file, from 1.
    pub(super) line: usize,
    pub(super) model: Model,
    pub(super) neuron: IfCurrExp,
    pub(super) theory: Theory,
    pub(super) noise: Noise,
    /// Total mean current (nA).
    pub(super) mu: f64,
    /// Expected rate (Hz).
    pub(super) rate: f64,
}

/// Reads a table. Fields are separated by commas and not quoted; the columns may stand in any order; lines that begin with # are comments.
///
/// # Errors
///
/// Names the line and what is wrong with it.
pub(super) fn read_rows(text: &str) -> Result<Vec<Row>> {
    let told = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| told(line));
    let (first, header) = lines.next().context("the file is empty, expected a header of column names")?;
    let names: Vec<&str> = header.split(',').map(str::trim).collect();
    let mut places = [0; Column::ALL.len()];
    for (place, column) in places.iter_mut().zip(Column::ALL) {
        *place = names.iter().position(|name| *name == column.name()).with_context(|| {
            format!(
                "line {}: column {} is missing, expected {}",
                first + 1,
                column.name(),
                Column::ALL.map(Column::name).join(",")
            )
        })?;
    }
    lines
        .map(|(index, line)| {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            let row = if fields.len() == names.len() {
                row(index + 1, |column| fields[places[column as usize]])
            } else {
                Err(anyhow!("expected {} fields, found {}", names.len(), fields.len()))
            };
            row.with_context(|| format!("line {}", index + 1))
        })
        .collect()
}

fn row<'a>(line: usize, field: impl Fn(Column) -> &'a str) -> Result<Row> {
    let number = |column: Column| match field(column).parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        _ => Err(anyhow!("{} must be a finite number, found '{}'", column.name(), field(column))),
    };
    let model = Model::named(field(Column::Model))?;
    let redrawn =
        || Ok::<_, anyhow::Error>(Noise::Redrawn { stdev: number(Column::Sigma)?, dt: number(Column::Interval)? });
    let synaptic =
        || Ok::<_, anyhow::Error>(Noise::Synaptic { sigma: number(Column::Sigma)?, tau_syn: number(Column::TauSyn)? });
    let (theory, noise) = match model {
        Model::NoiseFree => (Theory::NoiseFree, Noise::Redrawn { stdev: 0.0, dt: 1.0 }),
        // Redrawn every millisecond, stdev and white amplitude are the same number.
        Model::WhiteSiegert => (Theory::White, Noise::Redrawn { stdev: number(Column::Sigma)?, dt: 1.0 }),
        Model::ShiftBoth => (Theory::Corrected(ResetShift::Whole), synaptic()?),
        Model::ShiftDecayedReset => (Theory::Corrected(ResetShift::Decayed), synaptic()?),
        Model::PiecewiseEvent => (Theory::Exact, redrawn()?),
        Model::PiecewiseGrid => (Theory::OnGrid, redrawn()?),
    };
    let rate = number(Column::Rate)?;
    if !(rate >= 0.0) {
        bail!("rate_hz must be zero or more, found {rate}");
    }
    let neuron = IfCurrExp {
        cm: number(Column::Cm)?,
        tau_m: number(Column::TauM)?,
        tau_refrac: number(Column::TauRefrac)?,
        v_rest: number(Column::VRest)?,
        v_reset: number(Column::VReset)?,
        v_thresh: number(Column::VThresh)?,
        ..IfCurrExp::default()
    };
    Ok(Row { line, model, neuron, theory, noise, mu: number(Column::Mu)?, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "param_set,cm,tau_m,tau_refrac,v_rest,v_reset,v_thresh,model,mu_total_nA,sigma,dt_n_ms,tau_syn_ms,rate_hz,unit_of_sigma\n\
        T1,0.25,20.0,1.0,-65.0,-65.0,-50.0,white_siegert,0.3,1.0,white,,68.115221422,nA*sqrt(ms)\n\
        \n\
        T1,0.25,20.0,1.0,-65.0,-65.0,-50.0,shift_both,0.3,0.5,,5.0,53.0643199914,nA\n";

    #[test]
    fn rows_and_their_lines() {
        let rows = read_rows(TABLE).unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(rows[0].noise, Noise::Redrawn { stdev: 1.0, dt: 1.0 });
        assert_eq!(rows[1].noise, Noise::Synaptic { sigma: 0.5, tau_syn: 5.0 });
        assert_eq!((rows[1].mu, rows[1].rate, rows[1].neuron.v_thresh), (0.3, 53.064_319_991_4, -50.0));
    }

    #[test]
    fn damage_is_named_with_its_line() {
        for (from, to, words) in [
            ("shift_both", "shift_one", "line 4: unknown model 'shift_one'"),
            (",0.5,,5.0,", ",0.5,,,", "line 4: tau_syn_ms must be a finite number, found ''"),
            ("68.115221422", "many", "line 2: rate_hz must be a finite number, found 'many'"),
            ("68.115221422", "-1", "line 2: rate_hz must be zero or more"),
            ("68.115221422", "nan", "line 2: rate_hz must be a finite number"),
            (",tau_m,", ",", "line 1: column tau_m is missing"),
            ("53.0643199914,nA", "53.0643199914", "line 4: expected 14 fields, found 13"),
        ] {
            let message = format!("{:#}", read_rows(&TABLE.replacen(from, to, 1)).unwrap_err());
            assert!(message.contains(words), "{message}");
        }
        assert!(read_rows("\n").is_err());
    }
}

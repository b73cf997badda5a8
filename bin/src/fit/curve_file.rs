//! Response curves in a CSV file with named columns.

use crate::response::{CurvePoint, NeuronCurves, NoiseSource};
use anyhow::{Context, Result, anyhow, bail};
use sim::IfCurrExp;
use sim::response::MeasuredRate;
use sim::theory::Fluctuation;
use std::path::Path;
use std::str::FromStr;

/// Names that columns are known by, in any case of letters.
const MEAN: [&str; 6] = ["mean_na", "mean_current_na", "mean_injected_na", "mean", "mu", "x"];
const SIGMA: [&str; 3] = ["sigma_na", "sigma_na_sqrt_ms", "sigma"];
/// Of these, the ones that name the unit: of a standard deviation, and of white noise.
const PLAIN_SIGMA: &str = "sigma_na";
const WHITE_SIGMA: &str = "sigma_na_sqrt_ms";
const RATE: [&str; 2] = ["rate_hz", "rate"];
const SEM: [&str; 2] = ["sem_hz", "sem"];
const SOURCE: [&str; 2] = ["source", "mode"];
const TAU_SYN: [&str; 2] = ["tau_syn_ms", "tau_syn"];
const NOISE_DT: [&str; 2] = ["noise_dt_ms", "noise_dt"];

/// The names of columns that `--columns` gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    mean: Option<String>,
    sigma: Option<String>,
    rate: Option<String>,
    sem: Option<String>,
}

impl FromStr for Columns {
    type Err = String;

    fn from_str(text: &str) -> Result<Columns, String> {
        let mut columns = Columns::default();
        for pair in text.split(',') {
            let (role, name) = pair.split_once('=').ok_or(format!("expected ROLE=NAME, found '{pair}'"))?;
            let place = match role.trim() {
                "mean" => &mut columns.mean,
                "sigma" => &mut columns.sigma,
                "rate" => &mut columns.rate,
                "sem" => &mut columns.sem,
                other => return Err(format!("expected mean, sigma, rate or sem, found '{other}'")),
            };
            if place.replace(name.trim().to_owned()).is_some() {
                return Err(format!("{} is given twice", role.trim()));
            }
        }
        Ok(columns)
    }
}

/// What the flags say about rows that do not say it themselves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Defaults {
    pub(super) neuron: IfCurrExp,
    pub(super) fluctuation: Fluctuation,
    pub(super) noise_dt: Option<f64>,
}

/// Where the columns of a file stand.
struct Layout {
    mean: usize,
    sigma: usize,
    /// Whether the name of its column says that sigma is the amplitude of white noise, or that it is not.
    white: Option<bool>,
    rate: usize,
    sem: Option<usize>,
    source: Option<usize>,
    tau_syn: Option<usize>,
    noise_dt: Option<usize>,
    count: usize,
}

impl Layout {
    fn of(header: &str, columns: &Columns) -> Result<Layout> {
        let names: Vec<&str> = header.split(',').map(str::trim).collect();
        let known = |candidates: &[&str]| -> Result<Option<usize>> {
            let is_one = |name: &str| candidates.iter().any(|candidate| name.eq_ignore_ascii_case(candidate));
            let found: Vec<usize> = (0..names.len()).filter(|&place| is_one(names[place])).collect();
            match found[..] {
                [] => Ok(None),
                [place] => Ok(Some(place)),
                [first, second, ..] => bail!(
                    "the columns '{}' and '{}' say the same thing: leave one out, or choose with --columns",
                    names[first],
                    names[second]
                ),
            }
        };
        let place = |given: &Option<String>, candidates: &[&str]| match given {
            Some(name) => match names.iter().position(|found| found == name) {
                Some(place) => Ok(Some(place)),
                None => bail!("no column is named '{name}': the columns are {}", names.join(", ")),
            },
            None => known(candidates),
        };
        let needed = |role: &str, given: &Option<String>, candidates: &[&str]| -> Result<usize> {
            place(given, candidates)?.ok_or_else(|| {
                anyhow!(
                    "no column for the {role} ({}): the columns are {}; name it with --columns {role}=NAME",
                    candidates.join(", "),
                    names.join(", ")
                )
            })
        };
        let mean = needed("mean", &columns.mean, &MEAN)?;
        let sigma = needed("sigma", &columns.sigma, &SIGMA)?;
        Ok(Layout {
            mean,
            sigma,
            white: match names[sigma].to_ascii_lowercase().as_str() {
                WHITE_SIGMA => Some(true),
                PLAIN_SIGMA => Some(false),
                _ => None,
            },
            rate: needed("rate", &columns.rate, &RATE)?,
            sem: place(&columns.sem, &SEM)?,
            source: known(&SOURCE)?,
            tau_syn: known(&TAU_SYN)?,
            noise_dt: known(&NOISE_DT)?,
            count: names.len(),
        })
    }
}

/// Reads the curves of a file: those of each source of noise and synaptic time constant by themselves, in the order of their first rows.
///
/// Lines that begin with # are comments. Rows without these columns are what the flags say.
pub(super) fn read(path: &Path, columns: &Columns, defaults: &Defaults) -> Result<Vec<NeuronCurves>> {
    let context = || format!("cannot read the curves {}", path.display());
    let text = std::fs::read_to_string(path).with_context(context)?;
    parse(&text, columns, defaults).with_context(context)
}

fn parse(text: &str, columns: &Columns, defaults: &Defaults) -> Result<Vec<NeuronCurves>> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let mut lines = lines.filter(|(_, line)| !(line.trim().is_empty() || line.starts_with('#')));
    let Some((_, header)) = lines.next() else { bail!("expected a line of column names, found nothing") };
    let layout = Layout::of(header, columns)?;
    let mut curves: Vec<NeuronCurves> = Vec::new();
    for (index, line) in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let (fluctuation, point) = row(&cells, &layout, defaults).with_context(|| format!("line {}", index + 1))?;
        match curves.iter_mut().find(|curves| curves.fluctuation == fluctuation) {
            Some(curves) => curves.points.push(point),
            None => {
                let mut neuron = defaults.neuron;
                if let Fluctuation::Synaptic { tau_syn } = fluctuation {
                    (neuron.tau_syn_e, neuron.tau_syn_i) = (tau_syn, tau_syn);
                }
                curves.push(NeuronCurves { neuron, fluctuation, points: vec![point] });
            }
        }
    }
    if curves.is_empty() {
        bail!("expected a row for every point, found none");
    }
    Ok(curves)
}

fn row(cells: &[&str], layout: &Layout, defaults: &Defaults) -> Result<(Fluctuation, CurvePoint)> {
    if cells.len() != layout.count {
        bail!("expected {} values, found {}", layout.count, cells.len());
    }
    let number = |name: &str, place: usize| -> Result<f64> {
        let cell = cells[place];
        let value: f64 = cell.parse().map_err(|_| anyhow!("the {name} must be a number, found '{cell}'"))?;
        if value.is_finite() { Ok(value) } else { bail!("the {name} must be a finite number, found '{cell}'") }
    };
    let not_negative = |name: &str, place: usize| -> Result<f64> {
        let value = number(name, place)?;
        if value >= 0.0 { Ok(value) } else { bail!("the {name} must be zero or more, found {value}") }
    };
    let positive = |name: &str, place: Option<usize>| -> Result<Option<f64>> {
        let Some(place) = place.filter(|&place| !cells[place].is_empty()) else { return Ok(None) };
        let value = number(name, place)?;
        if value > 0.0 { Ok(Some(value)) } else { bail!("the {name} must be positive, found {value}") }
    };
    let source = match layout.source.map(|place| cells[place]).filter(|source| !source.is_empty()) {
        None => None,
        Some(source) => Some(match source.to_ascii_lowercase() {
            name if name.starts_with("poisson") => NoiseSource::Poisson,
            name if name.starts_with("nois") => NoiseSource::Noise,
            name if name.starts_with("white") => NoiseSource::White,
            _ => bail!("the source must be noise, poisson or white, found '{source}'"),
        }),
    };
    let tau_syn = positive("tau_syn", layout.tau_syn)?;
    let noise_dt = positive("noise_dt", layout.noise_dt)?.or(defaults.noise_dt);
    let fluctuation = match (source, defaults.fluctuation) {
        (Some(source), _) => source.fluctuation(noise_dt, tau_syn.unwrap_or(defaults.neuron.tau_syn_e)),
        (None, Fluctuation::Synaptic { tau_syn: given }) => Fluctuation::Synaptic { tau_syn: tau_syn.unwrap_or(given) },
        (None, Fluctuation::Redrawn { dt }) => Fluctuation::Redrawn { dt: noise_dt.unwrap_or(dt) },
        (None, Fluctuation::White { dt }) => Fluctuation::White { dt: noise_dt.unwrap_or(dt) },
    };
    if let Some(white) = layout.white
        && white != matches!(fluctuation, Fluctuation::White { .. })
    {
        bail!(
            "the name of the sigma column says that it is {}, and the source that it is not: correct one of them",
            if white { "a white-noise amplitude (nA sqrt(ms))" } else { "a standard deviation (nA)" }
        );
    }
    // A single trial has no standard error, and theories have none.
    let sem = match layout.sem {
        Some(place) if !(cells[place].is_empty() || cells[place].eq_ignore_ascii_case("nan")) => {
            not_negative("standard error", place)?
        }
        _ => f64::NAN,
    };
    let measured = MeasuredRate { rate: not_negative("rate", layout.rate)?, sem };
    Ok((
        fluctuation,
        CurvePoint { mu: number("mean", layout.mean)?, sigma: not_negative("sigma", layout.sigma)?, measured },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: Defaults = Defaults {
        neuron: IfCurrExp {
            cm: 0.25,
            tau_m: 20.0,
            tau_refrac: 1.0,
            tau_syn_e: 5.0,
            tau_syn_i: 5.0,
            v_rest: -65.0,
            v_reset: -65.0,
            v_thresh: -50.0,
            i_offset: 0.1,
        },
        fluctuation: Fluctuation::Redrawn { dt: 1.0 },
        noise_dt: None,
    };

    fn parsed(text: &str) -> Result<Vec<NeuronCurves>> {
        parse(text, &Columns::default(), &DEFAULTS)
    }

    #[test]
    fn rows_are_told_apart_by_their_noise() {
        let text = "# made by hand\nsource,tau_syn_ms,sigma_nA,mean_current_nA,rate_Hz\n\
                    noisy_current_dt1ms,,0.2,-0.5,0\npoisson,1,0.2,0.1,20.5\npoisson,5,0.2,0.1,26\npoisson,1,0.5,0.1,30\n";
        let curves = parsed(text).unwrap();
        let kinds: Vec<Fluctuation> = curves.iter().map(|curves| curves.fluctuation).collect();
        let synaptic = |tau_syn| Fluctuation::Synaptic { tau_syn };
        assert_eq!(kinds, [Fluctuation::Redrawn { dt: 1.0 }, synaptic(1.0), synaptic(5.0)]);
        assert_eq!(curves[1].neuron.tau_syn_i, 1.0);
        let point = curves[1].points[1];
        assert_eq!((point.mu, point.sigma, point.measured.rate), (0.1, 0.5, 30.0));
        assert!(point.measured.sem.is_nan());
    }

    #[test]
    fn columns_may_be_named() {
        let columns: Columns = "mean=I,rate = f,sigma=s".parse().unwrap();
        let curves = parse("I,f,s,rate_hz\r\n0.5,100,0.2,7\r\n", &columns, &DEFAULTS).unwrap();
        assert_eq!(curves[0].points[0].measured.rate, 100.0);
        let missing = parse("I,f\n1,2\n", &columns, &DEFAULTS).unwrap_err();
        assert!(missing.to_string().contains("no column is named 's'"), "{missing}");
        assert!("mean".parse::<Columns>().unwrap_err().contains("ROLE=NAME"));
        assert!("slope=x".parse::<Columns>().unwrap_err().contains("found 'slope'"));
    }

    #[test]
    fn bad_files_are_refused_with_the_line() {
        for (text, word) in [
            ("", "found nothing"),
            ("mean_na,sigma_na,rate_hz\n", "found none"),
            ("mean_na,sigma_na\n0,1\n", "no column for the rate"),
            ("mean_na,sigma_na,rate_hz\n0,1,2\n0,1\n", "line 3: expected 3 values, found 2"),
            ("mean_na,sigma_na,rate_hz\n0,1,two\n", "line 2: the rate must be a number, found 'two'"),
            ("mean_na,sigma_na,rate_hz\n0,1,nan\n", "line 2: the rate must be a finite number"),
            ("mean_na,sigma_na,rate_hz\n0,-1,2\n", "the sigma must be zero or more"),
            ("mean_na,sigma_na,rate_hz,source\n0,1,2,magic\n", "found 'magic'"),
            ("mean_na,sigma_na,rate_hz,source\n0,1,2,white\n", "a standard deviation (nA), and the source"),
            ("mean_na,sigma_na_sqrt_ms,rate_hz\n0,1,2\n", "a white-noise amplitude (nA sqrt(ms)), and the source"),
            ("mean_na,mean,sigma_na,rate_hz\n0,0,1,2\n", "the columns 'mean_na' and 'mean' say the same"),
            ("mean_na,sigma_na,rate_hz,tau_syn_ms\n0,1,2,-5\n", "the tau_syn must be positive"),
        ] {
            let message = format!("{:#}", parsed(text).unwrap_err());
            assert!(message.contains(word), "{text:?}: {message}");
        }
    }
}

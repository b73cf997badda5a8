//! Matrix products of ONNX.

use crate::activation::Activation;
use crate::error::ModelFileError;
use crate::layer::{Dense, Layer};
use crate::onnx::assembly::Assembly;
use crate::onnx::step::Step;
use crate::onnx::value::{Axes, Flow, in_our_order};
use crate::shape::Shape;

impl<'a> Assembly<'a> {
    /// `alpha x B + beta C`.
    pub(crate) fn gemm(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["alpha", "beta", "transA", "transB"])?;
        step.require("transA", 0, "the batch must be the rows of the first factor")?;
        let (alpha, beta) = (step.float("alpha", 1.0) as f32, step.float("beta", 1.0) as f32);
        if !(alpha.is_finite() && beta.is_finite()) {
            return Err(step.contradiction("alpha and beta must be finite"));
        }
        let (flow, mut kernel, outputs) = self.product(step, step.integer("transB", 0) != 0)?;
        if alpha != 1.0 {
            kernel.iter_mut().for_each(|weight| *weight *= alpha);
        }
        let bias = match self.weights(step, "bias", 2)? {
            None => None,
            Some(weights) => {
                let scaled = || weights.values().iter().map(|bias| beta * bias);
                match weights.shape() {
                    [] | [1] | [1, 1] => Some(vec![scaled().next().unwrap_or(0.0); outputs]),
                    [number] | [1, number] if *number == outputs => Some(scaled().collect()),
                    found => {
                        let (layer, found) = (step.name().to_owned(), found.to_vec());
                        return Err(ModelFileError::WeightShape {
                            layer,
                            tensor: "bias",
                            expected: vec![outputs],
                            found,
                        });
                    }
                }
            }
        };
        self.dense(step, flow, kernel, bias, outputs)
    }

    /// `x B`.
    pub(crate) fn matrix_product(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&[])?;
        let (flow, kernel, outputs) = self.product(step, false)?;
        self.dense(step, flow, kernel, None, outputs)
    }

    /// The vector that arrives, the matrix in our order, and its number of columns.
    fn product(&self, step: Step<'a>, transposed: bool) -> Result<(Flow, Vec<f32>, usize), ModelFileError> {
        let flow = self.flow(step, 0)?;
        let Axes::Vector(pieces) = &flow.axes else {
            let sizes = flow.sizes();
            let detail =
                format!("it needs (batch, units), but {sizes:?} (0: the batch) arrives; put a Flatten before it");
            return Err(step.contradiction(detail));
        };
        let Some(weights) = self.weights(step, "kernel", 1)? else {
            return Err(ModelFileError::MissingWeights { layer: step.name().to_owned(), tensor: "kernel" });
        };
        let units = flow.shape.units();
        let columns = match (weights.shape(), transposed) {
            (&[inputs, columns], false) | (&[columns, inputs], true) if inputs == units => columns,
            (found, _) => {
                let (layer, found) = (step.name().to_owned(), found.to_vec());
                let other = found.last().copied().filter(|_| !transposed).or(found.first().copied()).unwrap_or(0);
                let expected = if transposed { vec![other, units] } else { vec![units, other] };
                return Err(ModelFileError::WeightShape { layer, tensor: "kernel", expected, found });
            }
        };
        let values = weights.values();
        let kernel = if transposed {
            let row = |input: usize| (0..columns).map(move |output| values[output * units + input]);
            in_our_order(&(0..units).flat_map(row).collect::<Vec<f32>>(), pieces, columns)
        } else {
            in_our_order(values, pieces, columns)
        };
        Ok((flow, kernel, columns))
    }

    fn dense(
        &mut self,
        step: Step<'a>,
        flow: Flow,
        kernel: Vec<f32>,
        bias: Option<Vec<f32>>,
        outputs: usize,
    ) -> Result<Flow, ModelFileError> {
        let dense = Dense::new(flow.shape.units(), kernel, bias, Activation::Linear);
        let dense = dense.map_err(|source| self.network_error(source))?;
        self.push(step, Layer::Dense(dense), &[flow], Axes::Vector(vec![Shape::flat(outputs)]))
    }
}

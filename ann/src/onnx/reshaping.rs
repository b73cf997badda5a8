//! Operators of ONNX that leave the numbers as they are: other shapes, other axes, and sizes that are computed.

use crate::error::ModelFileError;
use crate::layer::{Layer, Reshape};
use crate::onnx::assembly::Assembly;
use crate::onnx::constant::{Constant, Values};
use crate::onnx::step::Step;
use crate::onnx::value::{Axes, Flow, Value, is_ordered, keeps_order};
use crate::shape::Shape;

impl<'a> Assembly<'a> {
    pub(crate) fn flatten(&mut self, step: Step<'a>) -> Result<Flow, ModelFileError> {
        step.allow(&["axis"])?;
        let flow = self.flow(step, 0)?;
        let axis = step.integer("axis", 1);
        if flow.axis(axis) != Some(1) {
            return Err(step.unsupported("axis", axis, "leave the batch as it is, axis 1"));
        }
        self.vector(step, flow)
    }

    fn vector(&mut self, step: Step<'a>, flow: Flow) -> Result<Flow, ModelFileError> {
        let axes = Axes::Vector(flow.pieces());
        match flow.axes {
            Axes::Vector(_) => Ok(flow),
            _ => self.push(step, Layer::Flatten, &[flow], axes),
        }
    }

    pub(crate) fn reshape(&mut self, step: Step<'a>) -> Result<Value, ModelFileError> {
        step.allow(&["allowzero", "shape"])?;
        let target = match self.integers(step, 1)? {
            Some(target) => target,
            None => step.attribute("shape").map_or_else(Vec::new, |shape| shape.integers.clone()),
        };
        let refused = |advice| step.unsupported("shape", format!("{target:?}"), advice);
        if let Value::Constant(constant) = self.value(step, 0)? {
            let sizes: Vec<usize> = target.iter().map_while(|&size| usize::try_from(size).ok()).collect();
            let product = sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
            if sizes.len() != target.len() || product != Some(constant.values.len()) {
                return Err(refused("export the model with constant folding"));
            }
            return Ok(Value::Constant(Constant { shape: sizes, values: constant.values.clone() }.into()));
        }
        let flow = self.flow(step, 0)?;
        let units = flow.shape.units();
        let Some(sizes) = sizes(&target, &flow, self.batch) else {
            return Err(refused("leave the batch as it is, and use sizes that fit the inputs"));
        };
        let (shape, axes) = match sizes[..] {
            [_] => return self.vector(step, flow).map(Value::Flow),
            [height, width] => (Shape::new(height, width, 1), Axes::Matrix),
            [height, width, channels] if self.gives_channels_last(step) => {
                (Shape::new(height, width, channels), Axes::ChannelsLast)
            }
            [channels, height, width] => (Shape::new(height, width, channels), Axes::ChannelsFirst),
            _ => return Err(refused("use (batch, units) or (batch, channels, rows, columns)")),
        };
        if flow.shape == shape && flow.axes == axes {
            return Ok(Value::Flow(flow));
        }
        let pieces = flow.pieces();
        let returns = axes == Axes::ChannelsFirst && pieces == [shape];
        let keeps = is_ordered(&pieces) && (axes != Axes::ChannelsFirst || keeps_order(shape));
        if !returns && !keeps || shape.units() != units {
            return Err(refused("the numbers would have to change places; reshape to one channel, or flatten"));
        }
        self.push(step, Layer::Reshape(Reshape::new(shape)), &[flow], axes).map(Value::Flow)
    }

    /// Another place for the channels, of a map; another order of the axes, of a matrix of weights.
    pub(crate) fn transpose(&mut self, step: Step<'a>) -> Result<Value, ModelFileError> {
        step.allow(&["perm"])?;
        let order = step.attribute("perm").map_or(&[][..], |perm| &perm.integers);
        match self.value(step, 0)? {
            Value::Constant(constant) => match (&constant.shape[..], &constant.values, order) {
                (&[rows, columns], Values::Floats(values), [] | [1, 0]) => {
                    let column = |column: usize| (0..rows).map(move |row| values[row * columns + column]);
                    let values = Values::Floats((0..columns).flat_map(column).collect());
                    Ok(Value::Constant(Constant { shape: vec![columns, rows], values }.into()))
                }
                _ => Err(step.unsupported("perm", format!("{order:?}"), "export the model with constant folding")),
            },
            Value::Flow(flow) => {
                let axes = match (&flow.axes, order) {
                    (Axes::ChannelsFirst, [0, 2, 3, 1]) => Axes::ChannelsLast,
                    (Axes::ChannelsLast, [0, 3, 1, 2]) => Axes::ChannelsFirst,
                    (axes, order) if order.iter().copied().eq(0..flow.sizes().len() as i64) => axes.clone(),
                    _ => {
                        let advice = "only the channels can change their place, from first to last or back";
                        return Err(step.unsupported("perm", format!("{order:?}"), advice));
                    }
                };
                // Ours are last all the time.
                Ok(Value::Flow(Flow { axes, ..flow }))
            }
            Value::Above(..) => Err(step.contradiction("it transposes a comparison")),
        }
    }

    /// The constant that a node holds.
    pub(crate) fn given_constant(&mut self, step: Step<'a>) -> Result<Value, ModelFileError> {
        step.allow(&["value", "value_float", "value_floats", "value_int", "value_ints"])?;
        let [attribute] = step.node.attributes.as_slice() else {
            return Err(step.contradiction("it must have one value"));
        };
        let constant = match attribute.name.as_str() {
            "value_float" => Constant { shape: Vec::new(), values: Values::Floats(vec![attribute.float]) },
            "value_int" => Constant { shape: Vec::new(), values: Values::Integers(vec![attribute.integer]) },
            "value_ints" => Constant::list(attribute.integers.clone()),
            "value_floats" => {
                let values = attribute.floats.clone();
                Constant { shape: vec![values.len()], values: Values::Floats(values) }
            }
            _ => {
                let tensor = attribute.tensor.clone().unwrap_or_default();
                Constant::of(&tensor, self.path()).map_err(|detail| step.contradiction(detail))?
            }
        };
        Ok(Value::Constant(constant.into()))
    }

    /// Sizes that are computed, as `x.view(x.size(0), -1)` is written where the batch is open.
    pub(crate) fn size(&mut self, step: Step<'a>) -> Result<Value, ModelFileError> {
        const ADVICE: &str = "it is supported on sizes only; export the model with fixed sizes";
        let unsupported = || step.unsupported_operator(ADVICE);
        let constant = match (step.node.operator.as_str(), self.value(step, 0)?) {
            ("Shape", Value::Flow(flow)) => {
                step.allow(&[])?;
                Constant::list(flow.sizes().iter().map(|&size| size as i64).collect())
            }
            ("Gather", Value::Constant(sizes)) => {
                let index = self.constant(step, 1)?;
                let (Values::Integers(sizes), Some(Constant { shape, values: Values::Integers(places) })) =
                    (&sizes.values, index.as_deref())
                else {
                    return Err(unsupported());
                };
                step.allow(&["axis"])?;
                step.require("axis", 0, ADVICE)?;
                let at = |&place: &i64| {
                    let place = if place < 0 { place.checked_add(sizes.len() as i64)? } else { place };
                    sizes.get(usize::try_from(place).ok()?).copied()
                };
                let Some(values) = places.iter().map(at).collect::<Option<Vec<i64>>>() else {
                    return Err(step.contradiction("it takes a size that is not there"));
                };
                Constant { shape: shape.clone(), values: Values::Integers(values) }
            }
            // One number becomes a list of one.
            ("Unsqueeze", Value::Constant(size)) if size.shape.is_empty() => {
                Constant { shape: vec![1], values: size.values.clone() }
            }
            ("Cast", Value::Constant(sizes)) if matches!(sizes.values, Values::Integers(_)) => {
                step.allow(&["to"])?;
                if !matches!(step.integer("to", 0), 6 | 7) {
                    return Err(unsupported());
                }
                (*sizes).clone()
            }
            _ => return Err(unsupported()),
        };
        Ok(Value::Constant(constant.into()))
    }
}

/// The sizes behind the batch that a target asks for; `None` if they do not fit.
fn sizes(target: &[i64], flow: &Flow, batch: Option<usize>) -> Option<Vec<usize>> {
    let old = flow.sizes();
    let units = flow.shape.units();
    let (&first, rest) = target.split_first()?;
    let is_batch = matches!(first, 0 | -1) || usize::try_from(first).ok() == Some(batch.unwrap_or(1));
    if !is_batch || rest.is_empty() {
        return None;
    }
    // Of each size that is not to be found out.
    let known = |(index, &size): (usize, &i64)| match size {
        0 => old.get(index + 1).copied(),
        size => usize::try_from(size).ok(),
    };
    let open = rest.iter().filter(|&&size| size == -1).count();
    let product = rest
        .iter()
        .enumerate()
        .filter(|(_, size)| **size != -1)
        .map(known)
        .try_fold(1_usize, |product, size| product.checked_mul(size?))?;
    let missing = match (open, first) {
        (0, _) => 0,
        (1, 0 | 1..) if product > 0 && units.is_multiple_of(product) => units / product,
        _ => return None,
    };
    let sizes: Vec<usize> = rest
        .iter()
        .enumerate()
        .map(|place| if *place.1 == -1 { Some(missing) } else { known(place) })
        .collect::<Option<_>>()?;
    let found = sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size))?;
    (found == units).then_some(sizes)
}

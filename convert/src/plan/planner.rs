//! Walks through a trained network and draws its linear parts together.

use super::padding::{NO_MARGINS, input_without, padded, sum};
use super::value::{Value, add, affine, is_non_negative, links};
use super::{LinearMap, Link, Plan, Sign, Stage, Train, TrainId, TrainOrigin};
use crate::error::ConversionError;
use ann::{
    Activation, AveragePool2d, Extent, Layer, Margins, MaxPool2d, Network, Origin, Rescaling, RootFamily, Shape,
};

/// A plan in the making.
pub(super) struct Planner<'a> {
    trained: &'a Network<f32>,
    plan: Plan,
    /// Of each node so far.
    values: Vec<Value>,
}

/// Most links onto one population: sums of sums would grow without bound.
const MOST_LINKS: usize = 1024;

impl<'a> Planner<'a> {
    pub(super) fn new(trained: &'a Network<f32>) -> Self {
        let (origin, sign, shape) = (TrainOrigin::Input, Sign::Positive, trained.input());
        let input = Train { origin, node: None, sign, shape, factors: Vec::new() };
        Self { trained, plan: Plan { trains: vec![input], stages: Vec::new() }, values: Vec::new() }
    }

    pub(super) fn plan(mut self) -> Result<Plan, ConversionError> {
        for (node, layer) in self.trained.layers().iter().enumerate() {
            let value = self.value(node, layer)?;
            self.values.push(value);
        }
        let last = self.values.len() - 1;
        let layer = &self.trained.layers()[last];
        // Activations never reverse the order of the sums; those of Noisy Softplus also tell its units.
        let activation = match layer.activation() {
            Activation::LeakyRelu { slope } if slope < 0.0 => {
                let reason = "has outputs that fall where their sums rise";
                return Err(unsupported(last, layer, reason, "train it with softmax or linear outputs"));
            }
            Activation::NoisySoftplus(constants) => Activation::NoisySoftplus(constants),
            _ => Activation::Linear,
        };
        match self.values[last].clone() {
            Value::Sums { links, bias } if self.trained.output().is_flat() => {
                self.stage(last, layer.kind(), links, bias, activation, false);
                Ok(self.plan)
            }
            _ => Err(ConversionError::NoClassifier { kind: layer.kind() }),
        }
    }

    fn value(&mut self, node: usize, layer: &'a Layer<f32>) -> Result<Value, ConversionError> {
        let refusal = |reason, advice| Err(unsupported(node, layer, reason, advice));
        let input = self.trained.input_shape(node);
        match layer {
            Layer::Conv2d(conv) => {
                let (value, margins) = self.weighable(node)?;
                let conv = padded(conv, input, margins);
                let map = LinearMap::convolution(&conv, conv.kernel().to_vec(), input_without(input, margins))?;
                let sums = self.weigh(node, value, map, conv.bias())?;
                self.activate(node, layer, layer.kind(), sums, conv.activation())
            }
            Layer::Dense(dense) => {
                let (value, margins) = self.weighable(node)?;
                require_no_margins(node, layer, margins)?;
                let map = LinearMap::dense(dense.inputs(), dense.kernel().to_vec())?;
                let sums = self.weigh(node, value, map, dense.bias())?;
                self.activate(node, layer, layer.kind(), sums, dense.activation())
            }
            Layer::AveragePool2d(pool) => self.average(node, layer, *pool),
            Layer::GlobalAveragePool2d => {
                let pool = AveragePool2d::new(Extent::new(input.height, input.width), Activation::Linear);
                self.average(node, layer, pool)
            }
            Layer::MaxPool2d(pool) => self.greatest(node, layer, *pool),
            Layer::GlobalMaxPool2d => {
                self.greatest(node, layer, MaxPool2d::new(Extent::new(input.height, input.width)))
            }
            Layer::Flatten | Layer::Reshape(_) => {
                let value = self.operand(node, 0);
                if let Value::Spikes { margins, .. } = &value {
                    require_no_margins(node, layer, *margins)?;
                }
                Ok(value)
            }
            Layer::Dropout(_) => Ok(self.operand(node, 0)),
            Layer::ZeroPadding2d(padding) => {
                let (positive, negative, margins) = self.spikes(node, 0)?;
                let margins = sum(margins, padding.margins());
                Ok(Value::Spikes { positive, negative, margins })
            }
            Layer::BatchNormalization(normalisation) => {
                let (factors, shifts) = affine(normalisation, input.units());
                self.times(node, layer, &factors, &shifts)
            }
            Layer::Rescaling(rescaling) => {
                let (factor, shift) = (Rescaling::scale(*rescaling) as f32, rescaling.offset() as f32);
                let shifts = if shift == 0.0 { Vec::new() } else { vec![shift; input.units()] };
                self.times(node, layer, &vec![factor; input.units()], &shifts)
            }
            Layer::Activation(activation) => {
                if let (Value::Spikes { negative: None, .. }, Activation::Relu | Activation::Linear) =
                    (self.operand(node, 0), activation)
                {
                    return Ok(self.operand(node, 0));
                }
                let (links, bias) = self.sums(node, 0)?;
                let kind = self.kind_of(node);
                self.activate(node, layer, kind, (links, bias), *activation)
            }
            Layer::MixLu(_) => {
                refusal("has units of two kinds, which neurons of one population are not", "train it with ReLU")
            }
            Layer::ConvAct(_) => refusal(
                "has a slope for each channel and sign, which neurons of one population have not",
                "train it with ReLU",
            ),
            Layer::Add => {
                let (mut links, mut bias) = self.sums(node, 0)?;
                for index in 1..self.trained.origins(node).len() {
                    let (more, other) = self.sums(node, index)?;
                    links.extend(more);
                    if links.len() > MOST_LINKS {
                        return refusal(
                            "adds up more branches than any network of this field has",
                            "put an activation between the sums",
                        );
                    }
                    bias = add(bias, other);
                }
                Ok(Value::Sums { links, bias })
            }
            Layer::Concatenate => self.together(node, layer),
            Layer::CwaConv2d(_) | Layer::CwaDense(_) | Layer::CwaLateral(_) => refusal(
                "weighs conductances, which neurons with synaptic currents do not have",
                "train it with Conv2D and Dense layers",
            ),
            Layer::DoubledInput(_) => refusal("stretches and doubles the images", "leave it out"),
            Layer::SynapticMaxout(_) => {
                refusal("takes the greatest product, not the sum", "train it with Dense layers")
            }
            Layer::Maxout(_) => refusal(
                "takes a maximum of sums that may be negative, which no neuron here computes",
                "train it with ReLU units and MaxPooling2D instead",
            ),
        }
    }

    /// What arrives at input `index` of a node.
    fn operand(&self, node: usize, index: usize) -> Value {
        match self.trained.origins(node)[index] {
            Origin::Input => Value::spikes(0, None),
            Origin::Node(origin) => self.values[origin].clone(),
        }
    }

    /// The layer that makes the sums which a node has or passes on, by name.
    fn kind_of(&self, node: usize) -> &'static str {
        let layer = &self.trained.layers()[node];
        match *self.trained.origins(node) {
            [Origin::Node(origin)]
                if !matches!(layer, Layer::Conv2d(_) | Layer::Dense(_))
                    && matches!(self.values[origin], Value::Sums { .. }) =>
            {
                self.kind_of(origin)
            }
            _ => layer.kind(),
        }
    }

    /// What arrives as spikes; sums get neurons of their own first.
    fn spikes(&mut self, node: usize, index: usize) -> Result<(TrainId, Option<TrainId>, Margins), ConversionError> {
        match (self.operand(node, index), self.trained.origins(node)[index]) {
            (Value::Spikes { positive, negative, margins }, _) => Ok((positive, negative, margins)),
            (Value::Sums { links, bias }, Origin::Node(origin)) => {
                let kind = self.kind_of(origin);
                let signed = !is_non_negative(&links, &bias, &self.plan.trains);
                self.values[origin] = self.neurons(origin, kind, links, bias, Activation::Linear, signed);
                self.spikes(node, index)
            }
            (Value::Sums { .. }, Origin::Input) => Ok((0, None, NO_MARGINS)),
        }
    }

    /// What arrives as sums.
    fn sums(&mut self, node: usize, index: usize) -> Result<(Vec<Link>, Vec<f32>), ConversionError> {
        let layer = &self.trained.layers()[node];
        match self.operand(node, index) {
            Value::Sums { links, bias } => Ok((links, bias)),
            Value::Spikes { positive, negative, margins } => {
                require_no_margins(node, layer, margins)?;
                let units = self.plan.trains[positive].shape.units();
                let map = LinearMap::Diagonal(vec![1.0; units]);
                Ok((links(positive, negative, &map), Vec::new()))
            }
        }
    }

    /// What arrives at a weighted layer: spikes, or spikes that have only been multiplied and shifted unit by unit.
    fn weighable(&mut self, node: usize) -> Result<(Value, Margins), ConversionError> {
        if let Value::Sums { links, .. } = self.operand(node, 0)
            && links.iter().all(|link| matches!(link.map, LinearMap::Diagonal(_)))
        {
            return Ok((self.operand(node, 0), NO_MARGINS));
        }
        let (positive, negative, margins) = self.spikes(node, 0)?;
        Ok((Value::spikes(positive, negative), margins))
    }

    /// The sums that a linear map makes of it.
    fn weigh(
        &mut self,
        node: usize,
        value: Value,
        map: LinearMap,
        bias: Option<&[f32]>,
    ) -> Result<(Vec<Link>, Vec<f32>), ConversionError> {
        let units = self.trained.output_shape(node).units();
        let own: Vec<f32> = bias.map_or_else(Vec::new, |bias| bias.iter().copied().cycle().take(units).collect());
        match value {
            Value::Spikes { positive, negative, .. } => Ok((links(positive, negative, &map), own)),
            Value::Sums { links: before, bias } => {
                let mut after = Vec::new();
                for link in before {
                    let LinearMap::Diagonal(factors) = &link.map else { continue };
                    match map.with_inputs_times(factors)? {
                        Some(map) => after.push(Link { map, ..link }),
                        None => {
                            // The factors differ between the cells of a map: neurons in between.
                            let (positive, negative, _) = self.spikes(node, 0)?;
                            return Ok((links(positive, negative, &map), own));
                        }
                    }
                }
                let shift = if bias.is_empty() { Vec::new() } else { map.apply(&bias, 1)? };
                Ok((after, add(own, shift)))
            }
        }
    }

    /// Each unit times a factor, plus a shift (empty for none).
    fn times(
        &mut self,
        node: usize,
        layer: &Layer<f32>,
        factors: &[f32],
        shifts: &[f32],
    ) -> Result<Value, ConversionError> {
        if let Value::Sums { links, bias } = self.operand(node, 0) {
            let scaled: Result<Vec<Option<LinearMap>>, _> =
                links.iter().map(|link| link.map.with_outputs_times(factors)).collect();
            if let Some(maps) = scaled?.into_iter().collect::<Option<Vec<_>>>() {
                let links = links.into_iter().zip(maps).map(|(link, map)| Link { map, ..link }).collect();
                let bias = bias.iter().zip(factors).map(|(bias, factor)| bias * factor).collect();
                return Ok(Value::Sums { links, bias: add(bias, shifts.to_vec()) });
            }
        }
        let (positive, negative, margins) = self.spikes(node, 0)?;
        require_no_margins(node, layer, margins)?;
        let map = LinearMap::Diagonal(factors.to_vec());
        Ok(Value::Sums { links: links(positive, negative, &map), bias: shifts.to_vec() })
    }

    /// Averages have neurons of their own.
    fn average(&mut self, node: usize, layer: &Layer<f32>, pool: AveragePool2d) -> Result<Value, ConversionError> {
        let (positive, negative, margins) = self.spikes(node, 0)?;
        require_no_margins(node, layer, margins)?;
        let map = LinearMap::pool(&pool, self.trained.input_shape(node))?;
        let is_listed = matches!(map, LinearMap::Listed { .. });
        if is_listed && matches!(pool.activation(), Activation::NoisySoftplus(_)) {
            let advice = "train it with strides equal to pool_size and padding 'valid'";
            return Err(unsupported(node, layer, "has windows that overlap, leave gaps or are padded", advice));
        }
        let links = links(positive, negative, &map);
        let value = self.neurons(node, layer.kind(), links, Vec::new(), pool.activation(), negative.is_some());
        if let Some(stage) = self.plan.stages.last_mut() {
            stage.averages = true;
        }
        Ok(value)
    }

    /// Maxima need no neurons, but positive inputs. A rectifier behind the maximum may as well stand before it.
    fn greatest(&mut self, node: usize, layer: &Layer<f32>, pool: MaxPool2d) -> Result<Value, ConversionError> {
        if let (Value::Sums { links, bias }, Origin::Node(origin)) =
            (self.operand(node, 0), self.trained.origins(node)[0])
            && self.is_rectified(node)
            && self.consumers(origin) == [node]
        {
            let kind = self.kind_of(origin);
            self.values[origin] = self.neurons(origin, kind, links, bias, Activation::Relu, false);
        }
        let (positive, negative, margins) = self.spikes(node, 0)?;
        require_no_margins(node, layer, margins)?;
        if negative.is_some() {
            let advice = "put the ReLU activation before it, or use AveragePooling2D";
            return Err(unsupported(node, layer, "takes a maximum of outputs that may be negative", advice));
        }
        let shape = self.trained.output_shape(node);
        let origin = TrainOrigin::Greatest { of: positive, pool, input: self.trained.input_shape(node) };
        let positive = self.train(origin, node, Sign::Positive, shape);
        Ok(Value::spikes(positive, None))
    }

    fn consumers(&self, origin: usize) -> Vec<usize> {
        let takes = |&node: &usize| self.trained.origins(node).contains(&Origin::Node(origin));
        (0..self.trained.layers().len()).filter(takes).collect()
    }

    /// Whether nothing but rectifiers takes the outputs of a node.
    fn is_rectified(&self, node: usize) -> bool {
        let consumers = self.consumers(node);
        let rectifies = |&node: &usize| matches!(self.trained.layers()[node], Layer::Activation(Activation::Relu));
        !consumers.is_empty() && consumers.iter().all(rectifies)
    }

    /// Channels side by side.
    fn together(&mut self, node: usize, layer: &Layer<f32>) -> Result<Value, ConversionError> {
        let mut positives = Vec::new();
        for index in 0..self.trained.origins(node).len() {
            let (positive, negative, margins) = self.spikes(node, index)?;
            require_no_margins(node, layer, margins)?;
            if negative.is_some() {
                let advice = "put a ReLU activation before it";
                return Err(unsupported(node, layer, "joins outputs that may be negative", advice));
            }
            positives.push((positive, self.trained.shape(self.trained.origins(node)[index])));
        }
        let shape = self.trained.output_shape(node);
        let positive = self.train(TrainOrigin::Together(positives), node, Sign::Positive, shape);
        Ok(Value::spikes(positive, None))
    }

    /// Sums, or the neurons that respond to them.
    fn activate(
        &mut self,
        node: usize,
        layer: &Layer<f32>,
        kind: &'static str,
        (links, bias): (Vec<Link>, Vec<f32>),
        activation: Activation,
    ) -> Result<Value, ConversionError> {
        let refusal = |reason| Err(unsupported(node, layer, reason, "train it with ReLU, Softplus or Noisy Softplus"));
        if node + 1 == self.trained.layers().len() {
            return Ok(Value::Sums { links, bias });
        }
        let signed = match activation {
            Activation::Linear | Activation::Softmax => return Ok(Value::Sums { links, bias }),
            Activation::Relu
            | Activation::Softplus
            | Activation::FixedNoise(_)
            | Activation::NoisySoftplus(_)
            | Activation::Sigmoid => false,
            Activation::RootUnit(unit) => unit.family != RootFamily::Rectified,
            Activation::LeakyRelu { .. } | Activation::Elu { .. } | Activation::NegLu | Activation::Tanh => true,
            Activation::LifRate(_) => {
                return refusal(
                    "has a firing rate under noise of one strength, which its Poisson inputs will not make",
                );
            }
        };
        Ok(self.neurons(node, kind, links, bias, activation, signed))
    }

    /// A stage, and the spikes of its neurons.
    fn neurons(
        &mut self,
        node: usize,
        kind: &'static str,
        links: Vec<Link>,
        bias: Vec<f32>,
        activation: Activation,
        signed: bool,
    ) -> Value {
        let shape = self.trained.output_shape(node);
        let stage = self.stage(node, kind, links, bias, activation, signed);
        let origin = TrainOrigin::Neurons { stage };
        let positive = self.train(origin.clone(), node, Sign::Positive, shape);
        let negative = signed.then(|| self.train(origin, node, Sign::Negative, shape));
        Value::spikes(positive, negative)
    }

    fn stage(
        &mut self,
        node: usize,
        kind: &'static str,
        links: Vec<Link>,
        bias: Vec<f32>,
        activation: Activation,
        signed: bool,
    ) -> usize {
        let shape = self.trained.output_shape(node);
        self.plan.stages.push(Stage { node, kind, links, bias, shape, activation, signed, averages: false });
        self.plan.stages.len() - 1
    }

    fn train(&mut self, origin: TrainOrigin, node: usize, sign: Sign, shape: Shape) -> TrainId {
        self.plan.trains.push(Train { origin, node: Some(node), sign, shape, factors: Vec::new() });
        self.plan.trains.len() - 1
    }
}

fn require_no_margins(node: usize, layer: &Layer<f32>, margins: Margins) -> Result<(), ConversionError> {
    if margins == NO_MARGINS {
        return Ok(());
    }
    let advice = "put ZeroPadding2D right before a Conv2D layer";
    Err(unsupported(node, layer, "takes padded maps, which only a convolution does here", advice))
}

fn unsupported(node: usize, layer: &Layer<f32>, reason: &'static str, advice: &'static str) -> ConversionError {
    ConversionError::Unsupported { layer: node, kind: layer.kind(), reason, advice }
}

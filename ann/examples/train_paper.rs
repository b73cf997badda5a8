//! Trains the paper's network on MNIST and prints its accuracy and how active its layers are.
//!
//! `cargo run --release -p ann --example train_paper -- noisy-softplus SEED [MODEL.h5]`

#![allow(clippy::print_stdout)] // A program for the terminal.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use ann::keras::{self, Provenance};
use ann::{ActivationChoice, Progress, Samples, evaluate, model, train};
use data::mnist::{Split, load};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let choice: ActivationChoice = arguments.next().ok_or("which activation?")?.parse()?;
    let seed: u64 = arguments.next().ok_or("which seed?")?.parse()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let (training, test) = (load(&folder, Split::Train)?, load(&folder, Split::Test)?);
    let mut network = model::paper::<f32>(choice, seed);
    let start = Instant::now();
    let samples = Samples { pixels: training.pixels(), labels: training.labels() };
    train(&mut network, samples, &model::paper_training(choice, seed), &mut |progress| {
        if let Progress::Epoch { record, .. } = progress {
            println!(
                "epoch {}: cross-entropy {:.4}, penalty {:.4}, accuracy {:.4}, {:.1} s",
                record.epoch,
                record.cross_entropy,
                record.rate_penalty,
                record.accuracy,
                start.elapsed().as_secs_f64()
            );
        }
        ControlFlow::Continue(())
    })?;
    let result = evaluate(&network, Samples { pixels: test.pixels(), labels: test.labels() })?;
    println!("{choice}: {} of {} test images correct", result.correct, result.images);
    let inputs: Vec<f32> = test.first(1000).pixels().iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    for (layer, mut outputs) in network.activations(&inputs, 1000).into_iter().enumerate() {
        outputs.sort_unstable_by(f32::total_cmp);
        let quantile = |q: f64| outputs[((outputs.len() - 1) as f64 * q) as usize];
        println!(
            "layer {layer}: mean {:.3}, quantiles 1 % {:.3}, 50 % {:.3}, 99 % {:.3}, 99.9 % {:.3}, largest {:.3}",
            outputs.iter().sum::<f32>() / outputs.len() as f32,
            quantile(0.01),
            quantile(0.5),
            quantile(0.99),
            quantile(0.999),
            quantile(1.0)
        );
    }
    if let Some(path) = arguments.next() {
        keras::write(path.as_ref(), &network, &Provenance { seed: Some(seed), ..Provenance::default() })?;
    }
    Ok(())
}

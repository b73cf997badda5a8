//! The programs `lif-sim`, `ann` and `convert`: their arguments, tables, figures and files.
//!
//! Each program is a thin file in `src/bin/`; a module here is one of their commands, or something that the
//! commands share: [`figure`], [`output`], [`run`].

// Programs are the one place that may print.
#![allow(clippy::print_stdout, clippy::print_stderr)]

pub mod ann_commands;
pub mod archive;
pub mod bench;
pub mod convert;
pub mod dataset;
pub mod figure;
pub mod fit;
mod image_files;
pub mod model_arguments;
pub mod neuron_arguments;
pub mod npy;
mod npz;
mod outcome;
pub mod output;
mod published;
mod raster;
mod records;
pub mod reproduce;
pub mod response;
pub mod run;
pub mod simulate;
mod sonata;
pub mod table;
pub mod verify;

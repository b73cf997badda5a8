//! What every long command shares: threads, progress, and a clean stop on Ctrl-C.

use anyhow::{Context, Result};
use clap::Args;
pub use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Flags of every command that computes for a while.
#[derive(Debug, Clone, Copy, Args)]
pub struct RunArguments {
    /// Threads [default: all cores]; the result does not depend on it
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Print one JSON document instead of the table
    #[arg(long)]
    pub json: bool,
}

/// Exit code of a command that could not do its work.
const FAILED: u8 = 1;

/// Whether the user has asked to stop.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens to Ctrl-C. The first asks the command to stop, the second ends the process.
    ///
    /// # Errors
    ///
    /// Fails if the system refuses the handler.
    pub fn listen() -> Result<Interrupt> {
        let asked = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&asked);
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(FAILED));
            }
            eprintln!("stopping; what is done is kept (once more to leave at once)");
        })
        .context("cannot listen to Ctrl-C")?;
        Ok(Interrupt(asked))
    }

    /// Whether it is time to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs `work` on a pool of so many threads (all cores for `None`).
///
/// # Errors
///
/// Fails if the threads cannot be started, or as `work` does.
pub fn on_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    pool.context("cannot start the threads")?.install(work)
}

/// A progress bar on standard error, silent where that is no terminal.
pub fn progress(length: u64, unit: &str) -> ProgressBar {
    let template = format!("{{bar:32}} {{pos}}/{{len}} {unit}  {{elapsed}} elapsed, {{eta}} left  {{msg}}");
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

/// Turns the outcome of a command into the exit code of its process, with the reason of a failure in one line.
pub fn finish(outcome: Result<ExitCode>) -> ExitCode {
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // A reader that closes the pipe early (head) is no failure.
            if error.chain().any(is_broken_pipe) {
                return ExitCode::SUCCESS;
            }
            eprintln!("error: {}", message(&error));
            ExitCode::from(FAILED)
        }
    }
}

/// The chain of causes in one line, without those that an outer message already quotes.
fn message(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |message, cause| {
        if message.is_empty() {
            cause
        } else if message.ends_with(&cause) {
            message
        } else {
            format!("{message}: {cause}")
        }
    })
}

fn is_broken_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Prints to standard output; a closed pipe is an error like any other, see [`finish`].
///
/// # Errors
///
/// Fails if standard output is closed.
pub fn print(text: &str) -> Result<()> {
    use std::io::Write;
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("no such file").context("model.h5: no such file").context("cannot read the model");
        assert_eq!(super::message(&error), "cannot read the model: model.h5: no such file");
    }
}
